"""What a gateway is told once, when it starts."""

from dataclasses import dataclass, field
from pathlib import Path

from farhand.core.stream import Keepalive
from farhand.gateway.limits import Limits

#: Not 443, which needs privileges and is where a real web server lives; not a port that browsers refuse.
DEFAULT_PORT = 8443


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate chain and its key, as PEM files."""

    certificate: Path
    key: Path
    trusted: bool = False
    """Whether browsers trust it: only then are they told never to use plain HTTP here again (HSTS)."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One gateway."""

    host: str = "0.0.0.0"  # noqa: S104  a gateway is there to be reached; the CLI names the address that it listens on
    """The address to listen on; ``::`` for IPv6 and IPv4."""
    port: int = DEFAULT_PORT
    """The port to listen on; 0 for any that is free."""
    tls: Tls | None = None
    """None: plain HTTP."""
    registration: str | None = field(default=None, repr=False)
    """The token with which hosts register; empty: any host may; None: none may (the gateway of ``farhand up``)."""
    viewer: Path | None = None
    """The built viewer; None: no pages, only the legs."""
    limits: Limits = field(default_factory=Limits)
    """Bounds by address."""
    keepalive: Keepalive = field(default_factory=Keepalive)
    """How lost connections are noticed."""
    host_grace_seconds: float = 120.0
    """How long the routes of a host whose control connection was lost are kept for it."""
