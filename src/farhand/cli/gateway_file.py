"""The gateway's settings: a file for what stays, the command line for what it says otherwise."""

import stat
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from farhand.core.config import ConfigError, Paths, read_private, read_settings
from farhand.gateway.settings import OidcSettings, ServiceSettings


class OidcTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[oidc]``: see OidcSettings."""

    issuer: str
    client_id: str
    client_secret_file: str = ""
    label: str = "single sign-on"
    create: bool = False
    allow_http: bool = False


class SessionsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[sessions]``: how long people stay signed in."""

    idle_minutes: int = 120
    hours: int = 12
    token_idle_days: int = 30
    token_days: int = 365


class GatewayFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``gateway.toml``; everything in it may be left out."""

    name: str = "Farhand"
    url: str = ""
    data: str = ""
    database: str = ""
    oidc: OidcTable | None = None
    sessions: SessionsTable = SessionsTable()


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What the command line says; empty or None: what the file says."""

    settings: Path | None = None
    data: Path | None = None
    database: str = ""
    url: str = ""


def service_settings(options: ServiceOptions, paths: Paths) -> ServiceSettings:
    """Read the file and put the command line over it. Raises ConfigError."""
    path = options.settings or paths.config / "gateway.toml"
    if options.settings is not None and not path.exists():
        raise ConfigError(f"{path} does not exist", "name an existing file with --settings")
    file = read_settings(path, GatewayFile)
    _keeps_its_secret(path, file.database)
    url = options.url or file.url
    if file.oidc is not None and not url:
        raise ConfigError(
            f"{path} names a provider, and no address of this gateway", 'add url = "https://…": providers return to it'
        )
    sessions = file.sessions
    if min(sessions.idle_minutes, sessions.hours, sessions.token_idle_days, sessions.token_days) < 1:
        raise ConfigError(f"a time under [sessions] in {path} is less than 1", "correct the entry")
    return ServiceSettings(
        data=options.data or (Path(file.data) if file.data else paths.data / "gateway"),
        database=options.database or file.database,
        url=url,
        name=file.name,
        oidc=_oidc(file.oidc),
        idle_seconds=sessions.idle_minutes * 60,
        session_seconds=sessions.hours * 3600,
        token_idle_seconds=sessions.token_idle_days * 86400,
        token_seconds=sessions.token_days * 86400,
    )


def _oidc(table: OidcTable | None) -> OidcSettings | None:
    if table is None:
        return None
    secret = ""
    if table.client_secret_file:
        try:
            secret = read_private(Path(table.client_secret_file)).decode().strip()
        except FileNotFoundError as error:
            raise ConfigError(f"{table.client_secret_file} does not exist", "put the client's secret there") from error
    return OidcSettings(
        table.issuer, table.client_id, secret, table.label, create=table.create, allow_http=table.allow_http
    )


def _keeps_its_secret(path: Path, database: str) -> None:
    try:
        secret = bool(database) and make_url(database).password is not None
    except ArgumentError:
        return  # said with its cure when it is opened
    if secret and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"{path} holds a password, and others may read it", f"run: chmod 600 {path}")
