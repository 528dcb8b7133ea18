"""What counts as our own page: the address in the settings, or the one by which the request came."""

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from farhand.core.errors import FarhandError
from farhand.gateway.backend import Backend

_HOST = re.compile(r"(?P<name>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?")
_OWN_PORT = {"http": 80, "https": 443}
#: The page on which people sign in and look after the gateway (viewer.py serves console.html there).
CONSOLE = "/console"


class UrlError(FarhandError):
    """The gateway's public address in the settings is none."""


def canonical(scheme: str, host: str) -> str:
    """An origin as browsers write it, or empty where the host is none."""
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return ""
    port = match["port"]
    if port is None or int(port) == _OWN_PORT[scheme]:
        return f"{scheme}://{match['name']}"
    return f"{scheme}://{match['name']}:{int(port)}"


def parse_url(url: str) -> str:
    """The origin of a public address. Raises UrlError."""
    parts = urlsplit(url)
    if parts.scheme in _OWN_PORT and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username):
        origin = canonical(parts.scheme, parts.netloc)
        if origin:
            return origin
    raise UrlError(f"{url!r} is no address of a gateway", "such as https://gateway.example, without a path")


def own_origin(backend: Backend, request: HTTPConnection) -> str:
    """Our origin; empty where the request names no host that could be one."""
    if backend.settings.url:
        return parse_url(backend.settings.url)
    return canonical("https" if backend.tls else "http", request.headers.get("host", ""))


def secure(backend: Backend, request: HTTPConnection) -> bool:
    """Whether people reach us by https, so that cookies may insist on it."""
    return own_origin(backend, request).startswith("https://")


def domain(origin: str) -> str:
    """The origin's host name; empty for an address, for which passkeys cannot be."""
    name = urlsplit(origin).hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name
    return ""
