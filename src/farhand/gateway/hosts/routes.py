"""`/api/hosts` and `/api/host-groups`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.audit.models import CopyRow
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import Forbidden
from farhand.gateway.hosts import service
from farhand.gateway.hosts.listing import Sort, State, Wanted, belongings, containing, host_page, visible_to
from farhand.gateway.hosts.models import HostGroup, HostMember, HostRow
from farhand.gateway.hosts.org import Organisation
from farhand.gateway.hosts.schemas import (
    EndorsementBody,
    Group,
    GroupBody,
    Host,
    HostChange,
    HostDetail,
    HostId,
    Named,
    Proof,
)
from farhand.gateway.paging import Order, page
from farhand.gateway.security import Admin, Me, Person
from farhand.gateway.shapes import Cursor, Done, Id, Limit, Listed, Search
from farhand.gateway.texts import base64_text, binary
from farhand.protocol.certificate import Certificate
from farhand.protocol.grants import HostProof, fingerprint

router = APIRouter(tags=["hosts"])

OneHost = Annotated[HostId, Path(description="A host's id: 32 hexadecimal digits.")]
OneGroup = Annotated[Id, Path(description="A group's id.")]


def organisation(backend: Backend) -> Organisation:
    """The gateway's, made by ``install``."""
    org: Organisation = backend.parts["organisation"]
    return org


def proof_of(row: HostRow) -> bytes | None:
    """The encoded HostProof; None while nobody has signed the host's keys."""
    if row.endorsement is None:
        return None
    return HostProof(endorsement=bytes(row.endorsement), delegation=bytes(row.delegation)).encode()


@router.get("/hosts")
async def list_hosts(
    me: Me,
    backend: InBackend,
    q: Search = "",
    group: Annotated[str, Query(max_length=40, pattern=r"^[a-z2-7_]*$", description="Only hosts of this group.")] = "",
    tag: Annotated[Search, Query(max_length=32, description="Only hosts with this tag.")] = "",
    state: Annotated[State | None, Query(description="Only hosts in this state.")] = None,
    sort: Annotated[Sort, Query(description="In which order.")] = Sort.NAME,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listed[Host]:
    """The hosts that the caller may see."""
    _need_role(me)
    async with backend.database.read() as db:
        found = await host_page(db, me, Wanted(q, group, tag, state, sort), limit, cursor)
    items = [
        Host(**_shown(backend, row, found.tags.get(row.id, []), found.groups.get(row.id, []))) for row in found.rows
    ]
    return Listed[Host](items=items, total=found.total, next=found.next)


@router.get("/hosts/{host}")
async def get_host(host: OneHost, me: Me, backend: InBackend) -> HostDetail:
    """One host."""
    async with backend.database.read() as db:
        return await _detail(db, backend, await service.find(db, me, host))


@router.patch("/hosts/{host}")
async def change_host(host: OneHost, body: HostChange, me: Admin, backend: InBackend) -> HostDetail:
    """Change a host's name, notes, tags or groups."""
    async with backend.database.write() as db:
        row = await service.find(db, me, host)
        await service.change(db, backend, me, row, name=body.name, notes=body.notes, tags=body.tags, groups=body.groups)
    if known := backend.presence.known.get(bytes.fromhex(host)):
        known.name = row.name
    async with backend.database.read() as db:
        return await _detail(db, backend, await service.find(db, me, host))


@router.delete("/hosts/{host}")
async def remove_host(host: OneHost, me: Admin, backend: InBackend) -> Done:
    """Remove a host: its sessions end, and it comes back only with a new enrolment token."""
    async with backend.database.write() as db:
        await service.remove(db, backend, me, await service.find(db, me, host))
    backend.presence.remove(bytes.fromhex(host))
    return Done()


@router.get("/hosts/{host}/proof")
async def host_proof(host: OneHost, me: Me, backend: InBackend) -> Proof:
    """How to know the host by its keys, whatever this gateway says of it."""
    async with backend.database.read() as db:
        row = await service.find(db, me, host)
    proof = proof_of(row)
    return Proof(
        host_id=row.id,
        name=row.name,
        online=backend.presence.online(bytes.fromhex(row.id)),
        proof=None if proof is None else base64_text(proof),
    )


@router.post("/hosts/{host}/endorsement")
async def endorse_host(host: OneHost, body: EndorsementBody, me: Admin, backend: InBackend) -> Done:
    """Hand in the organisation's word for a host's keys (`farhand org sign`)."""
    proof = HostProof(
        endorsement=binary(body.endorsement, "endorsement"), delegation=binary(body.delegation, "delegation")
    )
    async with backend.database.write() as db:
        row = await service.find(db, me, host)
        keys = Certificate.decode(bytes(row.certificate))
        organisation(backend).check_endorsement(bytes.fromhex(host), keys.identity, keys.static, proof)
        row.endorsement, row.delegation = proof.endorsement, proof.delegation
        record(
            db, backend.now_ms(), EventKind.HOST_CHANGED, who=me.who, address=me.address, host=host,
            action="endorsed",
        )  # fmt: skip
    return Done()


@router.get("/host-groups")
async def list_groups(
    me: Me, backend: InBackend, q: Search = "", limit: Limit = 50, cursor: Cursor = ""
) -> Listed[Group]:
    """Groups of hosts, each with how many of its hosts the caller may see."""
    _need_role(me)
    listed = select(HostGroup)
    seen = select(HostMember.group_id).join(HostRow, HostRow.id == HostMember.host_id)
    seen = seen.where(HostRow.removed_ms == 0, visible_to(me))
    if not me.admin:
        listed = listed.where(HostGroup.id.in_(seen))
    if q:
        listed = listed.where(*containing(HostGroup.name_key, q))
    async with backend.database.read() as db:
        found = await page(db, listed, Order(HostGroup.name_key, HostGroup.id), limit=limit, cursor=cursor)
        counted = seen.add_columns(func.count()).where(HostMember.group_id.in_([row.id for row in found.rows]))
        counts = {group: hosts for group, hosts in await db.execute(counted.group_by(HostMember.group_id))}
    items = [_group(row, counts.get(row.id, 0)) for row in found.rows]
    return Listed[Group](items=items, total=found.total, next=found.next)


@router.post("/host-groups", status_code=201)
async def add_group(body: GroupBody, me: Admin, backend: InBackend) -> Group:
    """Make a group of hosts."""
    async with backend.database.write() as db:
        row = await service.add_group(db, backend, me, body.name)
    return _group(row, 0)


@router.patch("/host-groups/{group}")
async def rename_group(group: OneGroup, body: GroupBody, me: Admin, backend: InBackend) -> Group:
    """Rename it."""
    async with backend.database.write() as db:
        row = await service.rename_group(db, backend, me, group, body.name)
        count = select(func.count()).select_from(HostMember).where(HostMember.group_id == group)
        hosts = (await db.execute(count)).scalar_one()
    return _group(row, hosts)


@router.delete("/host-groups/{group}")
async def remove_group(group: OneGroup, me: Admin, backend: InBackend) -> Done:
    """Remove it; its hosts stay, the rules about it go."""
    async with backend.database.write() as db:
        await service.remove_group(db, backend, me, group)
    return Done()


def _need_role(me: Person) -> None:
    if not me.roles:
        raise Forbidden("this is for those who use computers or read the audit")


def _group(row: HostGroup, hosts: int) -> Group:
    return Group(id=row.id, name=row.name, hosts=hosts, created_ms=row.created_ms)


def _shown(backend: Backend, row: HostRow, tags: list[str], groups: list[tuple[str, str]]) -> dict[str, Any]:
    here = backend.presence.here(bytes.fromhex(row.id))
    online = here is not None and not here.away
    status = here.status if here is not None and online else None
    return {
        "id": row.id,
        "name": row.name,
        "online": online,
        "state": "online" if online else "offline",
        "last_seen_ms": backend.now_ms() if online else row.last_seen_ms,
        "enrolled_ms": row.enrolled_ms,
        "system": status.system if status else row.system,
        "version": status.version if status else row.version,
        "screens": list(status.screens) if status else row.screens.split("\n") if row.screens else [],
        "load": status.load if status else None,
        "disk_free": status.disk_free if status else None,
        "disk_total": status.disk_total if status else None,
        "callers": status.callers if status else 0,
        "tags": tags,
        "groups": [Named(id=group, name=name) for group, name in groups],
        "endorsed": row.endorsement is not None,
    }


async def _detail(db: AsyncSession, backend: Backend, row: HostRow) -> HostDetail:
    tags, groups = await belongings(db, [row.id])
    copy = await db.get(CopyRow, row.id)
    return HostDetail(
        **_shown(backend, row, tags.get(row.id, []), groups.get(row.id, [])),
        notes=row.notes,
        fingerprint=fingerprint(Certificate.decode(bytes(row.certificate)).identity),
        certificate=base64_text(bytes(row.certificate)),
        audit_size=copy.size if copy is not None else 0,
        audit_fault=copy.fault if copy is not None else "",
    )
