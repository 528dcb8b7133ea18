"""The gateway's own events: who signed in, changed what, was given or refused which right."""

import enum
import json
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from farhand.gateway.audit.models import EntryRow
from farhand.gateway.texts import shown

#: What an event may hold beside its fixed fields.
Value = str | int | bool | Sequence[str] | None


class EventKind(enum.StrEnum):
    """What a gateway's own event is about; hosts have kinds of their own."""

    START = "start"
    LOG_IN = "log-in"
    LOG_IN_REFUSED = "log-in-refused"
    LOG_OUT = "log-out"
    ACCOUNT_CHANGED = "account-changed"
    PERSON_CHANGED = "person-changed"
    GROUP_CHANGED = "group-changed"
    SETTING = "setting"
    HOST_ENROLLED = "host-enrolled"
    HOST_CHANGED = "host-changed"
    HOST_REMOVED = "host-removed"
    ENROL_TOKEN = "enrol-token"  # noqa: S105  the name of an event
    DEVICE_ADDED = "device-added"
    DEVICE_REVOKED = "device-revoked"
    RULE_CHANGED = "rule-changed"
    GRANT_ISSUED = "grant-issued"
    GRANT_REFUSED = "grant-refused"
    APPROVAL_ASKED = "approval-asked"
    APPROVAL_DECIDED = "approval-decided"
    AUDIT_REWRITTEN = "audit-rewritten"
    AUDIT_MALFORMED = "audit-malformed"


def record(
    db: AsyncSession,
    now_ms: int,
    kind: str,
    *,
    who: tuple[str, str] = ("", ""),
    address: str = "",
    device: str = "",
    reason: str = "",
    host: str | None = None,
    detail: Mapping[str, Value] | None = None,
    **more: Value,
) -> None:
    """Add an event to the transaction: it is recorded if and only if what it tells of happens.

    ``who`` is a person's id and name (``Person.who``; the id empty for one who is not known to exist), ``host`` the
    hexadecimal id of the host that it is about; ``detail``, and whatever else is named, is what more there is to say.
    No secret belongs into any of it; texts, which may be strangers', are made fit to show here, and cut.
    """
    fit = {key: _fit(value) for key, value in {**(detail or {}), **more}.items()}
    name = shown(who[1], 64)
    db.add(
        EntryRow(
            time_ms=now_ms,
            kind=shown(kind, 32),
            person_id=who[0][:40] or None,
            person=name,
            person_key=name.casefold()[:256],
            host_id=host,
            address=shown(address, 64),
            device=shown(device, 128),
            reason=shown(reason, 256),
            detail=json.dumps(fit, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
        )
    )


def _fit(value: Value) -> Value:
    match value:
        case str():
            return shown(value, 1024)
        case int() | None:
            return value
    return [shown(one, 256) for one in value[:64]]
