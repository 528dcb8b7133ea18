"""Groups of people: what rules speak of."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.accounts.models import Group, Member, PersonRow
from farhand.gateway.accounts.names import name_key
from farhand.gateway.accounts.shared import note
from farhand.gateway.audit.events import EventKind
from farhand.gateway.backend import InBackend
from farhand.gateway.errors import Conflict, NotFound
from farhand.gateway.paging import Order, containing, page
from farhand.gateway.security import Admin
from farhand.gateway.shapes import Body, Cursor, Done, Id, Limit, Listed, Name, Search

router = APIRouter(tags=["people"])


class GroupAnswer(BaseModel):
    """A group of people."""

    id: str
    name: str
    members: int


class GroupName(Body):
    """What it is called."""

    name: Name


class Members(Body):
    """Exactly these."""

    people: Annotated[list[Id], Field(max_length=1000)]


async def _found(db: AsyncSession, group: str) -> Group:
    row = await db.get(Group, group, with_for_update=True)
    if row is None:
        raise NotFound("such group")
    return row


async def _counts(db: AsyncSession, ids: list[str]) -> dict[str, int]:
    statement = select(Member.group_id, func.count()).where(Member.group_id.in_(ids)).group_by(Member.group_id)
    return {group: count for group, count in await db.execute(statement)}


async def _name_is_free(db: AsyncSession, name: str, but: str = "") -> None:
    taken = await db.scalars(select(Group.id).where(Group.name_key == name_key(name), Group.id != but))
    if taken.first() is not None:
        raise Conflict("name-taken", "there is a group of this name", "choose another one")


@router.get("/groups")
async def groups(
    _me: Admin, backend: InBackend, q: Search = "", limit: Limit = 50, cursor: Cursor = ""
) -> Listed[GroupAnswer]:
    """Groups of people by name."""
    statement = select(Group)
    if q:
        statement = statement.where(containing(Group.name_key, name_key(q)))
    async with backend.database.read() as db:
        found = await page(db, statement, Order(Group.name_key, Group.id), limit=limit, cursor=cursor)
        counts = await _counts(db, [row.id for row in found.rows])
    items = [GroupAnswer(id=row.id, name=row.name, members=counts.get(row.id, 0)) for row in found.rows]
    return Listed(items=items, total=found.total, next=found.next)


@router.post("/groups", status_code=201)
async def add(body: GroupName, me: Admin, backend: InBackend) -> GroupAnswer:
    """Make a group."""
    row = Group(id=new_id("group"), name=body.name, name_key=name_key(body.name), created_ms=backend.now_ms())
    async with backend.database.write() as db:
        await _name_is_free(db, body.name)
        db.add(row)
        note(db, backend, me, EventKind.GROUP_CHANGED, change="added", about=row.name)
    return GroupAnswer(id=row.id, name=row.name, members=0)


@router.patch("/groups/{group}")
async def rename(group: Id, body: GroupName, me: Admin, backend: InBackend) -> GroupAnswer:
    """Call a group something else."""
    async with backend.database.write() as db:
        row = await _found(db, group)
        await _name_is_free(db, body.name, but=row.id)
        note(db, backend, me, EventKind.GROUP_CHANGED, change="renamed", about=row.name, name_now=body.name)
        row.name, row.name_key = body.name, name_key(body.name)
        return GroupAnswer(id=row.id, name=row.name, members=(await _counts(db, [row.id])).get(row.id, 0))


@router.delete("/groups/{group}")
async def remove(group: Id, me: Admin, backend: InBackend) -> Done:
    """Remove a group, and with it what the rules gave to it; the people stay."""
    async with backend.database.write() as db:
        row = await _found(db, group)
        await db.delete(row)
        note(db, backend, me, EventKind.GROUP_CHANGED, change="removed", about=row.name)
    return Done()


@router.put("/groups/{group}/members")
async def set_members(group: Id, body: Members, me: Admin, backend: InBackend) -> GroupAnswer:
    """Say who is in it: these, and nobody else."""
    wanted = set(body.people)
    async with backend.database.write() as db:
        row = await _found(db, group)
        there = set(await db.scalars(select(PersonRow.id).where(PersonRow.id.in_(wanted))))
        if there != wanted:
            raise NotFound("such person")
        before = set(await db.scalars(select(Member.person_id).where(Member.group_id == row.id)))
        await db.execute(delete(Member).where(Member.group_id == row.id, Member.person_id.in_(before - wanted)))
        db.add_all(Member(group_id=row.id, person_id=person) for person in wanted - before)
        note(
            db,
            backend,
            me,
            EventKind.GROUP_CHANGED,
            change="members",
            about=row.name,
            added=len(wanted - before),
            removed=len(before - wanted),
        )
    return GroupAnswer(id=row.id, name=row.name, members=len(wanted))
