"""The wheel is all that an installation needs: its dependencies from the lock, the viewer inside, no Node."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

import farhand

ROOT = Path(__file__).parents[2]

VIEWER = ROOT / "viewer" / "dist"

# One worker for all of them: what they share takes seconds to make.
pytestmark = pytest.mark.timeout(300)

# A gateway on a free port, from what is installed; it tells folder and port, and ends with its standard input.
SERVE = """
import asyncio, sys
from farhand.core.assets import viewer_directory
from farhand.core.tasks import run
from farhand.gateway.app import Gateway
from farhand.gateway.settings import GatewaySettings

async def main():
    gateway = Gateway(GatewaySettings(host="127.0.0.1", port=0, viewer=viewer_directory()))
    await gateway.start()
    print(viewer_directory(), gateway.port, sep="\\n", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await gateway.close()

run(main())
"""


def built_files() -> list[str]:
    files = [path.relative_to(VIEWER).as_posix() for path in VIEWER.rglob("*") if path.is_file()]
    assert "index.html" in files, "the viewer is not built: run script/setup"
    return files


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with the locked build backend."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and the locked dependencies, nothing else."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    install = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", environment / "bin" / "python")
    run(*install, "--require-hashes", "-r", ROOT / "requirements" / "run.lock")
    run(*install, "--no-deps", wheel)
    return environment / "bin"


@pytest.fixture
def clean(installed: Path, tmp_path: Path) -> dict[str, str]:
    """An environment for subprocesses in which there is neither this checkout nor Node."""
    env = {"PATH": str(installed), "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    assert shutil.which("node", path=env["PATH"]) is None
    return env


def test_the_wheel_holds_the_built_viewer_and_nothing_of_the_workshop(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    built = {
        path.relative_to(ROOT / "viewer" / "dist") for path in (ROOT / "viewer" / "dist").rglob("*") if path.is_file()
    }
    assert {f"farhand/viewer_dist/{path}" for path in built} <= names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"farhand", f"farhand-{farhand.__version__}.dist-info"}


def test_two_wheels_of_one_checkout_are_identical(wheel, tmp_path):
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_an_installed_farhand_tells_its_version(installed, clean, tmp_path):
    assert farhand.__version__ in run(installed / "farhand", "--version", cwd=tmp_path, env=clean)


def test_an_installed_farhand_serves_the_viewer_of_its_own_package(installed, clean, tmp_path):
    command = [installed / "python", "-c", SERVE]
    with subprocess.Popen(
        command, cwd=tmp_path, env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        folder, port = server.stdout.readline().strip(), server.stdout.readline().strip()
        assert port, "the gateway did not start: its error is above"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            served = {path: client.get(f"/{path}").content for path in built_files()}
            page = client.get("/")
        server.stdin.close()
    assert server.returncode == 0
    assert installed.parent in Path(folder).parents
    assert page.headers["content-type"].startswith("text/html")
    assert page.content == (VIEWER / "index.html").read_bytes()
    assert served == {path: (VIEWER / path).read_bytes() for path in built_files()}


def test_a_wheel_without_the_viewer_is_not_built(tmp_path):
    checkout = tmp_path / "checkout"
    ignore = shutil.ignore_patterns("__pycache__", "node_modules", "dist", ".venv", ".git", ".*_cache")
    shutil.copytree(ROOT, checkout, ignore=ignore)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path / "wheels"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode != 0
    assert "viewer/dist/index.html is missing" in done.stdout + done.stderr
    assert not list((tmp_path / "wheels").glob("*.whl"))


def test_the_wheel_lists_what_verify_viewer_compares(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        manifest = json.loads(packed.read("farhand/viewer_manifest.json"))
        inside = [name for name in packed.namelist() if name.startswith("farhand/viewer_dist/")]
        digests = {
            name.removeprefix("farhand/viewer_dist/"): hashlib.sha256(packed.read(name)).hexdigest() for name in inside
        }
    assert manifest == {"version": farhand.__version__, "files": digests}
