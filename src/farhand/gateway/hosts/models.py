"""Hosts as the organisation knows them, groups of hosts, enrolment tokens, and the organisation's own root."""

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from farhand.gateway.database import Base

_ID = String(40)
#: A host id in hexadecimal digits.
HOST_ID = String(32)
#: Text that is sorted and paged by: by code point on every database, whatever its locale.
SORTED = String(256).with_variant(String(256, collation="C"), "postgresql")


class HostRow(Base):
    """An enrolled host. One that was removed keeps its row, so that it can be told."""

    __tablename__ = "host"
    __table_args__ = (
        Index("ix_host_by_name", "removed_ms", "name_key", "id"),
        Index("ix_host_by_seen", "removed_ms", "online", "last_seen_ms", "id"),
        Index("ix_host_by_state", "removed_ms", "online", "name_key", "id"),
        Index("ix_host_by_enrolled", "removed_ms", "enrolled_ms", "id"),
    )

    id: Mapped[str] = mapped_column(HOST_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(SORTED)
    """The name without case, to sort by."""
    search: Mapped[str] = mapped_column(default="")
    """Name, id, system, tags and notes without case, to search in."""
    notes: Mapped[str] = mapped_column(default="")
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    """What it enrolled with: identity and static key (protocol/certificate.py)."""
    endorsement: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The organisation's word for its keys; null: nobody has signed them yet."""
    delegation: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """What let the endorsement's signer sign; empty: the root itself."""
    enrolled_ms: Mapped[int]
    removed_ms: Mapped[int] = mapped_column(default=0)
    """When it was removed; 0: it belongs here."""
    online: Mapped[bool] = mapped_column(default=False)
    """As of a second ago: gateway/hosts/presence.py knows it now."""
    last_seen_ms: Mapped[int] = mapped_column(default=0)
    """0: never."""
    system: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[str] = mapped_column(String(32), default="")
    screens: Mapped[str] = mapped_column(String(512), default="")
    """Sizes, one a line."""


class HostTag(Base):
    """A word that an administrator put on a host."""

    __tablename__ = "host_tag"

    host_id: Mapped[str] = mapped_column(ForeignKey("host.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class HostGroup(Base):
    """A group of hosts."""

    __tablename__ = "host_group"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(SORTED, unique=True)
    created_ms: Mapped[int]


class HostMember(Base):
    """A host in a group."""

    __tablename__ = "host_group_member"

    group_id: Mapped[str] = mapped_column(ForeignKey("host_group.id", ondelete="CASCADE"), primary_key=True)
    host_id: Mapped[str] = mapped_column(ForeignKey("host.id", ondelete="CASCADE"), primary_key=True, index=True)


class EnrolTokenRow(Base):
    """What enrols one host, once; of its secret only a hash stands here."""

    __tablename__ = "enrol_token"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(64), default="")
    """What the host will be called; empty: as it calls itself."""
    group_id: Mapped[str | None] = mapped_column(ForeignKey("host_group.id", ondelete="SET NULL"), index=True)
    made_by: Mapped[str] = mapped_column(String(64))
    """The name of who made it."""
    created_ms: Mapped[int]
    expires_ms: Mapped[int]
    used_ms: Mapped[int] = mapped_column(default=0)
    """0: not yet."""
    host_id: Mapped[str | None] = mapped_column(HOST_ID)
    """The host that it enrolled."""


class OrgRow(Base):
    """The organisation: one row, once its root is known."""

    __tablename__ = "org"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    """The root's public key; never another one."""
    delegation: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """The root's word for this gateway's grant key; empty: none."""
    created_ms: Mapped[int]
