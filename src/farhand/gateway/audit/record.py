"""Writes one event into the audit, in the transaction of what it tells of."""

import json
import time

from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.audit.models import AuditEvent


def record(
    db: AsyncSession,
    kind: str,
    *,
    who: tuple[str, str] | None = None,
    name: str = "",
    host: str | None = None,
    address: str = "",
    device: str = "",
    reason: str = "",
    now_ms: int | None = None,
    **detail: str | int | bool | list[str] | None,
) -> None:
    """Add an event; it is stored when, and only when, the transaction is.

    ``who`` is id and name of a person (``Person.who``); ``name`` alone stands for one who is not known to exist.
    ``detail`` holds no secret. Texts are cut to what the table takes.
    """
    db.add(
        AuditEvent(
            id=new_id("event"),
            time_ms=int(time.time() * 1000) if now_ms is None else now_ms,
            kind=kind,
            person_id=who[0] if who else None,
            person=(who[1] if who else name)[:64],
            host_id=host,
            address=address[:64],
            device=device[:128],
            reason=reason[:256],
            detail=json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        )
    )
