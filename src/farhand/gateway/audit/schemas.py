"""What the API says about the record."""

from typing import Any

from pydantic import BaseModel

from farhand.gateway.hosts.schemas import Named


class AuditEntry(BaseModel):
    """An entry, of the gateway's or of a host's. Texts may be strangers' words."""

    id: str
    time_ms: int
    """By the clock of who recorded it."""
    kind: str
    person: str
    address: str
    device: str
    reason: str
    host: Named | None
    """The host that recorded it, or that it is about."""
    number: int | None
    """Its place in the host's own record; null: the gateway recorded it."""
    detail: dict[str, Any]
    entry: str | None
    """The host's entry as its checkpoints cover it (base64): whoever has all of them needs not believe the gateway."""


class CheckpointAnswer(BaseModel):
    """A host's signed word for its record, checked against the copy here."""

    size: int
    """Entries that it covers."""
    time_ms: int
    root: str
    """Hexadecimal."""
    data: str
    """The checkpoint itself (base64), for `farhand audit verify`."""
