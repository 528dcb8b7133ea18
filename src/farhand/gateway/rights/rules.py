"""Rules as they are stored, and as ``evaluate`` wants them."""

import json
from collections.abc import Sequence

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.accounts.models import Group, PersonRow
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import Backend
from farhand.gateway.database import Base
from farhand.gateway.errors import ApiError, Conflict, NotFound
from farhand.gateway.hosts.listing import applies_to
from farhand.gateway.hosts.models import HostGroup, HostMember, HostRow
from farhand.gateway.hosts.schemas import Named
from farhand.gateway.rights.evaluate import Applied
from farhand.gateway.rights.models import RuleRow
from farhand.gateway.rights.schemas import ConditionsShape, RightShape, Rule, RuleBody
from farhand.gateway.security import Person
from farhand.protocol.capability import Capability
from farhand.protocol.grants import AtEnd, Conditions, Window

_RULES_MAX = 10_000


async def add(db: AsyncSession, backend: Backend, me: Person, body: RuleBody) -> RuleRow:
    """A new rule. Raises ApiError."""
    if len((await db.execute(select(RuleRow.id).limit(_RULES_MAX))).all()) >= _RULES_MAX:
        raise Conflict("too-many-rules", f"there are {_RULES_MAX} rules", "use groups of people and of hosts")
    row = RuleRow(id=new_id("rule"), created_ms=backend.now_ms())
    await _fill(db, row, body)
    db.add(row)
    _record(db, backend, me, row, "made")
    return row


async def change(db: AsyncSession, backend: Backend, me: Person, rule: str, body: RuleBody) -> RuleRow:
    """Replace a rule. Raises ApiError."""
    row = await need(db, rule)
    await _fill(db, row, body)
    _record(db, backend, me, row, "changed")
    return row


async def remove(db: AsyncSession, backend: Backend, me: Person, rule: str) -> None:
    """Remove it: no further grant comes of it. Raises ApiError."""
    row = await need(db, rule)
    _record(db, backend, me, row, "removed")
    await db.delete(row)


async def need(db: AsyncSession, rule: str) -> RuleRow:
    """The rule. Raises NotFound."""
    row = await db.get(RuleRow, rule)
    if row is None:
        raise NotFound("such rule")
    return row


async def applying(db: AsyncSession, person_id: str, host: str) -> list[Applied]:
    """The rules that name this person, or a group of theirs, and this host, or a group of its."""
    here = or_(
        RuleRow.host_id == host,
        RuleRow.host_group_id.in_(select(HostMember.group_id).where(HostMember.host_id == host)),
    )
    rows = (await db.execute(select(RuleRow).where(applies_to(person_id), here).order_by(RuleRow.id))).scalars()
    return [
        Applied(row.id, _read_rights(row.rights), _read_conditions(row.conditions), row.approvers_id) for row in rows
    ]


async def shown(db: AsyncSession, rows: Sequence[RuleRow]) -> list[Rule]:
    """Rules with the names of what they name."""
    people = await _names(db, PersonRow, [row.person_id for row in rows])
    groups = await _names(db, Group, [one for row in rows for one in (row.people_group_id, row.approvers_id)])
    hosts = await _names(db, HostRow, [row.host_id for row in rows])
    host_groups = await _names(db, HostGroup, [row.host_group_id for row in rows])
    return [
        Rule(
            id=row.id,
            person=people.get(row.person_id),
            people_group=groups.get(row.people_group_id),
            host=hosts.get(row.host_id),
            host_group=host_groups.get(row.host_group_id),
            rights=[RightShape(capability=one, seconds=time) for one, time in _read_rights(row.rights).items()],
            conditions=ConditionsShape.model_validate_json(row.conditions),
            approvers=groups.get(row.approvers_id),
            created_ms=row.created_ms,
        )
        for row in rows
    ]


async def _fill(db: AsyncSession, row: RuleRow, body: RuleBody) -> None:
    for model, wanted, what in (
        (PersonRow, body.person, "person"),
        (Group, body.people_group, "group of people"),
        (HostGroup, body.host_group, "group of hosts"),
        (Group, body.approvers, "group of people to approve"),
    ):
        if wanted is not None and await db.get(model, wanted) is None:
            raise ApiError(422, "no-such-subject", f"there is no such {what}", "it may have been removed meanwhile")
    if body.host is not None:
        host = await db.get(HostRow, body.host)
        if host is None or host.removed_ms:
            raise ApiError(422, "no-such-subject", "there is no such host", "it may have been removed meanwhile")
    row.person_id, row.people_group_id = body.person, body.people_group
    row.host_id, row.host_group_id = body.host, body.host_group
    row.rights = json.dumps({right.capability: right.seconds for right in body.rights})
    row.conditions = body.conditions.model_dump_json()
    row.approvers_id = body.approvers


def _record(db: AsyncSession, backend: Backend, me: Person, row: RuleRow, action: str) -> None:
    record(
        db, backend.now_ms(), EventKind.RULE_CHANGED, who=me.who, address=me.address, host=row.host_id, action=action,
        rule=row.id, person=row.person_id, people_group=row.people_group_id, host_group=row.host_group_id,
        rights=row.rights, conditions=row.conditions, approvers=row.approvers_id,
    )  # fmt: skip


def _read_rights(text: str) -> dict[Capability, int]:
    return msgspec.json.decode(text, type=dict[Capability, int])


def _read_conditions(text: str) -> Conditions:
    shape = ConditionsShape.model_validate_json(text)
    return Conditions(
        networks=list(shape.networks),
        windows=[Window(window.days, window.start, window.end) for window in shape.windows],
        ask=shape.ask,
        reason=shape.reason,
        approval=shape.approval,
        max_seconds=shape.max_seconds,
        idle_seconds=shape.idle_seconds,
        at_end=AtEnd(shape.at_end),
    )


async def _names(db: AsyncSession, model: type[Base], ids: Sequence[str | None]) -> dict[str | None, Named]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    table = model.__table__.c
    rows = await db.execute(select(table.id, table.name).where(table.id.in_(wanted)))
    return {found: Named(id=found, name=name) for found, name in rows}
