"""An organisation to test with: its root, a gateway with accounts and a database, people who are signed in, hosts."""

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.service_kit import CHEAP

from farhand.core.ids import new_id
from farhand.core.stream import WebSocketStream
from farhand.core.tasks import Tasks
from farhand.gateway.accounts.models import PersonRow
from farhand.gateway.app import Gateway
from farhand.gateway.security import add_session
from farhand.gateway.settings import GatewaySettings, ServiceSettings
from farhand.protocol.capability import ALL, Capability, in_order
from farhand.protocol.envelope import (
    VERSION,
    Challenge,
    FromGateway,
    Register,
    decode_from_gateway,
    encode_leg,
    register_text,
)
from farhand.protocol.grants import (
    Delegation,
    Endorsement,
    EnrolToken,
    Use,
    sign_delegation,
    sign_endorsement,
)
from farhand.protocol.identity import Keys, Kind
from farhand.transports.websocket import connect

PATIENCE = 10.0


def b64(data: bytes) -> str:
    """As the API takes bytes."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """As the API gives bytes."""
    return base64.b64decode(text, validate=True)


def keys_of(kind: Kind, name: str = "testing") -> Keys:
    """New keys."""
    return Keys.generate(kind, name, time.time(), secrets.token_bytes)


class Account:
    """Somebody who is signed in by a program's token; their requests."""

    def __init__(self, address: str, person: str, name: str, token: str) -> None:
        self.id = person
        self.name = name
        self.http = httpx.AsyncClient(
            base_url=address + "/api",
            headers={"authorization": f"Bearer {token}", "x-farhand": "1"},
            timeout=PATIENCE,
            verify=False,  # no TLS, and the system's certificates take longer to load than most requests
        )

    async def call(self, method: str, path: str, body: Any = None, *, status: int | None = None, **query: Any) -> Any:
        """One request; the decoded answer. Fails where the status is not the one expected (any success if none)."""
        answer = await self.http.request(method, path, json=body, params=query or None)
        wanted = answer.is_success if status is None else answer.status_code == status
        assert wanted, (method, path, answer.status_code, answer.text)
        return answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        """GET."""
        return await self.call("GET", path, **query)

    async def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """POST."""
        return await self.call("POST", path, body if body is not None else {}, **more)


class Organisation:
    """One gateway with its database, whose root stands here and nowhere else. Use it as an async context manager."""

    def __init__(self, folder: Path, database: str = "", *, registration: str | None = "", **settings: Any) -> None:
        self.root = Ed25519PrivateKey.generate()
        self.folder = folder
        service = ServiceSettings(data=folder, database=database, password=CHEAP)
        self.settings = GatewaySettings(
            host="127.0.0.1", port=0, registration=registration, service=service, **settings
        )
        self.gateway = Gateway(self.settings)
        self.tasks = Tasks("organisation")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Organisation":
        await self.gateway.start()
        self._stack.push_async_callback(self._close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _close(self) -> None:
        await self.tasks.close()
        await self.gateway.close()

    @property
    def address(self) -> str:
        """The gateway's."""
        return f"http://127.0.0.1:{self.gateway.port}"

    @property
    def root_public(self) -> bytes:
        """The root's public key."""
        return self.root.public_key().public_bytes_raw()

    async def account(
        self, name: str, *, admin: bool = False, operator: bool = False, auditor: bool = False
    ) -> Account:
        """Somebody new, signed in."""
        assert self.gateway.service is not None
        backend = self.gateway.service.backend
        person = new_id("person")
        async with backend.database.write() as db:
            db.add(
                PersonRow(
                    id=person, name=name, name_key=name.casefold(), admin=admin, operator=operator, auditor=auditor,
                    created_ms=backend.now_ms(), handle=secrets.token_bytes(32),
                )
            )  # fmt: skip
            await db.flush()
            _, token = add_session(
                db, backend, person, method="device", address="127.0.0.1", name="tests", browser=False
            )
        account = Account(self.address, person, name, token)
        self._stack.push_async_callback(account.http.aclose)
        return account

    async def join(self, admin: Account, ceiling: frozenset[Capability] = ALL, *, seconds: int = 3600) -> None:
        """Make the gateway the organisation's: its root, and a delegation."""
        org = await admin.get("/org")
        now = int(time.time())
        delegation = Delegation(
            version=1, use=Use.GRANTS, key=unb64(org["gateway_key"]), ceiling=in_order(ceiling), not_before=now - 60,
            not_after=now + seconds, name="gateway",
        )  # fmt: skip
        await admin.post(
            "/org", {"root": b64(self.root_public), "delegation": b64(sign_delegation(self.root, delegation))}
        )

    def endorse(self, keys: Keys, name: str = "host") -> bytes:
        """The root's word for a host's keys."""
        return sign_endorsement(
            self.root,
            Endorsement(
                version=1, host_id=keys.host_id, identity=keys.identity_public, static=keys.static_public, name=name,
                issued=int(time.time()),
            ),
        )  # fmt: skip

    async def enrol(self, admin: Account, name: str = "", *, group: str | None = None, signed: bool = True) -> Keys:
        """A new host of the organisation."""
        made = await admin.post("/enrol-tokens", {"name": name, "group": group, "hours": 1})
        keys = keys_of(Kind.HOST, name or "host")
        token = EnrolToken.decode(made["token"])
        headers = {"x-farhand": "1"}
        async with httpx.AsyncClient(base_url=self.address + "/api", headers=headers, verify=False) as stranger:
            answer = await stranger.post(
                "/enrol",
                json={
                    "secret": b64(token.secret),
                    "certificate": b64(keys.certificate),
                    "endorsement": b64(self.endorse(keys)) if signed else "",
                },
            )
        assert answer.status_code == 201, answer.text
        assert unb64(answer.json()["root"]) == self.root_public
        return keys

    @asynccontextmanager
    async def registered(self, keys: Keys, *, token: str = "") -> "AsyncIterator[HostEnd]":
        """The host's control connection, in the test's own hands."""
        stream = await connect(f"ws://127.0.0.1:{self.gateway.port}/v1/host")
        end = HostEnd(stream)
        try:
            challenge = await end.read()
            assert isinstance(challenge, Challenge)
            signature = keys.identity.sign(register_text(challenge.challenge))
            await stream.send(encode_leg(Register(VERSION, keys.identity_public, signature, "host", token)))
            yield end
        finally:
            await stream.close()
            await stream.wait_closed()


class HostEnd:
    """What a host says and hears on its control connection."""

    def __init__(self, stream: WebSocketStream) -> None:
        self.stream = stream

    async def read(self) -> FromGateway:
        """The next message."""
        async with asyncio.timeout(PATIENCE):
            return decode_from_gateway(await self.stream.receive())

    async def wait_for(self, *kinds: type) -> FromGateway:
        """The next message of one of these kinds; others are skipped."""
        while True:
            message = await self.read()
            if isinstance(message, kinds):
                return message

    async def say(self, message: Any) -> None:
        """Send one."""
        await self.stream.send(encode_leg(message))


async def until(true: Callable[[], Any], *, seconds: float = PATIENCE) -> None:
    """Return once it is true; it is looked at as often as the loop turns."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
