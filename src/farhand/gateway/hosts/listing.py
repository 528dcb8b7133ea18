"""The list of hosts: filtered, searched, sorted and paged by the database, a page at a time."""

import base64
import binascii
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from farhand.gateway.accounts.models import Member
from farhand.gateway.errors import ApiError
from farhand.gateway.hosts.models import HostGroup, HostMember, HostRow, HostTag
from farhand.gateway.rights.models import RuleRow
from farhand.gateway.security import Person, Role

#: Words that are looked for, at most.
_WORDS_MAX = 8


class Sort(StrEnum):
    """In which order."""

    NAME = "name"
    NAME_DOWN = "-name"
    STATE = "state"
    """Those that are here first."""
    SEEN = "seen"
    """Those seen last first."""
    ENROLLED = "enrolled"
    """The newest first."""


class State(StrEnum):
    """Which of them."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNSIGNED = "unsigned"
    """Whose keys the organisation has not signed."""


Key = tuple[InstrumentedAttribute[Any], type, bool]
#: Column, its type in a cursor, whether it counts down; the id makes every order a total one.
_ORDERS: dict[Sort, tuple[Key, ...]] = {
    Sort.NAME: ((HostRow.name_key, str, False), (HostRow.id, str, False)),
    Sort.NAME_DOWN: ((HostRow.name_key, str, True), (HostRow.id, str, True)),
    Sort.STATE: ((HostRow.online, bool, True), (HostRow.name_key, str, False), (HostRow.id, str, False)),
    Sort.SEEN: ((HostRow.online, bool, True), (HostRow.last_seen_ms, int, True), (HostRow.id, str, True)),
    Sort.ENROLLED: ((HostRow.enrolled_ms, int, True), (HostRow.id, str, True)),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which hosts are asked for."""

    q: str = ""
    group: str = ""
    tag: str = ""
    state: State | None = None
    sort: Sort = Sort.NAME


@dataclass(frozen=True, slots=True)
class Found:
    """A page, with what belongs to its hosts."""

    rows: Sequence[HostRow]
    tags: dict[str, list[str]]
    groups: dict[str, list[tuple[str, str]]]
    total: int
    next: str | None


def folded(text: str) -> str:
    """Text as it is sorted and searched by: compatible forms joined, without case."""
    return unicodedata.normalize("NFKC", text).casefold()


def sort_key(name: str) -> str:
    """What a name is sorted by."""
    return folded(name)[:256].replace("\0", "")


def search_text(row: HostRow, tags: Iterable[str]) -> str:
    """What a host is found by."""
    return folded("\n".join((row.name, row.id, row.system, *sorted(tags), row.notes)))


def visible_to(me: Person) -> ColumnElement[bool]:
    """The hosts that this person may know of: all for administrators and auditors, else those that a rule names."""
    if me.roles & {Role.ADMIN, Role.AUDITOR}:
        return true()
    if Role.OPERATOR not in me.roles:
        return HostRow.id.is_(None)
    mine = applies_to(me.id)
    return or_(
        HostRow.id.in_(select(RuleRow.host_id).where(mine, RuleRow.host_id.is_not(None))),
        HostRow.id.in_(
            select(HostMember.host_id).join(RuleRow, RuleRow.host_group_id == HostMember.group_id).where(mine)
        ),
    )


def applies_to(person_id: str) -> ColumnElement[bool]:
    """The rules that name this person or a group of theirs."""
    return or_(
        RuleRow.person_id == person_id,
        RuleRow.people_group_id.in_(select(Member.group_id).where(Member.person_id == person_id)),
    )


async def host_page(db: AsyncSession, me: Person, wanted: Wanted, limit: int, cursor: str) -> Found:
    """One page of the hosts that ``me`` may see. Raises ApiError where the cursor is none of this order's."""
    where = [HostRow.removed_ms == 0, visible_to(me), *_filters(wanted)]
    total = (await db.execute(select(func.count()).select_from(HostRow).where(*where))).scalar_one()
    order = _ORDERS[wanted.sort]
    if cursor:
        where.append(_after(order, read_cursor(cursor, wanted.sort, [kind for _, kind, _ in order])))
    by = [column.desc() if down else column.asc() for column, _, down in order]
    rows = (await db.execute(select(HostRow).where(*where).order_by(*by).limit(limit + 1))).scalars().all()
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = make_cursor(wanted.sort, [getattr(rows[-1], column.key) for column, _, _ in order])
    tags, groups = await belongings(db, [row.id for row in rows])
    return Found(rows, tags, groups, total, following)


async def belongings(
    db: AsyncSession, ids: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, list[tuple[str, str]]]]:
    """Tags and groups (id, name) of these hosts."""
    tags: dict[str, list[str]] = {}
    groups: dict[str, list[tuple[str, str]]] = {}
    if not ids:
        return tags, groups
    tagged = select(HostTag.host_id, HostTag.tag).where(HostTag.host_id.in_(ids)).order_by(HostTag.tag)
    for host, tag in await db.execute(tagged):
        tags.setdefault(host, []).append(tag)
    grouped = (
        select(HostMember.host_id, HostGroup.id, HostGroup.name)
        .join(HostGroup, HostGroup.id == HostMember.group_id)
        .where(HostMember.host_id.in_(ids))
        .order_by(HostGroup.name_key)
    )
    for host, group, name in await db.execute(grouped):
        groups.setdefault(host, []).append((group, name))
    return tags, groups


def containing(column: InstrumentedAttribute[str], q: str) -> list[ColumnElement[bool]]:
    """Every word of ``q`` in a column of folded text."""
    return [column.contains(word, autoescape=True) for word in folded(q).split()[:_WORDS_MAX]]


def make_cursor(sort: str, values: Sequence[str | int | bool]) -> str:
    """Where a page ended, for the next one."""
    text = json.dumps([sort, *values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, sort: str, kinds: Sequence[type]) -> list[Any]:
    """The values of ``make_cursor``. Raises ApiError where it is of another order, or of nobody's making."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if (
        not isinstance(values, list)
        or len(values) != len(kinds) + 1
        or values[0] != sort
        or any(type(value) is not kind for value, kind in zip(values[1:], kinds, strict=True))
        or any(isinstance(value, int) and abs(value) > 2**53 for value in values)
        or any(isinstance(value, str) and ("\0" in value or not _encodable(value)) for value in values)
    ):
        raise ApiError(422, "bad-cursor", "this cursor does not belong to this list", "begin with the first page")
    return values[1:]


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _after(order: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    choices = []
    for position, ((column, _, down), value) in enumerate(zip(order, values, strict=True)):
        bound = literal(value, column.type)
        same = [key[0] == known for key, known in zip(order[:position], values[:position], strict=True)]
        choices.append(and_(*same, column < bound if down else column > bound))
    return or_(*choices)


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = containing(HostRow.search, wanted.q)
    if wanted.group:
        found.append(HostRow.id.in_(select(HostMember.host_id).where(HostMember.group_id == wanted.group)))
    if wanted.tag:
        found.append(HostRow.id.in_(select(HostTag.host_id).where(HostTag.tag == wanted.tag)))
    match wanted.state:
        case State.ONLINE:
            found.append(HostRow.online.is_(True))
        case State.OFFLINE:
            found.append(HostRow.online.is_(False))
        case State.UNSIGNED:
            found.append(HostRow.endorsement.is_(None))
    return found
