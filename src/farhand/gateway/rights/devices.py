"""Devices: whose an identity key is, and when it stops to be anybody's."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import Backend
from farhand.gateway.errors import Conflict, NotFound
from farhand.gateway.hosts.enrolment import read_certificate
from farhand.gateway.rights.models import DeviceRow
from farhand.gateway.security import Person
from farhand.gateway.texts import shown
from farhand.protocol.certificate import Kind
from farhand.protocol.grants import fingerprint

#: Devices that one person may have at a time.
DEVICES_MAX = 64


async def register(db: AsyncSession, backend: Backend, me: Person, certificate: bytes) -> tuple[DeviceRow, bool]:
    """Enter a device of this person; returns it, and whether it is new. Raises ApiError.

    A key belongs to whom it was entered for first, for ever: who found somebody else's certificate cannot make it
    theirs, and thereby have it revoked everywhere.
    """
    read = read_certificate(certificate, Kind.CLIENT, Kind.BROWSER)
    found = await db.execute(select(DeviceRow).where(DeviceRow.identity == read.identity).with_for_update())
    row = found.scalar_one_or_none()
    if row is not None:
        if row.revoked_ms:
            raise Conflict("device-revoked", "this device was revoked", "make new keys for it, and register those")
        if row.person_id != me.id:
            raise Conflict("device-taken", "this device is somebody else's", "make keys of your own for it")
        return row, False
    held = select(DeviceRow.id).where(DeviceRow.person_id == me.id, DeviceRow.revoked_ms == 0).limit(DEVICES_MAX)
    if len((await db.execute(held)).all()) >= DEVICES_MAX:
        raise Conflict("too-many-devices", f"you have {DEVICES_MAX} devices", "revoke those that you no longer use")
    now = backend.now_ms()
    browser = read.kind is Kind.BROWSER
    name = shown(read.name, 64).strip() or ("browser" if browser else "client")
    row = DeviceRow(
        id=new_id("device"), person_id=me.id, identity=read.identity, name=name, browser=browser, created_ms=now,
        seen_ms=0, revoked_ms=0,
    )  # fmt: skip
    db.add(row)
    record(
        db, now, EventKind.DEVICE_ADDED, who=me.who, address=me.address, device=fingerprint(read.identity), name=name,
        browser=browser,
    )  # fmt: skip
    return row, True


async def need_mine(db: AsyncSession, me: Person, identity: bytes) -> DeviceRow:
    """The caller's device with this key. Raises ApiError where it is none of theirs, or revoked."""
    found = await db.execute(
        select(DeviceRow).where(DeviceRow.identity == identity, DeviceRow.person_id == me.id, DeviceRow.revoked_ms == 0)
    )
    row = found.scalar_one_or_none()
    if row is None:
        raise Conflict("no-device", "this device is none of yours, or was revoked", "register it (POST /api/devices)")
    return row


async def revoke(db: AsyncSession, backend: Backend, me: Person, device: str) -> bytes | None:
    """Revoke one of the caller's devices, or any for an administrator; returns its key, None if it was revoked before.

    Once that is committed, tell the hosts with Presence.revoke. Raises ApiError.
    """
    row = await db.get(DeviceRow, device, with_for_update=True)
    if row is None or not (me.admin or row.person_id == me.id):
        raise NotFound("such device")
    if row.revoked_ms:
        return None
    _end(db, backend.now_ms(), row, who=me.who, address=me.address, reason="")
    return bytes(row.identity)


async def revoke_all_of(backend: Backend, person_id: str) -> None:
    """A person was disabled or removed: none of their devices holds access any more."""
    async with backend.database.write() as db:
        # Somebody who was removed is no longer named by their devices: those of nobody are meant, too.
        theirs = or_(DeviceRow.person_id == person_id, DeviceRow.person_id.is_(None))
        found = await db.execute(select(DeviceRow).where(theirs, DeviceRow.revoked_ms == 0))
        keys = []
        for row in found.scalars():
            _end(db, backend.now_ms(), row, who=("", ""), address="", reason="the person was disabled or removed")
            keys.append(bytes(row.identity))
    for key in keys:
        backend.presence.revoke(key)


def _end(db: AsyncSession, now: int, row: DeviceRow, *, who: tuple[str, str], address: str, reason: str) -> None:
    row.revoked_ms = now
    record(
        db, now, EventKind.DEVICE_REVOKED, who=who, address=address, device=fingerprint(bytes(row.identity)),
        reason=reason, name=row.name,
    )  # fmt: skip
