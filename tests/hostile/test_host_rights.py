"""Every message of a viewer with every right missing: it is refused, logged, written down, and changes nothing.

The viewer here sends whatever it likes, over a real session: messages, and bytes that are none.
"""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.loopback.host_kit import HostKit, until

from farhand.host.events import CallerEnded
from farhand.host.platform.base import Answer
from farhand.host.rules import RULES
from farhand.protocol.capability import Capability
from farhand.protocol.codec import MEMBERS
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.messages import SCHEMA, Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipFiles, ClipText, FilesOffered, OfferFiles
from farhand.protocol.messages.control import (
    Asking,
    AskMore,
    Checkpoint,
    Decision,
    HostStats,
    LetGo,
    Notice,
    NoticeCode,
    Paused,
    Ping,
    Pong,
    Rights,
    Watch,
)
from farhand.protocol.messages.cursor import Hidden, Moved, Shape
from farhand.protocol.messages.files import (
    Alter,
    Begin,
    Bundle,
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
    RootList,
    Roots,
    Signature,
    SmallFile,
    Space,
    Step,
    StopReading,
    StopWriting,
    Working,
    Zeros,
)
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel
from farhand.protocol.messages.screen import Layout, Quality, Refresh, Resize, Shown, Update, Want

VIEW, CONTROL, CLIPBOARD = Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD

META = Meta(0o644, 0, [])
READERS: list[Message] = [
    Roots(1),
    List(2, b"", 1, False),
    Get(3, b"a", 0, b"", False),
    GetMany(4, b"", [b"a"]),
    Measure(5, b"a"),
    Space(6, b""),
    Hold(7, True),
    StopReading(8),
    Signature(9, 0, 1024, 8, 0, b"", True),
]
WRITERS: list[Message] = [
    Put(11, b"a", 1, META, Conflict.REPLACE, bytes(16), True),
    Begin(12, 0),
    PutMany(13, b"", Conflict.REPLACE, [SmallFile(b"a", EntryKind.FILE, META, False, b"", bytes(32), 0)]),
    Make(14, b"a", EntryKind.FOLDER, b"", 0o755, True),
    Rename(15, b"a", b"b", Conflict.REPLACE),
    Delete(16, b"a", True, False),
    Alter(17, b"a", META),
    StopWriting(18, True),
    Data(19, False, b"x"),
    Reuse(20, 0, 1),
    Zeros(21, 1),
    Finish(22, 1, bytes(32)),
]
#: One of each message that a viewer may send.
VIEWERS: dict[type[Message], tuple[Channel, Message]] = {
    type(message): (channel, message)
    for channel, message in [
        (Channel.CONTROL, Watch(True)),
        (Channel.CONTROL, AskMore([CLIPBOARD], 0, "", b"")),
        (Channel.CONTROL, LetGo([CLIPBOARD])),
        (Channel.INPUT, Key(True, "KeyA", "a", 0, False, 1)),
        (Channel.INPUT, TypedText("x", 1)),
        (Channel.INPUT, Pointer(1, 1, 1, 1)),
        (Channel.INPUT, Wheel(0, 120, 1)),
        (Channel.INPUT, ReleaseAll()),
        (Channel.SCREEN, Shown(1, 1, 0)),
        (Channel.SCREEN, Want(Quality.SHARP, [], True, 60)),
        (Channel.SCREEN, Refresh()),
        (Channel.SCREEN, Resize(64, 64)),
        (Channel.CLIPBOARD, ClipText("x")),
        (Channel.CLIPBOARD, OfferFiles([b"a"])),
        *((Channel.FILES, message) for message in (*READERS, *WRITERS)),
    ]
}

#: One of each message that only a host sends.
HOSTS: dict[type[Message], tuple[Channel, Message]] = {
    type(message): (channel, message)
    for channel, message in [
        (Channel.CONTROL, Asking(30)),
        (Channel.CONTROL, Decision([VIEW, CONTROL], bytes(16), "", "", 0)),
        (Channel.CONTROL, Rights([VIEW, CONTROL, CLIPBOARD])),
        (Channel.CONTROL, Notice(NoticeCode.DENIED)),
        (Channel.CONTROL, HostStats(0, 0, 0, 0, 0, 0, 0, 0)),
        (Channel.CONTROL, Paused(False)),
        (Channel.CONTROL, Checkpoint(b"")),
        (Channel.CURSOR, Shape(0, 0, 1, 1, bytes(4))),
        (Channel.CURSOR, Hidden()),
        (Channel.CURSOR, Moved(0, 0)),
        (Channel.SCREEN, Layout(1, 10, 10)),
        (Channel.SCREEN, Update(1, 1, 0, False, [])),
        (Channel.CLIPBOARD, ClipFiles([], 0)),
        (Channel.CLIPBOARD, FilesOffered(0, 0)),
        (Channel.FILES, RootList(1, [])),
        (Channel.FILES, Entries(1, [], 0, True)),
        (Channel.FILES, Opened(1, 1, META, 0)),
        (Channel.FILES, Bundle(1, [], True)),
        (Channel.FILES, Measured(1, 1, bytes(32))),
        (Channel.FILES, Free(1, 1, 1)),
        (Channel.FILES, Ready(1, 0, b"", False)),
        (Channel.FILES, Working(1, Step.READING, 0, 1)),
        (Channel.FILES, Results(1, [])),
        (Channel.FILES, Done(1, b"a")),
        (Channel.FILES, Failed(1, FileFault.SYSTEM, "")),
    ]
}

EITHER = {Ping, Pong}
#: What needs no right: it gives some back, or asks for some, which others decide.
FREE = {AskMore, LetGo}
#: All eight but one, and all sets of the three that have a service.
SETS = [
    *(set(Capability) - {missing} for missing in Capability),
    *(set(some) for count in (1, 2) for some in itertools.combinations((VIEW, CONTROL, CLIPBOARD), count)),
    {Capability.SHELL},
]
#: For messages of the files, where none of those three matters: all eight but one, and the other right to files.
FILES_SETS = [*SETS[: len(Capability)], {Capability.FILES_READ}, {Capability.FILES_WRITE}]
PAIRS = [(kind, granted) for kind in VIEWERS for granted in (FILES_SETS if VIEWERS[kind][0] is Channel.FILES else SETS)]
#: Channels that carry nothing in this version, whatever rights hold.
SILENT = [channel for channel in Channel if channel not in SCHEMA and channel is not Channel.MUX]


def named(kind: type[Message], granted: set[Capability]) -> str:
    missing = set(Capability) - granted
    held = f"all-but-{next(iter(missing))}" if len(missing) == 1 else "+".join(sorted(granted))
    return f"{kind.__name__}-{held}"


REFUSED = [
    pytest.param(kind, granted, id=named(kind, granted)) for kind, granted in PAIRS if not RULES[kind].needs <= granted
]


def host(**settings: Any) -> HostKit:
    return HostKit(allow=sorted(Capability), browser={"allow": sorted(Capability)}, **settings)


def test_the_matrix_has_every_message_and_every_right_there_is() -> None:
    every = set(itertools.chain.from_iterable(MEMBERS.values()))
    assert set(VIEWERS) | set(HOSTS) | EITHER == every
    assert set(RULES) == set(VIEWERS)
    assert {kind for kind, rule in RULES.items() if not rule.needs} == FREE
    assert all(rule.needs <= set(Capability) for rule in RULES.values())
    assert SILENT, "once every channel has its service, its messages stand above"
    for kind in VIEWERS:
        for capability in RULES[kind].needs:
            assert any(
                capability not in granted and RULES[kind].needs - {capability} <= granted for _, granted in PAIRS
            ), f"{kind.__name__} is tried with {capability} alone missing"


@pytest.mark.parametrize(("kind", "granted"), REFUSED)
async def test_a_message_without_its_right_is_refused_logged_and_changes_nothing(kind, granted) -> None:
    async with host() as kit:
        caller = await kit.connect(capabilities=sorted(granted), view=False)
        with capture_logs() as logs:
            caller.send(*VIEWERS[kind])
            await caller.wait(lambda s: bool(s.notices))
        assert caller.granted == granted
        assert [notice.code for notice in caller.notices] == [NoticeCode.DENIED]
        assert kind.__name__ in caller.notices[0].text
        denied = [entry for entry in logs if entry["event"] == "message denied"]
        assert [entry["message"] for entry in denied] == [kind.__name__]
        assert set(denied[0]["missing"]) == RULES[kind].needs - granted
        (written,) = kit.audit.of("right-used")
        assert (written["message"], written["refused"]) == (kind.__name__, True)
        assert set(written["rights"]) == RULES[kind].needs - granted
        assert kit.platform.desktop.size == (320, 240)
        assert all(not sink.events for sink in kit.platform.inputs)
        assert all(not clipboard.text and not clipboard.files for clipboard in kit.platform.clipboards)
        assert caller.stats is None
        assert (VIEW in granted) or caller.picture.layout is None
        assert not caller.over
        assert len(kit.platform.inputs) == (CONTROL in granted), "a service that was not granted is not even made"
        assert len(kit.platform.clipboards) == (CLIPBOARD in granted)


@pytest.mark.parametrize("missing", Capability)
async def test_with_all_other_rights_only_what_needs_the_missing_one_is_refused(missing: Capability) -> None:
    async with host() as kit:
        caller = await kit.connect(capabilities=[each for each in Capability if each is not missing])
        for kind in VIEWERS.keys() - FREE:
            caller.send(*VIEWERS[kind])
        session = bytes.fromhex(kit.agent.callers[0].session)
        held = kit.agent.register.find(session)
        assert held is not None
        expected = {kind.__name__ for kind, rule in RULES.items() if missing in rule.needs}
        caller.send(Channel.CLIPBOARD, ClipText("last"))
        last = (lambda: "ClipText" in held.refused) if missing is CLIPBOARD else _copied(kit, "last")
        await until(lambda: expected <= set(held.refused))
        await until(last)
        assert set(held.refused) == expected


def _copied(kit: HostKit, text: str) -> Callable[[], bool]:
    return lambda: kit.platform.clipboards[0].text == text


@pytest.mark.parametrize("kind", sorted(FREE, key=lambda kind: kind.__name__))
async def test_what_needs_no_right_gives_none(kind) -> None:
    async with host(ask=True) as kit:
        kit.platform.person.answers = [Answer.YES]
        kit.platform.person.answer = Answer.NO
        caller = await kit.connect(capabilities=[VIEW], view=False)
        caller.send(*VIEWERS[kind])
        caller.send(Channel.INPUT, TypedText("x", 1))
        await caller.wait(lambda s: bool(s.notices))
        assert caller.granted == {VIEW}
        assert kit.platform.clipboards == kit.platform.inputs == []


@pytest.mark.parametrize("kind", HOSTS)
async def test_a_message_that_only_hosts_send_ends_the_session(kind) -> None:
    async with HostKit() as kit:
        caller = await kit.connect(capabilities=[VIEW])
        other = await kit.connect()
        caller.send(*HOSTS[kind])
        end = await caller.closed()
        assert isinstance(end, Ended)
        assert (end.by_peer, end.code) == (True, ByeCode.PROTOCOL)
        assert kit.platform.inputs == [] or len(kit.platform.inputs) == 1
        await kit.same_picture(other)


@pytest.mark.parametrize("granted", [{VIEW}, set(Capability)], ids=["view", "all"])
@pytest.mark.parametrize("channel", SILENT)
async def test_a_channel_without_a_service_takes_nothing_whatever_rights_hold(channel, granted) -> None:
    async with host() as kit:
        caller = await kit.connect(capabilities=sorted(granted), view=False)
        other = await kit.connect()
        with capture_logs() as logs:
            assert caller._session._keyed is not None
            caller._session._keyed.outbox.put(channel, b"\x92\x01\xa1x")
            caller._pump.flush()
            end = await caller.closed()
            await kit.hear(CallerEnded)
        assert isinstance(end, Ended)
        assert (end.by_peer, end.code) == (True, ByeCode.PROTOCOL)
        assert [entry["address"] for entry in logs if entry["event"] == "caller broke the protocol"] == ["192.0.2.7"]
        assert channel.name in kit.audit.of("session-end")[0]["why"]
        assert all(not sink.events or sink.closed for sink in kit.platform.inputs)
        await kit.same_picture(other)


async def test_a_flood_of_denied_messages_is_counted_and_answered_at_a_bounded_rate() -> None:
    async with HostKit() as kit:
        caller = await kit.connect(capabilities=[VIEW])
        await kit.same_picture(caller)
        with capture_logs() as logs:
            for _ in range(5000):
                caller.type("x")
            call = next(iter(kit.agent._calls))
            await until(lambda: call._attached is not None and call._attached.denied["TypedText"] == 5000)
        await caller.wait(lambda s: bool(s.notices))
        assert len([entry for entry in logs if entry["event"] == "message denied"]) <= 3
        assert len(caller.notices) <= 3
        assert kit.platform.inputs == []
