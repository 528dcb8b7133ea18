"""Issuing grants: rule, delegation and what was asked for, whichever is least; a second person where a rule says so."""

import json
import secrets
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.accounts.models import Member, PersonRow
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import Backend
from farhand.gateway.errors import ApiError, Conflict, Forbidden, NotFound
from farhand.gateway.hosts.listing import visible_to
from farhand.gateway.hosts.models import HostRow
from farhand.gateway.hosts.org import Organisation
from farhand.gateway.hosts.routes import proof_of
from farhand.gateway.rights.devices import need_mine
from farhand.gateway.rights.evaluate import Allowed, decide
from farhand.gateway.rights.models import ApprovalRow, DeviceRow
from farhand.gateway.rights.rules import applying
from farhand.gateway.security import Person, Role
from farhand.protocol import limits
from farhand.protocol.capability import Capabilities, Capability, in_order
from farhand.protocol.grants import Credential, Grant, Right, fingerprint, sign_grant

#: A grant counts from so many seconds before it was made: clocks differ.
_EARLY = 30
#: How long a request waits for a second person, in seconds.
APPROVAL_SECONDS = 15 * 60
#: Requests of one person that may wait at a time.
_WAITING_MAX = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for."""

    host: str
    identity: bytes
    capabilities: Capabilities
    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A grant, encoded, and what it says."""

    credential: bytes
    proof: bytes
    rights: list[Right]
    not_after: int


async def ask(db: AsyncSession, backend: Backend, org: Organisation, me: Person, asked: Asked) -> Issued | ApprovalRow:
    """A grant at once, or a request that waits for a second person. Raises ApiError."""
    host = await _find_host(db, me, asked.host)
    device = await need_mine(db, me, asked.identity)
    allowed = await _allowed(db, org, me.id, host, asked.capabilities, asked.seconds, me.address)
    if allowed.conditions.reason and not asked.reason.strip():
        raise ApiError(422, "reason-needed", "a rule wants a reason for this", "say what it is for")
    if allowed.conditions.approval:
        return await _wait(db, backend, me, host, device, asked)
    return _issue(db, backend, org, me.who, host, device, allowed, asked.reason, approver="", address=me.address)


async def approve(
    db: AsyncSession, backend: Backend, org: Organisation, me: Person, approval: str, *, yes: bool
) -> ApprovalRow:
    """Decide a request; the grant is made now, by the rules as they are now. Raises ApiError."""
    row = await db.get(ApprovalRow, approval, with_for_update=True)
    if row is None or not await may_decide(db, org, me, row):
        raise NotFound("such request")
    now = backend.now_ms()
    if state_of(row, now) != "waiting":
        raise Conflict("decided", "this request was decided already, or has expired", "the asker can ask again")
    row.decided_ms, row.decided_by, row.approved = now, me.name, yes
    if yes:
        asker = await db.get(PersonRow, row.person_id)
        device = await db.get(DeviceRow, row.device_id)
        host = await db.get(HostRow, row.host_id)
        if asker is None or asker.disabled or device is None or device.revoked_ms or host is None or host.removed_ms:
            raise Conflict("gone", "the asker, their device or the host is no longer there")
        allowed = await _allowed(db, org, asker.id, host, read_asked(row), row.seconds, row.address)
        who = (asker.id, asker.name)
        issued = _issue(db, backend, org, who, host, device, allowed, row.reason, approver=me.name, address=row.address)
        row.credential = issued.credential
    record(
        db, now, EventKind.APPROVAL_DECIDED, who=me.who, address=me.address, host=row.host_id, approval=row.id,
        approved=yes, asker=row.person_id, asked=in_order(read_asked(row)), asked_reason=row.reason,
    )  # fmt: skip
    return row


async def may_decide(db: AsyncSession, org: Organisation, me: Person, row: ApprovalRow) -> bool:
    """Whether this person may decide the request: never the asker; an administrator, or an approver of the rules."""
    if row.person_id == me.id:
        return False
    if me.admin:
        return True
    host = await db.get(HostRow, row.host_id)
    if host is None:
        return False
    try:
        allowed = await _allowed(db, org, row.person_id, host, read_asked(row), row.seconds, row.address)
    except ApiError:
        return False
    if not allowed.approvers or None in allowed.approvers:
        return False
    mine = set((await db.execute(select(Member.group_id).where(Member.person_id == me.id))).scalars())
    return allowed.approvers <= mine


def state_of(row: ApprovalRow, now: int) -> str:
    """``waiting``, ``approved``, ``refused`` or ``expired``."""
    if row.decided_ms:
        return "approved" if row.approved else "refused"
    return "expired" if now > row.expires_ms else "waiting"


def read_asked(row: ApprovalRow) -> Capabilities:
    """The capabilities that were asked for."""
    return frozenset(Capability(one) for one in json.loads(row.asked))


def issued_of(row: ApprovalRow, host: HostRow) -> Issued | None:
    """The grant of an approved request."""
    proof = proof_of(host)
    if not row.credential or proof is None:
        return None
    data = bytes(row.credential)
    grant = msgspec.msgpack.decode(Credential.decode(data).grant[:-64], type=Grant)
    return Issued(data, proof, grant.rights, grant.not_after)


async def _find_host(db: AsyncSession, me: Person, host: str) -> HostRow:
    if Role.OPERATOR not in me.roles:
        raise Forbidden("this is for operators")
    found = await db.execute(select(HostRow).where(HostRow.id == host, HostRow.removed_ms == 0, visible_to(me)))
    row = found.scalar_one_or_none()
    if row is None:
        raise NotFound("such host")
    return row


async def _allowed(
    db: AsyncSession, org: Organisation, person_id: str, host: HostRow, asked: Capabilities, seconds: int, address: str
) -> Allowed:
    ceiling = frozenset(org.delegated().ceiling)
    if host.endorsement is None:
        raise Conflict("host-not-signed", "the organisation has not signed this host's keys", "run: farhand org sign")
    allowed = decide(await applying(db, person_id, host.id), asked, ceiling, address, seconds)
    if allowed is None:
        raise Forbidden("no rule allows any of this, from this address", "ask an administrator for a rule")
    return allowed


def _issue(
    db: AsyncSession,
    backend: Backend,
    org: Organisation,
    who: tuple[str, str],
    host: HostRow,
    device: DeviceRow,
    allowed: Allowed,
    reason: str,
    *,
    approver: str,
    address: str,
) -> Issued:
    now = int(backend.clock())
    not_after = min(now + limits.GRANT_SECONDS - _EARLY, org.delegated().not_after)
    rights = [Right(capability, allowed.rights[capability]) for capability in in_order(allowed.rights)]
    grant = Grant(
        version=1,
        host_id=bytes.fromhex(host.id),
        viewer=bytes(device.identity),
        person=who[1],
        device=device.name,
        rights=rights,
        not_before=now - _EARLY,
        not_after=not_after,
        nonce=secrets.token_bytes(16),
        conditions=allowed.conditions,
        reason=reason,
        approver=approver,
    )
    try:
        credential = Credential(delegation=org.delegation, grant=sign_grant(org.key, grant)).encode()
    except ValueError as error:
        raise ApiError(422, "too-long", f"this does not fit into a grant ({error})", "give a shorter reason") from error
    proof = proof_of(host)
    assert proof is not None  # noqa: S101  _allowed looked
    device.seen_ms = backend.now_ms()
    record(
        db, device.seen_ms, EventKind.GRANT_ISSUED, who=who, address=address, device=fingerprint(grant.viewer),
        host=host.id, reason=reason, rights=[right.capability.value for right in rights], rules=list(allowed.rules),
        approver=approver,
    )  # fmt: skip
    return Issued(credential, proof, rights, not_after)


async def _wait(
    db: AsyncSession, backend: Backend, me: Person, host: HostRow, device: DeviceRow, asked: Asked
) -> ApprovalRow:
    now = backend.now_ms()
    waiting = select(ApprovalRow).where(
        ApprovalRow.person_id == me.id, ApprovalRow.decided_ms == 0, ApprovalRow.expires_ms >= now
    )
    wanted = json.dumps(in_order(asked.capabilities))
    mine = (await db.execute(waiting)).scalars().all()
    for row in mine:
        if (row.device_id, row.host_id, row.asked, row.seconds, row.reason) == (
            device.id, host.id, wanted, asked.seconds, asked.reason,
        ):  # fmt: skip
            return row  # the same question again
    if len(mine) >= _WAITING_MAX:
        raise ApiError(429, "too-many-requests", f"{_WAITING_MAX} of your requests wait already", retry=60)
    row = ApprovalRow(
        id=new_id("approval"), person_id=me.id, device_id=device.id, host_id=host.id, asked=wanted,
        seconds=asked.seconds, reason=asked.reason, address=me.address, created_ms=now,
        expires_ms=now + APPROVAL_SECONDS * 1000, decided_ms=0, approved=False, decided_by="", credential=b"",
    )  # fmt: skip
    db.add(row)
    record(
        db, now, EventKind.APPROVAL_ASKED, who=me.who, address=me.address, device=fingerprint(bytes(device.identity)),
        host=host.id, reason=asked.reason, asked=in_order(asked.capabilities), approval=row.id,
    )  # fmt: skip
    return row
