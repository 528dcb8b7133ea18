"""One-time passwords (RFC 6238): the secret is encrypted in the database, and no code counts twice."""

import hmac
from typing import Annotated
from urllib.parse import quote

import pyotp
from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import update

from farhand.gateway.accounts.models import PersonRow
from farhand.gateway.accounts.shared import InAccounts, note, person_row
from farhand.gateway.audit.events import EventKind
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import ApiError, Conflict
from farhand.gateway.security import Fresh
from farhand.gateway.shapes import Body, Done

router = APIRouter(tags=["my account"])

_STEP_SECONDS = 30
#: Steps to either side that are taken, for clocks that differ.
_WINDOW = 1


class TotpBegun(BaseModel):
    """What to enter into the authenticator; shown once."""

    secret: str
    uri: str
    """otpauth://…, for a QR code."""


class TotpCode(Body):
    """The code that the authenticator shows."""

    code: Annotated[str, Field(min_length=6, max_length=16)]


def _purpose(person_id: str) -> str:
    return f"totp {person_id}"


def open_secret(backend: Backend, row: PersonRow) -> str:
    """Somebody's secret. Raises VaultError."""
    return backend.vault.open(row.totp or b"", _purpose(row.id)).decode()


def step_of(secret: str, code: str, now: float) -> int | None:
    """The time step to which this code belongs, now or just before or after; None: to none."""
    digits = "".join(character for character in code if character in "0123456789")
    otp = pyotp.TOTP(secret)
    here = int(now) // _STEP_SECONDS
    found = None
    for step in range(here - _WINDOW, here + _WINDOW + 1):
        if hmac.compare_digest(otp.generate_otp(step), digits):
            found = step
    return found


async def use_step(backend: Backend, person_id: str, step: int) -> bool:
    """Use a code up; false where it, or a later one, was used already: also by somebody at the same moment."""
    async with backend.database.write() as db:
        used = await db.execute(
            update(PersonRow)
            .where(PersonRow.id == person_id, PersonRow.totp_step < step)
            .values(totp_step=step)
            .returning(PersonRow.id)
        )
        return used.first() is not None


@router.post("/totp/begin")
async def begin(me: Fresh, backend: InBackend, accounts: InAccounts) -> TotpBegun:
    """Get a secret for an authenticator app; it counts from ``finish`` on."""
    async with backend.database.read() as db:
        row = await person_row(db, me.id)
    if row.password is None:
        raise Conflict("no-password", "one-time codes go with a password, and there is none", "set a password first")
    secret = pyotp.random_base32(32)
    accounts.totps.put(me.id, secret, me.id)
    name = quote(f"{backend.settings.name}:{me.name}")
    uri = f"otpauth://totp/{name}?secret={secret}&issuer={quote(backend.settings.name)}"
    return TotpBegun(secret=secret, uri=uri)


@router.post("/totp/finish")
async def finish(body: TotpCode, me: Fresh, backend: InBackend, accounts: InAccounts) -> Done:
    """Confirm with a code; from now on a password needs one."""
    secret = accounts.totps.get(me.id)
    if secret is None:
        raise Conflict("not-begun", "there is no secret that waits for a code", "begin again")
    right = accounts.attempts.guess_by(me.id)
    step = step_of(secret, body.code, backend.clock())
    if step is None:
        raise ApiError(403, "totp-wrong", "the code is wrong", "enter the one shown now; check the clock")
    right()
    accounts.totps.take(me.id)
    async with backend.database.write() as db:
        row = await person_row(db, me.id)
        row.totp = backend.vault.seal(secret.encode(), _purpose(me.id))
        row.totp_step = step
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="one-time codes added")
    return Done()


@router.delete("/totp")
async def remove(me: Fresh, backend: InBackend) -> Done:
    """Do without one-time codes from now on."""
    async with backend.database.write() as db:
        row = await person_row(db, me.id)
        if row.totp is not None:
            row.totp = None
            note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="one-time codes removed")
    return Done()
