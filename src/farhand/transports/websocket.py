"""The calling side of a WebSocket transport."""

import asyncio
import socket
import ssl
from typing import cast
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from farhand.core.pins import matches
from farhand.core.sockets import tune
from farhand.core.stream import Keepalive, WebSocketStream
from farhand.protocol.envelope import SUBPROTOCOL
from farhand.transports.base import Unreachable

#: The largest message that is accepted, in bytes.
MESSAGE_MAX = 1 << 20
OPEN_SECONDS = 10.0


class _Opening(asyncio.Protocol):
    """The opening handshake (RFC 6455, section 4.1); hands the transport to the stream when it is done."""

    def __init__(self, protocol: ClientProtocol, keepalive: Keepalive | None, fingerprint: bytes | None) -> None:
        self.opened: asyncio.Future[WebSocketStream] = asyncio.get_running_loop().create_future()
        self._protocol = protocol
        self._keepalive = keepalive
        self._fingerprint = fingerprint
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._fingerprint is not None:
            shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
            if not matches(self._fingerprint, shown or b""):
                self.opened.set_exception(ssl.SSLCertVerificationError("another certificate than the one expected"))
                self._transport.abort()
                return
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            tune(sock)
        self._protocol.send_request(self._protocol.connect())
        self._transport.writelines(self._protocol.data_to_send())

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        self._answered()

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionResetError("the other end closed the connection"))

    def _answered(self) -> None:
        if self.opened.done() or self._transport is None:
            return
        if (problem := self._protocol.handshake_exc) is not None:
            self.opened.set_exception(problem)
            return
        if self._protocol.events and isinstance(self._protocol.events[0], Response):
            del self._protocol.events[0]
            peername = self._transport.get_extra_info("peername")
            peer = str(peername[0]) if isinstance(peername, tuple) else self._protocol.uri.host
            stream = WebSocketStream(self._protocol, peer=peer, keepalive=self._keepalive)
            self._transport.set_protocol(stream)
            stream.connection_made(self._transport)
            self.opened.set_result(stream)


async def connect(
    url: str,
    *,
    fingerprint: bytes | None = None,
    keepalive: Keepalive | None = None,
    open_seconds: float = OPEN_SECONDS,
    message_max: int = MESSAGE_MAX,
) -> WebSocketStream:
    """Open a WebSocket to a ws:// or wss:// address and return it as a transport.

    ``fingerprint`` pins the one certificate or key to accept (core/pins.py), for a gateway that nobody vouches for;
    without it the system decides. ``open_seconds`` cover all of it. Raises Unreachable.
    """
    try:
        uri = parse_uri(url)
    except InvalidURI as error:
        raise Unreachable(f"{url} is not an address of a WebSocket", "it begins with ws:// or wss://") from error
    protocol = ClientProtocol(uri, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=message_max)
    context = _context(fingerprint) if uri.secure else None
    loop = asyncio.get_running_loop()
    where = f"{uri.host}:{uri.port}"
    transport: asyncio.BaseTransport | None = None
    try:
        async with asyncio.timeout(open_seconds):
            transport, opening = await loop.create_connection(
                lambda: _Opening(protocol, keepalive, fingerprint if uri.secure else None),
                uri.host,
                uri.port,
                ssl=context,
                server_hostname=uri.host if context is not None else None,
            )
            stream = await opening.opened
            transport = None
            return stream
    except TimeoutError as error:
        raise Unreachable(
            f"{where} did not answer within {open_seconds:g} s", "check the address and the firewall"
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"the certificate of {where} is not trusted ({getattr(error, 'verify_message', error)})",
            "give the fingerprint that the gateway shows, or give the gateway a certificate that your system trusts",
        ) from error
    except ssl.SSLError as error:
        raise Unreachable(f"{where} speaks no TLS ({error.reason})", "use http:// or ws:// if it is --plain") from error
    except InvalidStatus as error:
        status = error.response.status_code
        raise Unreachable(f"{where} answered with HTTP status {status}", "is it a Farhand gateway?", status) from error
    except (InvalidHandshake, EOFError) as error:
        raise Unreachable(f"{where} does not speak WebSocket ({error})", "is it a Farhand gateway?") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreachable(f"{where} cannot be reached ({reason})", "is the gateway running there?") from error
    finally:
        if transport is not None:
            cast(asyncio.Transport, transport).abort()


def _context(fingerprint: bytes | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if fingerprint is not None:
        # Not less strict: _Opening accepts one certificate only, before a byte is sent.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def leg_url(address: str, path: str) -> str:
    """Return the WebSocket address of a gateway's path, from the gateway's http(s):// or ws(s):// address."""
    parts = urlsplit(address)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise Unreachable(f"{address!r} is not an address of a gateway", "it looks like https://gateway.example:8443")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}{path}"
