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
    service: "ServiceSettings | None" = None
    """Accounts, lists of hosts, rights, audit; None: only rendezvous and relay (``farhand up``)."""


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """One OpenID Connect provider."""

    issuer: str
    """Its address, as it names itself."""
    client_id: str
    client_secret: str = field(default="", repr=False)
    """Empty: a public client (PKCE alone)."""
    label: str = "single sign-on"
    """What the button says."""
    create: bool = False
    """Whether somebody whom the provider knows and the gateway does not gets an account, without any role."""
    allow_http: bool = False
    """Whether the provider may be reached without TLS: for tests on one machine."""


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """Argon2id's parameters (RFC 9106, second recommended option)."""

    passes: int = 3
    memory_kib: int = 64 << 10
    at_once: int = 1
    """Hashes under way at the same time: each takes a core and its memory from the relay."""
    waiting: int = 64
    """Log-ins that wait for their turn; further ones are told to come later."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What a gateway with accounts is told beside how it listens."""

    data: Path
    """Its folder, for its owner alone: database, key files."""
    database: str = ""
    """Empty: SQLite in the folder; otherwise postgresql://…"""
    url: str = ""
    """The address by which people reach it; empty: whatever address they used."""
    name: str = "Farhand"
    """What passkeys and one-time passwords call it."""
    oidc: OidcSettings | None = None
    password: PasswordCost = field(default_factory=PasswordCost)
    idle_seconds: int = 2 * 3600
    """A browser's session ends when it was not used for so long."""
    session_seconds: int = 12 * 3600
    """And in any case after so long."""
    token_idle_seconds: int = 30 * 86400
    """The same of a program's token."""
    token_seconds: int = 365 * 86400
    """And in any case after so long."""
    fresh_seconds: int = 600
    """How long after somebody proved who they are they may change how they do."""
    invite_seconds: int = 3 * 86400
    """How long an invitation holds."""
