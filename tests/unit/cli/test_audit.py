"""`farhand audit`: what it shows, what it finds, and how it ends."""

import base64
import json
from pathlib import Path

import pytest
from tests.unit.host.audit_kit import KEYS, opened
from typer.testing import CliRunner, Result

from farhand.cli.app import app
from farhand.core.config import Paths
from farhand.protocol.grants import fingerprint

T = 1_700_000_000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Nine entries, an hour apart."""
    clock = iter(range(T, T + 100 * 3600, 3600))
    folder = tmp_path / "audit"
    audit = opened(folder, now=lambda: next(clock))
    for number in range(9):
        kind = "log-in-refused" if number % 3 == 0 else "log-in"
        audit.record(kind, who="Jana" if number % 2 else "Petr", from_="192.0.2.1", device=f"device {number}")
    (tmp_path / "kept").write_bytes(audit.checkpoint())
    audit.close()
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, words)])


def numbers(result: Result) -> list[int]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["n"] for line in result.stdout.splitlines()]


def test_filters(log: Path) -> None:
    assert numbers(run("show", log, "--json")) == list(range(9))
    assert numbers(run("show", log, "--json", "--who", "jana")) == [1, 3, 5, 7]
    assert numbers(run("show", log, "--json", "--who", "device 4")) == [4]
    assert numbers(run("show", log, "--json", "--kind", "log-in-refused", "--who", "PETR")) == [0, 6]
    assert numbers(run("show", log, "--json", "--kind", "log-in-refused", "--kind", "log-in")) == list(range(9))
    assert numbers(run("show", log, "--json", "--host", "ffff")) == []
    assert numbers(run("show", log, "--json", "--host", KEYS.host_id.hex()[:4])) == list(range(9))
    assert numbers(run("show", log, "--json", "--from", "1d")) == []
    # The first entry is of T + 1 h: the log's own beginning took the first tick.
    assert numbers(
        run("show", log, "--json", "--from", "2023-11-15T01:13:20+00:00", "--to", "2023-11-15T03:13:20Z")
    ) == [2, 3]


def test_people_get_a_line_each(log: Path) -> None:
    lines = run("show", log).stdout.splitlines()
    assert len(lines) == 9
    assert "log-in-refused  Petr from 192.0.2.1  device=" in lines[0]


def test_this_computer_s_own(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Paths, "default", lambda: Paths.under(tmp_path / "home"))
    missing = run("show")
    assert missing.exit_code == 3
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "data").symlink_to(tmp_path)
    assert len(run("show").stdout.splitlines()) == 9


def test_the_folder_around_it_will_do(log: Path, tmp_path: Path) -> None:
    assert numbers(run("show", tmp_path, "--json")) == list(range(9))
    home = tmp_path / "home"
    home.mkdir()
    (home / "data").symlink_to(tmp_path)
    assert numbers(run("show", home, "--json")) == list(range(9))


def test_a_sound_log(log: Path, tmp_path: Path) -> None:
    result = run("verify", log, "--checkpoint", tmp_path / "kept", "--fingerprint", fingerprint(KEYS.identity_public))
    assert result.exit_code == 0
    assert result.stdout.startswith("SOUND")
    assert "2 kept ones agree" in result.stdout  # the one given, and the one beside the log
    told = json.loads(run("verify", log, "--json").stdout)
    assert (told["ok"], told["entries"], told["host"]) == (True, 9, KEYS.host_id.hex())


def test_an_entry_that_was_changed_is_named(log: Path) -> None:
    path = log / "000000000000.log"
    path.write_bytes(path.read_bytes().replace(b"device 4", b"device 5"))
    result = run("verify", log)
    assert result.exit_code == 1
    assert "entry 4 was changed" in result.stdout
    assert json.loads(run("verify", log, "--json").stdout)["faults"][0]["entry"] == 4
    shown = run("show", log)
    assert shown.exit_code == 1
    assert "entry 4 was changed" in shown.stderr
    assert run("export", log).exit_code == 1
    assert run("export", log, "--form", "syslog").exit_code == 1


def test_checkpoints_in_every_form_that_they_are_kept_in(log: Path, tmp_path: Path) -> None:
    data = (tmp_path / "kept").read_bytes()
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    (folder / KEYS.host_id.hex()).write_bytes(data)
    (folder / "another").write_bytes(bytes((1,)) + bytes(128))
    text = tmp_path / "text"
    text.write_bytes(base64.urlsafe_b64encode(data).rstrip(b"=") + b"\n" + base64.b64encode(data) + b"\n")
    (tmp_path / "hex").write_text(data.hex())
    for kept, count in ((folder, 2), (text, 3), (tmp_path / "hex", 2)):
        assert json.loads(run("verify", log, "--json", "--checkpoint", kept).stdout)["checkpoints"] == count
    (tmp_path / "none").write_text("nothing")
    assert run("verify", log, "--checkpoint", tmp_path / "none").exit_code == 3
    assert run("verify", log, "--checkpoint", folder / "another").exit_code == 1


def test_entries_that_were_taken_off_the_end(log: Path, tmp_path: Path) -> None:
    path = log / "000000000000.log"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    (log / "last.checkpoint").unlink()
    assert run("verify", log).exit_code == 0, "nobody can know, without a checkpoint"
    result = run("verify", log, "--checkpoint", tmp_path / "kept")
    assert result.exit_code == 1
    assert "entries 7 to 8 are missing" in result.stdout


def test_another_key(log: Path) -> None:
    result = run("verify", log, "--fingerprint", "aaaa bbbb")
    assert result.exit_code == 1
    assert fingerprint(KEYS.identity_public) in result.stderr


def test_an_export_is_verified_and_one_changed_byte_is_named(log: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_text(run("export", log).stdout)
    assert run("verify", copy, "--checkpoint", tmp_path / "kept").exit_code == 0
    assert numbers(run("show", copy, "--json", "--who", "jana")) == [1, 3, 5, 7]
    assert run("verify", log, "--against", copy).exit_code == 0
    copy.write_text(copy.read_text().replace("device 7", "device 8"))
    result = run("verify", copy)
    assert result.exit_code == 1
    assert "entry 7 was changed" in result.stdout
    against = run("verify", log, "--against", copy)
    assert against.exit_code == 1
    assert "entry 7 differs from the copy" in against.stdout


def test_a_selection_for_other_programs(log: Path) -> None:
    assert run("export", log, "--form", "syslog", "--who", "jana").stdout.count("farhand@32473") == 4
    assert run("export", log, "--form", "journal", "--kind", "log-in").stdout.count("MESSAGE=") == 6
    assert run("export", log, "--form", "csv").exit_code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "/nowhere"), 3),
        (("verify", "/dev/null"), 3),
        (("show", "--from", "yesterdayish"), 2),
        (("export", "/dev/null"), 3),
    ],
)
def test_what_cannot_be_read(words: tuple[str, ...], code: int) -> None:
    result = run(*words)
    assert result.exit_code == code
    assert result.stderr.startswith("farhand: ") or code == 2
