"""People, groups of people, what they prove themselves by, and their sessions.

Nothing here lets a thief of the database in: tokens, codes and passwords are hashed, and what has to be read again
(the secrets of one-time passwords) is encrypted with a key that is not in the database (gateway/vault.py).
"""

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from farhand.gateway.database import Base

_ID = String(40)


class PersonRow(Base):
    """Somebody with an account."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(256), unique=True)
    """The name as it is looked up: normalised, without case."""
    admin: Mapped[bool] = mapped_column(default=False)
    operator: Mapped[bool] = mapped_column(default=False)
    auditor: Mapped[bool] = mapped_column(default=False)
    disabled: Mapped[bool] = mapped_column(default=False)
    created_ms: Mapped[int]
    seen_ms: Mapped[int] = mapped_column(default=0)
    """When they last signed in; 0: never."""
    handle: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """WebAuthn's user handle: random, tells nothing."""
    password: Mapped[str | None]
    """Argon2id in its own notation; null: there is no log-in by password."""
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret of one-time passwords, encrypted; null: none."""
    totp_step: Mapped[int] = mapped_column(default=0)
    """The time step of the last one that was used: no earlier or equal one is taken again."""


class Passkey(Base):
    """A WebAuthn credential."""

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    rp_id: Mapped[str] = mapped_column(String(255))
    """The domain that it was made for."""
    name: Mapped[str] = mapped_column(String(64))
    transports: Mapped[str] = mapped_column(String(64), default="")
    created_ms: Mapped[int]
    used_ms: Mapped[int] = mapped_column(default=0)


class ForeignIdentity(Base):
    """A person at an OIDC provider."""

    __tablename__ = "foreign_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(512))
    subject: Mapped[str] = mapped_column(String(256))
    name: Mapped[str] = mapped_column(String(256))
    """What the provider calls them."""
    created_ms: Mapped[int]


class RecoveryCode(Base):
    """A code that signs in once."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)


class Invite(Base):
    """A link by which a person signs in for the first time, once."""

    __tablename__ = "invite"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    expires_ms: Mapped[int]


class SessionRow(Base):
    """A browser that is signed in, or a program with a token."""

    __tablename__ = "session"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    browser: Mapped[bool]
    """A cookie; otherwise a bearer token."""
    method: Mapped[str] = mapped_column(String(32))
    """How the person proved who they are: password, passkey, oidc, recovery, invite, set-up; device for a token."""
    name: Mapped[str] = mapped_column(String(128), default="")
    """What it is: the browser's own words, or the program's computer."""
    address: Mapped[str] = mapped_column(String(64))
    created_ms: Mapped[int]
    seen_ms: Mapped[int]
    proven_ms: Mapped[int]
    """When the person last proved who they are."""
    expires_ms: Mapped[int] = mapped_column(index=True)


class KnownAddress(Base):
    """An address from which this person signed in: guessing from elsewhere does not lock it out."""

    __tablename__ = "known_address"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_ms: Mapped[int]


class Group(Base):
    """A group of people."""

    __tablename__ = "people_group"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(256), unique=True)
    created_ms: Mapped[int]


class Member(Base):
    """A person in a group."""

    __tablename__ = "people_group_member"

    group_id: Mapped[str] = mapped_column(ForeignKey("people_group.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
