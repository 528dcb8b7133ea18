"""An installed wheel runs; with one file changed, or one that others can write, it does not, and says which."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from farhand.cli.exits import Exit

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(300)


def run(*command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the installed package; its dependencies are the checkout's, beside it and out of its sight."""
    folder = tmp_path_factory.mktemp("installed")
    done = run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    environment = folder / "venv"
    assert run(sys.executable, "-m", "venv", "--without-pip", environment).returncode == 0
    # Compiled as it is installed: it is started many times.
    install = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--compile-bytecode", "--python")
    done = run(*install, environment / "bin" / "python", wheel)
    assert done.returncode == 0, done.stderr
    (site,) = environment.glob("lib/python*/site-packages")
    own = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("".join(f"{path}\n" for path in own))
    return site


def start(site: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """`farhand up` as it is installed: it ends at once, for want of a display, where it is not stopped before that."""
    program = site.parents[2] / "bin" / "farhand"
    env = {"PATH": str(program.parent), "HOME": str(home), "LANG": "C.UTF-8"}
    return run(program, "up", "--display", ":9999", "--log", "debug", env=env)


def test_an_installed_wheel_runs(site: Path, tmp_path: Path) -> None:
    done = start(site, tmp_path)
    assert done.returncode == Exit.DISPLAY, done.stderr
    assert "the installation is as it was installed" in done.stderr


def test_one_changed_file_stops_it_and_is_named(site: Path, tmp_path: Path) -> None:
    path = site / "farhand" / "host" / "agent.py"
    before = path.read_bytes()
    path.write_bytes(before + b"\n")
    try:
        done = start(site, tmp_path)
    finally:
        path.write_bytes(before)
    assert done.returncode == Exit.CHANGED
    assert f"{path} was changed" in done.stderr
    assert "Traceback" not in done.stderr
    assert start(site, tmp_path).returncode == Exit.DISPLAY


def test_cve_2011_3479_a_file_that_a_group_can_write_stops_it_and_is_named(site: Path, tmp_path: Path) -> None:
    path = site / "farhand" / "cli" / "main.py"
    path.chmod(0o664)
    try:
        done = start(site, tmp_path)
    finally:
        path.chmod(0o644)
    assert done.returncode == Exit.CHANGED
    assert f"{path} can be written by group" in done.stderr
    assert f"chmod -R go-w {site.parents[2]};" in done.stderr  # all of it: with umask 002 no file is better


def test_a_library_that_everybody_can_write_stops_it(site: Path, tmp_path: Path) -> None:
    path = site / "library.py"
    path.touch()
    path.chmod(0o666)
    try:
        done = start(site, tmp_path)
    finally:
        path.unlink()
    assert done.returncode == Exit.CHANGED
    assert str(path) in done.stderr


def test_a_file_that_was_put_into_the_package_stops_it(site: Path, tmp_path: Path) -> None:
    path = site / "farhand" / "host" / "extra.py"
    path.touch()
    try:
        done = start(site, tmp_path)
    finally:
        path.unlink()
    assert done.returncode == Exit.CHANGED
    assert f"{path} does not belong" in done.stderr


def test_a_checkout_says_once_in_its_log_that_it_is_one(tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": ""}
    done = run(sys.executable, "-m", "farhand.cli", "up", "--display", ":9999", "--log", "debug", env=env)
    assert done.returncode == Exit.DISPLAY
    assert done.stderr.count("a development tree") == 1


def test_the_list_is_the_wheels_own(site: Path) -> None:
    """What is compared is what was built: each file of the package is listed, by its SHA-256."""
    (record,) = site.glob("farhand-*.dist-info/RECORD")
    rows = dict(line.split(",")[:2] for line in record.read_text().splitlines())
    agent = (site / "farhand" / "host" / "agent.py").read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(agent).digest()).decode().rstrip("=")
    assert rows["farhand/host/agent.py"] == f"sha256={digest}"
    assert json.dumps(rows).count("viewer_dist/") > 3
