"""What an owner does with quarantine stands in the audit, whoever has the log, and the log stays whole."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from farhand.cli.quarantined import delete, release
from farhand.core.config import Paths
from farhand.host import deeds
from farhand.host.audit import Audit
from farhand.host.audit_log import Reading
from farhand.host.audit_store import AuditError
from farhand.host.quarantine.store import Find, Quarantine, QuarantineError, quarantine_folder
from farhand.protocol.identity import Keys, Kind
from farhand.transports.local import LocalDoor, connect_local


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path).create()


@pytest.fixture
async def running(paths: Paths) -> AsyncIterator[Audit]:
    """A host's audit and the door where it is asked."""
    audit = Audit.open(paths.data / "audit", keys(paths))
    door = LocalDoor(deeds.door(paths), lambda stream, _: deeds.hear(stream, audit))
    await door.open()
    yield audit
    await door.close()
    audit.close()


def keys(paths: Paths) -> Keys:
    made = Keys.generate(Kind.HOST, "here", time.time(), os.urandom)
    path = paths.data / "host.keys"
    path.touch(0o600)
    path.write_bytes(made.dump())
    return made


def kept(paths: Paths, number: int = 1) -> Find:
    arrived = paths.data / f"q{number:032x}"
    arrived.write_bytes(b"bad")
    path = os.fsencode(paths.data.parent / f"{number}\udcff.exe")
    return Quarantine(quarantine_folder(paths.data)).keep(arrived, path=path, found="EICAR", digest=bytes(32))


def written(paths: Paths) -> list[dict[str, Any]]:
    """The log's entries, once it was found sound."""
    reading = Reading(paths.data / "audit")
    entries = [entry for entry, _ in reading.entries()]
    assert reading.verdict.faults == []
    return entries


def expected(action: str, find: Find, **more: Any) -> dict[str, Any]:
    about = {"kind": "malware", "action": action, "kept": find.id, "path": find.shown, "size": 3, "found": "EICAR"}
    return {**about, "blake3": "0" * 64, "uid": os.geteuid(), **more}


def same(entry: dict[str, Any], wanted: dict[str, Any]) -> bool:
    assert entry["who"]
    return {name: value for name, value in entry.items() if name not in ("n", "t", "who")} == wanted


def test_where_no_host_runs_the_log_is_taken_for_as_long(paths: Paths, tmp_path: Path) -> None:
    keys(paths)
    finds = [kept(paths, number) for number in range(3)]
    target = tmp_path / "given"
    release(finds[0].id, target, tmp_path, machine=True)
    delete([], tmp_path, machine=True)
    one, two, three = written(paths)
    assert same(one, expected("release", finds[0], to=str(target)))
    assert same(two, expected("delete", finds[1]))
    assert same(three, expected("delete", finds[2]))


async def test_a_host_that_runs_writes_it(paths: Paths, tmp_path: Path, running: Audit) -> None:
    find, other = kept(paths, 1), kept(paths, 2)
    await asyncio.to_thread(release, find.id, tmp_path / "given", tmp_path, machine=True)
    await asyncio.to_thread(delete, [other.id], tmp_path, machine=True)
    running.record("stop")
    one, two, stop = written(paths)
    assert same(one, expected("release", find, to=str(tmp_path / "given")))
    assert same(two, expected("delete", other))
    assert stop["kind"] == "stop"


async def test_what_failed_stands_there_as_that(paths: Paths, tmp_path: Path, running: Audit) -> None:
    find = kept(paths)
    (tmp_path / "taken").write_bytes(b"mine")
    with pytest.raises(QuarantineError):
        await asyncio.to_thread(release, find.id, tmp_path / "taken", tmp_path, machine=True)
    (entry,) = written(paths)
    assert "cannot be written" in entry["why"]
    assert (tmp_path / "taken").read_bytes() == b"mine"


async def test_an_end_that_was_not_heard_stands_there_too(paths: Paths, running: Audit) -> None:
    find = kept(paths)
    noticed = asyncio.Event()
    running.listen(noticed.set)
    stream = await connect_local(deeds.door(paths))
    await stream.send(deeds._line(deeds.Deed.of("delete", find)))
    assert await stream.receive() == deeds._line(deeds._Answer())
    await stream.close()
    await asyncio.wait_for(noticed.wait(), 10)
    (entry,) = written(paths)
    assert same(entry, expected("delete", find, why="its end was not heard"))


@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b'{"action":1}\n', b"x" * 200_000])
async def test_nonsense_is_hung_up_on(paths: Paths, running: Audit, line: bytes) -> None:
    stream = await connect_local(deeds.door(paths))
    await stream.send(line)
    with pytest.raises(Exception, match=r"closed|lost"):
        await asyncio.wait_for(stream.receive(), 10)
    assert written(paths) == []


async def test_nothing_is_done_that_cannot_be_written_down(
    paths: Paths, tmp_path: Path, running: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = kept(paths)
    monkeypatch.setattr(running, "refusal", lambda: "the disk is full")
    with pytest.raises(AuditError, match="nothing was done: the disk is full"):
        await asyncio.to_thread(delete, [find.id], tmp_path, machine=True)
    deeds.door(paths).unlink()
    with pytest.raises(AuditError, match="cannot be asked"):
        await asyncio.to_thread(delete, [find.id], tmp_path, machine=True)
    assert Path(find.file).read_bytes() == b"bad"
