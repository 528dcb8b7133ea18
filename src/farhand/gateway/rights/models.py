"""Devices that people use, rules about what they may do, and requests that wait for a second person."""

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from farhand.gateway.database import Base
from farhand.gateway.hosts.models import HOST_ID

_ID = String(40)


class DeviceRow(Base):
    """A client's or browser's identity key, and whose it is. A revoked one stays: it never comes back."""

    __tablename__ = "device"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    identity: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    browser: Mapped[bool]
    """Served by a gateway: the lower class."""
    created_ms: Mapped[int]
    seen_ms: Mapped[int] = mapped_column(default=0)
    """When a grant was last issued to it; 0: never."""
    revoked_ms: Mapped[int] = mapped_column(default=0, index=True)
    """0: it holds."""


class RuleRow(Base):
    """Who may do what on which hosts: one of each pair is set."""

    __tablename__ = "rule"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (people_group_id IS NULL)", name="who"),
        CheckConstraint("(host_id IS NULL) <> (host_group_id IS NULL)", name="where"),
    )

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    people_group_id: Mapped[str | None] = mapped_column(ForeignKey("people_group.id", ondelete="CASCADE"), index=True)
    host_id: Mapped[str | None] = mapped_column(ForeignKey("host.id", ondelete="CASCADE"), index=True)
    host_group_id: Mapped[str | None] = mapped_column(ForeignKey("host_group.id", ondelete="CASCADE"), index=True)
    rights: Mapped[str]
    """JSON: seconds by capability."""
    conditions: Mapped[str]
    """JSON, as in the API."""
    approvers_id: Mapped[str | None] = mapped_column(ForeignKey("people_group.id", ondelete="SET NULL"), index=True)
    """Whose members may approve; null: administrators alone."""
    created_ms: Mapped[int]


class ApprovalRow(Base):
    """A request for a grant that a second person has to approve."""

    __tablename__ = "approval"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    """Who asks."""
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), index=True)
    host_id: Mapped[str] = mapped_column(ForeignKey("host.id", ondelete="CASCADE"), index=True)
    asked: Mapped[str]
    """JSON: the capabilities."""
    seconds: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(64))
    created_ms: Mapped[int] = mapped_column(index=True)
    expires_ms: Mapped[int]
    decided_ms: Mapped[int] = mapped_column(default=0)
    approved: Mapped[bool] = mapped_column(default=False)
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    """The name of who decided."""
    credential: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """The grant that came of it; of use to the asker's device alone."""


__all__ = ["HOST_ID", "ApprovalRow", "DeviceRow", "RuleRow"]
