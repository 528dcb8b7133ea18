"""Signing in: set-up, password with one-time code, recovery code, invitation; and signing out."""

import asyncio
import hmac
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from farhand.gateway.accounts import totp
from farhand.gateway.accounts.models import Invite, PersonRow, RecoveryCode, SessionRow
from farhand.gateway.accounts.names import name_key
from farhand.gateway.accounts.passwords import MAX as PASSWORD_MAX
from farhand.gateway.accounts.passwords import check_new
from farhand.gateway.accounts.people import make_person
from farhand.gateway.accounts.recovery import normal
from farhand.gateway.accounts.shared import (
    InAccounts,
    device_name,
    is_known,
    note,
    note_refusal,
    person_named,
    refused,
    sign_in,
    who_is,
)
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import InBackend
from farhand.gateway.database import Setting
from farhand.gateway.errors import ApiError
from farhand.gateway.security import Me, clear_cookie, client_address
from farhand.gateway.shapes import Body, Done, Line, Name

router = APIRouter(tags=["signing in"])

Password = Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX)]
Token = Annotated[str, Field(min_length=1, max_length=128)]


class SetupState(BaseModel):
    """Whether there is anybody yet."""

    needed: bool
    """There is no administrator: the set-up token makes the first one."""
    oidc: str | None
    """What the provider is called with which one can sign in; null: there is none."""


class SetUp(Body):
    """Makes the first administrator."""

    token: Token
    name: Name
    password: Password | None = None


class LogIn(Body):
    """A password, with a one-time code where the account has one."""

    name: Line
    password: Password
    totp: Annotated[str, Field(max_length=16)] = ""


class Recover(Body):
    """A recovery code."""

    name: Line
    code: Token


class AcceptInvite(Body):
    """The token out of an invitation's link."""

    token: Token


@router.get("/setup")
async def setup_state(backend: InBackend) -> SetupState:
    """Whether the first administrator is still to be made."""
    oidc = backend.settings.oidc
    return SetupState(needed=backend.setup_token is not None, oidc=oidc.label if oidc else None)


@router.post("/setup")
async def set_up(body: SetUp, request: Request, response: Response, backend: InBackend, accounts: InAccounts) -> Done:
    """Make the first administrator, and sign them in. Works once; afterwards there is nothing here any more."""
    gone = ApiError(410, "already-set-up", "this gateway has its administrator", "sign in, or ask them")
    if backend.setup_token is None:
        raise gone
    right = accounts.attempts.guess(client_address(request))
    if not hmac.compare_digest(body.token.encode(), backend.setup_token.encode()):
        await note_refusal(backend, request, "set-up", None)
        raise ApiError(
            403, "wrong-token", "that is not the set-up token", "it stands in setup.token, in the gateway's data folder"
        )
    right()
    password = None
    if body.password is not None:
        check_new(body.password, body.name)
        password = await accounts.passwords.hash(body.password)
    try:
        async with backend.database.write() as db:
            # Its primary key decides between two who come at once, on every database.
            db.add(Setting(key="setup", value=str(backend.now_ms())))
            await db.flush()
            row = make_person(backend, body.name, admin=True)
            row.password = password
            db.add(row)
            await db.flush()
            record(
                db,
                backend.now_ms(),
                EventKind.SETTING,
                who=(row.id, row.name),
                address=client_address(request),
                device=device_name(request),
                change="first administrator",
            )
            await sign_in(db, backend, request, response, row, "set-up")
    except IntegrityError:
        raise gone from None
    backend.setup_token = None
    await asyncio.to_thread(backend.setup_file.unlink, missing_ok=True)
    return Done()


@router.post("/login")
async def log_in(body: LogIn, request: Request, response: Response, backend: InBackend, accounts: InAccounts) -> Done:
    """Sign in with a password; where the account has one-time codes, with one of them.

    Whatever is wrong, the answer is 401 ``log-in-refused`` after the same time. Only who has the password learns
    that a code is missing (``totp-needed``) or wrong (``totp-wrong``). 429 after too many attempts, see Retry-After.
    """
    address = client_address(request)
    async with backend.database.read() as db:
        row = await person_named(db, body.name)
        known = await is_known(db, row.id if row else "", address)
    right = accounts.attempts.attempt(address, name_key(body.name), row.id if row else None, known=known)
    usable = row.password if row is not None and not row.disabled else None
    if not await accounts.passwords.verify(usable, body.password) or row is None or usable is None:
        await note_refusal(backend, request, "password", who_is(row))
        raise refused()
    if row.totp is not None:
        if not body.totp:
            right()
            raise ApiError(401, "totp-needed", "this account needs a one-time code too", "enter the one shown now")
        secret = totp.open_secret(backend, row)
        step = totp.step_of(secret, body.totp, backend.clock())
        if step is None or not await totp.use_step(backend, row.id, step):
            await note_refusal(backend, request, "password", who_is(row), "one-time code")
            raise ApiError(401, "totp-wrong", "the code is wrong, or was used", "enter the next one; check the clock")
    right()
    renewed = await accounts.passwords.hash(body.password) if accounts.passwords.outdated(usable) else None
    async with backend.database.write() as db:
        fresh = await db.get(PersonRow, row.id, with_for_update=True)
        if fresh is None or fresh.disabled or fresh.password != usable:
            raise refused()  # changed while the password was looked at
        if renewed is not None:
            fresh.password = renewed
        await sign_in(db, backend, request, response, fresh, "password")
    return Done()


@router.post("/login/recovery")
async def recover(
    body: Recover, request: Request, response: Response, backend: InBackend, accounts: InAccounts
) -> Done:
    """Sign in with a recovery code, which is then used up; it needs no other proof."""
    address = client_address(request)
    async with backend.database.read() as db:
        row = await person_named(db, body.name)
        known = await is_known(db, row.id if row else "", address)
    right = accounts.attempts.attempt(address, name_key(body.name), row.id if row else None, known=known)
    code_hash = backend.vault.hash(normal(body.code), "recovery")
    async with backend.database.write() as db:
        person_id = row.id if row is not None and not row.disabled else ""
        used = await db.execute(
            delete(RecoveryCode)
            .where(RecoveryCode.code_hash == code_hash, RecoveryCode.person_id == person_id)
            .returning(RecoveryCode.person_id)
        )
        fresh = await db.get(PersonRow, person_id)
        if used.first() is not None and fresh is not None and not fresh.disabled:
            await sign_in(db, backend, request, response, fresh, "recovery")
            right()
            return Done()
    await note_refusal(backend, request, "recovery", who_is(row))
    raise refused()


@router.post("/login/invite")
async def accept(
    body: AcceptInvite, request: Request, response: Response, backend: InBackend, accounts: InAccounts
) -> Done:
    """Sign in by an invitation, which is then used up; make a passkey or a password next."""
    right = accounts.attempts.guess(client_address(request))
    token = backend.vault.hash(body.token, "invite")
    async with backend.database.write() as db:
        invite = await db.get(Invite, token, with_for_update=True)
        row = await db.get(PersonRow, invite.person_id) if invite is not None else None
        if invite is not None:
            await db.delete(invite)
        if invite is not None and row is not None and not row.disabled and backend.now_ms() < invite.expires_ms:
            await sign_in(db, backend, request, response, row, "invite")
            right()
            return Done()
    await note_refusal(backend, request, "invite", None)
    raise ApiError(401, "invite-refused", "this invitation was used, or is over", "ask for another one")


@router.post("/logout")
async def log_out(me: Me, request: Request, response: Response, backend: InBackend) -> Done:
    """End this session, or this token."""
    async with backend.database.write() as db:
        await db.execute(delete(SessionRow).where(SessionRow.id == me.session))
        note(db, backend, me, EventKind.LOG_OUT)
    if me.browser:
        clear_cookie(response, request, backend)
    return Done()
