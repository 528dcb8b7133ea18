"""What happened at this gateway."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from farhand.gateway.database import Base


class AuditEvent(Base):
    """One event; never changed, and kept when the person or host that it names is removed."""

    __tablename__ = "audit_event"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    time_ms: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(32), index=True)
    person_id: Mapped[str | None] = mapped_column(String(40), index=True)
    person: Mapped[str] = mapped_column(String(64), default="")
    """Their name at that time; for a log-in that failed, the name that was given."""
    host_id: Mapped[str | None] = mapped_column(String(32), index=True)
    """Hexadecimal; null for the gateway's own events."""
    address: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(128), default="")
    reason: Mapped[str] = mapped_column(String(256), default="")
    detail: Mapped[str] = mapped_column(default="{}")
    """A JSON object; no secret stands in it."""
