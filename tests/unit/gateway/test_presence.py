"""Who is here: asked when quiet, away when silent, dropped at last; written down when it changes, and not otherwise."""

import asyncio

import pytest

from farhand.core.errors import StreamClosed
from farhand.gateway.hosts.presence import ASK_AFTER, AWAY_AFTER, BEAT, DROP_AFTER, Known, Presence
from farhand.gateway.texts import is_shown, shown
from farhand.protocol.envelope import Removed, Revoke, Status, decode_from_gateway

A, B = bytes(16), bytes(15) + b"b"
STATUS = Status("Debian", "1", ["800x600"], 0.5, 1, 2, 0)


class Line:
    """A control connection in memory."""

    def __init__(self) -> None:
        self.silent_since = 0.0
        self.asked = 0
        self.gone = False
        self.said: list[bytes] = []

    async def send(self, data: bytes) -> None:
        if self.gone:
            raise StreamClosed
        self.said.append(data)

    def ping(self) -> None:
        self.asked += 1

    def abort(self) -> None:
        self.gone = True

    def close_soon(self) -> None:
        self.gone = True


class Clock:
    now = 1_800_000_000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    made = Presence(now=lambda: clock.now)
    made.load({A: Known("a"), B: Known("b", last_seen=clock.now - 3 * 86_400)}, [])
    return made


def test_a_host_that_falls_silent_is_away_within_five_seconds_and_back_at_a_word(presence: Presence) -> None:
    assert AWAY_AFTER + BEAT <= 5
    line = Line()
    presence.arrived(A, line)
    presence.beat(ASK_AFTER - 0.1)
    assert (line.asked, presence.online(A)) == (0, True)
    presence.beat(ASK_AFTER)
    assert (line.asked, presence.online(A)) == (1, True)
    presence.beat(AWAY_AFTER)
    assert not presence.online(A)
    line.silent_since = AWAY_AFTER
    presence.beat(AWAY_AFTER + BEAT)
    assert presence.online(A)
    presence.beat(line.silent_since + DROP_AFTER)
    assert line.gone


def test_what_changes_is_written_once(presence: Presence, clock: Clock) -> None:
    line = Line()
    presence.arrived(A, line)
    presence.said(A, STATUS)
    (sight,) = presence.sights()
    assert (sight.host_id, sight.online, sight.last_seen, sight.status) == (A, True, clock.now, STATUS)
    presence.said(A, Status("Debian", "1", ["800x600"], 0.9, 5, 6, 1))  # load and disk are for now, not for keeps
    presence.beat(0.0)
    assert presence.sights() == []
    clock.now += 400  # that it is still here is written down now and then
    presence.beat(0.0)
    assert [one.last_seen for one in presence.sights()] == [clock.now]
    presence.said(A, Status("Debian 13", "1", [], 0, 0, 0, 0))
    presence.left(A, line)
    (sight,) = presence.sights()
    assert (sight.online, sight.status and sight.status.system) == (False, "Debian 13")


def test_a_connection_that_was_replaced_takes_nothing_along(presence: Presence) -> None:
    old, new = Line(), Line()
    presence.arrived(A, old)
    presence.arrived(A, new)
    presence.left(A, old)
    assert presence.online(A)


async def test_a_revocation_reaches_who_is_here_and_later_who_was_away(presence: Presence, clock: Clock) -> None:
    line, viewer = Line(), bytes(range(32))
    presence.arrived(A, line)
    presence.revoke(viewer)
    while not line.said:
        await asyncio.sleep(0)
    assert decode_from_gateway(line.said[0]) == Revoke(viewer)
    other = Line()
    assert presence.arrived(B, other) == [viewer]
    clock.now += 2 * 86_400
    presence.left(B, other)
    clock.now += 86_400
    assert presence.arrived(B, Line()) == []  # it has heard of it
    presence.load({A: Known("a", last_seen=clock.now - 40 * 86_400)}, [(clock.now - 39 * 86_400, viewer), (1.0, B)])
    assert presence.arrived(A, Line()) == [viewer]
    await presence.close()


async def test_a_removed_host_hears_it_and_is_let_go(presence: Presence) -> None:
    line = Line()
    presence.arrived(A, line)
    presence.remove(A)
    while not line.gone:
        await asyncio.sleep(0)
    assert decode_from_gateway(line.said[0]) == Removed()
    assert presence.known[A].removed
    await presence.close()


async def test_what_cannot_be_written_is_written_later(presence: Presence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farhand.gateway.hosts.presence.BEAT", 0.0)
    tries = []
    presence.arrived(A, Line())
    presence.said(A, STATUS)

    async def write(sights) -> None:
        tries.append([(one.host_id, one.status) for one in sights])
        if len(tries) == 1:
            raise OSError("no room")
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await presence.run(write)
    assert tries == [[(A, STATUS)]] * 2


def test_strangers_text_is_made_fit_to_show() -> None:
    assert shown("a\x00b\u202ec\nd\ud800", 64) == "a\ufffdb\ufffdc\ufffdd\ufffd"
    assert shown("äöü 漢字 👩\u200d🚀", 64) == "äöü 漢字 👩\u200d🚀"
    assert len(shown("x" * 100, 64)) == 64
    assert is_shown("<script>")
    assert not is_shown("\u2066")
