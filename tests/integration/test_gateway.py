"""Real sessions through a gateway over real sockets: to a host beside it, and to one that registered."""

import asyncio

import numpy as np
import pytest
from tests.integration.gateway_kit import (
    PATIENCE,
    GatewayKit,
    failure,
    head,
    hello,
    new_agent,
    new_keys,
    raw,
    upgrade_request,
)

from farhand.client import ConnectFailed, Session, connect
from farhand.core.errors import StreamClosed
from farhand.host.platform.base import Rect
from farhand.protocol.envelope import Mode
from farhand.protocol.errors import FailureCode
from farhand.transports.base import Unreachable
from farhand.transports.relay import GatewayLink, RegistrationDenied
from farhand.transports.websocket import connect as open_leg


def same(session: Session, pixels: np.ndarray) -> bool:
    """Whether the viewer's picture is the host's (the fourth byte means nothing)."""
    picture = session.picture.pixels
    return picture.shape == pixels.shape and not ((picture ^ pixels) & 0xFFFFFF).any()


async def test_a_viewer_sees_the_host_beside_the_gateway() -> None:
    async with GatewayKit() as kit:
        agent = new_agent()
        kit.embed(agent)
        async with await connect(kit.address, kit.code(agent)) as session:
            await session.wait(lambda s: s.picture.exact and same(s, agent.platform.desktop.pixels))
            assert agent.callers[0].address == "127.0.0.1"
            assert kit.gateway.connections.settled == 1
        await kit.gateway.connections.wait_empty()


async def test_a_viewer_sees_a_host_through_the_relay() -> None:
    async with GatewayKit(registration="token") as kit:
        agent = new_agent()
        link = kit.attach(agent, token="token")
        code = agent.new_code(await link.open_route())
        async with await connect(kit.address, str(code)) as session:
            await session.wait(lambda s: s.picture.exact and same(s, agent.platform.desktop.pixels))
            assert agent.callers[0].address == "127.0.0.1"
            agent.platform.desktop.draw(Rect(10, 10, 30, 20), 0x112233)
            await session.wait(lambda s: s.picture.exact and same(s, agent.platform.desktop.pixels))


async def test_a_session_that_was_cut_is_taken_up_by_host_id_through_the_relay() -> None:
    async with GatewayKit(registration="") as kit:
        agent = new_agent()
        link = kit.attach(agent)
        leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
        session = await connect(leg, str(agent.new_code(await link.open_route())))
        leg.abort()
        await session.closed()
        async with await session.rejoin(kit.address) as again:
            await again.wait(lambda s: s.picture.exact)


@pytest.mark.parametrize(
    ("route", "mode", "code"),
    [("1234", Mode.ATTENDED, FailureCode.UNKNOWN_ROUTE), (bytes(16), Mode.REJOIN, FailureCode.HOST_GONE)],
)
async def test_a_route_to_nobody_is_said_to_be_one(route: str | bytes, mode: Mode, code: FailureCode) -> None:
    async with GatewayKit() as kit:
        leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
        await leg.send(hello(route, mode))
        assert failure(await leg.receive()).code is code
        with pytest.raises(StreamClosed):
            await leg.receive()


async def test_guessing_routes_locks_the_address_also_out_of_right_ones() -> None:
    async with GatewayKit() as kit:
        agent = new_agent()
        kit.embed(agent)
        code = kit.code(agent)
        wrong = (f"{number:09d}" for number in range(100))
        answers = []
        for _ in range(12):
            leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
            await leg.send(hello(next(wrong)))
            answers.append(failure(await leg.receive()))
        assert {answer.code for answer in answers[:10]} == {FailureCode.UNKNOWN_ROUTE}
        assert {answer.code for answer in answers[10:]} == {FailureCode.BUSY}
        assert answers[-1].retry > 0
        with pytest.raises(ConnectFailed) as caught:
            await connect(kit.address, code)
        assert caught.value.failure is FailureCode.BUSY


@pytest.mark.parametrize(
    "first",
    [b"\x11\x04\xf0" + bytes(96), b"\x01\x00\x61" + bytes(97), hello("1234")[:11] + bytes(88), b"GET / HTTP/1.1\r\n"],
    ids=["another frame", "another length", "without its route", "HTTP"],
)
async def test_a_malformed_first_frame_is_answered_with_failure_7(first: bytes) -> None:
    async with GatewayKit() as kit:
        leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
        await leg.send(first)
        assert failure(await leg.receive()).code is FailureCode.PROTOCOL


async def test_a_hello_may_come_a_byte_at_a_time() -> None:
    async with GatewayKit() as kit:
        leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
        for byte in hello("1234"):
            await leg.send(bytes([byte]))
        assert failure(await leg.receive()).code is FailureCode.UNKNOWN_ROUTE


async def test_a_version_that_is_not_known_is_told_apart() -> None:
    async with GatewayKit() as kit:
        first = bytearray(hello("1234"))
        first[3 + 4] = 2
        leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
        await leg.send(bytes(first))
        assert failure(await leg.receive()).code is FailureCode.VERSION


async def test_a_host_without_the_token_is_refused_for_good() -> None:
    async with GatewayKit(registration="right") as kit:
        agent = new_agent()
        with pytest.raises(RegistrationDenied):
            await asyncio.wait_for(kit_link(kit, agent, token="wrong"), PATIENCE)
        assert len(kit.gateway.rendezvous) == 0


async def test_a_host_cannot_register_with_another_hosts_key() -> None:
    async with GatewayKit(registration="") as kit:
        victim, attacker = new_keys(), new_keys()
        forged = type(attacker)(attacker.identity, attacker.static, attacker.certificate)
        object.__setattr__(forged, "identity", _Forged(victim, attacker))
        agent = new_agent()
        object.__setattr__(agent, "keys", forged)
        with pytest.raises(RegistrationDenied):
            await asyncio.wait_for(kit_link(kit, agent), PATIENCE)
        assert kit.gateway.rendezvous.find(victim.host_id) is None


async def test_only_a_gateway_that_takes_hosts_has_their_paths() -> None:
    async with GatewayKit() as kit:
        with pytest.raises(Unreachable) as caught:
            await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/host")
        assert caught.value.status == 404


async def test_a_ticket_that_was_not_issued_opens_nothing() -> None:
    async with GatewayKit(registration="") as kit:
        with pytest.raises(Unreachable) as caught:
            await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/call/{'A' * 32}")
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("path", "headers", "protocol", "status"),
    [
        ("/v1/host", ("Origin: https://evil.example",), "farhand.1", "403"),
        ("/v1/viewer", ("Origin: https://anything.example",), "farhand.1", "101"),
        ("/v1/viewer", (), "something.else", "400"),
        ("/v1/nothing", (), "farhand.1", "404"),
    ],
)
async def test_who_may_open_which_leg(path: str, headers: tuple[str, ...], protocol: str, status: str) -> None:
    async with (
        GatewayKit(registration="") as kit,
        raw(kit.gateway.port, upgrade_request(path, *headers, protocol=protocol)) as (reader, _),
    ):
        assert (await head(reader)).split()[1] == status


async def test_a_host_that_comes_back_keeps_its_routes() -> None:
    async with GatewayKit(registration="") as kit:
        agent, lost = new_agent(), []
        link = kit.attach(agent, on_route_lost=lost.append)
        code = agent.new_code(await link.open_route())
        control = kit.gateway.rendezvous.find(agent.host_id).control
        control.abort()
        await control.wait_closed()
        await link.open_route()  # waits until it is registered again
        assert kit.gateway.rendezvous.find(agent.host_id).control is not control
        async with await connect(kit.address, str(code)) as session:
            await session.wait(lambda s: s.picture.exact)
        assert lost == []


async def test_a_host_hears_of_routes_that_the_gateway_gave_away() -> None:
    async with GatewayKit(registration="") as kit:
        agent, lost = new_agent(), []
        link = kit.attach(agent, on_route_lost=lost.append)
        route = await link.open_route()
        control = kit.gateway.rendezvous.find(agent.host_id).control
        kit.gateway.rendezvous.forget(agent.host_id)
        control.abort()
        await control.wait_closed()
        await link.open_route()
        assert lost == [route]


async def test_a_viewer_is_told_when_the_host_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farhand.gateway.rendezvous.routes.TICKET_SECONDS", 0.05)
    async with GatewayKit(registration="") as kit:
        agent = new_agent()
        link = kit.attach(agent)
        monkeypatch.setattr(link, "_fetch", _nothing)
        route = await link.open_route()
        leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
        await leg.send(hello(route))
        assert failure(await leg.receive()).code is FailureCode.HOST_GONE


async def test_when_the_gateway_ends_its_host_says_goodbye_first() -> None:
    async with GatewayKit() as kit:
        agent = new_agent()
        kit.embed(agent)
        session = await connect(kit.address, kit.code(agent))
        await agent.shutdown()
        end = await session.closed()
        assert end is not None
        await session.close()


async def kit_link(kit: GatewayKit, agent, **arguments: object) -> None:
    """Run a link in this task, so that what it raises is seen."""
    await GatewayLink(kit.address, agent.keys, "testing", call=agent.call, **arguments).run()  # type: ignore[arg-type]


async def _nothing(*_: object) -> None:
    return


class _Forged:
    """Says the victim's key and signs with the attacker's."""

    def __init__(self, victim, attacker) -> None:
        self._victim, self._attacker = victim, attacker

    def public_key(self):
        return self._victim.identity.public_key()

    def sign(self, data: bytes) -> bytes:
        return self._attacker.identity.sign(data)
