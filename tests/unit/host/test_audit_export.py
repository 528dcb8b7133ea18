"""Exports: JSON Lines that prove themselves, and forms that other programs read."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.host.audit_kit import KEYS, opened, written

from farhand.host.audit_export import exported, journal, json_lines, syslog
from farhand.host.audit_log import Verdict
from farhand.protocol.merkle import Checkpoint

COUNT = 20


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "audit"
    written(folder, COUNT, segment_bytes=2600)
    return folder


def judged(lines: list[bytes], *kept: Checkpoint) -> Verdict:
    verdict = Verdict()
    for _ in exported(lines, verdict, kept):
        pass
    return verdict


def test_a_whole_export_proves_itself(log: Path) -> None:
    lines = list(json_lines(log))
    verdict = judged(lines)
    assert (len(lines), verdict.faults, verdict.notes, verdict.size) == (COUNT + 1, [], [], COUNT)
    assert verdict.identity == KEYS.identity_public.hex()


def test_a_selection_proves_each_of_its_entries(log: Path) -> None:
    lines = list(json_lines(log, lambda entry: entry["n"] % 3 == 0))
    verdict = judged(lines)
    assert (len(lines), verdict.faults) == (8, [])
    assert "a selection of 7 out of 20" in verdict.notes[0]
    lines[3] = lines[3].replace(b"person 6", b"person 7")
    assert [fault.text for fault in judged(lines).faults] == ["entry 6 was changed: its proof does not fit"]
    del lines[3]
    assert "there are 6 entries, and there were 7" in judged(lines).faults[0].text


@pytest.mark.parametrize("number", range(COUNT))
def test_any_changed_byte_is_named(log: Path, number: int) -> None:
    lines = list(json_lines(log))
    whole = lines[number + 1]
    for at in range(0, len(whole) - 1, 7):
        lines[number + 1] = whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :]
        assert judged(lines).faults[0].number == number, whole[at:]


@pytest.mark.parametrize(
    ("edit", "number"),
    [
        (lambda lines: lines.pop(5), 4),
        (lambda lines: lines.pop(), COUNT - 1),
        (lambda lines: lines.insert(5, lines.pop(6)), 4),
        (lambda lines: lines.insert(5, lines[3]), 2),
        (lambda lines: lines.append(b"x" * 100_000), COUNT),
        (lambda lines: lines.append(b'{"kind":"x","n":99,"proof":"","t":1}\n'), COUNT),
    ],
    ids=["missing", "the last missing", "swapped", "twice", "too long", "a number too high"],
)
def test_whatever_else_is_done_to_it(log: Path, edit: Callable[[list[bytes]], Any], number: int) -> None:
    lines = list(json_lines(log))
    edit(lines)
    assert judged(lines).faults[0].number == number


def test_a_changed_header_is_no_header(log: Path) -> None:
    lines = list(json_lines(log))
    for edited in (lines[0].replace(b'"checkpoint":"A', b'"checkpoint":"B'), b"{}\n", b"", b"\xff\n"):
        with pytest.raises(ValueError, match="first line"):
            judged([edited, *lines[1:]])


def test_kept_checkpoints(log: Path) -> None:
    lines = list(json_lines(log))
    verdict = judged(lines)
    same = Checkpoint(KEYS.host_id, COUNT, verdict.root, 0)
    assert judged(lines, same).checkpoints == 1
    assert judged(lines, Checkpoint(KEYS.host_id, COUNT, bytes(32), 0)).faults
    assert "needs the log itself" in judged(lines, Checkpoint(KEYS.host_id, 5, bytes(32), 0)).notes[0]


def test_nothing_is_proved_about_a_log_that_is_not_sound(log: Path) -> None:
    first = min(log.glob("*.log"))
    first.write_bytes(first.read_bytes().replace(b"person 1", b"person 2", 1))
    with pytest.raises(ValueError, match="entry 1 was changed"):
        list(json_lines(log))


def test_an_empty_log(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(ValueError, match="no entry"):
        list(json_lines(tmp_path))


#: RFC 5424, section 6, for what is sent here.
SYSLOG = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) "
    r"- (?P<msgid>[!-~]{1,32}) \[(?P<id>[^ =\]\"]{1,32})(?P<data>( [^ =\]\"]{1,32}=\"([^\"\\\]]|\\[\"\\\]])*\")*)\] "
    "\ufeff(?P<text>.*)\n\\Z"
)
ENTRY = {"n": 5, "t": 1_700_000_000_123, "kind": "log-in", "who": 'a"b]c\\', "rights": ["view", "control"], "ok": True}
HOSTILE = {
    "n": 5,
    "t": 10**30,
    "kind": "log-in\nFARHAND_N=6",
    "who": "x\n\nMESSAGE=forged\x1b[2J",
    "A\nB": "y",
    "from": "z\r\n",
}


def test_syslog() -> None:
    match = SYSLOG.match(syslog(ENTRY, "ab" * 16).decode())
    assert match is not None
    assert (match["pri"], match["time"], match["msgid"]) == ("85", "2023-11-14T22:13:20.123Z", "log-in")
    assert match["data"] == r' n="5" ok="true" rights="view,control" who="a\"b\]c\\"'


def test_journal() -> None:
    lines = journal(ENTRY, "ab" * 16).decode().split("\n")
    assert lines[-2:] == ["", ""]
    fields = dict(line.split("=", 1) for line in lines[:-2])
    assert fields["__REALTIME_TIMESTAMP"] == "1700000000123000"
    assert (fields["FARHAND_WHO"], fields["FARHAND_RIGHTS"], fields["FARHAND_N"]) == ('a"b]c\\', "view,control", "5")


def test_an_entry_that_was_changed_forges_no_other_one() -> None:
    """Line breaks and escapes, which the host never writes, stay out of what other programs read."""
    assert SYSLOG.match(syslog(HOSTILE, "").decode())
    lines = journal(HOSTILE, "").decode().split("\n")
    assert sum(line.startswith("FARHAND_N=") for line in lines) == 1
    assert sum(line.startswith("MESSAGE=") for line in lines) == 1
    assert lines.count("") == 2
    assert "\x1b" not in "".join(lines)
