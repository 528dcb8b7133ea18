"""The log on disk: what is written stays, what was cut is cut off, what was changed is named."""

import errno
import os
import stat
from pathlib import Path

import pytest
from tests.unit.host.audit_kit import KEYS, NOW, in_memory, judged, opened, written

from farhand.host import audit_store
from farhand.host.audit import Audit, Kind
from farhand.host.audit_entry import decode
from farhand.host.audit_log import Reading
from farhand.host.audit_store import AuditBusy, AuditDamaged, AuditError
from farhand.protocol.identity import Keys
from farhand.protocol.identity import Kind as DeviceKind
from farhand.protocol.merkle import Checkpoint, Tree


def kinds(folder: Path) -> list[str]:
    return [entry["kind"] for entry, _ in Reading(folder).entries()]


def test_what_is_recorded_is_there_and_sound(tmp_path: Path) -> None:
    audit = opened(tmp_path / "audit")
    audit.record("log-in", who="Jana", from_="192.0.2.1")
    audit.record("session-end")
    checkpoint = Checkpoint.verify(audit.checkpoint(), KEYS.identity_public)
    entries = audit.entries(0, 1 << 20)
    assert decode(entries[0]) == {"n": 0, "t": int(NOW * 1000), "kind": "log-in", "who": "Jana", "from": "192.0.2.1"}
    assert (checkpoint.size, checkpoint.root) == (2, Tree(entries).root())
    audit.close()
    verdict = judged(tmp_path / "audit", checkpoint)
    assert (verdict.size, verdict.faults, verdict.notes, verdict.checkpoints) == (2, [], [], 1)
    assert verdict.root == checkpoint.root


def test_files_are_the_owner_s_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        written(tmp_path / "audit", 2)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "audit").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "audit").iterdir()} == {0o600}


def test_it_goes_on_after_a_restart_and_over_segments(tmp_path: Path) -> None:
    for count in (3, 3, 10, 40):
        written(tmp_path, count, segment_bytes=1500)
    assert len(list(tmp_path.glob("*.log"))) > 5
    verdict = judged(tmp_path)
    assert (verdict.size, verdict.faults) == (40, [])


def test_entries_are_read_from_anywhere_and_within_a_limit(tmp_path: Path) -> None:
    written(tmp_path, 40, segment_bytes=1500)
    audit = opened(tmp_path, segment_bytes=1500)
    every = [line for _, line in Reading(tmp_path).entries()]
    for first in (0, 39, 17, 18, 3, 40):
        assert audit.entries(first, 1 << 20) == every[first:]
    assert audit.entries(5, 1) == every[5:6]
    assert audit.entries(5, len(every[5]) + len(every[6])) == every[5:7]
    audit.record("stop")
    assert [decode(line)["kind"] for line in audit.entries(39, 1 << 20)] == ["log-in", "stop"]
    audit.close()


def test_two_cannot_write_at_once(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(AuditBusy) as busy:
        opened(tmp_path)
    assert str(os.getpid()) in busy.value.cause
    first.close()
    opened(tmp_path).close()


class TestTornTail:
    def test_cut_at_every_byte(self) -> None:
        """A write that stopped anywhere costs the entry that was being written, and no other one; and it is told."""
        with in_memory() as folder:
            self.cut_at_every_byte(folder)

    def cut_at_every_byte(self, tmp_path: Path) -> None:
        written(tmp_path / "whole", 4)
        path = tmp_path / "whole" / "000000000000.log"
        data = path.read_bytes()
        ends = [at + 1 for at, byte in enumerate(data) if byte == 10]
        folder = tmp_path / "audit"
        folder.mkdir(mode=0o700)
        for length in range(len(data)):
            log = folder / path.name
            log.unlink(missing_ok=True)
            log.touch(0o600)
            log.write_bytes(data[:length])
            whole = sum(end <= length for end in ends)
            audit = opened(folder)
            torn = length - max([0, *(end for end in ends if end <= length)])
            assert audit.size == max(0, whole - 1) + bool(torn)
            last = [decode(line) for line in audit.entries(max(0, whole - 1), 1 << 20)]
            assert [(entry["kind"], entry["bytes"]) for entry in last] == ([("recovered", torn)] if torn else [])
            audit.close()
            assert judged(folder).faults == []
            (folder / "last.checkpoint").unlink(missing_ok=True)

    def test_the_newest_segment_is_only_begun(self, tmp_path: Path) -> None:
        written(tmp_path, 30, segment_bytes=1500)
        newest = sorted(tmp_path.glob("*.log"))[-1]
        header = newest.read_bytes().partition(b"\n")[0]
        size = judged(tmp_path).size
        (tmp_path / "last.checkpoint").unlink()
        lost = newest.read_bytes().count(b"\n") - 1
        newest.write_bytes(header[:50])
        assert judged(tmp_path).faults == []
        audit = opened(tmp_path, segment_bytes=1500)
        assert audit.size == size - lost + 1
        audit.close()
        assert kinds(tmp_path)[-1] == "recovered"
        assert judged(tmp_path).faults == []

    @pytest.mark.parametrize("zeros", [1, 200, 9000])
    def test_zeros_that_a_power_cut_left(self, tmp_path: Path, zeros: int) -> None:
        written(tmp_path, 3)
        log = tmp_path / "000000000000.log"
        log.write_bytes(log.read_bytes() + bytes(zeros))
        audit = opened(tmp_path)
        assert decode(audit.entries(3, 1000)[0])["bytes"] == zeros
        audit.close()

    def test_zeros_with_lines_behind_them(self, tmp_path: Path) -> None:
        written(tmp_path, 3)
        log = tmp_path / "000000000000.log"
        data = log.read_bytes()
        (tmp_path / "last.checkpoint").unlink()
        second = data.index(b"\n", data.index(b"\n") + 1) + 1
        log.write_bytes(data[:second] + bytes(40) + data[second + 40 :])
        audit = opened(tmp_path)
        assert audit.size == 2
        audit.close()
        assert judged(tmp_path).faults == []

    def test_nothing_is_cut_that_a_checkpoint_was_given_over(self, tmp_path: Path) -> None:
        written(tmp_path, 3)
        log = tmp_path / "000000000000.log"
        log.write_bytes(log.read_bytes()[:-5])
        with pytest.raises(AuditDamaged) as damaged:
            opened(tmp_path)
        assert "entries 2 to 2 are missing" in damaged.value.cause


class TestDamage:
    @pytest.mark.parametrize("number", [0, 5, 11])
    def test_a_changed_entry_stops_the_host_and_is_named(self, tmp_path: Path, number: int) -> None:
        written(tmp_path, 12)
        log = tmp_path / "000000000000.log"
        log.write_bytes(log.read_bytes().replace(b"person %d" % number, b"nobody %d" % number, 1))
        with pytest.raises(AuditDamaged) as damaged:
            opened(tmp_path)
        assert f"entry {number} " in damaged.value.cause
        assert log.read_bytes().count(b"\n") == 13, "nothing was cut or added"

    def test_another_host_s_keys(self, tmp_path: Path) -> None:
        written(tmp_path, 2)
        others = Keys.generate(DeviceKind.HOST, "other", NOW, os.urandom)
        with pytest.raises(AuditDamaged):
            Audit.open(tmp_path, others)

    @pytest.mark.parametrize("mode", [0o755, 0o770])
    def test_a_folder_that_others_may_enter(self, tmp_path: Path, mode: int) -> None:
        written(tmp_path / "audit", 2)
        (tmp_path / "audit").chmod(mode)
        with pytest.raises(AuditError, match="chmod 700"):
            opened(tmp_path / "audit")

    def test_a_file_that_others_may_read(self, tmp_path: Path) -> None:
        written(tmp_path, 2)
        (tmp_path / "000000000000.log").chmod(0o644)
        with pytest.raises(AuditError, match="chmod 600"):
            opened(tmp_path)

    def test_a_link_in_its_place(self, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(b"")
        folder = tmp_path / "audit"
        folder.mkdir(mode=0o700)
        (folder / "000000000000.log").symlink_to(elsewhere)
        with pytest.raises(AuditError):
            opened(folder)
        assert elsewhere.read_bytes() == b""


class FullDisk:
    """os.write on a disk with so many bytes left: takes a part, then refuses."""

    def __init__(self, left: int) -> None:
        self.left = left
        self._write = os.write

    def __call__(self, descriptor: int, data: bytes) -> int:
        if self.left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        part = data[: self.left]
        self.left -= len(part)
        return self._write(descriptor, part)


class TestFullDisk:
    @pytest.mark.parametrize("left", [0, 1, 100, 250])
    def test_it_is_said_and_sessions_are_refused_until_there_is_room(
        self, tmp_path: Path, left: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        audit = opened(tmp_path)
        audit.record("log-in", who="before")
        assert audit.refusal() == ""
        disk = FullDisk(left)
        monkeypatch.setattr(audit_store.os, "write", disk)
        audit.record("log-in", who="first that is too much")
        audit.record("log-in", who="second that is too much")
        assert "No space left" in audit.refusal()
        assert audit.checkpoint() == b""
        assert judged(tmp_path).faults == []
        disk.left = 1 << 20
        assert audit.refusal() == ""
        audit.close()
        assert [entry.get("who") for entry, _ in Reading(tmp_path).entries()] == [
            "before", "first that is too much", "second that is too much",
        ]  # fmt: skip
        assert judged(tmp_path).faults == []

    def test_where_it_is_not_required_nobody_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        audit = opened(tmp_path, required=False)
        monkeypatch.setattr(audit_store.os, "write", FullDisk(0))
        audit.record("log-in")
        assert audit.refusal() == ""
        assert audit.checkpoint() == b""

    def test_what_memory_cannot_keep_is_counted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        audit = opened(tmp_path)
        disk = FullDisk(0)
        monkeypatch.setattr(audit_store.os, "write", disk)
        for number in range(1010):
            audit.record("log-in", who=f"person {number}")
        disk.left = 1 << 30
        audit.record("stop")
        entries = [decode(line) for line in audit.entries(0, 1 << 24)]
        assert (entries[0]["kind"], entries[0]["lost"]) == ("recovered", 10)
        assert (len(entries), entries[1]["who"], entries[-1]["kind"]) == (1002, "person 10", "stop")
        audit.close()

    def test_a_new_segment_that_finds_no_room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        audit = opened(tmp_path, segment_bytes=1000)
        disk = FullDisk(1500)
        monkeypatch.setattr(audit_store.os, "write", disk)
        for number in range(20):
            audit.record("log-in", who=f"person {number}")
        assert audit.refusal()
        assert judged(tmp_path).faults == []
        disk.left = 1 << 20
        assert not audit.refusal()
        assert audit.size == 20
        audit.close()
        assert judged(tmp_path).size == 20
        assert judged(tmp_path).faults == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot be written"):
        opened(tmp_path / "file" / "audit")


def test_a_caller_s_object_that_cannot_be_read(tmp_path: Path) -> None:
    class Mean:
        def __str__(self) -> str:
            raise RuntimeError("no")

    audit = opened(tmp_path)
    audit.record(Kind.FILE, rights=[Mean()])  # type: ignore[list-item]  # what a type checker would have said
    assert decode(audit.entries(0, 1000)[0])["why"] == "what belongs here could not be read"
    audit.close()
    audit.record("late")
    assert audit.size == 1


async def test_a_sync_comes_by_itself_and_a_failed_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from farhand.host import audit as module

    synced = asyncio.Event()
    loop = asyncio.get_running_loop()

    def failing(_: int) -> None:
        loop.call_soon_threadsafe(synced.set)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(module, "SYNC_SECONDS", 0)
    monkeypatch.setattr(module, "sync", failing)
    audit = opened(tmp_path)
    audit.record("log-in")
    await synced.wait()
    while not audit._trouble:  # the thread's answer is on its way
        await asyncio.sleep(0)
    monkeypatch.undo()
    assert audit.refusal() == "", "the disk answers again"
    assert Checkpoint.verify(await audit.settled(), KEYS.identity_public).size == 1
    assert await audit.settled(5) == b""
    audit.close()
