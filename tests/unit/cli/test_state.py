"""Files that a running host keeps for others of its user, and the keys that it has."""

import os
import stat
import time
from pathlib import Path

import msgspec
import pytest

from farhand.cli.exits import CliError, Exit, told
from farhand.cli.keys import host_keys
from farhand.cli.standalone import registration_token
from farhand.cli.state import Running, StateFiles, read_running
from farhand.core.config import Paths
from farhand.core.errors import FarhandError

STATE = Running(os.getpid(), "https://192.0.2.1:8443", "00" * 16, "11" * 32)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_link_is_in_the_ready_file_whole_and_private(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    files = StateFiles(Paths.under(tmp_path).create(), ready)
    files.ready("https://192.0.2.1:8443/#4821-739204615")
    files.ready("https://192.0.2.1:8443/#1111-222333444")
    assert ready.read_text() == "https://192.0.2.1:8443/#1111-222333444\n"
    assert mode(ready) == 0o600
    files.remove()
    assert not ready.exists()


def test_who_runs_is_written_down_and_taken_away(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    files = StateFiles(paths, None)
    files.running(STATE)
    assert read_running(paths.runtime / "running.json") == STATE
    assert mode(paths.runtime / "running.json") == 0o600
    files.remove()
    files.remove()
    assert not (paths.runtime / "running.json").exists()


def test_the_current_link_stands_beside_it(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    files = StateFiles(paths, None)
    files.running(STATE)
    files.ready("https://192.0.2.1:8443/#1111-222333444")
    assert read_running(paths.runtime / "running.json").link == "https://192.0.2.1:8443/#1111-222333444"
    assert mode(paths.runtime / "running.json") == 0o600
    files.remove()
    assert not (paths.runtime / "running.json").exists()


def test_the_current_link_is_left_for_the_target_local(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    files = StateFiles(paths, None)
    files.running(STATE)
    files.ready("https://192.0.2.1:8443/#4821-739204615")
    path = paths.runtime / "running.json"
    assert read_running(path) == msgspec.structs.replace(STATE, link="https://192.0.2.1:8443/#4821-739204615")
    assert mode(path) == 0o600
    files.ready("https://192.0.2.1:8443/#1111-222333444")
    assert read_running(path).link.endswith("#1111-222333444")


def test_what_another_process_wrote_meanwhile_is_left(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    files = StateFiles(paths, None)
    files.running(STATE)
    other = Running(os.getpid() + 1, STATE.address, STATE.host_id, STATE.static_key)
    StateFiles(paths, None).running(other)
    files.remove()
    assert read_running(paths.runtime / "running.json") == other


def test_keys_are_made_once(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    assert host_keys(paths, "tower").host_id == host_keys(paths, "renamed").host_id
    assert mode(paths.data / "host.keys") == 0o600


def test_damaged_keys_are_not_replaced_unasked(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    host_keys(paths, "tower")
    path = paths.data / "host.keys"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CliError, match="damaged"):
        host_keys(paths, "tower")


def test_keys_that_end_soon_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths.under(tmp_path).create()
    host_keys(paths, "tower")
    later = time.time() + 10 * 365 * 86400
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(CliError, match="too old"):
        host_keys(paths, "tower")


def test_the_registration_token_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "registration.token"
    token = registration_token(path)
    assert registration_token(path) == token
    assert len(token) >= 32
    assert mode(path) == 0o600


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CliError(Exit.LISTEN, "it is taken", "take another"), Exit.LISTEN),
        (FarhandError("it is broken"), Exit.SETTINGS),
    ],
)
def test_failures_are_told_with_their_cure(error: FarhandError, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, told():
        raise error
    assert caught.value.code == code
    said = capsys.readouterr().err
    assert error.cause in said
    assert error.cure in said
