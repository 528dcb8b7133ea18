"""What a verb's TARGET means: a host's name, a link or a code, or `local`. Every verb asks here.

A window on `local` is opened by its current link, as any other; what needs no window goes by client/local.py."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from farhand.client.errors import GatewayRefused, TargetError
from farhand.client.gateways import Gateways, Login
from farhand.client.local import local_host
from farhand.client.pinned import untrusted_certificate
from farhand.client.texts import plain
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.protocol.errors import CodeError
from farhand.protocol.pairing import parse_code
from farhand.transports.base import Unreachable

if TYPE_CHECKING:  # a link asks no gateway who its hosts are
    from farhand.client.api import GatewayApi, HostRow

LOCAL = "local"
_HOST_ID = re.compile(r"[0-9a-f]{32}")
#: Names that are compared for a suggestion, and suggestions that are shown, at most.
_COMPARED, _SUGGESTED = 2000, 5


@dataclass(frozen=True, slots=True)
class ByCode:
    """A one-time code at a gateway."""

    gateway: str
    code: str
    fingerprint: bytes | None
    """The one certificate to accept there, where the system does not trust it."""
    name: str
    """What to call it until it tells its name."""


@dataclass(frozen=True, slots=True)
class ByName:
    """A host at a gateway where this user is logged in."""

    login: Login
    host_id: bytes
    name: str

    @property
    def gateway(self) -> str:
        """The gateway's address."""
        return self.login.url

    @property
    def fingerprint(self) -> bytes | None:
        """The gateway's pinned certificate."""
        return self.login.fingerprint


Target = ByCode | ByName


async def resolve(text: str, paths: Paths, gateway: str = "") -> Target:
    """Find out what is meant; `gateway` narrows it to one of those where this user is logged in.

    Raises TargetError, NotLoggedIn, Unreachable, FarhandError, OSError.
    """
    text = text.strip()
    gateways = Gateways(paths)
    if "://" in text or "#" in text:
        return await _link(text, gateways)
    if text == LOCAL:
        return await _local(paths, gateways)
    if re.fullmatch(r"[\d\s‐-–−-]+", text) and not _HOST_ID.fullmatch(text):
        return _code(text, gateways.chosen(gateway))
    return await _named(text, gateways.chosen(gateway))


async def _link(text: str, gateways: Gateways) -> ByCode:
    example = "it looks like https://10.0.0.5:8443/#4821-739204615"
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TargetError(f"{plain(text)!r} is no link", example)
    if not parts.fragment:
        raise TargetError("the link holds no code", example)
    _check(parts.fragment)
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    known = next((one for one in gateways.all() if one.url == base), None)
    pin = known.fingerprint if known is not None else None
    if pin is None:
        # What protects this session is the code, whoever carries it: the certificate is kept to for its length only.
        pin = await _untrusted(base)
    return ByCode(base, parts.fragment, pin, parts.hostname)


def _code(text: str, logins: Sequence[Login]) -> ByCode:
    _check(text)
    if len(logins) > 1:
        raise TargetError(
            "a code alone does not say at which gateway it waits",
            "name it with --gateway, or give the whole link: " + ", ".join(one.url for one in logins),
        )
    return ByCode(logins[0].url, text, logins[0].fingerprint, plain(urlsplit(logins[0].url).hostname or ""))


def _check(code: str) -> None:
    try:
        parse_code(code)
    except CodeError as error:
        raise TargetError("that is no code", "it looks like 4821-739 204 615") from error


async def _local(paths: Paths, gateways: Gateways) -> Target:
    running = local_host(paths)
    if running.link:
        found = await _link(running.link, gateways)
        return ByCode(found.gateway, found.code, running.fingerprint or found.fingerprint, "this computer")
    logins = gateways.all()
    if not logins:
        raise TargetError("the host on this computer has no code open", "log in at its gateway, or start: farhand up")
    return await _named(running.host_id, logins)


async def _named(text: str, logins: Sequence[Login]) -> ByName:
    import difflib

    from farhand.client.api import GatewayApi

    found: list[ByName] = []
    others: list[str] = []
    problems: list[FarhandError] = []
    for login in logins:
        try:
            async with GatewayApi(login.url, token=login.token, fingerprint=login.fingerprint) as api:
                matching = _matching(text, await _candidates(api, text))
                if not matching and not found:
                    others += await _names(api)
        except (Unreachable, GatewayRefused) as error:
            problems.append(error)
            continue
        found += [ByName(login, row.host_id, plain(row.name)) for row in matching]
    if len(found) == 1:
        return found[0]
    if found:
        raise TargetError(
            f"{len(found)} hosts are called {plain(text)!r}",
            "name one by its id: "
            + "; ".join(f"{one.host_id.hex()} at {urlsplit(one.gateway).netloc}" for one in found[:_SUGGESTED]),
        )
    if problems:
        raise problems[0]
    names = {name.casefold(): plain(name) for name in others}
    close = difflib.get_close_matches(text.casefold(), names, _SUGGESTED, 0.5)
    cure = "did you mean " + " or ".join(names[one] for one in close) + "?" if close else "farhand hosts lists them"
    raise TargetError(f"there is no host {plain(text)!r}, or none that you may see", cure)


def _matching(text: str, rows: "Sequence[HostRow]") -> "list[HostRow]":
    """By id, by the exact name, or else by the name in whatever case."""
    by_id = {row.id: row for row in rows if row.id == text}
    exact = {row.id: row for row in rows if row.name == text}
    folded = {row.id: row for row in rows if row.name.casefold() == text.casefold()}
    return list((by_id or exact or folded).values())


async def _candidates(api: "GatewayApi", text: str) -> "list[HostRow]":
    rows = [row async for row in api.hosts(q=text)]
    if _HOST_ID.fullmatch(text) and not rows:
        with contextlib.suppress(GatewayRefused):
            rows.append(await api.host(text))
    return rows


async def _names(api: "GatewayApi") -> list[str]:
    names: list[str] = []
    async for row in api.hosts():
        names.append(row.name)
        if len(names) >= _COMPARED:
            break
    return names


async def _untrusted(url: str) -> bytes | None:
    try:
        return await untrusted_certificate(url)
    except (OSError, TimeoutError) as error:
        where = urlsplit(url).netloc
        raise Unreachable(f"{where} cannot be reached ({error})", "is it running there?") from error
