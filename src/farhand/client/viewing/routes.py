"""What the page asks this computer: who the host is, a certificate for its key, grants, and to keep a checkpoint.

The identity's private key stays in this process; the page has a key of its own that ends with it, and a certificate
for that key which is signed here and holds for half a day.
"""

import base64
import binascii
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from farhand import __version__
from farhand.client.api import Granted, Pending
from farhand.client.authority import Broker
from farhand.client.checkpoints import Checkpoints
from farhand.client.errors import (
    ApprovalRefused,
    AuditAltered,
    GatewayRefused,
    HostKeyChanged,
    HostUnproven,
    RootChanged,
)
from farhand.client.keys import device_name
from farhand.client.targets import ByName
from farhand.core.errors import FarhandError
from farhand.core.logging import get_logger
from farhand.protocol.capability import Capability, in_order
from farhand.protocol.identity import Keys, Kind

CERTIFICATE_SECONDS = 12 * 3600
_BODY_MAX = 64 << 10
_APPROVALS_MAX = 100
#: What gateways call it, and what the page does.
_CODES = {"no-device": "device-revoked", "host-not-signed": "unproven"}

_log = get_logger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


class _Certify(msgspec.Struct, forbid_unknown_fields=True):
    static: str
    reason: str | None = None
    """What the person said on the page, where a rule wanted to know; else what the command line said."""


class _Grant(msgspec.Struct, forbid_unknown_fields=True):
    capabilities: list[Capability]
    seconds: int = 0
    reason: str = ""


class _Checkpoint(msgspec.Struct, forbid_unknown_fields=True):
    hostId: str
    checkpoint: str


class _Wrong(FarhandError):
    """The page asked for something that cannot be."""


class HostDesk:
    """Answers the page about one host of a gateway.

    `altered` hears of an audit that is not what it was: the person at the terminal is told, too.
    """

    def __init__(
        self,
        target: ByName,
        broker: Broker,
        keys: Keys,
        checkpoints: Checkpoints,
        *,
        capabilities: Sequence[Capability],
        reason: str = "",
        seconds: int = 0,
        altered: Callable[[AuditAltered], None] = lambda _error: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._target = target
        self._broker = broker
        self._keys = keys
        self._checkpoints = checkpoints
        self._capabilities = in_order(capabilities)
        self._reason = reason
        self._seconds = seconds
        self._altered = altered
        self._clock = clock
        self._waiting: dict[str, bytes | None] = {}
        """Approvals, and the page's key where a certificate is to come with the grant."""
        self._identity: bytes | None = None

    def routes(self) -> list[Route]:
        """All of it."""
        return [
            Route("/local/session", _told(self._session), methods=["GET"]),
            Route("/local/certify", _told(self._certify), methods=["POST"]),
            Route("/local/grant", _told(self._grant), methods=["POST"]),
            Route("/local/approvals/{number}", _told(self._approval), methods=["GET"]),
            Route("/local/checkpoint", _told(self._checkpoint), methods=["POST"]),
        ]

    async def _session(self, _request: Request) -> Response:
        proven = await self._broker.proven()
        self._identity = proven.endorsement.identity
        return JSONResponse(
            {
                "trusted": True,
                "client": f"farhand {__version__} on {device_name().rpartition(' on ')[2]}",
                "hostId": self._target.host_id.hex(),
                "hostStatic": _text(proven.endorsement.static),
                "hostIdentity": _text(proven.endorsement.identity),
                "name": self._target.name,
                "gateway": self._target.gateway,
                "root": _text(proven.root),
                "proof": _text(proven.proof),
                "capabilities": [str(one) for one in self._capabilities],
                "reason": self._reason,
            }
        )

    async def _certify(self, request: Request) -> Response:
        body = await _body(request, _Certify)
        static = _key(body.static)
        reason = self._reason if body.reason is None else body.reason
        if len(reason) > 200:
            raise _Wrong("that reason is too long")
        answer = await self._broker.ask(self._capabilities, seconds=self._seconds, reason=reason)
        if isinstance(answer, Pending):
            return self._wait(answer, static)
        return JSONResponse({**self._certificate(static), **self._credential(answer)})

    async def _grant(self, request: Request) -> Response:
        body = await _body(request, _Grant)
        if not 0 <= body.seconds <= 0xFFFFFFFF or len(body.reason) > 200 or not body.capabilities:
            raise _Wrong("that cannot be asked for")
        answer = await self._broker.ask(body.capabilities, seconds=body.seconds, reason=body.reason)
        if isinstance(answer, Pending):
            return self._wait(answer, None)
        return JSONResponse(self._credential(answer))

    async def _approval(self, request: Request) -> Response:
        number = request.path_params["number"]
        if number not in self._waiting:
            return failure(404, "not-found", "this approval is not waited for")
        try:
            answer = await self._broker.poll(Pending(number))
        except ApprovalRefused as refused:
            del self._waiting[number]
            return JSONResponse({"state": "denied", "message": refused.cause})
        if isinstance(answer, Pending):
            return JSONResponse({"state": "pending"})
        static = self._waiting.pop(number, None)
        certificate = self._certificate(static) if static is not None else {}
        return JSONResponse({"state": "approved", **certificate, **self._credential(answer)})

    async def _checkpoint(self, request: Request) -> Response:
        body = await _body(request, _Checkpoint)
        identity = self._identity
        if body.hostId != self._target.host_id.hex() or identity is None:
            raise _Wrong("a checkpoint of another host than this window's")
        try:
            self._checkpoints.keep(_bytes(body.checkpoint), identity, self._target.host_id)
        except AuditAltered as error:
            self._altered(error)
            return failure(409, "audit-altered", f"{error.cause}: {error.cure}")
        return Response(status_code=204)

    def _wait(self, pending: Pending, static: bytes | None) -> Response:
        while len(self._waiting) >= _APPROVALS_MAX:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[pending.approval] = static
        return JSONResponse({"approval": pending.approval}, 202)

    def _certificate(self, static: bytes) -> dict[str, str]:
        made = self._keys.certify(static, Kind.CLIENT, device_name(), self._clock(), CERTIFICATE_SECONDS)
        return {"certificate": _text(made)}

    def _credential(self, granted: Granted) -> dict[str, str]:
        return {"credential": _text(granted.credential)}


def no_host() -> list[Route]:
    """For a window that was opened by a code: there is nothing to ask here."""

    async def session(_request: Request) -> Response:
        return failure(404, "not-found", "this window was opened by a code")

    return [Route("/local/session", session, methods=["GET"])]


def failure(status: int, code: str, message: str, **more: str) -> Response:
    """An answer that says why not, in the shape that gateways use."""
    return JSONResponse({"error": {"code": code, "message": message}, **more}, status)


def _told(handler: Handler) -> Handler:
    """Turn the errors that people are meant to read into answers."""

    async def told(request: Request) -> Response:
        try:
            response = await handler(request)
        except HostKeyChanged as error:
            response = failure(409, "host-changed", str(error), before=error.before, now=error.now)
        except RootChanged as error:
            response = failure(409, "root-changed", str(error), before=error.pinned, now=error.shown)
        except _Wrong as error:
            response = failure(400, "wrong", str(error))
        except HostUnproven as error:
            response = failure(409, "unproven", str(error))
        except GatewayRefused as error:
            code = _CODES.get(error.code, error.code)
            response = failure(error.status if 400 <= error.status < 500 else 502, code, str(error))
        except FarhandError as error:
            response = failure(502, "failed", str(error))
        except OSError as error:
            _log.error("a file cannot be used", reason=str(error))
            response = failure(500, "failed", f"a file on this computer cannot be used: {error.strerror}")
        response.headers["cache-control"] = "no-store"
        return response

    return told


async def _body(request: Request, kind: Any) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise _Wrong("the request is not JSON")
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > _BODY_MAX:
            raise _Wrong("the request is too long")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _Wrong("the request is malformed") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Wrong("the request is malformed") from error


def _key(text: str) -> bytes:
    key = _bytes(text)
    if len(key) != 32:
        raise _Wrong("a key has 32 bytes")
    return key
