"""By which addresses others may reach this computer."""

import ipaddress
import socket

import psutil

#: Any address elsewhere: nothing is sent to it, the kernel only says which of its own it would send from.
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


def local_addresses() -> list[str]:
    """This computer's addresses, the one that leads elsewhere first, loopback and link-local ones left out."""
    found = [address for family in _ELSEWHERE if (address := _outward(family))]
    for addresses in psutil.net_if_addrs().values():
        found += [a.address for a in addresses if a.family in _ELSEWHERE]
    usable = []
    for text in dict.fromkeys(found):
        parsed = ipaddress.ip_address(text.partition("%")[0])
        if not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified):
            usable.append(str(parsed))
    return usable


def reachable_at(host: str) -> list[str]:
    """The addresses that lead to a listener on ``host``, the best one for a link first."""
    if host == "::":
        return local_addresses() or ["::1"]
    if host == "0.0.0.0":  # noqa: S104  compared, not listened on
        return [address for address in local_addresses() if ":" not in address] or ["127.0.0.1"]
    return [host]


def base_url(host: str, port: int, *, plain: bool) -> str:
    """``https://host:port``, an IPv6 address in brackets, the scheme's own port left out."""
    scheme, own = ("http", 80) if plain else ("https", 443)
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port == own else f"{scheme}://{name}:{port}"


def certificate_names(host: str) -> list[str]:
    """Host names and addresses that a certificate of this computer's own should hold."""
    own = [name for name in (socket.gethostname(), socket.getfqdn()) if name.isascii() and name]
    return sorted({"localhost", "127.0.0.1", "::1", *own, *reachable_at(host)})


def _outward(family: socket.AddressFamily) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((_ELSEWHERE[family], 9))
            return str(sock.getsockname()[0])
    except OSError:
        return None
