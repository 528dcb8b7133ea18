"""People: who has an account, in which roles; invitations."""

import secrets
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import Select, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.accounts.models import (
    ForeignIdentity,
    Group,
    Invite,
    Member,
    Passkey,
    PersonRow,
    SessionRow,
)
from farhand.gateway.accounts.names import name_key
from farhand.gateway.accounts.sessions import Named
from farhand.gateway.accounts.shared import note
from farhand.gateway.audit.events import EventKind
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import Conflict, NotFound
from farhand.gateway.origin import CONSOLE, own_origin
from farhand.gateway.paging import Order, containing, page
from farhand.gateway.security import Admin, check_fresh
from farhand.gateway.shapes import Body, Cursor, Done, Id, Limit, Listed, Name, Search

router = APIRouter(tags=["people"])


class PersonAnswer(BaseModel):
    """Somebody with an account."""

    id: str
    name: str
    admin: bool
    operator: bool
    auditor: bool
    groups: list[Named]
    disabled: bool
    invited: bool
    """There is a way in: they have one, or an invitation that still holds."""
    seen_ms: int
    """When they last signed in; 0: never."""
    created_ms: int


class NewPerson(Body):
    """Somebody new; invite them next."""

    name: Name
    admin: bool = False
    operator: bool = False
    auditor: bool = False


class PersonChange(Body):
    """What is not named stays."""

    name: Name | None = None
    admin: bool | None = None
    operator: bool | None = None
    auditor: bool | None = None
    disabled: bool | None = None


class Invitation(BaseModel):
    """A link that signs in once."""

    url: str
    token: str
    """The part of the link that matters."""
    expires_ms: int


def make_person(
    backend: Backend, name: str, *, admin: bool = False, operator: bool = False, auditor: bool = False
) -> PersonRow:
    """Somebody new, not stored yet."""
    return PersonRow(
        id=new_id("person"),
        name=name,
        name_key=name_key(name),
        admin=admin,
        operator=operator,
        auditor=auditor,
        disabled=False,
        created_ms=backend.now_ms(),
        seen_ms=0,
        handle=secrets.token_bytes(32),
        password=None,
        totp=None,
        totp_step=0,
    )


async def _shown(db: AsyncSession, backend: Backend, rows: list[PersonRow]) -> list[PersonAnswer]:
    ids = [row.id for row in rows]
    groups: dict[str, list[Named]] = {}
    statement = (
        select(Member.person_id, Group.id, Group.name)
        .join(Group, Group.id == Member.group_id)
        .where(Member.person_id.in_(ids))
        .order_by(Group.name_key)
    )
    for person_id, group_id, name in await db.execute(statement):
        groups.setdefault(person_id, []).append(Named(id=group_id, name=name))
    ways: set[str] = {row.id for row in rows if row.password is not None}
    ways.update(await db.scalars(select(Passkey.person_id).where(Passkey.person_id.in_(ids))))
    ways.update(await db.scalars(select(ForeignIdentity.person_id).where(ForeignIdentity.person_id.in_(ids))))
    open_invites = select(Invite.person_id).where(Invite.person_id.in_(ids), Invite.expires_ms > backend.now_ms())
    ways.update(await db.scalars(open_invites))
    return [
        PersonAnswer(
            id=row.id,
            name=row.name,
            admin=row.admin,
            operator=row.operator,
            auditor=row.auditor,
            groups=groups.get(row.id, []),
            disabled=row.disabled,
            invited=row.id in ways,
            seen_ms=row.seen_ms,
            created_ms=row.created_ms,
        )
        for row in rows
    ]


async def _found(db: AsyncSession, person: str) -> PersonRow:
    row = await db.get(PersonRow, person, with_for_update=True)
    if row is None:
        raise NotFound("such person")
    return row


async def _to_change(db: AsyncSession, person: str) -> PersonRow:
    """Somebody who is about to be changed, with all administrators locked, in one order: two of them cannot remove
    each other at the same moment."""
    await db.execute(select(PersonRow.id).where(PersonRow.admin).order_by(PersonRow.id).with_for_update())
    return await _found(db, person)


async def _keep_an_administrator(db: AsyncSession) -> None:
    """Refuse what leaves nobody to administer the gateway; after the change, in its transaction."""
    await db.flush()
    left = await db.scalars(select(PersonRow.id).where(PersonRow.admin, ~PersonRow.disabled).limit(1))
    if left.first() is None:
        raise Conflict("last-administrator", "nobody would administer this gateway", "make somebody else one first")


async def _name_is_free(db: AsyncSession, name: str, but: str = "") -> None:
    taken = await db.scalars(select(PersonRow.id).where(PersonRow.name_key == name_key(name), PersonRow.id != but))
    if taken.first() is not None:
        raise Conflict("name-taken", "somebody has this name, or one that looks the same", "choose another one")


def _listed(q: str, group: str | None, state: str | None) -> Select[PersonRow]:
    statement = select(PersonRow)
    if q:
        statement = statement.where(containing(PersonRow.name_key, name_key(q)))
    if group is not None:
        statement = statement.where(
            exists().where(Member.person_id == PersonRow.id, Member.group_id == group).correlate(PersonRow)
        )
    match state:
        case "disabled":
            statement = statement.where(PersonRow.disabled)
        case "enabled":
            statement = statement.where(~PersonRow.disabled)
        case "administrators":
            statement = statement.where(PersonRow.admin)
    return statement


_ORDERS = {
    "name": Order(PersonRow.name_key, PersonRow.id),
    "created": Order(PersonRow.created_ms, PersonRow.id, descending=True),
    "seen": Order(PersonRow.seen_ms, PersonRow.id, descending=True),
}


@router.get("/people")
async def people(
    _me: Admin,
    backend: InBackend,
    q: Search = "",
    group: Id | None = None,
    state: Literal["enabled", "disabled", "administrators"] | None = None,
    sort: Literal["name", "created", "seen"] = "name",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listed[PersonAnswer]:
    """People, by name or the newest first."""
    async with backend.database.read() as db:
        found = await page(db, _listed(q, group, state), _ORDERS[sort], limit=limit, cursor=cursor)
        items = await _shown(db, backend, list(found.rows))
    return Listed(items=items, total=found.total, next=found.next)


@router.get("/people/{person}")
async def one(person: Id, _me: Admin, backend: InBackend) -> PersonAnswer:
    """One person."""
    async with backend.database.read() as db:
        row = await db.get(PersonRow, person)
        if row is None:
            raise NotFound("such person")
        return (await _shown(db, backend, [row]))[0]


@router.post("/people", status_code=201)
async def add(body: NewPerson, me: Admin, backend: InBackend) -> PersonAnswer:
    """Add somebody, who cannot sign in before they are invited."""
    if body.admin:
        check_fresh(me, backend)
    async with backend.database.write() as db:
        await _name_is_free(db, body.name)
        row = make_person(backend, body.name, admin=body.admin, operator=body.operator, auditor=body.auditor)
        db.add(row)
        await db.flush()
        note(db, backend, me, EventKind.PERSON_CHANGED, change="added", about=row.name, roles=_roles(row))
        return (await _shown(db, backend, [row]))[0]


@router.patch("/people/{person}")
async def change(person: Id, body: PersonChange, me: Admin, backend: InBackend) -> PersonAnswer:
    """Change name or roles, or disable an account: its sessions and tokens end at once."""
    if body.admin:
        check_fresh(me, backend)
    changes = body.model_dump(exclude_none=True)
    async with backend.database.write() as db:
        row = await _to_change(db, person)
        before = (row.name, row.disabled)
        if body.name is not None:
            await _name_is_free(db, body.name, but=row.id)
            row.name_key = name_key(body.name)
        for name, value in changes.items():
            setattr(row, name, value)
        if body.disabled:
            await db.execute(delete(SessionRow).where(SessionRow.person_id == row.id))
            await db.execute(delete(Invite).where(Invite.person_id == row.id))
        await _keep_an_administrator(db)
        note(
            db,
            backend,
            me,
            EventKind.PERSON_CHANGED,
            change=", ".join(sorted(changes)),
            about=before[0],
            name_now=row.name,
            roles=_roles(row),
            disabled=row.disabled,
        )
        answer = (await _shown(db, backend, [row]))[0]
    if row.disabled and not before[1]:
        await backend.person_gone(row.id)
    return answer


@router.delete("/people/{person}")
async def remove(person: Id, me: Admin, backend: InBackend) -> Done:
    """Remove somebody: sessions, tokens and everything by which they sign in; the audit keeps their name."""
    async with backend.database.write() as db:
        row = await _to_change(db, person)
        note(db, backend, me, EventKind.PERSON_CHANGED, change="removed", about=row.name)
        await db.delete(row)
        await _keep_an_administrator(db)
    await backend.person_gone(person)
    return Done()


@router.post("/people/{person}/invite")
async def invite(person: Id, me: Admin, request: Request, backend: InBackend) -> Invitation:
    """Make a link by which this person signs in once, to make a passkey or a password; the one before ends."""
    check_fresh(me, backend)
    token = secrets.token_urlsafe(24)
    expires = backend.now_ms() + backend.settings.invite_seconds * 1000
    async with backend.database.write() as db:
        row = await _found(db, person)
        if row.disabled:
            raise Conflict("disabled", "this account is disabled", "enable it first")
        await db.execute(delete(Invite).where(Invite.person_id == row.id))
        db.add(Invite(token_hash=backend.vault.hash(token, "invite"), person_id=row.id, expires_ms=expires))
        note(db, backend, me, EventKind.PERSON_CHANGED, change="invited", about=row.name)
    url = f"{own_origin(backend, request)}{CONSOLE}#/invited?token={token}"
    return Invitation(url=url, token=token, expires_ms=expires)


def _roles(row: PersonRow) -> list[str]:
    return [name for name in ("admin", "operator", "auditor") if getattr(row, name)]
