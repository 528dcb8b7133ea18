"""The doctor names what is missing, and what to do about it."""

import json
import socket
from pathlib import Path

import pytest

from farhand.cli import checks
from farhand.cli.checks import examine
from farhand.core.assets import AssetsError
from farhand.core.config import Paths


@pytest.fixture
def well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A computer on which all is well."""
    monkeypatch.setattr(checks, "viewer_directory", lambda: tmp_path)
    monkeypatch.setattr(Paths, "default", lambda: Paths.under(tmp_path))
    monkeypatch.setattr(checks, "_display_problem", lambda _: "")


def found(capsys: pytest.CaptureFixture[str], display: str | None = ":0", port: int = 0) -> tuple[int, dict]:
    code = examine(display, "127.0.0.1", port, machine=True)
    return code, {row["check"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}


@pytest.mark.usefixtures("well")
def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, rows = found(capsys)
    assert code == 0
    assert all(row["ok"] and not row["cure"] for row in rows.values())


@pytest.mark.usefixtures("well")
def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, rows = found(capsys, port=taken.getsockname()[1])
    assert code == 1
    assert not rows["port"]["ok"]
    assert "--listen" in rows["port"]["cure"]


@pytest.mark.usefixtures("well")
def test_a_viewer_that_is_not_built(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise AssetsError("the viewer is not built", "run script/setup")

    monkeypatch.setattr(checks, "viewer_directory", missing)
    code, rows = found(capsys)
    assert code == 1
    assert rows["viewer"]["cure"] == "run script/setup"


@pytest.mark.usefixtures("well")
def test_no_display_and_nothing_to_start_one_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(checks.shutil, "which", lambda _: None)
    code, rows = found(capsys, display=None)
    assert code == 1
    assert rows["display"]["cure"] == "apt-get install xvfb openbox xterm"


@pytest.mark.usefixtures("well")
def test_a_package_that_cannot_be_imported(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_PACKAGES", ("farhand_is_not_here",))
    code, rows = found(capsys)
    assert code == 1
    assert "farhand_is_not_here" in rows["packages"]["text"]


def test_a_display_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    _, rows = found(capsys, display=":9999")
    assert not rows["display"]["ok"]
    assert "9999" in rows["display"]["text"]
    assert "--display" in rows["display"]["cure"]


@pytest.mark.usefixtures("well")
def test_people_get_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert examine(":0", "127.0.0.1", 0, machine=False) == 0
    assert "ok   port" in capsys.readouterr().out
