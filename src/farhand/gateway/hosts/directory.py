"""Between presence in memory and the hosts in the database: read at the start, written as it changes."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from farhand.gateway.audit.models import CopyRow
from farhand.gateway.backend import Backend
from farhand.gateway.database import Database
from farhand.gateway.hosts.listing import search_text
from farhand.gateway.hosts.models import HostRow, HostTag
from farhand.gateway.hosts.presence import Known, Sight
from farhand.gateway.rights.models import DeviceRow

#: Hosts that one statement names at most.
_CHUNK = 500


async def load(backend: Backend) -> None:
    """Begin: nobody is here yet, and presence knows whom to expect."""
    async with backend.database.write() as db:
        await db.execute(update(HostRow).where(HostRow.online.is_(True)).values(online=False))
        sizes = {host: size for host, size in await db.execute(select(CopyRow.host_id, CopyRow.size))}
        hosts = await db.execute(select(HostRow.id, HostRow.name, HostRow.last_seen_ms, HostRow.removed_ms))
        known = {
            bytes.fromhex(host): Known(name, seen / 1000, sizes.get(host, 0), removed != 0)
            for host, name, seen, removed in hosts
        }
        revoked = await db.execute(select(DeviceRow.revoked_ms, DeviceRow.identity).where(DeviceRow.revoked_ms != 0))
        backend.presence.load(known, [(when / 1000, identity) for when, identity in revoked])


async def write_sights(database: Database, sights: Sequence[Sight]) -> None:
    """Write down who came and went, and what runs there."""
    for start in range(0, len(sights), _CHUNK):
        chunk = sights[start : start + _CHUNK]
        async with database.write() as db:
            connection = await db.connection()
            await connection.execute(
                update(HostRow.__table__)  # type: ignore[arg-type]  # a table is what declarative gives
                .where(HostRow.id == bindparam("host"))
                .values(online=bindparam("here"), last_seen_ms=bindparam("seen")),
                [
                    {"host": sight.host_id.hex(), "here": sight.online, "seen": int(sight.last_seen * 1000)}
                    for sight in chunk
                ],
            )
            told = {sight.host_id.hex(): sight.status for sight in chunk if sight.status is not None}
            if not told:
                continue
            rows = (await db.execute(select(HostRow).where(HostRow.id.in_(told)))).scalars().all()
            changed = []
            for row in rows:
                status = told[row.id]
                screens = "\n".join(status.screens)
                if (row.system, row.version, row.screens) != (status.system, status.version, screens):
                    row.system, row.version, row.screens = status.system, status.version, screens
                    changed.append(row)
            tags: dict[str, list[str]] = {}
            tagged = select(HostTag.host_id, HostTag.tag).where(HostTag.host_id.in_([row.id for row in changed]))
            for host, tag in await db.execute(tagged):
                tags.setdefault(host, []).append(tag)
            for row in changed:
                row.search = search_text(row, tags.get(row.id, ()))
