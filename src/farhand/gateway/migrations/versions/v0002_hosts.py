"""The audit, hosts, devices, rules and approvals."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.String(40)
_HOST = sa.String(32)
_SORTED = sa.String(256).with_variant(sa.String(256, collation="C"), "postgresql")
_BIG = sa.BigInteger


def _host(name: str = "host_id", *, key: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _HOST, sa.ForeignKey("host.id", ondelete="CASCADE"), primary_key=key, nullable=nullable)


def _of(table: str, name: str, *, key: bool = False, nullable: bool = False, lost: str = "CASCADE") -> sa.Column[str]:
    return sa.Column(name, _ID, sa.ForeignKey(f"{table}.id", ondelete=lost), primary_key=key, nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    _make_audit()
    _make_hosts()
    _make_rights()


def _make_audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("time_ms", _BIG, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("person_id", _ID),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("person_key", sa.String(256), nullable=False),
        sa.Column("host_id", _HOST),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("device", sa.String(128), nullable=False),
        sa.Column("reason", sa.String(256), nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("number", _BIG),
        sa.Column("content", sa.LargeBinary),
        sa.Column("covered", sa.Boolean, nullable=False),
        sa.UniqueConstraint("host_id", "number"),
    )
    for name, columns in {
        "by_time": ["covered", "time_ms", "id"],
        "by_kind": ["kind", "time_ms", "id"],
        "by_person": ["person_key", "time_ms", "id"],
        "by_host": ["host_id", "time_ms", "id"],
    }.items():
        op.create_index(f"ix_audit_entry_{name}", "audit_entry", columns)
    op.create_table(
        "audit_copy",
        sa.Column("host_id", _HOST, primary_key=True),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.Column("fault", sa.String(256), nullable=False),
        sa.Column("fault_ms", _BIG, nullable=False),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("host_id", _HOST, primary_key=True),
        sa.Column("size", _BIG, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("time_ms", _BIG, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def _make_hosts() -> None:
    op.create_table(
        "host",
        sa.Column("id", _HOST, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("name_key", _SORTED, nullable=False),
        sa.Column("search", sa.String, nullable=False),
        sa.Column("notes", sa.String, nullable=False),
        sa.Column("certificate", sa.LargeBinary, nullable=False),
        sa.Column("endorsement", sa.LargeBinary),
        sa.Column("delegation", sa.LargeBinary, nullable=False),
        sa.Column("enrolled_ms", _BIG, nullable=False),
        sa.Column("removed_ms", _BIG, nullable=False),
        sa.Column("online", sa.Boolean, nullable=False),
        sa.Column("last_seen_ms", _BIG, nullable=False),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("screens", sa.String(512), nullable=False),
    )
    for name, columns in {
        "by_name": ["removed_ms", "name_key", "id"],
        "by_seen": ["removed_ms", "online", "last_seen_ms", "id"],
        "by_state": ["removed_ms", "online", "name_key", "id"],
        "by_enrolled": ["removed_ms", "enrolled_ms", "id"],
    }.items():
        op.create_index(f"ix_host_{name}", "host", columns)
    op.create_table("host_tag", _host(key=True), sa.Column("tag", sa.String(64), primary_key=True, index=True))
    op.create_table(
        "host_group",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("name_key", _SORTED, nullable=False, unique=True),
        sa.Column("created_ms", _BIG, nullable=False),
    )
    op.create_table("host_group_member", _of("host_group", "group_id", key=True), _host(key=True))
    op.create_table(
        "enrol_token",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("name", sa.String(64), nullable=False),
        _of("host_group", "group_id", nullable=True, lost="SET NULL"),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("created_ms", _BIG, nullable=False),
        sa.Column("expires_ms", _BIG, nullable=False),
        sa.Column("used_ms", _BIG, nullable=False),
        sa.Column("host_id", _HOST),
    )
    op.create_table(
        "org",
        sa.Column("id", _BIG, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("delegation", sa.LargeBinary, nullable=False),
        sa.Column("created_ms", _BIG, nullable=False),
    )
    op.create_index("ix_host_group_member_host_id", "host_group_member", ["host_id"])
    op.create_index("ix_enrol_token_group_id", "enrol_token", ["group_id"])


def _make_rights() -> None:
    op.create_table(
        "device",
        sa.Column("id", _ID, primary_key=True),
        _of("person", "person_id", nullable=True, lost="SET NULL"),
        sa.Column("identity", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("browser", sa.Boolean, nullable=False),
        sa.Column("created_ms", _BIG, nullable=False),
        sa.Column("seen_ms", _BIG, nullable=False),
        sa.Column("revoked_ms", _BIG, nullable=False, index=True),
    )
    op.create_table(
        "rule",
        sa.Column("id", _ID, primary_key=True),
        _of("person", "person_id", nullable=True),
        _of("people_group", "people_group_id", nullable=True),
        _host(nullable=True),
        _of("host_group", "host_group_id", nullable=True),
        sa.Column("rights", sa.String, nullable=False),
        sa.Column("conditions", sa.String, nullable=False),
        _of("people_group", "approvers_id", nullable=True, lost="SET NULL"),
        sa.Column("created_ms", _BIG, nullable=False),
        sa.CheckConstraint("(person_id IS NULL) <> (people_group_id IS NULL)", name="who"),
        sa.CheckConstraint("(host_id IS NULL) <> (host_group_id IS NULL)", name="where"),
    )
    op.create_table(
        "approval",
        sa.Column("id", _ID, primary_key=True),
        _of("person", "person_id"),
        _of("device", "device_id"),
        _host(),
        sa.Column("asked", sa.String, nullable=False),
        sa.Column("seconds", _BIG, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("created_ms", _BIG, nullable=False, index=True),
        sa.Column("expires_ms", _BIG, nullable=False),
        sa.Column("decided_ms", _BIG, nullable=False),
        sa.Column("approved", sa.Boolean, nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("credential", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_device_person_id", "device", ["person_id"])
    for column in ("person_id", "people_group_id", "host_id", "host_group_id", "approvers_id"):
        op.create_index(f"ix_rule_{column}", "rule", [column])
    for column in ("person_id", "device_id", "host_id"):
        op.create_index(f"ix_approval_{column}", "approval", [column])


def downgrade() -> None:
    """Drop them; what stood in them is gone."""
    for table in (
        "approval",
        "rule",
        "device",
        "org",
        "enrol_token",
        "host_group_member",
        "host_group",
        "host_tag",
        "host",
        "audit_checkpoint",
        "audit_copy",
        "audit_entry",
    ):
        op.drop_table(table)
