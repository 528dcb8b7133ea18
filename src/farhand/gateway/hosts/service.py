"""What administrators do with hosts and groups of hosts."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.audit.events import EventKind, Value, record
from farhand.gateway.backend import Backend
from farhand.gateway.errors import ApiError, Conflict, NotFound
from farhand.gateway.hosts.listing import search_text, sort_key, visible_to
from farhand.gateway.hosts.models import HostGroup, HostMember, HostRow, HostTag
from farhand.gateway.rights.models import RuleRow
from farhand.gateway.security import Person

_GROUPS_MAX = 1000


async def find(db: AsyncSession, me: Person, host: str) -> HostRow:
    """The host, if this person may know of it; otherwise NotFound, the same whether there is one or not."""
    found = await db.execute(select(HostRow).where(HostRow.id == host, HostRow.removed_ms == 0, visible_to(me)))
    row = found.scalar_one_or_none()
    if row is None:
        raise NotFound("such host")
    return row


async def change(
    db: AsyncSession,
    backend: Backend,
    me: Person,
    row: HostRow,
    *,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> None:
    """Change what an administrator may; None leaves it. Raises ApiError."""
    if name is not None:
        row.name, row.name_key = name, sort_key(name)
    if notes is not None:
        row.notes = notes
    if tags is not None:
        await db.execute(delete(HostTag).where(HostTag.host_id == row.id))
        db.add_all(HostTag(host_id=row.id, tag=tag) for tag in sorted(set(tags)))
    if groups is not None:
        there = set((await db.execute(select(HostGroup.id).where(HostGroup.id.in_(groups)))).scalars())
        if there != set(groups):
            raise ApiError(422, "no-such-group", "there is no such group of hosts", "load the groups again")
        await db.execute(delete(HostMember).where(HostMember.host_id == row.id))
        db.add_all(HostMember(group_id=group, host_id=row.id) for group in sorted(there))
    await db.flush()
    held = (await db.execute(select(HostTag.tag).where(HostTag.host_id == row.id))).scalars().all()
    row.search = search_text(row, held)
    what: dict[str, Value | None] = {
        "name": name,
        "notes": None if notes is None else "changed",
        "tags": None if tags is None else sorted(set(tags)),
    }
    if groups is not None:
        what["groups"] = sorted(set(groups))
    fields = {key: value for key, value in what.items() if value is not None}
    record(db, backend.now_ms(), EventKind.HOST_CHANGED, who=me.who, address=me.address, host=row.id, detail=fields)


async def remove(db: AsyncSession, backend: Backend, me: Person, row: HostRow) -> None:
    """Take the host off the list, with what was said about it; its record stays. Tell it with Presence.remove."""
    now = backend.now_ms()
    row.removed_ms, row.online = now, False
    for table in (HostTag, HostMember, RuleRow):
        await db.execute(delete(table).where(table.host_id == row.id))
    record(db, now, EventKind.HOST_REMOVED, who=me.who, address=me.address, host=row.id, name=row.name)


async def add_group(db: AsyncSession, backend: Backend, me: Person, name: str) -> HostGroup:
    """A new group. Raises ApiError."""
    if len((await db.execute(select(HostGroup.id).limit(_GROUPS_MAX))).all()) >= _GROUPS_MAX:
        raise Conflict("too-many-groups", f"there are {_GROUPS_MAX} groups of hosts", "remove one first")
    await _free(db, name, "")
    now = backend.now_ms()
    row = HostGroup(id=new_id("hosts"), name=name, name_key=sort_key(name), created_ms=now)
    db.add(row)
    record(db, now, EventKind.GROUP_CHANGED, who=me.who, address=me.address, action="made", hosts=name)
    return row


async def rename_group(db: AsyncSession, backend: Backend, me: Person, group: str, name: str) -> HostGroup:
    """Another name. Raises ApiError."""
    row = await need_group(db, group)
    await _free(db, name, group)
    record(
        db, backend.now_ms(), EventKind.GROUP_CHANGED, who=me.who, address=me.address, action="renamed", was=row.name,
        hosts=name,
    )  # fmt: skip
    row.name, row.name_key = name, sort_key(name)
    return row


async def remove_group(db: AsyncSession, backend: Backend, me: Person, group: str) -> None:
    """Remove it, and the rules about it. Raises ApiError."""
    row = await need_group(db, group)
    await db.delete(row)
    record(
        db, backend.now_ms(), EventKind.GROUP_CHANGED, who=me.who, address=me.address, action="removed", hosts=row.name
    )


async def need_group(db: AsyncSession, group: str) -> HostGroup:
    """The group. Raises NotFound."""
    row = await db.get(HostGroup, group)
    if row is None:
        raise NotFound("such group of hosts")
    return row


async def _free(db: AsyncSession, name: str, but: str) -> None:
    taken = await db.execute(select(HostGroup.id).where(HostGroup.name_key == sort_key(name), HostGroup.id != but))
    if taken.first() is not None:
        raise Conflict("name-taken", "another group of hosts has this name", "choose another")
