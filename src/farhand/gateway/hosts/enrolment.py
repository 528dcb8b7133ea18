"""Enrolment: a token that was made here, once, makes a host one of the organisation's."""

import secrets

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.audit.models import CopyRow
from farhand.gateway.backend import Backend
from farhand.gateway.errors import ApiError, Conflict
from farhand.gateway.hosts.listing import search_text, sort_key
from farhand.gateway.hosts.models import EnrolTokenRow, HostGroup, HostMember, HostRow
from farhand.gateway.hosts.org import Organisation
from farhand.gateway.hosts.presence import Known
from farhand.gateway.security import Person
from farhand.gateway.texts import shown
from farhand.protocol.certificate import Certificate, Kind
from farhand.protocol.envelope import host_id
from farhand.protocol.errors import IdentityMismatch
from farhand.protocol.grants import EnrolToken, HostProof, root_hash

#: Tokens that wait to be used, at most.
_WAITING_MAX = 1000


_REFUSALS = {
    "unknown": ("this gateway knows no such enrolment token", "is it another gateway's, or was it removed here?"),
    "used": ("this enrolment token was used already", "ask an administrator for a new one, and who used it"),
    "expired": ("this enrolment token has expired", "ask an administrator for a new one"),
}


class TokenRefused(ApiError):
    """A token that enrols nobody; ``why`` is a key of _REFUSALS."""

    def __init__(self, why: str) -> None:
        super().__init__(403, f"token-{why}", *_REFUSALS[why])
        self.unknown = why == "unknown"


async def make_token(
    db: AsyncSession, backend: Backend, org: Organisation, me: Person, *, name: str, group: str | None, hours: int
) -> tuple[EnrolTokenRow, str]:
    """A token for one host; returns what is kept of it, and the token itself. Raises ApiError."""
    root = org.need_root()
    now = backend.now_ms()
    if group is not None and await db.get(HostGroup, group) is None:
        raise ApiError(422, "no-such-group", "there is no such group of hosts", "it may have been removed meanwhile")
    waiting = select(EnrolTokenRow.id).where(EnrolTokenRow.used_ms == 0, EnrolTokenRow.expires_ms > now)
    if len((await db.execute(waiting.limit(_WAITING_MAX))).all()) >= _WAITING_MAX:
        raise Conflict("too-many-tokens", f"{_WAITING_MAX} tokens wait to be used", "remove some of them")
    secret = secrets.token_bytes(16)
    row = EnrolTokenRow(
        id=new_id("enrol"),
        secret_hash=_hash(backend, secret),
        name=name,
        group_id=group,
        made_by=me.name,
        created_ms=now,
        expires_ms=now + hours * 3_600_000,
        used_ms=0,
        host_id=None,
    )
    db.add(row)
    record(db, now, EventKind.ENROL_TOKEN, who=me.who, address=me.address, action="made", token=row.id, hours=hours)
    token = EnrolToken(version=1, secret=secret, root_hash=root_hash(root), seed=b"", delegation=b"")
    return row, token.encode()


async def enrol(
    backend: Backend, org: Organisation, *, secret: bytes, certificate: bytes, endorsement: bytes, delegation: bytes,
    address: str,
) -> tuple[HostRow, bytes]:  # fmt: skip
    """Use a token; returns the host and the root. Raises TokenRefused, ApiError."""
    now = backend.now_ms()
    async with backend.database.read() as db:
        token = await _find(db, backend, secret, now)
    root = org.need_root()
    keys = read_certificate(certificate, Kind.HOST)
    host = host_id(keys.identity)
    if endorsement:
        org.check_endorsement(host, keys.identity, keys.static, _proof(endorsement, delegation))
    async with backend.database.write() as db:
        used = await db.execute(
            update(EnrolTokenRow)
            .where(EnrolTokenRow.id == token.id, EnrolTokenRow.used_ms == 0, EnrolTokenRow.expires_ms > now)
            .values(used_ms=now, host_id=host.hex())
            .returning(EnrolTokenRow.id)
        )
        if used.first() is None:
            raise TokenRefused("used")  # another host was a moment faster
        row = await _enter(db, backend, token, keys, host.hex(), now)
        if endorsement:
            row.endorsement, row.delegation = endorsement, delegation
        record(
            db, now, EventKind.HOST_ENROLLED, host=row.id, address=address, name=row.name, token=token.id,
            made_by=token.made_by, endorsed=row.endorsement is not None,
        )  # fmt: skip
        copy = await db.get(CopyRow, row.id)
    known = Known(row.name, row.last_seen_ms / 1000, copy.size if copy is not None else 0)
    backend.presence.known[host] = known
    return row, root


def read_certificate(data: bytes, *kinds: Kind) -> Certificate:
    """A certificate of one of these kinds. Raises ApiError."""
    try:
        certificate = Certificate.decode(data)
    except IdentityMismatch as error:
        raise ApiError(422, "bad-certificate", str(error), "send the certificate as it was made") from error
    if certificate.kind not in kinds:
        raise ApiError(422, "bad-certificate", f"a {certificate.kind.name.lower()}'s certificate does not belong here")
    return certificate


def _proof(endorsement: bytes, delegation: bytes) -> HostProof:
    return HostProof(endorsement=endorsement, delegation=delegation)


def _hash(backend: Backend, secret: bytes) -> bytes:
    return backend.vault.hash(secret.hex(), "enrol")


async def _find(db: AsyncSession, backend: Backend, secret: bytes, now: int) -> EnrolTokenRow:
    """The token with this secret, which nobody guesses: who has it may know what became of it. Raises TokenRefused."""
    found = await db.execute(select(EnrolTokenRow).where(EnrolTokenRow.secret_hash == _hash(backend, secret)))
    token = found.scalar_one_or_none()
    if token is None:
        raise TokenRefused("unknown")
    if token.used_ms:
        raise TokenRefused("used")
    if token.expires_ms <= now:
        raise TokenRefused("expired")
    return token


async def _enter(
    db: AsyncSession, backend: Backend, token: EnrolTokenRow, keys: Certificate, host: str, now: int
) -> HostRow:
    """Add the host, or take one back that was here before with the same key."""
    row = await db.get(HostRow, host)
    name = token.name or shown(keys.name, 64).strip() or f"host {host[:8]}"
    if row is None:
        row = HostRow(
            id=host, notes="", search="", endorsement=None, delegation=b"", online=False, last_seen_ms=0,
            system="", version="", screens="", enrolled_ms=now, removed_ms=0, name=name, name_key=sort_key(name),
            certificate=keys.encoded,
        )  # fmt: skip
        db.add(row)
    else:
        if Certificate.decode(bytes(row.certificate)).static != keys.static:
            row.endorsement, row.delegation = None, b""
        row.certificate, row.enrolled_ms, row.removed_ms = keys.encoded, now, 0
        row.name, row.name_key = name, sort_key(name)
    row.search = search_text(row, ())
    await db.flush()
    if token.group_id is not None and await db.get(HostMember, (token.group_id, host)) is None:
        db.add(HostMember(group_id=token.group_id, host_id=host))
    return row
