"""A caller with rights to files who sends what no honest one does: each operation fails by itself, and nothing else."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.loopback.host_kit import HostKit, until

from farhand.client import Session, connect
from farhand.files.digest import digest_of
from farhand.host.files.opened import OpenedFolders
from farhand.host.files.operations import MOST
from farhand.host.services import files_read
from farhand.host.settings import FilesSettings, FolderSettings
from farhand.protocol.capability import Capability
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import (
    Alter,
    Begin,
    Conflict,
    Data,
    Delete,
    Done,
    Entries,
    EntryKind,
    Failed,
    FileFault,
    Finish,
    Free,
    Get,
    GetMany,
    Hold,
    List,
    Make,
    Measure,
    Measured,
    Meta,
    Opened,
    Put,
    PutMany,
    Ready,
    Rename,
    Results,
    Reuse,
    Signature,
    SmallFile,
    Space,
    StopReading,
    StopWriting,
    Zeros,
)

READ, WRITE = Capability.FILES_READ, Capability.FILES_WRITE
META = Meta(0o644, 10**15, [])
KEY = bytes(16)

M = TypeVar("M", bound=Message)


class Raw:
    """Takes the place of a session's own files: what the host says, by operation."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.heard: list[Any] = []
        session.files = self  # type: ignore[assignment]  # the session calls take and end, and nothing else

    def take(self, message: Message) -> None:
        self.heard.append(message)

    def end(self, _: object) -> None: ...

    def send(self, *messages: Message) -> None:
        for message in messages:
            self.session.send(Channel.FILES, message)

    def of(self, id: int, kind: type[M]) -> list[M]:
        return [message for message in self.heard if isinstance(message, kind) and message.id == id]

    async def answer(self, id: int, kind: type[M]) -> M:
        await until(lambda: self.of(id, kind))
        return self.of(id, kind)[-1]

    async def fault(self, id: int) -> FileFault:
        return FileFault((await self.answer(id, Failed)).fault)

    async def done(self, id: int) -> Path:
        await until(lambda: self.of(id, Done) or self.of(id, Failed))
        assert not self.of(id, Failed), self.of(id, Failed)
        return Path(os.fsdecode(self.of(id, Done)[-1].path))


class Host(HostKit):
    """A host with one folder, and the folders where it keeps what is nobody's."""

    def __init__(self, folder: Path, *more: FolderSettings, **settings: Any) -> None:
        self.root, self.data, self.private = folder / "root", folder / "data", folder / "root/private"
        for one in (self.root, self.data, self.private):
            one.mkdir()
        (self.private / "key").write_text("secret")
        files = FilesSettings((FolderSettings(str(self.root)), *more))
        opened = OpenedFolders(files, self.data, [self.private])
        every = sorted(Capability)
        super().__init__(opened=opened, allow=every, browser={"allow": every}, **settings)

    async def caller(self, *rights: Capability, **line: Any) -> Raw:
        return Raw(await self.connect(capabilities=rights or (READ, WRITE), view=False, **line))

    @property
    def partials(self) -> list[Path]:
        return [path for path in (self.data / ".farhand-incoming").iterdir() if path.name.startswith("p")]


@asynccontextmanager
async def host(folder: Path, *more: FolderSettings, **settings: Any) -> AsyncIterator[Host]:
    async with Host(folder, *more, **settings) as kit:
        yield kit


def put(id: int, size: int, path: bytes = b"new", key: bytes = KEY, **more: Any) -> Put:
    return Put(id, path, size, META, more.get("conflict", Conflict.REFUSE), key, more.get("basis", False))


async def test_an_honest_file_goes_through_and_stands_in_the_audit(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        content = secrets.token_bytes(100_000)
        caller.send(put(1, len(content)))
        assert (await caller.answer(1, Ready)).offset == 0
        caller.send(Begin(1, 0), Data(1, False, content), Finish(1, len(content), digest_of(content)))
        assert await caller.done(1) == kit.root / "new"
        assert (kit.root / "new").read_bytes() == content
        entry = kit.audit.of("file")[-1]
        assert (entry["action"], entry["path"], entry["size"]) == ("write", f"{kit.root}/new", 100_000)
        assert entry["blake3"] == digest_of(content).hex()
        assert (entry["who"], entry["from_"]) == ("Ada", "192.0.2.7")
        caller.send(Get(2, b"new", 0, b"", False))
        await caller.answer(2, Finish)
        entry = kit.audit.of("file")[-1]
        assert (entry["action"], entry["blake3"]) == ("read", digest_of(content).hex())
        assert kit.partials == []


#: Messages that belong to an operation, where there is none.
STRAYS: list[Message] = [
    Begin(1, 0),
    Data(1, False, b"x"),
    Reuse(1, 0, 1),
    Zeros(1, 1),
    Finish(1, 1, bytes(32)),
    Signature(1, 1, 1024, 8, 0, b"", True),
    Hold(1, True),
    StopReading(1),
    StopWriting(1, True),
]


async def test_what_belongs_to_no_operation_changes_nothing(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        caller.send(*STRAYS, Space(2, b""))
        await caller.answer(2, Free)
        assert [type(message) for message in caller.heard] == [Free]
        assert [path.name for path in kit.root.iterdir()] == ["private"]


async def test_more_operations_than_there_may_be_fail_and_the_others_go_on(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        caller.send(*(put(number, 1, b"%d" % number, bytes([number] * 16)) for number in range(MOST + 3)))
        for number in range(MOST, MOST + 3):
            assert await caller.fault(number) is FileFault.PROTOCOL
        for number in range(MOST):
            await caller.answer(number, Ready)
            caller.send(Begin(number, 0), Data(number, False, b"x"), Finish(number, 1, digest_of(b"x")))
        for number in range(MOST):
            await caller.done(number)


async def test_a_number_that_is_taken_ends_both(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        caller.send(put(1, 1))
        await caller.answer(1, Ready)
        caller.send(put(1, 1, b"other"))
        assert await caller.fault(1) is FileFault.PROTOCOL
        assert len(caller.of(1, Failed)) == 1


@pytest.mark.parametrize(
    ("pieces", "fault"),
    [
        pytest.param([Data(1, False, b"x")], FileFault.PROTOCOL, id="no Begin"),
        pytest.param([Begin(1, 5)], FileFault.PROTOCOL, id="Begin beyond what there is"),
        pytest.param([Begin(1, 0), Begin(1, 0)], FileFault.PROTOCOL, id="Begin twice"),
        pytest.param([Begin(1, 0), Data(1, False, bytes(11))], FileFault.TOO_LARGE, id="more than announced"),
        pytest.param([Begin(1, 0), Zeros(1, 2**53 - 1)], None, id="zeros without end"),
        pytest.param([Begin(1, 0), Reuse(1, 0, 1)], FileFault.PROTOCOL, id="Reuse without an older file"),
        pytest.param([Begin(1, 0), Data(1, True, b"\x28\xb5\x2f\xfd")], FileFault.PROTOCOL, id="packed, and broken"),
        pytest.param([Begin(1, 0), Finish(1, 10, bytes(32))], FileFault.MISMATCH, id="Finish too early"),
        pytest.param(
            [Begin(1, 0), Data(1, False, bytes(10)), Finish(1, 10, bytes(32))], FileFault.MISMATCH, id="wrong digest"
        ),
    ],
)
async def test_pieces_that_do_not_fit_end_the_one_operation(tmp_path, pieces, fault) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        caller.send(put(1, 10))
        await caller.answer(1, Ready)
        caller.send(*pieces)
        found = await caller.fault(1)
        assert found is fault or fault is None
        assert not (kit.root / "new").exists()
        caller.send(Space(2, b""))
        await caller.answer(2, Free)
        assert not caller.session.over


async def test_an_older_file_is_referred_to_only_as_far_as_it_goes_and_only_by_who_may_read_it(tmp_path) -> None:
    async with host(tmp_path) as kit:
        (kit.root / "new").write_bytes(bytes(5000))
        writer = await kit.caller(WRITE)
        writer.send(put(1, 5000, basis=True, conflict=Conflict.REPLACE))
        assert not (await writer.answer(1, Ready)).basis
        assert not writer.of(1, Signature)
        writer.send(StopWriting(1, True))
        await writer.fault(1)
        both = await kit.caller()
        both.send(put(1, 6000, basis=True, conflict=Conflict.REPLACE))
        assert (await both.answer(1, Ready)).basis
        both.send(Begin(1, 0), Reuse(1, 4000, 2000))
        assert await both.fault(1) is FileFault.PROTOCOL
        assert (kit.root / "new").read_bytes() == bytes(5000)


async def test_a_description_that_never_ends_does(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files_read, "SIGNATURES", 300_000)
    async with host(tmp_path) as kit:
        (kit.root / "file").write_bytes(bytes(5000))
        caller = await kit.caller()
        caller.send(Get(1, b"file", 0, b"", True))
        await caller.answer(1, Opened)
        blocks = b"\x01" * 12 * 10_000
        for _ in range(4):
            caller.send(Signature(1, 2**40, 1 << 20, 8, 0, blocks, False))
        assert await caller.fault(1) in (FileFault.TOO_LARGE, FileFault.PROTOCOL)


#: Ways out of the folder; nothing may come of any of them.
OUTSIDE = [
    b"../x",
    b"a/../../x",
    b"/etc/passwd",
    b"/",
    b".",
    b"out/x",
    b"private/key",
    b"private",
    b"in/key",
    b"a\0b",
    b"a//b",
]


@pytest.mark.parametrize("path", OUTSIDE, ids=ascii)
async def test_no_path_leads_out_of_what_is_open(tmp_path, path: bytes) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("theirs")
    async with host(tmp_path) as kit:
        (kit.root / "out").symlink_to(outside)
        (kit.root / "in").symlink_to("private")
        (kit.root / "file").write_text("mine")
        caller = await kit.caller()
        asked: list[Message] = [
            List(1, path, 1, True),
            Get(2, path, 0, b"", False),
            Measure(3, path),
            put(4, 1, path, conflict=Conflict.REPLACE),
            Make(5, path, EntryKind.LINK, b"/etc", 0o777, True),
            Rename(6, path, b"taken", Conflict.REPLACE),
            Rename(7, b"file", path, Conflict.REPLACE),
            Delete(8, path, True, False),
            Delete(9, path, True, True),
            Alter(10, path, META),
        ]
        caller.send(*asked)
        for number in range(1, len(asked) + 1):
            await until(lambda number=number: any(message.id == number for message in caller.heard))
        assert [type(message) for message in caller.heard] == [Failed] * len(asked)
        assert (outside / "x").read_text() == "theirs"
        assert (kit.root / "file").read_text() == "mine"
        assert (kit.private / "key").read_text() == "secret"
        assert [path.name for path in outside.iterdir()] == ["x"]
        assert not (tmp_path / "x").exists()


async def test_a_small_file_has_no_more_ways_out_than_a_large_one(tmp_path) -> None:
    async with host(tmp_path) as kit:
        (kit.root / "in").symlink_to("private")
        caller = await kit.caller()
        names = [b"../x", b"/tmp/x", b"in/x", b"private/x", b"", b"..", b"a\0b", b"n" * 256]
        files = [SmallFile(name, EntryKind.FILE, META, False, b"x", digest_of(b"x"), 0) for name in names]
        caller.send(PutMany(1, b"", Conflict.REPLACE, files), GetMany(2, b"", [b"in/key", b"../data", b"private/key"]))
        assert all(result.fault for result in (await caller.answer(1, Results)).results)
        await until(lambda: any(getattr(message, "id", 0) == 2 for message in caller.heard))
        (bundle,) = [message for message in caller.heard if message.id == 2]
        assert all(file.fault and not file.data for file in bundle.files)
        assert [path.name for path in kit.private.iterdir()] == ["key"]


async def test_what_may_only_be_read_is_not_written_and_the_other_way_round(tmp_path) -> None:
    folders = []
    for name, read, write in (("ro", True, False), ("wo", False, True)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("there")
        folders.append(FolderSettings(str(tmp_path / name), read=read, write=write))
    async with host(tmp_path, *folders) as kit:
        caller = await kit.caller()
        ro, wo = (os.fsencode(tmp_path / name / "file") for name in ("ro", "wo"))
        caller.send(Get(1, ro, 0, b"", False), Delete(2, ro, False, False), Get(3, wo, 0, b"", False))
        caller.send(Rename(4, wo, b"mine", Conflict.REFUSE), Rename(5, ro, b"mine", Conflict.REFUSE))
        await caller.answer(1, Finish)
        for number in (2, 3, 4, 5):
            assert await caller.fault(number) is FileFault.OUTSIDE
        assert (tmp_path / "ro/file").exists()


async def test_special_files_are_never_opened(tmp_path) -> None:
    async with host(tmp_path) as kit:
        os.mkfifo(kit.root / "pipe")
        (kit.root / "device").symlink_to("/dev/zero")
        caller = await kit.caller()
        caller.send(Get(1, b"pipe", 0, b"", False), Get(2, b"device", 0, b"", False), Measure(3, b"pipe"))
        assert await caller.fault(1) is FileFault.NOT_A_FILE
        assert await caller.fault(2) is FileFault.OUTSIDE
        assert await caller.fault(3) is FileFault.NOT_A_FILE


async def test_a_file_that_does_not_fit_is_refused_before_it_is_sent(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        caller.send(put(1, 2**52))
        assert await caller.fault(1) is FileFault.FULL


async def sent_in_part(caller: Raw) -> None:
    """A file of 100,000 bytes, of which the host has half."""
    caller.send(put(1, 100_000))
    await caller.answer(1, Ready)
    caller.send(Begin(1, 0), Data(1, False, bytes(50_000)))


async def half_there(kit: Host) -> None:
    await until(lambda: kit.partials and kit.partials[0].stat().st_size == 50_000)


async def test_a_right_that_is_taken_away_ends_the_file_in_its_middle_and_keeps_what_came(tmp_path) -> None:
    async with host(tmp_path) as kit:
        (kit.root / "large").write_bytes(bytes(8 << 20))
        caller = await kit.caller()
        await sent_in_part(caller)
        await half_there(kit)
        caller.send(Get(2, b"large", 0, b"", False), Hold(2, True))
        await kit.agent.take_back(kit.agent.callers[0].session, frozenset({WRITE}))
        assert await caller.fault(1) is FileFault.PERMISSION
        caller.send(Data(1, False, bytes(50_000)), Finish(1, 100_000, digest_of(bytes(100_000))))
        caller.send(Hold(2, False))
        await caller.answer(2, Finish)
        assert not (kit.root / "new").exists()
        assert [path.stat().st_size for path in kit.partials] == [50_000]
        await kit.agent.take_back(kit.agent.callers[0].session, frozenset({READ}))


async def test_what_was_read_stands_in_the_audit_though_the_end_was_never_asked_for(tmp_path) -> None:
    async with host(tmp_path) as kit:
        (kit.root / "large").write_bytes(os.urandom(1 << 20) * 32)  # a slow line does not pack it
        caller = await kit.caller()
        caller.send(Get(1, b"large", 0, b"", False))
        await caller.answer(1, Data)
        caller.send(StopReading(1))
        assert await caller.fault(1) is FileFault.STOPPED
        (entry,) = kit.audit.of("file")
        assert (entry["action"], entry["whole"]) == ("read", False)
        assert 0 < entry["bytes"] < 32 << 20


async def test_a_pause_ends_operations_and_what_came_is_gone_on_with(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        await sent_in_part(caller)
        await half_there(kit)
        session = kit.agent.callers[0].session
        await kit.agent.pause(session, True)
        assert await caller.fault(1) is FileFault.STOPPED
        await kit.agent.pause(session, False)
        await caller.session.wait(lambda s: s.paused is None)
        caller.send(put(3, 100_000))
        assert (await caller.answer(3, Ready)).offset == 50_000


async def test_a_cut_keeps_what_came_and_nobody_else_finds_it(tmp_path) -> None:
    async with host(tmp_path) as kit:
        line = kit.dial()
        caller = await kit.caller(to=line)
        await sent_in_part(caller)
        await half_there(kit)
        line.cut()
        again = Raw(await caller.session.rejoin(kit.dial(), view=False))
        kit.sessions.append(again.session)
        other = Raw(await connect(kit.dial(), kit.code(), name="Bob", capabilities=(READ, WRITE), view=False))
        kit.sessions.append(other.session)
        again.send(put(1, 100_000))
        ready = await again.answer(1, Ready)
        assert (ready.offset, ready.prefix) == (50_000, digest_of(bytes(50_000)))
        other.send(put(1, 100_000))
        assert (await other.answer(1, Ready)).offset == 0, "the same key, and not the same caller"
        rest = Data(1, False, bytes(50_000))
        again.send(Begin(1, 50_000), rest, Finish(1, 100_000, digest_of(bytes(100_000))))
        assert await again.done(1) == kit.root / "new"


async def test_giving_up_with_drop_leaves_nothing(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller()
        await sent_in_part(caller)
        await half_there(kit)
        caller.send(StopWriting(1, True))
        assert await caller.fault(1) is FileFault.STOPPED
        assert kit.partials == []


async def test_a_caller_who_reads_nothing_of_what_it_asked_for_is_not_sent_more_than_fits(tmp_path) -> None:
    async with host(tmp_path) as kit:
        for number in range(40):
            (kit.root / f"{number}").write_bytes(bytes(4 << 20))
        line = kit.dial()
        caller = await kit.caller(to=line)
        caller.send(*(Get(number, b"%d" % number, 0, b"", False) for number in range(40)))
        for number in range(40):
            await caller.answer(number, Finish)
        assert not caller.session.over


async def test_a_listing_is_in_pieces_that_fit_and_leaves_out_what_is_closed(tmp_path) -> None:
    async with host(tmp_path) as kit:
        for number in range(3000):
            (kit.root / f"{'n' * 200}{number}").touch()
        (kit.root / "odd\n%n\u202e").touch()
        caller = await kit.caller()
        caller.send(List(1, b"", 255, False))
        await until(lambda: any(message.last for message in caller.of(1, Entries)))
        names = {entry.path for message in caller.of(1, Entries) for entry in message.entries}
        assert len(names) >= 3001
        assert "odd\n%n\u202e".encode() in names
        assert b"private/key" not in names


async def test_rights_to_files_alone_show_no_screen(tmp_path) -> None:
    async with host(tmp_path) as kit:
        caller = await kit.caller(READ)
        caller.send(put(1, 1), Measure(2, b"none"))
        assert await caller.fault(2) is FileFault.NOT_FOUND
        assert caller.session.picture.layout is None
        assert not caller.of(1, Ready)
        assert not caller.of(1, Measured)
