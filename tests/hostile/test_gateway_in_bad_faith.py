"""A gateway in bad faith between real host and real viewer: it reads, alters, repeats, swaps keys, forges, hides."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.gateway_kit import new_agent
from tests.integration.organisation import Account, Organisation, b64, keys_of, unb64, until

from farhand.client import AccessRefused, ConnectFailed, Session, SessionOver
from farhand.client.session import prepare_unattended
from farhand.core.errors import StreamClosed
from farhand.core.tasks import Tasks
from farhand.gateway.relay.service import Count
from farhand.gateway.rendezvous import hosts as relaying
from farhand.host.agent import Agent
from farhand.host.platform.base import Rect
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import AuditCheckpoint, AuditEntries, AuditWanted
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended
from farhand.protocol.grants import Conditions, Credential, Delegation, Grant, Right, Use, sign_delegation, sign_grant
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.merkle import Checkpoint, Tree
from farhand.transports.base import Unreachable
from farhand.transports.relay import GatewayLink
from farhand.transports.websocket import connect as open_leg


class Between:
    """An organisation with one enrolled host that runs, and an operator with a device and a rule to view."""

    def __init__(self, org: Organisation, admin: Account, operator: Account, device: Keys, agent: Agent) -> None:
        self.org, self.admin, self.operator, self.device, self.agent = org, admin, operator, device, agent

    @property
    def backend(self):
        """What stands behind the API: all that a gateway has."""
        return self.org.gateway.service.backend

    async def grant(self, *capabilities: str) -> bytes:
        """An honest credential."""
        body = {"device": b64(self.device.identity_public), "capabilities": list(capabilities or ("view",))}
        answer = await self.operator.post(f"/hosts/{self.agent.host_id.hex()}/grant", body)
        return unb64(answer["credential"])

    async def session(self, credential: bytes, *, keys: Keys | None = None, pin: bytes | None = None) -> Session:
        """Connect, as the installed client does once it has a grant and has verified the host's proof."""
        session = prepare_unattended(
            await open_leg(self.org.address.replace("http", "ws") + "/v1/viewer"),
            keys or self.device,
            self.agent.host_id,
            pin or self.agent.keys.static_public,
            credential,
            capabilities=list(Capability),
        )
        await session.open()
        return session

    def forge(self, signer: Ed25519PrivateKey, delegation: bytes, **change) -> bytes:
        """A grant to everything, with changes."""
        now = int(time.time())
        grant = {
            "version": 1, "host_id": self.agent.host_id, "viewer": self.device.identity_public, "person": "Root",
            "device": "x", "rights": [Right(one) for one in Capability], "not_before": now - 1, "not_after": now + 100,
            "nonce": secrets.token_bytes(16), "conditions": Conditions(), "reason": "", "approver": "",
            **change,
        }  # fmt: skip
        return Credential(delegation=delegation, grant=sign_grant(signer, Grant(**grant))).encode()


@pytest.fixture
async def between(tmp_path: Path) -> AsyncIterator[Between]:
    folder = tmp_path / "gateway"
    folder.mkdir(mode=0o700)
    async with Organisation(folder) as org, Tasks("between") as tasks:
        admin = await org.account("Root", admin=True)
        await org.join(admin, frozenset((Capability.VIEW, Capability.CONTROL)))
        keys = await org.enrol(admin, "web-1")
        agent = new_agent(keys)
        agent.trust(org.root_public)
        link = GatewayLink(org.address, keys, "web-1", call=agent.call, on_revoke=agent.revoke)
        tasks.start(link.run(), "link")
        operator = await org.account("Otto", operator=True)
        device = keys_of(Kind.CLIENT, "laptop")
        await operator.post("/devices", {"certificate": b64(device.certificate)})
        await admin.post(
            "/rules", {"person": operator.id, "host": keys.host_id.hex(), "rights": [{"capability": "view"}]}
        )
        await until(lambda: org.gateway.presence.online(keys.host_id))
        yield Between(org, admin, operator, device, agent)
        await agent.shutdown()


async def test_in_good_faith_it_works_and_a_revoked_device_is_out_within_two_seconds(between: Between) -> None:
    async with await between.session(await between.grant()) as session:
        assert session.granted == {Capability.VIEW}
        await session.wait(lambda one: one.picture.exact)
        device = (await between.operator.get("/devices"))["items"][0]["id"]
        began = time.monotonic()
        await between.operator.call("DELETE", f"/devices/{device}")
        await session.closed()
        assert time.monotonic() - began < 10
        assert isinstance(session.end, Ended)
        assert session.end.code is ByeCode.REVOKED
    with pytest.raises((AccessRefused, ConnectFailed)):
        await between.session(between.forge(between.backend.parts["organisation"].key,
                                            between.backend.parts["organisation"].delegation,
                                            rights=[Right(Capability.VIEW)]))  # fmt: skip


async def refused(between: Between, credential: bytes) -> bool:
    """Whether this opens nothing."""
    try:
        await (await between.session(credential)).close()
    except (AccessRefused, ConnectFailed):
        return True
    return False


async def test_a_forged_grant_opens_nothing(between: Between) -> None:
    org = between.backend.parts["organisation"]
    own, thief = Ed25519PrivateKey.generate(), keys_of(Kind.CLIENT, "thief")
    now = int(time.time())
    to_itself = Delegation(
        version=1, use=Use.GRANTS, key=own.public_key().public_bytes_raw(), ceiling=list(Capability),
        not_before=now - 10, not_after=now + 1000, name="me",
    )  # fmt: skip
    honest = Credential.decode(await between.grant())
    view = [Right(Capability.VIEW)]
    forged = {
        "above its ceiling": between.forge(org.key, org.delegation),
        "without a delegation": between.forge(org.key, b""),
        "by a key of its own": between.forge(own, org.delegation, rights=view),
        "by a delegation of its own": between.forge(own, sign_delegation(own, to_itself), rights=view),
        "for longer": between.forge(org.key, org.delegation, rights=view, not_after=now + 4000),
        "for another host": between.forge(org.key, org.delegation, rights=view, host_id=bytes(16)),
        "for another device": between.forge(org.key, org.delegation, rights=view, viewer=thief.identity_public),
        "in the past": between.forge(org.key, org.delegation, rights=view, not_before=now - 200, not_after=now - 100),
        "an altered one": msgspec.msgpack.encode(
            Credential(honest.delegation, honest.grant[:60] + bytes([honest.grant[60] ^ 1]) + honest.grant[61:])
        ),
    }
    for what, credential in forged.items():
        assert await refused(between, credential), what
    with pytest.raises((AccessRefused, ConnectFailed)):
        await between.session(await between.grant(), keys=thief)  # an honest grant in another's hands
    assert not between.agent.callers


async def test_a_grant_that_was_used_serves_nobody_again(between: Between) -> None:
    credential = await between.grant()
    async with await between.session(credential) as session:
        await session.wait(lambda one: one.picture.exact)
    with pytest.raises(AccessRefused):
        await between.session(credential)


class Lying(Keys):
    """Keys of one host that say another's id."""

    claimed = bytes(16)

    @property
    def host_id(self) -> bytes:
        return self.claimed


async def test_a_host_that_is_put_in_anothers_place_is_not_spoken_to(between: Between) -> None:
    own = keys_of(Kind.HOST)
    Lying.claimed = between.agent.host_id
    other = new_agent(Lying(own.identity, own.static, own.certificate))
    other.trust(between.org.root_public)
    called = []

    class Swapped:
        host_id = between.agent.host_id

        async def offer(self, stream, address: str, route: str) -> None:
            called.append(address)
            await other.call(stream, address)

    between.org.gateway.rendezvous.attach(Swapped())
    with pytest.raises(ConnectFailed) as caught:
        await between.session(await between.grant())
    assert caught.value.failure is FailureCode.IDENTITY
    assert called
    assert not other.callers
    await other.shutdown()


@pytest.mark.parametrize("place", [3, 6])
@pytest.mark.parametrize("deed", ["alter", "repeat", "drop"])
async def test_what_it_does_to_the_bytes_ends_the_session(
    between: Between, deed: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched = asyncio.Event()

    async def hostile(viewer, host):
        async with Tasks("hostile") as tasks:
            forth = tasks.start(carry(viewer, host, 1_000_000), "forth")
            await carry(host, viewer, place)
            await forth
        return Count()

    async def carry(source, sink, at: int) -> None:
        seen = 0
        try:
            while True:
                data = await source.receive()
                seen += 1
                if seen == at:
                    touched.set()
                    if deed == "drop":
                        continue
                    if deed == "repeat":
                        await sink.send(data)
                    else:
                        data = data[:-1] + bytes([data[-1] ^ 1])
                await sink.send(data)
        except StreamClosed:
            await sink.close()

    monkeypatch.setattr(relaying, "splice", hostile)
    session = None
    try:
        session = await between.session(await between.grant())
        async with asyncio.timeout(10):
            while not session.over:  # something to say, so that what is missing is missed
                between.agent.platform.desktop.draw(Rect(0, 0, 40, 40), secrets.randbelow(1 << 24))
                await asyncio.sleep(0.01)
    except (ConnectFailed, SessionOver, AccessRefused):
        pass
    assert touched.is_set()
    if session is not None:
        assert not isinstance(session.end, Ended) or session.end.code is not ByeCode.ENDED
        await session.close()


async def test_nothing_that_was_said_stands_in_what_it_carried(
    between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = bytearray()
    honest: Callable[..., Awaitable] = relaying.splice

    class Reading:
        def __init__(self, inner) -> None:
            self._inner = inner
            self.peer, self.send, self.close = inner.peer, inner.send, inner.close

        async def receive(self) -> bytes:
            data = await self._inner.receive()
            seen.extend(data)
            return data

    monkeypatch.setattr(relaying, "splice", lambda viewer, host: honest(Reading(viewer), Reading(host)))
    async with await between.session(await between.grant()) as session:
        await session.wait(lambda one: one.picture.exact)
    assert len(seen) > 10_000
    # The names of person, device and host stand in certificates and grants: none is to be read.
    for plain in (b"Otto", b"laptop", between.device.identity_public, between.device.certificate, b"files-read"):
        assert plain not in seen


async def test_an_entry_that_it_hides_or_alters_is_missed_by_whoever_checks(between: Between) -> None:
    keys = await between.org.enrol(between.admin, "other")
    entries = [
        json.dumps({"kind": "file", "n": number, "path": f"/{number}", "t": number}, separators=(",", ":")).encode()
        for number in range(9)
    ]
    signed = Checkpoint(keys.host_id, 9, Tree(entries).root(), 1).sign(keys.identity)
    async with between.org.registered(keys) as end:
        await end.wait_for(AuditWanted)
        await end.say(AuditEntries(0, entries))
        await end.say(AuditCheckpoint(signed))
        await until(lambda: between.org.gateway.presence.known[keys.host_id].audit_size == 9)
    host = keys.host_id.hex()
    listed = await between.admin.get("/audit", host=host, kind="file", limit=200)
    copied = [unb64(one["entry"]) for one in listed["items"][::-1]]
    kept = await between.admin.get(f"/hosts/{host}/checkpoints")
    checkpoint = Checkpoint.verify(unb64(kept["items"][0]["data"]), keys.identity_public)
    assert Tree(copied).root() == checkpoint.root
    assert Tree(copied[:4] + copied[5:]).root() != checkpoint.root
    assert Tree([*copied[:4], copied[4].replace(b"/4", b"/5"), *copied[5:]]).root() != checkpoint.root
    assert Tree(copied[::-1]).root() != checkpoint.root


async def test_a_thief_of_the_database_finds_no_key_and_no_token(between: Between) -> None:
    made = await between.admin.post("/enrol-tokens", {"hours": 1})
    await between.grant()
    stolen = b"".join(path.read_bytes() for path in between.org.folder.glob("gateway.db*"))
    assert b"web-1" in stolen
    key = between.backend.parts["organisation"].key.private_bytes_raw()
    secret = unb64(_padded(made["token"].removeprefix("fhe1.")))
    token = between.admin.http.headers["authorization"].removeprefix("Bearer ").encode()
    for what in (key, key.hex().encode(), secret[3:19], token, made["token"].encode()):
        assert what not in stolen
    assert (between.org.folder / "grant.key").stat().st_mode & 0o777 == 0o600


def _padded(text: str) -> str:
    return text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)


async def test_tickets_are_neither_guessed_nor_used_twice(between: Between) -> None:
    legs = between.org.address.replace("http", "ws") + "/v1/call/"
    for guess in ("A" * 32, "_" * 32, "0" * 22, "..%2f..", "", "A" * 400):
        with pytest.raises(Unreachable):
            await open_leg(legs + guess)
    issued = []
    tickets = between.org.gateway._host_leg._tickets
    honest = tickets.issue

    def issue(ticket: str):
        issued.append(ticket)
        return honest(ticket)

    tickets.issue = issue
    async with await between.session(await between.grant()) as session:
        await session.wait(lambda one: one.picture.exact)
        with pytest.raises(Unreachable):
            await open_leg(legs + issued[0])
