"""The gateway's HTTP API, as far as a client uses it. What a gateway answers is bounded, and believed in nothing."""

import base64
import binascii
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import msgspec

from farhand.client.errors import GatewayRefused
from farhand.client.pinned import OtherCertificate, tls_context
from farhand.client.texts import plain
from farhand.core.errors import FarhandError
from farhand.transports.base import Unreachable

if TYPE_CHECKING:  # it takes a third of a second to load, and a session by a link or on this computer asks no gateway
    import httpx

#: The largest answer that is read, in bytes.
ANSWER_MAX = 8 << 20
_SECONDS = 20.0
_PAGE = 200
#: Hosts that are listed at most: a gateway without end would fill the memory.
HOSTS_MAX = 100_000


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Error


class DeviceLogin(msgspec.Struct, frozen=True):
    """A log-in that waits for a person in a browser; times in seconds."""

    device_code: str
    user_code: str
    verify_url: str
    interval: float = 2.0
    expires: float = 600.0


class HostRow(msgspec.Struct, frozen=True):
    """A host as a gateway lists it; the id is 32 hexadecimal digits."""

    id: str
    name: str = ""
    state: str = ""
    online: bool = False
    groups: list[Any] = []
    tags: list[str] = []
    system: str | None = None
    version: str | None = None
    last_seen_ms: int = 0
    """Unix milliseconds; 0: never."""

    @property
    def host_id(self) -> bytes:
        """Its id, 16 bytes. Raises ValueError."""
        raw = bytes.fromhex(self.id)
        if len(raw) != 16:
            raise ValueError("a host id has 16 bytes")
        return raw

    @property
    def group_names(self) -> list[str]:
        """Its groups, fit for a terminal."""
        return [plain(str(one.get("name", "") if isinstance(one, dict) else one)) for one in self.groups]


@dataclass(frozen=True, slots=True)
class Org:
    """What a gateway says of the organisation; the root is to be pinned, not believed twice. Empty: there is none."""

    root: bytes
    name: str


class GatewayApi:
    """One gateway; use it as an async context manager. Every method raises Unreachable, GatewayRefused, FarhandError.

    `fingerprint` is that of `tls_context`. Redirects are never followed: a token goes to one place.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        fingerprint: bytes | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        import httpx

        self.url = url
        headers = {"x-farhand": "1", "accept": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        self._client = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            verify=tls_context(fingerprint),
            timeout=_SECONDS,
            follow_redirects=False,
            trust_env=False,  # a session's own connection knows no proxy either
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, body: Any = None, **query: str | int) -> tuple[int, Any]:
        """One request: the status and the decoded answer, None where it is empty."""
        import httpx

        where = urlsplit(self.url).netloc
        try:
            async with self._client.stream(method, path, json=body, params=query or None) as response:
                data = bytearray()
                async for piece in response.aiter_bytes():
                    data += piece
                    if len(data) > ANSWER_MAX:
                        raise FarhandError(f"{where} answers without end", "is it a Farhand gateway?")
        except httpx.TimeoutException as error:
            raise Unreachable(f"{where} did not answer within {_SECONDS:g} s", "check the address") from error
        except httpx.ConnectError as error:
            raise _unreachable(where, error) from error
        except httpx.HTTPError as error:
            raise Unreachable(f"{where} broke the connection off ({plain(str(error))})", "try again") from error
        if response.status_code >= 300:
            raise _refused(where, response.status_code, bytes(data))
        if not data:
            return response.status_code, None
        try:
            return response.status_code, msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise FarhandError(
                f"what {where} answered is not JSON", "is it a Farhand gateway of this version?"
            ) from error

    async def begin_login(self, name: str) -> DeviceLogin:
        """Begin a device log-in."""
        _, answer = await self.call("POST", "/api/device-login/begin", {"name": name})
        begun: DeviceLogin = _shaped(answer, DeviceLogin)
        return begun

    async def poll_login(self, device_code: str) -> str | None:
        """The token, once the person has approved it in the browser; None as long as they have not."""
        try:
            _, answer = await self.call("POST", "/api/device-login/poll", {"device_code": device_code})
        except GatewayRefused as refused:
            if refused.code in ("authorization-pending", "pending", "slow-down", "not-yet"):
                return None
            raise
        token = answer.get("token") if isinstance(answer, dict) else None
        return token if isinstance(token, str) and token else None

    async def me(self) -> str:
        """The name of the person whose token this is."""
        _, answer = await self.call("GET", "/api/me")
        found = answer.get("person", answer) if isinstance(answer, dict) else {}
        return plain(str(found.get("name", ""))) if isinstance(found, dict) else ""

    async def log_out(self) -> None:
        """End the token."""
        await self.call("POST", "/api/logout", {})

    async def register_device(self, certificate: bytes) -> None:
        """Enter this client's key among the person's devices; again makes no second one."""
        await self.call("POST", "/api/devices", {"certificate": base64.b64encode(certificate).decode()})

    async def org(self) -> Org:
        """The organisation."""
        try:
            _, answer = await self.call("GET", "/api/org")
        except GatewayRefused as refused:
            if refused.status == 404:
                return Org(b"", "")
            raise
        if not isinstance(answer, dict):
            raise FarhandError("the gateway's organisation is malformed")
        root = answer.get("root") or ""
        key = _bytes(root, "the organisation's root") if root else b""
        if key and len(key) != 32:
            raise FarhandError("the organisation's root, as the gateway tells it, is no key")
        return Org(key, plain(str(answer.get("name", ""))))

    async def hosts(self, **query: str) -> AsyncIterator[HostRow]:
        """Hosts, page by page; `q`, `group` (an id), `tag`, `state` and `sort` narrow and order them."""
        async for one in self._listed("/api/hosts", query):
            yield _shaped(one, HostRow)

    async def group_id(self, name: str) -> str:
        """The id of a group of hosts by its name. Raises FarhandError where there is none."""
        names: list[str] = []
        async for one in self._listed("/api/host-groups", {}):
            called = str(one.get("name", "")) if isinstance(one, dict) else ""
            if called.casefold() == name.casefold():
                return str(one.get("id", ""))
            names.append(plain(called))
        there = f"there are {', '.join(names[:20])}" if names else "there is none yet"
        raise FarhandError(f"there is no group {plain(name)!r}", there)

    async def _listed(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Any]:
        """A list's items, page by page, bounded."""
        cursor: str | None = None
        seen = 0
        while True:
            more = {"cursor": cursor} if cursor else {}
            _, answer = await self.call("GET", path, limit=_PAGE, **query, **more)
            items = answer.get("items") if isinstance(answer, dict) else None
            if not isinstance(items, list):
                raise FarhandError("the gateway's list is malformed", "is it a Farhand gateway of this version?")
            for one in items:
                yield one
            seen += len(items)
            following = answer.get("next")
            if not items or not following or seen >= HOSTS_MAX:
                return
            cursor = str(following)

    async def host(self, host: str) -> HostRow:
        """One host by its id."""
        _, answer = await self.call("GET", f"/api/hosts/{host}")
        row: HostRow = _shaped(answer, HostRow)
        return row

    async def proof(self, host: str) -> bytes:
        """An encoded HostProof."""
        _, answer = await self.call("GET", f"/api/hosts/{host}/proof")
        return _bytes(answer.get("proof") if isinstance(answer, dict) else None, "the host's proof")

    async def grant(
        self, host: str, device: bytes, capabilities: Sequence[str], seconds: int, reason: str
    ) -> "Granted | Pending":
        """Ask for a grant."""
        body: dict[str, Any] = {
            "device": base64.b64encode(device).decode(),
            "capabilities": list(capabilities),
            "reason": reason,
        }
        if seconds:
            body["seconds"] = seconds
        status, answer = await self.call("POST", f"/api/hosts/{host}/grant", body)
        if status == 202:
            return Pending(_approval(answer))
        return _granted(answer)

    async def approval(self, number: str) -> "Granted | Pending":
        """The grant that an approval leads to, once it was given; a no is GatewayRefused `approval-refused`."""
        status, answer = await self.call("GET", f"/api/approvals/{number}")
        found = answer if isinstance(answer, dict) else {}
        state = str(found.get("state", "")).lower()
        if state in ("refused", "denied", "rejected", "expired"):
            who = plain(str(found.get("decided_by") or found.get("approver") or "")) or "the second person"
            cause = "nobody approved it in time" if state == "expired" else f"{who} did not approve it"
            raise GatewayRefused(status, "approval-refused", cause)
        inner = found.get("grant")
        if isinstance(inner, dict):
            return _granted(inner)
        return _granted(found) if found.get("credential") else Pending(number)


@dataclass(frozen=True, slots=True)
class Granted:
    """An encoded Credential and HostProof."""

    credential: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """A second person has to approve it."""

    approval: str


def _shaped(answer: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise FarhandError(f"the gateway's answer is not as expected ({plain(str(error))})", "update both") from error


def _bytes(text: Any, what: str) -> bytes:
    if not isinstance(text, str) or not text:
        raise FarhandError(f"{what} is missing in the gateway's answer", "an administrator runs: farhand org sign")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FarhandError(f"{what} is malformed in the gateway's answer") from error


def _approval(answer: Any) -> str:
    found = answer.get("approval") if isinstance(answer, dict) else None
    number = str(found.get("id", "") if isinstance(found, dict) else found or "")
    if not number or not number.replace("_", "").replace("-", "").isalnum():
        raise FarhandError("the gateway wants an approval and does not say which")
    return number


def _granted(answer: Any) -> Granted:
    found = answer if isinstance(answer, dict) else {}
    return Granted(_bytes(found.get("credential"), "the grant"), _bytes(found.get("proof"), "the host's proof"))


def _refused(where: str, status: int, data: bytes) -> FarhandError:
    try:
        error = msgspec.json.decode(data, type=_Refusal).error
    except (msgspec.DecodeError, RecursionError):
        if 300 <= status < 400:
            return FarhandError(f"{where} wants to lead elsewhere, which is not followed", "give the final address")
        return Unreachable(f"{where} answered with HTTP status {status}", "is it a Farhand gateway?", status)
    if status == 401:
        return GatewayRefused(status, "not-logged-in", f"{where} does not know this log-in any more",
                              f"run: farhand login {where}")  # fmt: skip
    cause, _, cure = plain(error.message, 400).partition(": ")
    return GatewayRefused(status, plain(error.code), cause or f"{where} says no (HTTP status {status})", cure)


def _unreachable(where: str, error: "httpx.ConnectError") -> FarhandError:
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, OtherCertificate):
            return reason.told
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Unreachable(
                f"the certificate of {where} is not trusted ({reason.verify_message})",
                f"pin it: farhand login {where} --fingerprint SHA256, as `farhand gateway` shows it",
            )
        reason = reason.__cause__ or reason.__context__
    return Unreachable(f"{where} cannot be reached ({plain(str(error))})", "is the gateway running there?")
