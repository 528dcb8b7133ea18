"""Pages of a list by keyset: a page costs the same at the end of a long list as at its beginning."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from farhand.gateway.errors import ApiError


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, then by id; neither may be null."""

    column: InstrumentedAttribute[Any]
    id: InstrumentedAttribute[str]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A page's rows, how many there are in all, and what to give for the next page."""

    rows: Sequence[Any]
    total: int
    next: str | None


async def page(db: AsyncSession, statement: Select[Any], order: Order, *, limit: int, cursor: str = "") -> Found:
    """Run a select of one entity for one page. Raises ApiError where the cursor is none of ours."""
    total = (await db.execute(select(func.count()).select_from(statement.subquery()))).scalar_one()
    if cursor:
        value = _read(cursor, order.column.type.python_type)
        here = tuple_(order.column, order.id)
        statement = statement.where(here < value if order.descending else here > value)
    by = (order.column.desc(), order.id.desc()) if order.descending else (order.column.asc(), order.id.asc())
    rows = (await db.scalars(statement.order_by(*by).limit(limit + 1))).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Found(rows, total, _write(getattr(rows[-1], order.column.key), rows[-1].id) if more else None)


def _write(value: Any, row_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([value, row_id]).encode()).decode().rstrip("=")


def _read(cursor: str, kind: type) -> tuple[Any, str]:
    try:
        value: Any
        value, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if type(value) is kind and type(row_id) is str and (not isinstance(value, int) or abs(value) < 1 << 62):
            f"{value}{row_id}".encode()  # no lone surrogates
            if "\0" not in f"{value}{row_id}":
                return value, row_id
    except (ValueError, TypeError, binascii.Error):
        pass
    raise ApiError(400, "bad-cursor", "that is no cursor of this list", "begin with the first page")


def containing(column: InstrumentedAttribute[str], text: str) -> Any:
    """A condition: the column contains the text, whatever characters stand in it."""
    return column.contains(text, autoescape=True)
