"""How a program gets a token: it shows a short code, which somebody types into the console (RFC 8628's way)."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from farhand.core.ids import grouped
from farhand.gateway.accounts.models import PersonRow
from farhand.gateway.accounts.shared import InAccounts, note
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import ApiError
from farhand.gateway.origin import CONSOLE, own_origin
from farhand.gateway.pending import Pending
from farhand.gateway.security import Fresh, add_session, client_address
from farhand.gateway.shapes import Body, Done, Line

router = APIRouter(tags=["programs"])

_SECONDS = 600
_INTERVAL = 2
#: Between two polls; a little less than the interval, for clocks and lines that differ.
_SOONEST = 1.0
#: Without vowels, so that no code is a word, and without what is mistaken for another (RFC 8628, section 6.1).
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8


@dataclass(slots=True)
class _Waiting:
    name: str
    address: str
    begun_ms: int
    person: str | None = None
    """Who approved it."""
    denied: bool = False
    polled: float = float("-inf")


@dataclass(slots=True)
class DeviceLogins:
    """Those that wait, in memory: a restart ends them."""

    clock: Callable[[], float] = time.monotonic
    by_device: Pending[_Waiting] = field(default_factory=lambda: Pending(_SECONDS))
    by_user: Pending[_Waiting] = field(default_factory=lambda: Pending(_SECONDS))


class Begin(Body):
    """What asks."""

    name: Line = ""
    """What it is called in the list of sessions: the computer's name."""


class Begun(BaseModel):
    """What to show, and how to go on."""

    device_code: str
    """For ``poll``; nobody else may see it."""
    user_code: str
    """For the person: to be typed into the console."""
    verify_url: str
    """Where."""
    interval: int
    """Seconds between two polls."""
    expires: int
    """Seconds until the code is over."""


class Poll(Body):
    """The program's own code."""

    device_code: Annotated[str, Field(max_length=128)]


class Token(BaseModel):
    """Shown once."""

    token: str
    name: str
    """The person's."""


class UserCode(Body):
    """What the person typed."""

    user_code: Annotated[str, Field(max_length=32)]


class Asking(BaseModel):
    """Who asks: to be compared before it is approved."""

    name: str
    address: str
    begun_ms: int


class Decision(UserCode):
    """Yes, or no."""

    approve: bool = True


def install(backend: Backend) -> None:
    """Make what waits."""
    backend.parts["device-login"] = DeviceLogins()


def _logins(backend: Backend) -> DeviceLogins:
    logins: DeviceLogins = backend.parts["device-login"]
    return logins


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _typed(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter in _LETTERS)


@router.post("/device-login/begin")
async def begin(body: Begin, request: Request, backend: InBackend) -> Begun:
    """Begin: show ``user_code`` and ``verify_url`` to the person, then poll."""
    device_code = secrets.token_urlsafe(32)
    user_code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    address = client_address(request)
    waiting = _Waiting(body.name, address, backend.now_ms())
    logins = _logins(backend)
    logins.by_device.put(_hashed(device_code), waiting, address)
    logins.by_user.put(user_code, waiting, address)
    return Begun(
        device_code=device_code,
        user_code=grouped(user_code, 4, "-"),
        verify_url=f"{own_origin(backend, request)}{CONSOLE}#/device",
        interval=_INTERVAL,
        expires=_SECONDS,
    )


@router.post("/device-login/poll")
async def poll(body: Poll, request: Request, backend: InBackend) -> Token:
    """Ask whether it was approved: 400 ``authorization-pending`` until it is, then the token, once."""
    logins = _logins(backend)
    key = _hashed(body.device_code)
    waiting = logins.by_device.get(key)
    if waiting is None:
        raise ApiError(410, "expired", "this log-in is unknown, or over", "begin again")
    now = logins.clock()
    soon, waiting.polled = now - waiting.polled < _SOONEST, now
    if waiting.denied:
        logins.by_device.take(key)
        raise ApiError(403, "denied", "somebody said no to this log-in", "begin again if that was a mistake")
    if waiting.person is None:
        if soon:
            raise ApiError(429, "slow-down", "asked again too soon", "wait between two", retry=_INTERVAL)
        raise ApiError(400, "authorization-pending", "nobody has approved this yet", "go on asking")
    logins.by_device.take(key)
    address = client_address(request)
    async with backend.database.write() as db:
        row = await db.get(PersonRow, waiting.person)
        if row is None or row.disabled:
            raise ApiError(410, "expired", "whoever approved this is no longer there", "begin again")
        _, token = add_session(
            db, backend, row.id, method="device", address=address, name=waiting.name or "a program", browser=False
        )
        record(
            db,
            backend.now_ms(),
            EventKind.LOG_IN,
            who=(row.id, row.name),
            address=address,
            device=waiting.name,
            method="device",
        )
    return Token(token=token, name=row.name)


def _asked(backend: Backend, accounts: InAccounts, me: Fresh, code: str) -> _Waiting:
    right = accounts.attempts.guess_by(me.id)
    waiting = _logins(backend).by_user.get(_typed(code))
    if waiting is None or waiting.person is not None or waiting.denied:
        raise ApiError(404, "not-found", "no program waits under this code", "compare it with what the program shows")
    right()
    return waiting


@router.post("/device-login/look")
async def look(body: UserCode, me: Fresh, backend: InBackend, accounts: InAccounts) -> Asking:
    """Who asks under this code: compare before approving."""
    waiting = _asked(backend, accounts, me, body.user_code)
    return Asking(name=waiting.name, address=waiting.address, begun_ms=waiting.begun_ms)


@router.post("/device-login/approve")
async def approve(body: Decision, me: Fresh, backend: InBackend, accounts: InAccounts) -> Done:
    """Give the program a token of this account, or refuse it; from a browser, shortly after signing in."""
    waiting = _asked(backend, accounts, me, body.user_code)
    _logins(backend).by_user.take(_typed(body.user_code))
    async with backend.database.write() as db:
        change = "program approved" if body.approve else "program refused"
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change=change, program=waiting.name, at=waiting.address)
    if body.approve:
        waiting.person = me.id
    else:
        waiting.denied = True
    return Done()
