"""Who I am, where I am signed in, and my password."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import delete, func, select

from farhand.gateway.accounts.models import Group, Member, Passkey, SessionRow
from farhand.gateway.accounts.passwords import MAX as PASSWORD_MAX
from farhand.gateway.accounts.passwords import check_new
from farhand.gateway.accounts.shared import (
    InAccounts,
    keep_a_way_in,
    note,
    person_row,
    recovery_codes_left,
)
from farhand.gateway.audit.events import EventKind
from farhand.gateway.backend import InBackend
from farhand.gateway.errors import ApiError, Forbidden, NotFound
from farhand.gateway.paging import Order, page
from farhand.gateway.security import Fresh, Me
from farhand.gateway.shapes import Body, Cursor, Done, Id, Limit, Listed

router = APIRouter(tags=["my account"])


class Named(BaseModel):
    """Something with an id and a name."""

    id: str
    name: str


class MeAnswer(BaseModel):
    """Who is signed in."""

    id: str
    name: str
    admin: bool
    operator: bool
    auditor: bool
    groups: list[Named]
    has_password: bool
    has_totp: bool
    passkeys: int
    recovery_codes: int
    fresh_until_ms: int
    """Until when one may change how one signs in; then sign in again first. 0: by this session never."""


class SessionAnswer(BaseModel):
    """A browser that is signed in, or a program with a token."""

    id: str
    browser: bool
    method: str
    """How it began: password, passkey, oidc, recovery, invite, set-up; device for a token."""
    name: str
    address: str
    created_ms: int
    seen_ms: int
    current: bool
    """Whether it is the one that asks."""


class NewPassword(Body):
    """A new password; ``old``, where it is given, has to be right."""

    password: Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX)]
    old: Annotated[str, Field(max_length=PASSWORD_MAX)] | None = None


@router.get("/me")
async def me_(me: Me, backend: InBackend) -> MeAnswer:
    """Who is signed in, and how they may sign in."""
    async with backend.database.read() as db:
        row = await person_row(db, me.id)
        groups = await db.execute(
            select(Group.id, Group.name)
            .join(Member, Member.group_id == Group.id)
            .where(Member.person_id == me.id)
            .order_by(Group.name_key)
        )
        passkeys = await db.execute(select(func.count()).select_from(Passkey).where(Passkey.person_id == me.id))
        return MeAnswer(
            id=me.id,
            name=me.name,
            admin=me.admin,
            operator="operator" in me.roles,
            auditor="auditor" in me.roles,
            groups=[Named(id=group_id, name=name) for group_id, name in groups],
            has_password=row.password is not None,
            has_totp=row.totp is not None,
            passkeys=passkeys.scalar_one(),
            recovery_codes=await recovery_codes_left(db, me.id),
            fresh_until_ms=me.proven_ms + backend.settings.fresh_seconds * 1000 if me.browser else 0,
        )


@router.get("/sessions")
async def sessions(
    me: Me, backend: InBackend, person: Id | None = None, limit: Limit = 100, cursor: Cursor = ""
) -> Listed[SessionAnswer]:
    """My sessions and tokens, the newest first; an administrator may ask for another person's."""
    if person is not None and person != me.id and not me.admin:
        raise Forbidden("other people's sessions are for administrators")
    now, settings = backend.now_ms(), backend.settings
    alive = (
        select(SessionRow)
        .where(SessionRow.person_id == (person or me.id), SessionRow.expires_ms > now)
        .where(
            (SessionRow.browser & (SessionRow.seen_ms > now - settings.idle_seconds * 1000))
            | (~SessionRow.browser & (SessionRow.seen_ms > now - settings.token_idle_seconds * 1000))
        )
    )
    async with backend.database.read() as db:
        order = Order(SessionRow.created_ms, SessionRow.id, descending=True)
        found = await page(db, alive, order, limit=limit, cursor=cursor)
    items = [
        SessionAnswer(
            id=row.id,
            browser=row.browser,
            method=row.method,
            name=row.name,
            address=row.address,
            created_ms=row.created_ms,
            seen_ms=row.seen_ms,
            current=row.id == me.session,
        )
        for row in found.rows
    ]
    return Listed(items=items, total=found.total, next=found.next)


@router.delete("/sessions")
async def end_others(me: Me, backend: InBackend) -> Done:
    """End all my sessions and tokens but this one."""
    async with backend.database.write() as db:
        await db.execute(delete(SessionRow).where(SessionRow.person_id == me.id, SessionRow.id != me.session))
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="all other sessions ended")
    return Done()


@router.delete("/sessions/{session}")
async def end(session: Id, me: Me, backend: InBackend) -> Done:
    """End one of my sessions or tokens, at once; an administrator may end anybody's."""
    async with backend.database.write() as db:
        row = await db.get(SessionRow, session)
        if row is None or (row.person_id != me.id and not me.admin):
            raise NotFound("such session")
        await db.delete(row)
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="session ended", session=row.name)
    return Done()


@router.post("/password")
async def set_password(body: NewPassword, me: Fresh, backend: InBackend, accounts: InAccounts) -> Done:
    """Set a password, or another one; all other sessions and tokens end."""
    check_new(body.password, me.name)
    async with backend.database.read() as db:
        stored = (await person_row(db, me.id)).password
    if stored is not None and body.old is not None:
        right = accounts.attempts.guess_by(me.id)
        if not await accounts.passwords.verify(stored, body.old):
            raise ApiError(403, "wrong-password", "the old password is another one", "enter it again")
        right()
    hashed = await accounts.passwords.hash(body.password)
    async with backend.database.write() as db:
        row = await person_row(db, me.id)
        row.password = hashed
        await db.execute(delete(SessionRow).where(SessionRow.person_id == me.id, SessionRow.id != me.session))
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="password set")
    return Done()


@router.delete("/password")
async def remove_password(me: Fresh, backend: InBackend) -> Done:
    """Do without a password, where there is another way in; one-time codes go with it."""
    async with backend.database.write() as db:
        row = await person_row(db, me.id)
        if row.password is not None:
            row.password = row.totp = None
            await keep_a_way_in(db, row)
            note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="password removed")
    return Done()
