"""What the routes of accounts share, and how a session begins once somebody has proved who they are."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.gateway.accounts.attempts import Attempts
from farhand.gateway.accounts.models import (
    ForeignIdentity,
    KnownAddress,
    Passkey,
    PersonRow,
    RecoveryCode,
    SessionRow,
)
from farhand.gateway.accounts.names import name_key
from farhand.gateway.accounts.passwords import Passwords
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.database import upsert
from farhand.gateway.errors import ApiError, Conflict
from farhand.gateway.limits import address_key
from farhand.gateway.pending import Pending
from farhand.gateway.security import (
    COOKIE,
    SECURE_COOKIE,
    Person,
    add_session,
    client_address,
    set_cookie,
    token_hash,
)
from farhand.gateway.texts import shown

_KNOWN_ADDRESSES = 32
_CHALLENGE_SECONDS = 300
_BROWSER = re.compile(r"(?P<name>Firefox|Edg|OPR|Chrome|Version)/(?P<version>\d{1,4})")
_NAMES = {"Edg": "Edge", "OPR": "Opera", "Chrome": "Chromium", "Version": "Safari"}
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux")


@dataclass(slots=True)
class Accounts:
    """What lives in memory."""

    passwords: Passwords
    attempts: Attempts
    challenges: Pending[tuple[str, str]] = field(default_factory=lambda: Pending(_CHALLENGE_SECONDS))
    """WebAuthn's, to what each is for: "log-in" or "register", and whose."""
    totps: Pending[str] = field(default_factory=lambda: Pending(_CHALLENGE_SECONDS))
    """Secrets that are not confirmed yet, by person."""


def install(backend: Backend) -> None:
    """Make it for this backend."""
    accounts = Accounts(Passwords(backend.settings.password), Attempts())
    backend.parts["accounts"] = accounts
    backend.on_close.append(accounts.passwords.close)


def _accounts(backend: InBackend) -> Accounts:
    accounts: Accounts = backend.parts["accounts"]
    return accounts


InAccounts = Annotated[Accounts, Depends(_accounts)]


async def person_named(db: AsyncSession, name: str) -> PersonRow | None:
    """The person of this name."""
    found = await db.scalars(select(PersonRow).where(PersonRow.name_key == name_key(name)))
    return found.one_or_none()


async def person_row(db: AsyncSession, person_id: str) -> PersonRow:
    """Somebody who is signed in, or was a moment ago. Raises ApiError."""
    row = await db.get(PersonRow, person_id, with_for_update=True)
    if row is None or row.disabled:
        raise ApiError(401, "signed-out", "this account is no longer there", "ask an administrator")
    return row


async def is_known(db: AsyncSession, person_id: str, address: str) -> bool:
    """Whether this person signed in from this address before; takes the same time where there is no such person."""
    return await db.get(KnownAddress, (person_id, address_key(address))) is not None


def device_name(request: Request) -> str:
    """What to call a browser in lists: its own words, shortened."""
    words = request.headers.get("user-agent", "")
    browser = _BROWSER.search(words)
    system = next((name for name in _SYSTEMS if name in words), "")
    if browser is None:
        return shown(words, 64)
    name = f"{_NAMES.get(browser['name'], browser['name'])} {browser['version']}"
    return f"{name} on {system}" if system else name


def who_is(row: PersonRow | None) -> tuple[str, str] | None:
    """Id and name, for the audit."""
    return (row.id, row.name) if row is not None else None


def refused() -> ApiError:
    """The one answer to every log-in that does not succeed, whatever the reason."""
    return ApiError(
        401, "log-in-refused", "name and proof do not go together", "check both; recovery codes and passkeys work too"
    )


async def note_refusal(
    backend: Backend, request: Request, method: str, who: tuple[str, str] | None, reason: str = ""
) -> None:
    """Write a log-in that failed into the audit. Not the name that was given: it may be a password, mistyped there."""
    async with backend.database.write() as db:
        record(
            db,
            backend.now_ms(),
            EventKind.LOG_IN_REFUSED,
            who=who or ("", ""),
            address=client_address(request),
            device=device_name(request),
            reason=reason,
            method=method,
        )


async def sign_in(
    db: AsyncSession, backend: Backend, request: Request, response: Response, row: PersonRow, method: str
) -> None:
    """Begin a session for somebody who has just proved who they are, and end the one that this browser had."""
    address, device, now = client_address(request), device_name(request), backend.now_ms()
    for name in (SECURE_COOKIE, COOKIE):
        if old := request.cookies.get(name):
            await db.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash(old)))
    await db.execute(delete(SessionRow).where(SessionRow.expires_ms < now))
    _, token = add_session(db, backend, row.id, method=method, address=address, name=device)
    await upsert(db, KnownAddress, {"person_id": row.id, "address": address_key(address)}, {"seen_ms": now})
    kept = await db.scalars(
        select(KnownAddress.seen_ms)
        .where(KnownAddress.person_id == row.id)
        .order_by(KnownAddress.seen_ms.desc())
        .limit(_KNOWN_ADDRESSES)
    )
    await db.execute(delete(KnownAddress).where(KnownAddress.person_id == row.id, KnownAddress.seen_ms < min(kept)))
    row.seen_ms = now
    record(db, now, EventKind.LOG_IN, who=(row.id, row.name), address=address, device=device, method=method)
    set_cookie(response, request, backend, token)


def note(db: AsyncSession, backend: Backend, me: Person, kind: EventKind, **detail: Any) -> None:
    """Write what this person did into the audit."""
    record(db, backend.now_ms(), kind, who=me.who, address=me.address, device=me.device, **detail)


async def ways_in(db: AsyncSession, row: PersonRow) -> int:
    """How many ways this person has to sign in by themselves, recovery codes aside."""
    count = int(row.password is not None)
    for model in (Passkey, ForeignIdentity):
        found = await db.execute(select(func.count()).select_from(model).where(model.person_id == row.id))
        count += int(found.scalar_one())
    return count


async def keep_a_way_in(db: AsyncSession, row: PersonRow) -> None:
    """Refuse to remove somebody's last way in. Call it after the removal, in its transaction. Raises ApiError."""
    await db.flush()
    if not await ways_in(db, row):
        raise Conflict("last-way-in", "this is your only way to sign in", "add another one first")


async def recovery_codes_left(db: AsyncSession, person_id: str) -> int:
    """How many recovery codes are left."""
    statement = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.person_id == person_id)
    return int((await db.execute(statement)).scalar_one())
