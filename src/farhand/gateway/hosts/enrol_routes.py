"""`/api/enrol-tokens`, `/api/enrol` and `/api/org`."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import select

from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import ApiError, NotFound
from farhand.gateway.hosts import directory
from farhand.gateway.hosts.enrolment import TokenRefused, enrol, make_token
from farhand.gateway.hosts.models import EnrolTokenRow
from farhand.gateway.hosts.org import Organisation, open_grant_key
from farhand.gateway.hosts.routes import organisation
from farhand.gateway.hosts.schemas import (
    DelegationAnswer,
    EnrolBody,
    Enrolled,
    EnrolTokenAnswer,
    EnrolTokenBody,
    NewEnrolToken,
    Org,
    OrgBody,
)
from farhand.gateway.limits import Conduct, Limits
from farhand.gateway.paging import Order, page
from farhand.gateway.security import Admin, Me, client_address
from farhand.gateway.shapes import Cursor, Done, Id, Limit, Listed
from farhand.gateway.texts import base64_text, binary
from farhand.protocol.grants import fingerprint

router = APIRouter(tags=["enrolment"])


def install(backend: Backend) -> None:
    """Make what the routes share."""
    backend.parts["organisation"] = Organisation(open_grant_key(backend.settings.data), backend.clock)
    backend.parts["enrol conduct"] = Conduct(Limits())


async def load(backend: Backend) -> None:
    """Read what the database holds, before the first request."""
    async with backend.database.read() as db:
        await organisation(backend).load(db)
    await directory.load(backend)


@router.get("/enrol-tokens")
async def list_tokens(
    _me: Admin, backend: InBackend, limit: Limit = 50, cursor: Cursor = ""
) -> Listed[EnrolTokenAnswer]:
    """Enrolment tokens, the newest first; used and expired ones too."""
    order = Order(EnrolTokenRow.created_ms, EnrolTokenRow.id, descending=True)
    async with backend.database.read() as db:
        found = await page(db, select(EnrolTokenRow), order, limit=limit, cursor=cursor)
    items = [EnrolTokenAnswer(**_token(row)) for row in found.rows]
    return Listed[EnrolTokenAnswer](items=items, total=found.total, next=found.next)


@router.post("/enrol-tokens", status_code=201)
async def add_token(body: EnrolTokenBody, me: Admin, backend: InBackend) -> NewEnrolToken:
    """Make a token that enrols one host, once."""
    async with backend.database.write() as db:
        row, token = await make_token(
            db, backend, organisation(backend), me, name=body.name.strip(), group=body.group, hours=body.hours
        )
    return NewEnrolToken(**_token(row), token=token)


@router.delete("/enrol-tokens/{token}")
async def remove_token(token: Annotated[Id, Path(description="A token's id.")], me: Admin, backend: InBackend) -> Done:
    """Remove a token: who holds it enrols nothing with it."""
    async with backend.database.write() as db:
        row = await db.get(EnrolTokenRow, token)
        if row is None:
            raise NotFound("such token")
        await db.delete(row)
        now = backend.now_ms()
        record(db, now, EventKind.ENROL_TOKEN, who=me.who, address=me.address, action="removed", token=token)
    return Done()


@router.post("/enrol", status_code=201)
async def enrol_host(body: EnrolBody, request: Request, backend: InBackend) -> Enrolled:
    """Enrol a host by a token; for hosts, which have no account."""
    address = client_address(request)
    conduct: Conduct = backend.parts["enrol conduct"]
    now = time.monotonic()
    if wait := conduct.call(address, now):
        raise ApiError(429, "too-often", "too many enrolments from this address", retry=wait)
    org = organisation(backend)
    try:
        row, root = await enrol(
            backend,
            org,
            secret=binary(body.secret, "token's secret"),
            certificate=binary(body.certificate, "certificate"),
            endorsement=binary(body.endorsement, "endorsement"),
            delegation=binary(body.delegation, "delegation"),
            address=address,
        )
    except TokenRefused as error:
        if error.unknown:
            conduct.miss(address, now)
        raise
    return Enrolled(
        root=base64_text(root),
        gateway_name=backend.settings.name,
        host_id=row.id,
        endorsed=row.endorsement is not None,
    )


@router.get("/org")
async def get_org(_me: Me, backend: InBackend) -> Org:
    """The organisation's root, and what it lets this gateway sign."""
    return _org(backend)


@router.post("/org")
async def join_org(body: OrgBody, me: Admin, backend: InBackend) -> Org:
    """Take the organisation's root, the first time, or a new delegation by the same root (`farhand org`)."""
    org = organisation(backend)
    root, delegation = binary(body.root, "root", 32), binary(body.delegation, "delegation")
    async with backend.database.write() as db:
        now = backend.now_ms()
        await org.join(db, now, root, delegation)
        record(
            db, now, EventKind.SETTING, who=me.who, address=me.address, setting="organisation",
            root=fingerprint(root), delegation=bool(delegation),
        )  # fmt: skip
    org.took(root, delegation)
    return _org(backend)


def _org(backend: Backend) -> Org:
    org = organisation(backend)
    described = org.described()
    delegation = None
    if described is not None:
        what, state = described
        delegation = DelegationAnswer(
            ceiling=what.ceiling,
            not_before_ms=what.not_before * 1000,
            not_after_ms=what.not_after * 1000,
            name=what.name,
            state=state,
        )
    return Org(
        name=backend.settings.name,
        root=None if org.root is None else base64_text(org.root),
        fingerprint=None if org.root is None else fingerprint(org.root),
        gateway_key=base64_text(org.public),
        gateway_fingerprint=fingerprint(org.public),
        delegation=delegation,
    )


def _token(row: EnrolTokenRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "group": row.group_id,
        "made_by": row.made_by,
        "created_ms": row.created_ms,
        "expires_ms": row.expires_ms,
        "used_ms": row.used_ms,
        "host_id": row.host_id,
    }
