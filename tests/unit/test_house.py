"""The rules of the house that no linter holds."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "farhand"

LONGEST_FILE = 600

# What may start a task beside core/tasks.py: nothing. A task without an owner fails unseen.
TASK_STARTERS = {"create_task", "ensure_future"}

PROTOCOL_MAY_IMPORT = {"farhand.protocol", "msgspec", "cryptography"}
# Sans-IO: the protocol reads no socket, clock, file or entropy source; these modules have nothing else to give.
IO_MODULES = {"asyncio", "random", "secrets", "select", "selectors", "socket", "ssl", "subprocess", "threading", "time"}

# Of our own: core, and of the protocol what the relay routes by and what signs and verifies
# (docs/decisions/0009-what-the-gateway-may-import.md). The rest decrypts, or is reached by what does.
GATEWAY_MAY_LOAD = re.compile(
    r"farhand|farhand\.(core|gateway)(\..+)?"
    r"|farhand\.protocol(\.(capability|certificate|envelope|errors|grants|limits|merkle))?"
)

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|(?m:^\s*(-i|-f|--(extra-)?index-url|--find-links))")


def python_files(folder: Path) -> list[Path]:
    files = sorted(folder.rglob("*.py"))
    assert files, f"no Python file in {folder}: the test would hold nothing"
    return files


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and absolute name of every import, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            yield node.lineno, node.module or ""


def starts_task(node: ast.AST) -> bool:
    """Tell whether the node names a starter of tasks: asyncio.create_task, loop.create_task, from-imports."""
    match node:
        case ast.Attribute(attr=name):
            return name in TASK_STARTERS
        case ast.ImportFrom(names=aliases):
            return any(alias.name in TASK_STARTERS for alias in aliases)
    return False


def unowned_tasks(source: str) -> list[int]:
    return [node.lineno for node in ast.walk(ast.parse(source)) if starts_task(node)]


def places(found: Iterator[tuple[Path, int]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}" for path, line in found]


def test_tasks_start_in_core_tasks_only():
    found = (
        (path, line)
        for path in python_files(PACKAGE)
        if path != PACKAGE / "core" / "tasks.py"
        for line in unowned_tasks(path.read_text())
    )
    assert not places(found), "start tasks with farhand.core.tasks.Tasks"


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasyncio.create_task(f())",
        "loop.create_task(f())",
        "from asyncio import ensure_future as go",
        "import asyncio as a\nstart = a.ensure_future",
    ],
)
def test_every_way_to_start_a_task_is_seen(source):
    assert unowned_tasks(source)


def test_no_file_answers_more_than_one_question():
    sources = [
        *python_files(PACKAGE),
        *(ROOT / "viewer" / "src").rglob("*.ts"),
        *(ROOT / "viewer" / "src").rglob("*.css"),
    ]
    lengths = {path: len(path.read_text().splitlines()) for path in sources if "gen" not in path.parts}
    long = {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > LONGEST_FILE}
    assert not long, f"over {LONGEST_FILE} lines: split by question"


def test_the_protocol_imports_the_standard_library_msgspec_and_cryptography_only():
    def allowed(name: str) -> bool:
        top = name.partition(".")[0]
        ours = any(name == ok or name.startswith(f"{ok}.") for ok in PROTOCOL_MAY_IMPORT)
        return ours or (top in sys.stdlib_module_names and top not in IO_MODULES)

    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in python_files(PACKAGE / "protocol")
        for line, name in imports(ast.parse(path.read_text()))
        if not allowed(name)
    ]
    assert not found


def test_a_gateway_process_loads_nothing_that_decrypts():
    """import-linter reads the sources; this looks at what importing every gateway module really loads."""
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in python_files(PACKAGE / "gateway")
        if path.name != "__main__.py"
    ]
    script = f"import sys\nfor name in {modules!r}: __import__(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] == "farhand"}
    assert set(modules) <= loaded
    assert not {name for name in loaded if not GATEWAY_MAY_LOAD.fullmatch(name)}


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda path: path.name)
def test_a_lock_names_hashes_and_no_addresses(path):
    text = path.read_text()
    assert not ADDRESS.search(text)
    packages = [line for line in text.splitlines() if line and line[0] not in "# "]
    assert packages
    assert all("==" in line and line.endswith("\\") for line in packages), "a package without version or hash"


def test_the_locks_hold_every_dependency():
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\s<>=!~;\[]", requirement)[0].lower() for requirement in requirements}

    def locked(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text()
        return set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    runtime, build = names(project["project"]["dependencies"]), names(groups["build"])
    dev = names([entry for entry in groups["dev"] if isinstance(entry, str)])
    assert runtime <= locked("run.lock"), "run script/lock"
    assert build <= locked("build.lock"), "run script/lock"
    assert runtime | build | dev <= locked("dev.lock"), "run script/lock"


def test_the_viewers_lock_names_hashes_and_no_addresses():
    lock = json.loads((ROOT / "viewer" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name and not entry.get("link")}
    assert packages
    assert not [name for name, entry in packages.items() if "resolved" in entry], (
        "run: npm install --package-lock-only --omit-lockfile-registry-resolved"
    )
    assert not [name for name, entry in packages.items() if "integrity" not in entry]


@pytest.mark.parametrize(
    "script",
    sorted(path for path in (ROOT / "script").iterdir() if path.is_file() and not path.suffix),
    ids=lambda path: path.name,
)
def test_every_script_tells_how_it_is_used(script):
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"^usage: .*script/{script.name}\b", done.stdout, flags=re.MULTILINE)
