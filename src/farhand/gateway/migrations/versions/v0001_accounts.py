"""Settings, people and how they sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.String(40)


def _person(name: str = "person_id", *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, _ID, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=key, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "setting", sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.String, nullable=False)
    )
    op.create_table(
        "person",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("name_key", sa.String(256), nullable=False, unique=True),
        sa.Column("admin", sa.Boolean, nullable=False),
        sa.Column("operator", sa.Boolean, nullable=False),
        sa.Column("auditor", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.Column("handle", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("password", sa.String),
        sa.Column("totp", sa.LargeBinary),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "passkey",
        sa.Column("id", _ID, primary_key=True),
        _person(),
        sa.Column("credential", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("rp_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("transports", sa.String(64), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("used_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "foreign_identity",
        sa.Column("id", _ID, primary_key=True),
        _person(),
        sa.Column("issuer", sa.String(512), nullable=False),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("issuer", "subject"),
    )
    op.create_table("recovery_code", sa.Column("code_hash", sa.LargeBinary(32), primary_key=True), _person())
    op.create_table(
        "invite",
        sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
        _person(),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
        _person(),
        sa.Column("browser", sa.Boolean, nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.Column("proven_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "known_address",
        _person(key=True),
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "people_group",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("name_key", sa.String(256), nullable=False, unique=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "people_group_member",
        sa.Column(
            "group_id",
            _ID,
            sa.ForeignKey("people_group.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        _person(key=True),
    )
    for table in ("passkey", "foreign_identity", "recovery_code", "invite", "session", "people_group_member"):
        op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])


def downgrade() -> None:
    """Drop them; what stood in them is gone."""
    for table in (
        "people_group_member",
        "people_group",
        "known_address",
        "session",
        "invite",
        "recovery_code",
        "foreign_identity",
        "passkey",
        "person",
        "setting",
    ):
        op.drop_table(table)
