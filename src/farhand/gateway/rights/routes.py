"""`/api/devices`, `/api/rules`, `/api/hosts/…/grant` and `/api/approvals`."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.gateway.accounts.models import PersonRow
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import ApiError, Forbidden, NotFound
from farhand.gateway.hosts.models import HostRow
from farhand.gateway.hosts.routes import OneHost, organisation
from farhand.gateway.hosts.schemas import Named
from farhand.gateway.limits import Conduct, Limits
from farhand.gateway.paging import Order, page
from farhand.gateway.rights import devices, grants, rules
from farhand.gateway.rights.models import ApprovalRow, DeviceRow, RuleRow
from farhand.gateway.rights.schemas import (
    Approval,
    ApprovalBody,
    Device,
    DeviceBody,
    GrantAnswer,
    GrantBody,
    RightShape,
    Rule,
    RuleBody,
    Waiting,
)
from farhand.gateway.security import Admin, Me, Person, Role
from farhand.gateway.shapes import Cursor, Done, Id, Limit, Listed
from farhand.gateway.texts import base64_text, binary
from farhand.protocol.capability import in_order
from farhand.protocol.grants import fingerprint

router = APIRouter(tags=["rights"])

OneDevice = Annotated[Id, Path(description="A device's id.")]
OneRule = Annotated[Id, Path(description="A rule's id.")]
OneApproval = Annotated[Id, Path(description="A request's id.")]
OfPerson = Annotated[
    str, Query(max_length=40, pattern=r"^[a-z2-7_]*$", description="Only this person's (administrators).")
]


def install(backend: Backend) -> None:
    """Make what the routes share."""
    backend.parts["grant conduct"] = Conduct(Limits(calls_burst=60, calls_per_minute=60.0))

    async def gone(person_id: str) -> None:
        await devices.revoke_all_of(backend, person_id)

    backend.on_person_gone.append(gone)


@router.get("/devices")
async def list_devices(
    me: Me,
    backend: InBackend,
    person: OfPerson = "",
    revoked: Annotated[bool, Query(description="Those that were revoked, instead of those that hold.")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listed[Device]:
    """Every device that holds access: an administrator sees all, anybody else their own."""
    listed = select(DeviceRow).where(DeviceRow.revoked_ms != 0 if revoked else DeviceRow.revoked_ms == 0)
    if not me.admin:
        listed = listed.where(DeviceRow.person_id == me.id)
    elif person:
        listed = listed.where(DeviceRow.person_id == person)
    order = Order(DeviceRow.created_ms, DeviceRow.id, descending=True)
    async with backend.database.read() as db:
        found = await page(db, listed, order, limit=limit, cursor=cursor)
        items = await _devices(db, found.rows)
    return Listed[Device](items=items, total=found.total, next=found.next)


@router.post("/devices", status_code=201, responses={200: {"model": Device, "description": "It was there already."}})
async def add_device(body: DeviceBody, me: Me, backend: InBackend, response: Response) -> Device:
    """Register a device of the caller's by its certificate."""
    async with backend.database.write() as db:
        row, new = await devices.register(db, backend, me, binary(body.certificate, "certificate"))
    if not new:
        response.status_code = 200
    return _device(row, Named(id=me.id, name=me.name))


@router.delete("/devices/{device}")
async def revoke_device(device: OneDevice, me: Me, backend: InBackend) -> Done:
    """Revoke a device: it is out of every session within two seconds, and never comes back."""
    async with backend.database.write() as db:
        key = await devices.revoke(db, backend, me, device)
    if key is not None:
        backend.presence.revoke(key)
    return Done()


@router.get("/rules")
async def list_rules(
    _me: Admin,
    backend: InBackend,
    person: OfPerson = "",
    host: Annotated[str, Query(max_length=32, pattern=r"^[0-9a-f]*$", description="Only rules about this host.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listed[Rule]:
    """The rules."""
    listed = select(RuleRow)
    if person:
        listed = listed.where(RuleRow.person_id == person)
    if host:
        listed = listed.where(RuleRow.host_id == host)
    async with backend.database.read() as db:
        found = await page(db, listed, Order(RuleRow.created_ms, RuleRow.id), limit=limit, cursor=cursor)
        items = await rules.shown(db, found.rows)
    return Listed[Rule](items=items, total=found.total, next=found.next)


@router.post("/rules", status_code=201)
async def add_rule(body: RuleBody, me: Admin, backend: InBackend) -> Rule:
    """Make a rule."""
    async with backend.database.write() as db:
        row = await rules.add(db, backend, me, body)
        await db.flush()
        return (await rules.shown(db, [row]))[0]


@router.patch("/rules/{rule}")
async def change_rule(rule: OneRule, body: RuleBody, me: Admin, backend: InBackend) -> Rule:
    """Replace a rule."""
    async with backend.database.write() as db:
        row = await rules.change(db, backend, me, rule, body)
        await db.flush()
        return (await rules.shown(db, [row]))[0]


@router.delete("/rules/{rule}")
async def remove_rule(rule: OneRule, me: Admin, backend: InBackend) -> Done:
    """Remove a rule: no further grant comes of it. Grants end by themselves, within five minutes."""
    async with backend.database.write() as db:
        await rules.remove(db, backend, me, rule)
    return Done()


@router.post(
    "/hosts/{host}/grant", responses={202: {"model": Waiting, "description": "A second person has to approve first."}}
)
async def ask_for_grant(
    host: OneHost, body: GrantBody, me: Me, backend: InBackend, response: Response
) -> GrantAnswer | Waiting:
    """Ask for the right to open a session."""
    conduct: Conduct = backend.parts["grant conduct"]
    if wait := conduct.call(me.id, time.monotonic()):
        raise ApiError(429, "too-often", "you ask for very many grants", retry=wait)
    asked = grants.Asked(
        host, binary(body.device, "device's key", 32), frozenset(body.capabilities), body.seconds, body.reason
    )
    async with backend.database.write() as db:
        issued = await grants.ask(db, backend, organisation(backend), me, asked)
    if isinstance(issued, ApprovalRow):
        response.status_code = 202
        return Waiting(approval=issued.id, expires_ms=issued.expires_ms)
    return _grant(issued)


@router.get("/approvals")
async def list_approvals(
    me: Me,
    backend: InBackend,
    waiting: Annotated[bool, Query(description="Only those that nobody has decided yet.")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listed[Approval]:
    """Requests for a second person, the newest first: the caller's own, and those that they may decide."""
    org, now = organisation(backend), backend.now_ms()
    listed = select(ApprovalRow)
    if waiting:
        listed = listed.where(ApprovalRow.decided_ms == 0, ApprovalRow.expires_ms >= now)
    async with backend.database.read() as db:
        if not me.admin:
            # Who may approve depends on rules: asked of those that still wait, which are few.
            open_ones = select(ApprovalRow).where(
                ApprovalRow.decided_ms == 0, ApprovalRow.expires_ms >= now, ApprovalRow.person_id != me.id
            )
            rows = (await db.execute(open_ones.order_by(ApprovalRow.created_ms).limit(500))).scalars().all()
            mine = [row.id for row in rows if Role.OPERATOR in me.roles and await grants.may_decide(db, org, me, row)]
            listed = listed.where(or_(ApprovalRow.person_id == me.id, ApprovalRow.id.in_(mine)))
        order = Order(ApprovalRow.created_ms, ApprovalRow.id, descending=True)
        found = await page(db, listed, order, limit=limit, cursor=cursor)
        items = [await _approval(db, backend, me, row) for row in found.rows]
    return Listed[Approval](items=items, total=found.total, next=found.next)


@router.get("/approvals/{approval}")
async def get_approval(approval: OneApproval, me: Me, backend: InBackend) -> Approval:
    """One request; for its asker the grant, once it is approved."""
    async with backend.database.read() as db:
        row = await db.get(ApprovalRow, approval)
        if row is None or not (row.person_id == me.id or await grants.may_decide(db, organisation(backend), me, row)):
            raise NotFound("such request")
        return await _approval(db, backend, me, row)


@router.post("/approvals/{approval}")
async def decide_approval(approval: OneApproval, body: ApprovalBody, me: Me, backend: InBackend) -> Approval:
    """Approve a request, or refuse it."""
    if not me.roles & {Role.ADMIN, Role.OPERATOR}:
        raise Forbidden("this is for those who may approve")
    async with backend.database.write() as db:
        row = await grants.approve(db, backend, organisation(backend), me, approval, yes=body.approve)
        return await _approval(db, backend, me, row)


def _device(row: DeviceRow, person: Named) -> Device:
    identity = bytes(row.identity)
    return Device(
        id=row.id,
        name=row.name,
        person=person,
        kind="browser" if row.browser else "client",
        identity=base64_text(identity),
        fingerprint=fingerprint(identity),
        created_ms=row.created_ms,
        seen_ms=row.seen_ms,
        revoked_ms=row.revoked_ms,
    )


async def _devices(db: AsyncSession, rows: Sequence[DeviceRow]) -> list[Device]:
    wanted = {row.person_id for row in rows if row.person_id is not None}
    found = await db.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(wanted)))
    people = {person: Named(id=person, name=name) for person, name in found}
    gone = Named(id="", name="")
    return [_device(row, people.get(row.person_id or "", gone)) for row in rows]


def _grant(issued: grants.Issued) -> GrantAnswer:
    return GrantAnswer(
        credential=base64_text(issued.credential),
        proof=base64_text(issued.proof),
        rights=[RightShape(capability=right.capability, seconds=right.seconds) for right in issued.rights],
        not_after_ms=issued.not_after * 1000,
    )


async def _approval(db: AsyncSession, backend: Backend, me: Person, row: ApprovalRow) -> Approval:
    now = backend.now_ms()
    state = grants.state_of(row, now)
    person = await db.get(PersonRow, row.person_id)
    device = await db.get(DeviceRow, row.device_id)
    host = await db.get(HostRow, row.host_id)
    issued = None
    if state == "approved" and row.person_id == me.id and host is not None:
        found = grants.issued_of(row, host)
        issued = _grant(found) if found is not None and found.not_after * 1000 > now else None
        state = state if issued is not None else "expired"
    asked: list[Any] = [RightShape(capability=one, seconds=row.seconds) for one in in_order(grants.read_asked(row))]
    decidable = state == "waiting" and await grants.may_decide(db, organisation(backend), me, row)
    return Approval(
        id=row.id,
        person=Named(id=row.person_id, name=person.name if person is not None else ""),
        device=device.name if device is not None else "",
        host=Named(id=row.host_id, name=host.name if host is not None else ""),
        rights=asked,
        reason=row.reason,
        address=row.address,
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        state=state,
        decided_by=row.decided_by,
        decidable=decidable,
        grant=issued,
    )
