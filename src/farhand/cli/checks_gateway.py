"""Whether a gateway can be reached from here, and if not, what is in the way: one connection, judged step by step."""

import errno
import hashlib
import os
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from farhand.cli.findings import Finding, well, wrong
from farhand.core.errors import FarhandError
from farhand.core.ids import grouped
from farhand.protocol.envelope import SUBPROTOCOL, Challenge, decode_from_gateway
from farhand.protocol.errors import MessageError
from farhand.transports.websocket import leg_url

#: For each step, in seconds.
STEP_SECONDS = 8.0
#: Clocks that differ by more: grants hold for five minutes at most, one-time passwords for half of one.
CLOCK_SECONDS = 60
#: The most of an answer that is read, in bytes.
_ANSWER_MAX = 64 << 10
_LOCAL = ("localhost", "127.0.0.1", "::1")
_PROXY_NAMES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")


class _Stop(Exception):
    """No further step makes sense."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def gateway(
    url: str,
    fingerprint: bytes | None,
    *,
    environment: Mapping[str, str] = os.environ,
    step: float | None = None,
) -> Iterator[Finding]:
    """Look at the gateway at this address; ``fingerprint`` is its certificate's SHA-256 where one is pinned.

    ``step``: how long each step may take, in seconds.
    """
    step = STEP_SECONDS if step is None else step
    try:
        leg, callers = leg_url(url, "/v1/host"), leg_url(url, "/v1/viewer")
    except FarhandError as error:
        yield wrong("gateway", error.cause, error.cure)
        return
    yield from browser(url)
    try:
        response, data = _leg(leg, fingerprint, step)
        takes_hosts = response.status_code != 404
        if not takes_hosts:
            # The gateway inside `farhand up` takes callers, and no other hosts.
            response, data = _leg(callers, fingerprint, step)
        if response.status_code != 101:
            raise _Stop(_answered(urlsplit(leg).netloc, response))
    except _Stop as stop:
        yield stop.finding
        yield from _proxies(environment)
        return
    if takes_hosts and not _is_challenge(data):
        yield wrong(
            "gateway",
            f"{url} takes WebSockets and does not speak as a Farhand gateway",
            "is it the right address? Another version of Farhand may run there",
        )
        return
    told = "" if takes_hosts else ", a computer of its own that takes no other hosts"
    yield well("gateway", f"{url} answers{told}" + (", with the pinned certificate" if fingerprint else ""))
    yield from _clock(response, time.time(), url)


def _leg(leg: str, fingerprint: bytes | None, step: float) -> tuple[Response, bytes]:
    """Open a leg: what is answered, and the first message that comes by itself where one does."""
    with _connected(leg, step) as plain, _secured(leg, plain, fingerprint) as connection:
        return _opened(leg, connection)


def _connected(leg: str, step: float) -> socket.socket:
    """TCP."""
    uri = parse_uri(leg)
    where = f"{uri.host}:{uri.port}"
    try:
        addresses = socket.getaddrinfo(uri.host, uri.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _Stop(
            wrong("gateway", f"the name {uri.host} leads nowhere ({error.strerror})", "correct it, or the DNS here")
        ) from None
    last: OSError = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(step)
        try:
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            last = error
    if isinstance(last, ConnectionRefusedError):
        cure = "start `farhand gateway` there, or correct the port; a firewall that refuses looks the same"
        raise _Stop(wrong("gateway", f"the port is closed: nothing listens at {where}", cure))
    if isinstance(last, TimeoutError):
        cure = f"let TCP port {uri.port} through the firewalls in between, or correct the address"
        raise _Stop(wrong("gateway", f"{where} does not answer: switched off, or a firewall drops what is sent", cure))
    raise _Stop(wrong("gateway", f"there is no way to {where} ({last.strerror or last})", "is this computer online?"))


def _secured(leg: str, plain: socket.socket, fingerprint: bytes | None) -> socket.socket:
    """TLS, where the address asks for it."""
    uri = parse_uri(leg)
    where = f"{uri.host}:{uri.port}"
    if not uri.secure:
        return plain
    context = ssl.create_default_context()
    if fingerprint is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        secured = context.wrap_socket(plain, server_hostname=uri.host)
    except ssl.SSLCertVerificationError as error:
        raise _Stop(_untrusted(leg, error)) from None
    except ssl.SSLError as error:
        raise _Stop(
            wrong(
                "certificate",
                f"{where} speaks no TLS ({error.reason or 'it answers with something else'})",
                "use http:// if the gateway runs with --plain; else something in between answers in its place",
            )
        ) from None
    except OSError as error:
        cure = "something in between cuts TLS: a firewall, or a proxy that must be asked first"
        raise _Stop(wrong("certificate", f"{where} ends the connection during TLS ({error})", cure)) from None
    shown = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").digest()
    if fingerprint is not None and shown != fingerprint:
        secured.close()
        raise _Stop(
            wrong(
                "certificate",
                f"{where} shows another certificate than the pinned one: {grouped(shown.hex(), 8)}, "
                f"where {grouped(fingerprint.hex(), 8)} is expected",
                "if the gateway was set up anew, compare with what `farhand gateway` prints there, and pin that; "
                "else somebody stands in between",
            )
        )
    return secured


def _untrusted(leg: str, error: ssl.SSLCertVerificationError) -> Finding:
    """What is wrong with a certificate, and whose it is."""
    uri = parse_uri(leg)
    reason = error.verify_message or str(error)
    digest = certificate(uri.host, uri.port)
    shown = f"; its SHA-256 is {grouped(digest.hex(), 8)}" if digest else ""
    text = f"the certificate of {uri.host}:{uri.port} is not trusted: {reason}{shown}"
    if "expired" in reason or "not yet valid" in reason:
        return wrong("certificate", text, "renew it at the gateway, or set the clock here right")
    if "mismatch" in reason or "not valid for" in reason:
        return wrong("certificate", text, "use the name that the certificate is for, or give it this one too")
    return wrong(
        "certificate",
        text,
        "compare with what `farhand gateway` prints there, and pin it with --fingerprint; if it differs, a proxy or "
        "somebody stands in between",
    )


def certificate(host: str, port: int, step: float | None = None) -> bytes | None:
    """The SHA-256 of the certificate that is shown there, whoever vouches for it; None if there is none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), STEP_SECONDS if step is None else step) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").digest()
    except OSError:
        return None


def _opened(leg: str, connection: socket.socket) -> tuple[Response, bytes]:
    """WebSocket: the answer to the opening, and the first message of a host's leg, which the gateway begins."""
    uri = parse_uri(leg)
    where = f"{uri.host}:{uri.port}"
    protocol = ClientProtocol(uri, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=_ANSWER_MAX)
    protocol.send_request(protocol.connect())
    response: Response | None = None
    read = 0
    try:
        for data in protocol.data_to_send():
            connection.sendall(data)
        while read < _ANSWER_MAX:
            data = connection.recv(16 << 10)
            read += len(data)
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
            for event in protocol.events_received():
                if isinstance(event, Response):
                    response = event
                elif isinstance(event, Frame) and response is not None:
                    return response, bytes(event.data)
            if response is not None and (response.status_code != 101 or leg.endswith("/v1/viewer")):
                break
            if not data or protocol.handshake_exc is not None:
                break
    except OSError as error:
        why = "does not answer" if isinstance(error, TimeoutError) else f"ends the connection ({error})"
        cure = "something in between passes no WebSockets: a proxy, or a firewall that reads along"
        raise _Stop(wrong("proxy", f"{where} takes the connection and {why}", cure)) from None
    if response is None:
        why = str(protocol.handshake_exc or "it says nothing")
        text = f"{where} does not speak HTTP as a gateway does ({why})"
        raise _Stop(wrong("proxy", text, "is it a Farhand gateway's port?"))
    if response.status_code == 101 and protocol.handshake_exc is not None:
        raise _Stop(_answered(where, response))
    return response, b""


def _answered(where: str, response: Response) -> Finding:
    """Something answers, and not as a gateway: by what it says, a proxy, a portal, or another server."""
    status = response.status_code
    kind = response.headers.get("Content-Type", "")
    if status == 407 or "Proxy-Authenticate" in response.headers:
        return wrong(
            "proxy", f"a proxy in the way to {where} wants a log-in first (407)", "have it let this address through"
        )
    via = response.headers.get("Via") or response.headers.get("X-Squid-Error") or ""
    if 300 <= status < 400:
        return wrong(
            "proxy",
            f"{where} sends on to another address (HTTP {status}): a network's log-in page, or another server",
            "log in to the network in a browser, or correct the gateway's address",
        )
    if via:
        text = f"a proxy in the way answers for {where} (HTTP {status}, via {via[:60]!r})"
        return wrong("proxy", text, "have it pass WebSockets through to this address, or go without it")
    if kind.startswith("text/html"):
        return wrong(
            "proxy",
            f"{where} answers with a page (HTTP {status}) where a gateway would take a WebSocket",
            "a proxy or a network's log-in page stands in between, or it is another web server: open it in a browser",
        )
    if status in (101, 426):
        text = f"something in the way to {where} alters WebSockets (HTTP {status})"
        return wrong("proxy", text, "a reverse proxy in front of the gateway has to pass on Upgrade and Connection")
    return wrong("gateway", f"{where} answered with HTTP {status}", "is it a Farhand gateway, of this version?")


def _is_challenge(data: bytes) -> bool:
    try:
        return isinstance(decode_from_gateway(data), Challenge)
    except MessageError:
        return False


def _clock(response: Response, now: float, url: str) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return
    apart = round(now - there)
    if abs(apart) <= CLOCK_SECONDS:
        yield well("clock", "agrees with the gateway's")
        return
    yield wrong(
        "clock",
        f"this computer's clock is {abs(apart)} s {'ahead of' if apart > 0 else 'behind'} that of {url}",
        "grants hold for minutes: set the one right that is wrong (timedatectl set-ntp true)",
    )


def browser(url: str) -> Iterator[Finding]:
    """A page needs what browsers give in a secure context only (W3C Secure Contexts)."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "ws") and parts.hostname not in _LOCAL:
        yield wrong(
            "browser",
            f"{url} is no secure context: a browser gives its pages neither WebCrypto nor WebCodecs",
            "give the gateway TLS (leave out --plain, or put a TLS proxy before it) and use https://; or use "
            "`farhand view`, whose page comes from this computer",
        )


def _proxies(environment: Mapping[str, str]) -> Iterator[Finding]:
    """A proxy that is set here, said where the direct way failed: Farhand goes through none."""
    for name in _PROXY_NAMES:
        if value := environment.get(name):
            host = urlsplit(value if "//" in value else f"//{value}").hostname or "?"
            yield wrong(
                "proxy",
                f"this network seems to want a proxy ({name} names {host}); Farhand connects directly",
                "have the gateway's address and port let through without it",
            )
            return
