"""A gateway in bad faith against the installed client: keys, root, proofs, redirects, floods."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from tests.hostile.played_gateway import Org, Played, b64, host_keys, playing
from tests.integration.test_client_gateway import at_once, begun, login

from farhand.client import connect
from farhand.client.api import GatewayApi
from farhand.client.authority import Broker
from farhand.client.errors import ConnectFailed, HostKeyChanged, HostUnproven, RootChanged
from farhand.client.gateways import Gateways
from farhand.client.keys import client_keys
from farhand.client.session import prepare_unattended
from farhand.client.targets import ByName, resolve
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.core.tasks import Tasks
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Mode
from farhand.protocol.errors import FailureCode
from farhand.protocol.events import Authenticated
from farhand.protocol.grants import (
    Delegation,
    Endorsement,
    HostProof,
    Use,
    fingerprint,
    sign_delegation,
    sign_endorsement,
)
from farhand.protocol.session import HostSession
from farhand.transports.memory import pair


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    async with playing() as made:
        yield made


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path).create()


async def reach(played: Played, paths: Paths, name: str = "desk") -> object:
    target = await resolve(name, paths)
    assert isinstance(target, ByName)
    return await Broker(target, paths, client_keys(paths), pause=at_once).authorise([Capability.VIEW])


async def test_keys_that_the_root_did_not_sign_are_refused(played: Played, paths: Paths) -> None:
    keys = played.add("desk")
    played.login(paths)
    played.proofs[keys.host_id.hex()] = Org().proof(keys)
    with pytest.raises(HostUnproven, match="not signed them"):
        await reach(played, paths)


async def test_another_hosts_proof_is_refused(played: Played, paths: Paths) -> None:
    keys, other = played.add("desk"), played.add("tower")
    played.login(paths)
    played.proofs[keys.host_id.hex()] = played.proofs[other.host_id.hex()]
    with pytest.raises(HostUnproven, match="another host"):
        await reach(played, paths)


async def test_a_hidden_endorsement_is_no_session(played: Played, paths: Paths) -> None:
    keys = played.add("desk")
    played.login(paths)
    played.proofs[keys.host_id.hex()] = None
    with pytest.raises(FarhandError, match="farhand org sign"):
        await reach(played, paths)


async def test_the_gateways_own_delegation_signs_no_host(played: Played, paths: Paths) -> None:
    """Its key may sign grants: with it, it could make up hosts."""
    keys = host_keys()
    gateway = Org()
    lent = Delegation(1, Use.GRANTS, gateway.root, [Capability.VIEW], 0, 2**40, "gateway")
    said = Endorsement(1, keys.host_id, keys.identity_public, keys.static_public, "desk", 1_800_000_000)
    played.add("desk", keys)
    played.login(paths)
    played.proofs[keys.host_id.hex()] = HostProof(
        sign_endorsement(gateway.private, said), sign_delegation(played.org.private, lent)
    ).encode()
    with pytest.raises(HostUnproven, match="no power"):
        await reach(played, paths)


async def test_a_host_key_that_the_root_signed_anew_stops_everything(played: Played, paths: Paths) -> None:
    """Also a root in wrong hands, or an operator who was fooled, cannot swap a key that was seen before."""
    keys = played.add("desk")
    played.login(paths)
    await reach(played, paths)
    false = host_keys().static_public
    played.proofs[keys.host_id.hex()] = played.org.proof(keys, static=false)
    with pytest.raises(HostKeyChanged) as caught:
        await reach(played, paths)
    assert (caught.value.before, caught.value.now) == (fingerprint(keys.static_public), fingerprint(false))


async def test_a_name_that_is_led_to_another_host_stops_everything(played: Played, paths: Paths) -> None:
    keys, other = played.add("desk"), played.add("tower")
    played.login(paths)
    await reach(played, paths)
    played.hosts = {"desk": other}
    with pytest.raises(HostKeyChanged) as caught:
        await reach(played, paths)
    assert (caught.value.before, caught.value.now) == (
        fingerprint(keys.identity_public),
        fingerprint(other.identity_public),
    )


async def test_another_root_than_the_pinned_one_is_refused(played: Played, paths: Paths) -> None:
    keys = played.add("desk")
    false = Org()
    begun(played)
    await login(played, paths)
    played.root = false.root
    played.proofs[keys.host_id.hex()] = false.proof(keys)
    with pytest.raises(HostUnproven):  # the root that it names now is not asked for
        await reach(played, paths)
    with pytest.raises(RootChanged) as caught:
        await login(played, paths)
    assert (caught.value.pinned, caught.value.shown) == (fingerprint(played.org.root), fingerprint(false.root))
    assert Gateways(paths).chosen()[0].root == played.org.root.hex()


async def test_a_root_that_is_known_beforehand_is_the_only_one(played: Played, paths: Paths) -> None:
    begun(played)
    with pytest.raises(RootChanged):
        await login(played, paths, root=fingerprint(Org().root))
    assert Gateways(paths).all() == []
    assert not [path for _, path, _ in played.asked if path == "/api/devices"]


async def test_the_line_led_to_another_host_gets_no_grant(paths: Paths) -> None:
    """The proof is right and the gateway connects elsewhere: the client stops after message 2."""
    right, false = host_keys(), host_keys()
    ours, theirs = pair()
    told: list[object] = []
    host = HostSession(
        keys=false, take_code=lambda _: None, find_rejoin=lambda _: None, feed=0, entropy=os.urandom, now=0.0,
        modes=frozenset(Mode),
    )  # fmt: skip

    async def serve() -> None:
        while True:
            host.receive_data(await theirs.receive(), 0.0)
            told.extend(host.events())
            while data := host.data_to_send():
                await theirs.send(data)

    session = prepare_unattended(
        ours, client_keys(paths), false.host_id, right.static_public, b"the grant", capabilities=[Capability.VIEW]
    )
    async with Tasks("false host") as tasks:
        tasks.start(_until_cut(serve()), "serve")
        with pytest.raises(ConnectFailed) as caught:
            await session.open()
    assert caught.value.failure is FailureCode.IDENTITY
    assert not any(isinstance(one, Authenticated) for one in told)


async def _until_cut(serving: object) -> None:
    from farhand.transports.base import TransportClosed

    try:
        await serving  # type: ignore[misc]  a coroutine
    except TransportClosed:
        return


async def test_a_redirect_is_not_followed_and_the_token_stays_here(played: Played, paths: Paths) -> None:
    async with playing() as elsewhere:
        played.answers["/api/me"] = lambda _request: RedirectResponse(f"{elsewhere.url}/api/me")
        async with GatewayApi(played.url, token="fht_secret") as api:
            with pytest.raises(FarhandError, match="lead elsewhere"):
                await api.me()
        assert elsewhere.asked == []


async def test_a_log_in_is_approved_at_the_gateway_and_nowhere_else(played: Played, paths: Paths) -> None:
    """The address that a gateway names would be opened by a person who trusts this program."""
    begun(played, verify_url="https://evil.example/console#/device")
    assert (await login(played, paths))[0] == f"{played.url}/console#/device"


async def test_answers_without_end_and_without_sense(played: Played, paths: Paths) -> None:
    def endless(_request: Request) -> Response:
        return Response(b" " * (9 << 20))

    async with GatewayApi(played.url) as api:
        played.answers["/api/me"] = endless
        with pytest.raises(FarhandError, match="without end"):
            await api.me()
        for wrong in (b"<html>", b"\xff\xfe", b'{"items": 3}', b"[" * 5000):
            played.answers["/api/hosts"] = lambda _request, wrong=wrong: Response(wrong)  # type: ignore[misc]
            with pytest.raises(FarhandError):
                _ = [row async for row in api.hosts()]


async def test_an_error_with_escape_sequences_is_told_without_them(played: Played, paths: Paths) -> None:
    played.answers["/api/me"] = lambda _r: JSONResponse({"error": {"code": "x", "message": "\x1b[2Jgone: \x07do"}}, 400)
    async with GatewayApi(played.url) as api:
        with pytest.raises(FarhandError) as caught:
            await api.me()
    assert "\x1b" not in str(caught.value)
    assert "\x07" not in str(caught.value)


async def test_the_session_never_begins_where_the_host_is_unproven(played: Played, paths: Paths) -> None:
    """`connect` as programs call it: nothing was dialled."""
    keys = played.add("desk")
    played.login(paths)
    played.proofs[keys.host_id.hex()] = Org().proof(keys)
    with pytest.raises(HostUnproven):
        await connect("desk", paths=paths)
    assert not [path for _, path, _ in played.asked if path.startswith("/v1")]


async def test_a_wrong_root_in_the_answer_of_an_organisation_is_no_key(played: Played, paths: Paths) -> None:
    played.answers["/api/org"] = lambda _request: JSONResponse({"root": b64(b"short")})
    async with GatewayApi(played.url) as api:
        with pytest.raises(FarhandError, match="no key"):
            await api.org()
