"""Every message of a viewer with every set of rights: what is missing is refused, logged, and changes nothing."""

import itertools

import pytest
from structlog.testing import capture_logs
from tests.loopback.host_kit import HostKit, until

from farhand.host.session import RULES
from farhand.protocol.capability import Capability
from farhand.protocol.codec import MEMBERS
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipText
from farhand.protocol.messages.control import (
    Asking,
    Decision,
    HostStats,
    Notice,
    NoticeCode,
    Ping,
    Pong,
    Rights,
    Watch,
)
from farhand.protocol.messages.cursor import Hidden, Moved, Shape
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel
from farhand.protocol.messages.screen import Layout, Quality, Refresh, Resize, Shown, Update, Want

VIEW, CONTROL, CLIPBOARD = Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD

#: One of each message that a viewer may send.
VIEWERS: dict[type[Message], tuple[Channel, Message]] = {
    type(message): (channel, message)
    for channel, message in [
        (Channel.CONTROL, Watch(True)),
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
        (Channel.CURSOR, Shape(0, 0, 1, 1, bytes(4))),
        (Channel.CURSOR, Hidden()),
        (Channel.CURSOR, Moved(0, 0)),
        (Channel.SCREEN, Layout(1, 10, 10)),
        (Channel.SCREEN, Update(1, 1, 0, False, [])),
    ]
}

EITHER = {Ping, Pong}
SETS = [set(some) for count in (1, 2, 3) for some in itertools.combinations((VIEW, CONTROL, CLIPBOARD), count)]
REFUSED = [
    pytest.param(kind, granted, id=f"{kind.__name__}-{'+'.join(sorted(granted))}")
    for kind, granted in itertools.product(VIEWERS, SETS)
    if not RULES[kind].needs <= granted
]


def test_the_matrix_has_every_message_there_is() -> None:
    every = set(itertools.chain.from_iterable(MEMBERS.values()))
    assert set(VIEWERS) | set(HOSTS) | EITHER == every
    assert set(RULES) == set(VIEWERS)
    assert all(rule.needs for rule in RULES.values())


@pytest.mark.parametrize(("kind", "granted"), REFUSED)
async def test_a_message_without_its_right_is_refused_logged_and_changes_nothing(kind, granted) -> None:
    async with HostKit() as kit:
        caller = await kit.connect(capabilities=sorted(granted), view=False)
        with capture_logs() as logs:
            caller.send(*VIEWERS[kind])
            await caller.wait(lambda s: bool(s.notices))
        assert [notice.code for notice in caller.notices] == [NoticeCode.DENIED]
        assert kind.__name__ in caller.notices[0].text
        denied = [entry for entry in logs if entry["event"] == "message denied"]
        assert [entry["message"] for entry in denied] == [kind.__name__]
        assert set(denied[0]["missing"]) == RULES[kind].needs - granted
        assert kit.platform.desktop.size == (320, 240)
        assert all(not sink.events for sink in kit.platform.inputs)
        assert all(not clipboard.text for clipboard in kit.platform.clipboards)
        assert caller.stats is None
        assert (VIEW in granted) or caller.picture.layout is None
        assert not caller.over
        assert len(kit.platform.inputs) == (CONTROL in granted), "a service that was not granted is not even made"
        assert len(kit.platform.clipboards) == (CLIPBOARD in granted)


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
