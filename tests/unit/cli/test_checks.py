"""The doctor names what is missing, and what to do about it."""

import contextlib
import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from farhand.cli import checks, checks_files
from farhand.cli.checks import Doctor, examine
from farhand.core.assets import AssetsError
from farhand.core.config import Paths
from farhand.core.integrity import InstallationChanged
from farhand.gateway.database import Database, database_url
from farhand.gateway.migrations import migrate


@pytest.fixture
def well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A computer on which all is well."""
    monkeypatch.setattr(checks, "viewer_directory", lambda: tmp_path)
    monkeypatch.setattr(Paths, "default", lambda: Paths.under(tmp_path))
    monkeypatch.setattr(checks, "_display_problem", lambda _: "")


def found(
    capsys: pytest.CaptureFixture[str], display: str | None = ":0", port: int = 0, **more: Any
) -> tuple[int, dict[str, Any]]:
    code = examine(Doctor(display=display, host="127.0.0.1", port=port, **more), machine=True)
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
    assert examine(Doctor(display=":0", host="127.0.0.1", port=0), machine=False) == 0
    assert "ok   port " in capsys.readouterr().out


class TestDatabase:
    def test_none_yet(self, tmp_path: Path) -> None:
        assert [one.ok for one in checks._database("", tmp_path, asked=True)] == [True]
        assert list(checks._database("", tmp_path, asked=False)) == []
        assert not list(tmp_path.iterdir()), "the doctor makes no database"

    async def made(self, tmp_path: Path) -> Path:
        database = Database(database_url("", tmp_path))
        await database.open()
        await migrate(database)
        await database.close()
        return tmp_path / "gateway.db"

    async def test_of_this_version_of_another_and_of_none(self, tmp_path: Path) -> None:
        path = await self.made(tmp_path)
        (good,) = checks._database("", tmp_path, asked=True)
        assert good.ok, good.text
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
        (newer,) = checks._database("", tmp_path, asked=True)
        assert "a newer Farhand" in newer.text
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM alembic_version")
            connection.commit()
        (none,) = checks._database("", tmp_path, asked=True)
        assert "was not migrated" in none.text
        assert "farhand gateway" in none.cure

    def test_a_file_that_is_no_database_and_open_to_others(self, tmp_path: Path) -> None:
        path = tmp_path / "gateway.db"
        path.write_bytes(b"garbage" * 1000)
        path.chmod(0o644)
        modes, garbage = checks._database("", tmp_path, asked=True)
        assert modes.cure == f"run: chmod 600 {path}"
        assert "cannot be read" in garbage.text

    def test_a_server_that_does_not_answer(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        (finding,) = checks._database(f"postgresql://farhand:hunter2@127.0.0.1:{port}/farhand", tmp_path, asked=True)
        assert not finding.ok
        assert f"127.0.0.1:{port}" in finding.text
        assert "hunter2" not in finding.text + finding.cure

    def test_an_address_that_is_none(self, tmp_path: Path) -> None:
        (finding,) = checks._database("mysql://x/y", tmp_path, asked=True)
        assert "postgresql://" in finding.cure


@pytest.mark.usefixtures("well")
def test_a_changed_installation(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def changed() -> None:
        raise InstallationChanged("/usr/lib/farhand/host/agent.py was changed", "install Farhand anew")

    monkeypatch.setattr(checks_files, "check_installation", changed)
    code, rows = found(capsys)
    assert code == 1
    assert "agent.py was changed" in rows["installation"]["text"]


@pytest.mark.usefixtures("well")
def test_a_folder_that_others_can_write(capsys: pytest.CaptureFixture[str]) -> None:
    data = Paths.default().create().data
    data.chmod(0o777)
    _, rows = found(capsys)
    assert rows["folders"]["cure"].startswith(f"run: chmod go-w {data}")


@pytest.mark.usefixtures("well")
def test_settings_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    (Paths.default().create().config / "gateway.toml").write_text("url = 5")
    _, rows = found(capsys, role="gateway")
    assert not rows["settings"]["ok"]


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize("role", ["", "up", "host", "gateway", "client"])
def test_every_role_is_well(capsys: pytest.CaptureFixture[str], role: str) -> None:
    code, rows = found(capsys, role=role)
    assert code == 0
    assert ("display" in rows) is (role in ("", "up", "host"))
    assert ("port" in rows) is (role in ("", "up", "gateway"))
