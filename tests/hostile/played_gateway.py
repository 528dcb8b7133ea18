"""A gateway's HTTP API that a test plays: honest unless it is told to lie; on loopback, in the test's own loop."""

import asyncio
import base64
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from farhand.client.gateways import Gateways, Login
from farhand.core.config import Paths
from farhand.core.tasks import Tasks
from farhand.protocol.capability import Capability
from farhand.protocol.grants import (
    Conditions,
    Credential,
    Endorsement,
    Grant,
    HostProof,
    Right,
    sign_endorsement,
    sign_grant,
)
from farhand.protocol.identity import Keys, Kind

Answer = Callable[[Request], Response]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


class Org:
    """An organisation with a root key that signs by itself."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.root = self.private.public_key().public_bytes_raw()

    def proof(
        self, keys: Keys, *, name: str = "desk", host_id: bytes | None = None, static: bytes | None = None
    ) -> bytes:
        said = Endorsement(
            1, host_id or keys.host_id, keys.identity_public, static or keys.static_public, name, int(time.time())
        )
        return HostProof(sign_endorsement(self.private, said), b"").encode()

    def credential(self, host_id: bytes, viewer: bytes, rights: list[str]) -> bytes:
        now = int(time.time())
        grant = Grant(
            1, host_id, viewer, "ada", "laptop", [Right(Capability(one)) for one in rights], now - 10, now + 200,
            bytes(16), Conditions(), "", "",
        )  # fmt: skip
        return Credential(b"", sign_grant(self.private, grant)).encode()


def host_keys(name: str = "desk") -> Keys:
    import os

    return Keys.generate(Kind.HOST, name, time.time(), os.urandom)


@dataclass
class Played:
    """What the gateway says; change it to lie. `asked` is what came in."""

    org: Org = field(default_factory=Org)
    hosts: dict[str, Keys] = field(default_factory=dict)
    proofs: dict[str, bytes | None] = field(default_factory=dict)
    approvals: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    root: bytes | None = None
    url: str = ""

    def add(self, name: str, keys: Keys | None = None) -> Keys:
        made = keys or host_keys(name)
        self.hosts[name] = made
        self.proofs[made.host_id.hex()] = self.org.proof(made, name=name)
        return made

    def login(self, paths: Paths, *, root: bytes | None = None) -> Login:
        made = Login(self.url, "fht_test", "ada", (self.org.root if root is None else root).hex())
        Gateways(paths).keep(made)
        return made

    async def handle(self, request: Request) -> Response:
        data = await request.body()
        body = await request.json() if data else None
        path = request.url.path
        self.asked.append((request.method, path, body))
        if (played := self.answers.get(path)) is not None:
            return played(request)
        if path == "/api/me":
            return JSONResponse({"name": "ada"})
        if path == "/api/org":
            root = self.org.root if self.root is None else self.root
            return JSONResponse({"name": "here", "root": b64(root) if root else None})
        if path == "/api/devices" or path == "/api/logout":
            return JSONResponse({}, 201)
        if path == "/api/host-groups":
            return JSONResponse({"items": [{"id": "hgr_office", "name": "office"}], "total": 1, "next": None})
        if path == "/api/hosts":
            q = request.query_params.get("q", "").casefold()
            items = [self.row(name) for name in self.hosts if q in name.casefold()]
            return JSONResponse({"items": items, "total": len(items), "next": None})
        parts = path.split("/")
        if path.startswith("/api/hosts/") and parts[3] in self.proofs:
            return self.host(parts[3], parts[4] if len(parts) > 4 else "", body)
        if path.startswith("/api/approvals/"):
            left = self.approvals[parts[3]]
            return JSONResponse(left.pop(0) if len(left) > 1 else left[0])
        return error(404, "not-found", "there is no such thing")

    def row(self, name: str) -> dict[str, Any]:
        keys = self.hosts[name]
        return {
            "id": keys.host_id.hex(), "name": name, "online": True, "state": "online", "last_seen_ms": 0,
            "tags": [], "groups": [{"id": "hgr_office", "name": "office"}], "system": "Debian", "version": "0.1.0",
        }  # fmt: skip

    def host(self, number: str, what: str, body: Any) -> Response:
        proof = self.proofs[number]
        if what == "proof":
            return JSONResponse({"proof": b64(proof) if proof is not None else None, "online": True})
        if what == "grant":
            return JSONResponse(self.granted(number, body))
        name = next(name for name, keys in self.hosts.items() if keys.host_id.hex() == number)
        return JSONResponse(self.row(name))

    def granted(self, number: str, body: Any) -> dict[str, Any]:
        proof = self.proofs[number]
        credential = self.org.credential(bytes.fromhex(number), base64.b64decode(body["device"]), body["capabilities"])
        return {"credential": b64(credential), "proof": b64(proof) if proof is not None else None}


@asynccontextmanager
async def playing() -> AsyncIterator[Played]:
    """Serve it."""
    played = Played()

    async def handle(request: Request) -> Response:
        return await played.handle(request)

    methods = ["GET", "POST", "PATCH", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", handle, methods=methods)])
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  the test's are its own
    played.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with Tasks("played gateway") as tasks:
        serving = tasks.start(server.serve([sock]), "serve")
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0)
        try:
            yield played
        finally:
            server.should_exit = True
            await asyncio.wait([serving])
            sock.close()
