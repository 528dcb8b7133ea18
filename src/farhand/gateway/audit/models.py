"""The gateway's own events, and its copies of what hosts recorded."""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from farhand.gateway.database import Base

_HOST = String(32)


class EntryRow(Base):
    """One event, never changed. What names people and hosts outlives them."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("host_id", "number"),
        Index("ix_audit_entry_by_time", "covered", "time_ms", "id"),
        Index("ix_audit_entry_by_kind", "kind", "time_ms", "id"),
        Index("ix_audit_entry_by_person", "person_key", "time_ms", "id"),
        Index("ix_audit_entry_by_host", "host_id", "time_ms", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    time_ms: Mapped[int]
    """By the clock of who recorded it."""
    kind: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str | None] = mapped_column(String(40))
    person: Mapped[str] = mapped_column(String(64), default="")
    """Their name at that time; for a log-in that failed, the name that was given."""
    person_key: Mapped[str] = mapped_column(String(256), default="")
    """The name without case."""
    host_id: Mapped[str | None] = mapped_column(_HOST)
    """The host that recorded it, or, where ``number`` is null, that an event of the gateway's is about."""
    address: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(128), default="")
    reason: Mapped[str] = mapped_column(String(256), default="")
    detail: Mapped[str] = mapped_column(default="{}")
    """A JSON object; no secret stands in it."""
    number: Mapped[int | None]
    """Its place in the host's own record, from 0; null: the gateway recorded it."""
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The host's entry as its checkpoints cover it."""
    covered: Mapped[bool] = mapped_column(default=True)
    """Whether a verified checkpoint covers it; until then it counts for nothing."""


class CopyRow(Base):
    """How far the copy of a host's record goes."""

    __tablename__ = "audit_copy"

    host_id: Mapped[str] = mapped_column(_HOST, primary_key=True)
    size: Mapped[int] = mapped_column(default=0)
    """Entries that a checkpoint covers."""
    hashes: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """The tree's frontier over them."""
    fault: Mapped[str] = mapped_column(String(256), default="")
    """What is wrong with the host's record; empty: nothing."""
    fault_ms: Mapped[int] = mapped_column(default=0)


class CheckpointRow(Base):
    """A host's signed word for its record so far, verified against the copy."""

    __tablename__ = "audit_checkpoint"

    host_id: Mapped[str] = mapped_column(_HOST, primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    time_ms: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
