"""`/api/audit` and `/api/hosts/…/checkpoints`."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.gateway.audit.models import CheckpointRow, EntryRow
from farhand.gateway.audit.schemas import AuditEntry, CheckpointAnswer
from farhand.gateway.backend import InBackend
from farhand.gateway.errors import NotFound
from farhand.gateway.hosts.listing import make_cursor, read_cursor
from farhand.gateway.hosts.models import HostRow
from farhand.gateway.hosts.routes import OneHost
from farhand.gateway.hosts.schemas import Named
from farhand.gateway.security import Auditor
from farhand.gateway.shapes import Cursor, Limit, Listed, Search
from farhand.gateway.texts import base64_text, shown

router = APIRouter(tags=["audit"])

#: Fields of a host's entry that stand on their own.
_OWN = frozenset(("n", "t", "kind", "who", "from", "device", "reason"))
_DEEP, _MANY, _LONG = 4, 64, 1024
Moment = Annotated[int | None, Query(ge=0, le=2**53)]


@router.get("/audit")
async def list_audit(
    _me: Auditor,
    backend: InBackend,
    person: Annotated[Search, Query(max_length=64, description="Of this person: name or id.")] = "",
    host: Annotated[
        str, Query(max_length=32, pattern=r"^([0-9a-f]{32})?$", description="Recorded by this host, or about it.")
    ] = "",
    kind: Annotated[str, Query(max_length=32, pattern=r"^[a-z-]*$", description="Of this kind.")] = "",
    from_: Annotated[Moment, Query(alias="from", description="Not before this time (ms since 1970).")] = None,
    to: Annotated[Moment, Query(description="Before this time (ms since 1970).")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listed[AuditEntry]:
    """The gateway's own events and what hosts recorded, the latest first.

    A host's entries stand here once a checkpoint that it signed covers them.
    """
    listed = select(EntryRow).where(EntryRow.covered.is_(True))
    if person:
        listed = listed.where(or_(EntryRow.person_key == person.casefold()[:256], EntryRow.person_id == person))
    if host:
        listed = listed.where(EntryRow.host_id == host)
    if kind:
        listed = listed.where(EntryRow.kind == kind)
    if from_ is not None:
        listed = listed.where(EntryRow.time_ms >= from_)
    if to is not None:
        listed = listed.where(EntryRow.time_ms < to)
    async with backend.database.read() as db:
        rows, total, following = await _page(db, listed, limit, cursor)
        ids = {row.host_id for row in rows if row.host_id is not None}
        named = await db.execute(select(HostRow.id, HostRow.name).where(HostRow.id.in_(ids)))
        names = {found: name for found, name in named}
    items = [_entry(row, names) for row in rows]
    return Listed[AuditEntry](items=items, total=total, next=following)


@router.get("/hosts/{host}/checkpoints")
async def list_checkpoints(
    host: OneHost, _me: Auditor, backend: InBackend, limit: Limit = 50, cursor: Cursor = ""
) -> Listed[CheckpointAnswer]:
    """A host's signed checkpoints, the latest first; also of one that was removed."""
    listed = select(CheckpointRow).where(CheckpointRow.host_id == host)
    async with backend.database.read() as db:
        if await db.get(HostRow, host) is None:
            raise NotFound("such host")
        total = (await db.execute(select(func.count()).select_from(listed.subquery()))).scalar_one()
        if cursor:
            listed = listed.where(CheckpointRow.size < read_cursor(cursor, "checkpoints", [int])[0])
        rows = (await db.execute(listed.order_by(CheckpointRow.size.desc()).limit(limit + 1))).scalars().all()
    following = make_cursor("checkpoints", [rows[limit - 1].size]) if len(rows) > limit else None
    items = [
        CheckpointAnswer(
            size=row.size, time_ms=row.time_ms, root=bytes(row.root).hex(), data=base64_text(bytes(row.data))
        )
        for row in rows[:limit]
    ]
    return Listed[CheckpointAnswer](items=items, total=total, next=following)


async def _page(
    db: AsyncSession, listed: Select[Any], limit: int, cursor: str
) -> tuple[Sequence[EntryRow], int, str | None]:
    total = (await db.execute(select(func.count()).select_from(listed.subquery()))).scalar_one()
    if cursor:
        time_ms, last = read_cursor(cursor, "audit", [int, int])
        listed = listed.where(or_(EntryRow.time_ms < time_ms, and_(EntryRow.time_ms == time_ms, EntryRow.id < last)))
    newest = listed.order_by(EntryRow.time_ms.desc(), EntryRow.id.desc()).limit(limit + 1)
    rows = (await db.execute(newest)).scalars().all()
    following = make_cursor("audit", [rows[limit - 1].time_ms, rows[limit - 1].id]) if len(rows) > limit else None
    return rows[:limit], total, following


def _entry(row: EntryRow, names: dict[str, str]) -> AuditEntry:
    if row.content is None:
        detail = json.loads(row.detail)
    else:
        content = msgspec.json.decode(bytes(row.content), type=dict[str, Any])
        detail = _fit({key: value for key, value in content.items() if key not in _OWN}, _DEEP)
    host = None if row.host_id is None else Named(id=row.host_id, name=names.get(row.host_id, ""))
    return AuditEntry(
        id=str(row.id),
        time_ms=row.time_ms,
        kind=row.kind,
        person=row.person,
        address=row.address,
        device=row.device,
        reason=row.reason,
        host=host,
        number=row.number,
        detail=detail,
        entry=None if row.content is None else base64_text(bytes(row.content)),
    )


def _fit(value: Any, deep: int) -> Any:
    """What a host wrote, as data: bounded in size and depth, its text fit to show."""
    match value:
        case str():
            return shown(value, _LONG)
        case dict() if deep:
            return {shown(key, 64): _fit(one, deep - 1) for key, one in list(value.items())[:_MANY]}
        case list() if deep:
            return [_fit(one, deep - 1) for one in value[:_MANY]]
        case dict() | list():
            return "…"
        case int() if abs(value) > 2**53:
            return str(value)[:_LONG]
    return value
