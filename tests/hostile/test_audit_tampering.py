"""Somebody edits the audit: with an editor, with the keys, or behind everybody's back. What they did is named."""

import contextlib
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.host.audit_kit import KEYS, in_memory, judged, lines_of, opened, written

from farhand.host.audit_entry import canonical
from farhand.host.audit_log import Reading, line_of, parts_of
from farhand.host.audit_store import AuditError
from farhand.protocol.merkle import Checkpoint

COUNT = 30
SEGMENT_BYTES = 2600


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """30 entries in several segments."""
    written(tmp_path, COUNT, segment_bytes=SEGMENT_BYTES)
    assert len(list(tmp_path.glob("*.log"))) >= 3
    assert judged(tmp_path).faults == []
    return tmp_path


def place(folder: Path, number: int) -> tuple[Path, list[bytes], int]:
    """Where an entry stands: its segment, the lines of that, and which of them."""
    for path in sorted(folder.glob("*.log")):
        lines = path.read_bytes().splitlines(keepends=True)
        first = int(path.stem)
        if first <= number < first + len(lines) - 1:
            return path, lines, number - first + 1
    raise AssertionError(number)


def put(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(lines))


def named(folder: Path, *kept: Checkpoint) -> list[tuple[int, str]]:
    return [(fault.number, fault.text) for fault in judged(folder, *kept).faults]


@pytest.mark.parametrize("number", range(COUNT))
def test_a_changed_entry_is_named(log: Path, number: int) -> None:
    path, lines, at = place(log, number)
    lines[at] = lines[at].replace(b"person %d" % number, b"nobody %d" % number)
    put(path, lines)
    assert named(log)[0] == (number, f"entry {number} was changed: its seal does not fit")


@pytest.mark.parametrize("number", range(COUNT - 1))
def test_a_missing_entry_is_named(log: Path, number: int) -> None:
    path, lines, at = place(log, number)
    del lines[at]
    put(path, lines)
    assert named(log)[0] == (number, f"entry {number} is missing")


def test_the_last_entries_are_missed_by_whoever_keeps_a_checkpoint(log: Path, tmp_path: Path) -> None:
    audit = opened(log, segment_bytes=SEGMENT_BYTES)
    kept = Checkpoint.verify(audit.checkpoint(), KEYS.identity_public)
    audit.close()
    path, lines, at = place(log, COUNT - 2)
    put(path, lines[:at])
    faults = named(log, kept)
    assert faults[0][0] == COUNT - 2
    assert f"entries {COUNT - 2} to {COUNT - 1} are missing" in faults[0][1]


@pytest.mark.parametrize("number", [0, 3, 12, 20])
def test_reordered_entries_are_named(log: Path, number: int) -> None:
    path, lines, at = place(log, number)
    if at + 1 == len(lines):
        pytest.fail("choose one that is not a segment's last")
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    put(path, lines)
    assert named(log)[0] == (number, f"entry {number} is not where it belongs: entry {number + 1} stands before it")


def test_an_entry_that_stands_twice_is_named(log: Path) -> None:
    path, lines, at = place(log, 4)
    lines.insert(at, lines[at])
    put(path, lines)
    number, text = named(log)[0]
    assert (number, "entry 4 stands there" in text) == (5, True)


def test_a_segment_that_is_gone_is_named(log: Path) -> None:
    middle = sorted(log.glob("*.log"))[1]
    first, after = int(middle.stem), int(sorted(log.glob("*.log"))[2].stem)
    middle.unlink()
    assert named(log) == [(first, f"entries {first} to {after - 1} are missing")]


def test_the_first_segments_may_be_kept_elsewhere_and_are_asked_for(log: Path) -> None:
    first, second = sorted(log.glob("*.log"))[:2]
    first.unlink()
    begin = int(second.stem)
    assert named(log) == [(0, f"entries 0 to {begin - 1} are missing")]
    verdict = judged(log, part=True)
    assert verdict.faults == []
    assert verdict.notes == [f"entries 0 to {begin - 1} are not here"]


def test_segments_under_each_other_s_names(log: Path) -> None:
    first, second = sorted(log.glob("*.log"))[:2]
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    assert named(log)


def test_every_byte_counts(log: Path) -> None:
    """One bit anywhere in the log: found, and named by the entry that it is in or before."""
    chance = random.Random(5)
    for path in sorted(log.glob("*.log")):
        whole = path.read_bytes()
        for at in chance.sample(range(len(whole)), 30):
            path.write_bytes(whole[:at] + bytes((whole[at] ^ 1 << chance.randrange(8),)) + whole[at + 1 :])
            if path == sorted(log.glob("*.log"))[-1] and at == len(whole) - 1:
                continue  # the very last line's end: an unfinished write, which the host notes when it cuts it
            number = int(path.stem) + max(0, whole[:at].count(b"\n") - 1)
            faults = named(log)
            assert faults, f"byte {at} of {path.name}"
            assert abs(faults[0][0] - number) <= 1, f"byte {at} of {path.name}: {faults[0]}"
        path.write_bytes(whole)


def rewritten(folder: Path, changed: int) -> None:
    """What root on the host can do: change an entry and seal all that follows anew, with the host's own key."""
    lines = [parts_of(line[:-1])[0] for line in lines_of(folder) if b'"farhand_audit"' not in line]
    for path in folder.glob("*.log"):
        path.unlink()
    (folder / "last.checkpoint").unlink()
    audit = opened(folder)
    for number, content in enumerate(lines):
        forged = content.replace(b"person", b"nobody") if number == changed else content
        audit._store.append(forged, 1_700_000_000_000)
    audit.close()


def test_whoever_has_the_host_s_key_is_found_out_by_kept_checkpoints(tmp_path: Path) -> None:
    audit = opened(tmp_path)
    kept = []
    for number in range(COUNT):
        audit.record("log-in", who=f"person {number}")
        if number in (9, 19, 29):
            kept.append(Checkpoint.verify(audit.checkpoint(), KEYS.identity_public))
    audit.close()
    rewritten(tmp_path, 15)
    assert judged(tmp_path).faults == [], "the log alone is sound: it was sealed with the right key"
    faults = named(tmp_path, *kept)
    assert faults[0][0] == 10
    assert "among entries 10 to 19" in faults[0][1]
    assert judged(tmp_path, *kept).checkpoints == 1


def test_a_log_of_another_key_is_not_taken_for_this_host_s(log: Path) -> None:
    reading = Reading(log, identity=bytes(32))
    assert sum(1 for _ in reading.entries()) == COUNT
    assert reading.verdict.faults


def test_an_entry_of_another_log_of_the_same_host(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    audit = opened(other)
    for _ in range(COUNT):
        audit.record("log-in", who="nobody")
    audit.close()
    path, lines, at = place(log, 7)
    lines[at] = lines_of(other)[8]
    put(path, lines)
    assert named(log)[0][0] == 7


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\n" * 50, b"{}\n", b"\xff" * 300 + b"\n", b"[" * 4000 + b"\n",
        line_of(b'{"kind":"x","n":30,"t":1}', bytes(64)),
    ],
    ids=["nothing", "ends", "no seal", "no text", "deep", "no signature"],
)  # fmt: skip
def test_what_is_no_line_at_all(log: Path, line: bytes) -> None:
    path = sorted(log.glob("*.log"))[-1]
    path.write_bytes(path.read_bytes() + line)
    assert [number for number, _ in named(log)][:1] == ([COUNT] if line else [])


def test_a_line_without_end_is_not_read_into_memory(log: Path) -> None:
    path = sorted(log.glob("*.log"))[0]
    with path.open("r+b") as file:
        file.truncate(1 << 32)
    verdict = judged(log)
    assert verdict.faults


@settings(max_examples=60)
@given(st.data())
def test_whatever_stands_there_is_read_and_judged(data: st.DataObject) -> None:
    """Nothing in a log makes its readers fail in another way than by saying that it is not sound."""
    with in_memory() as folder:
        read_and_judge(folder / "any", data)


def read_and_judge(folder: Path, data: st.DataObject) -> None:
    written(folder, 8, segment_bytes=1500)
    lines = lines_of(folder)
    path = data.draw(st.sampled_from(sorted(folder.glob("*.log"))))
    number = st.integers() | st.integers(0, 10)
    entry = st.fixed_dictionaries({"n": number, "t": number, "kind": st.text(max_size=5)}).map(canonical)
    sealed = st.builds(line_of, entry, st.binary(min_size=64, max_size=64))
    pieces = data.draw(st.lists(st.sampled_from(lines) | st.binary(max_size=300) | sealed, max_size=8))
    path.write_bytes(b"".join(pieces))
    reading = Reading(folder)
    assert sum(1 for _ in reading.entries()) <= len(lines) + len(pieces) * 300
    with contextlib.suppress(AuditError):
        opened(folder, segment_bytes=1500).close()
