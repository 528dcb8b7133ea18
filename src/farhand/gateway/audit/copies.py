"""Copies of what hosts recorded: appended only where a checkpoint, signed by the host, covers it.

What arrives is stored and counts for nothing until a checkpoint says that it is the continuation of what is here; the
tree's frontier is all that is needed to check that. A host whose checkpoints contradict the copy, or go back behind it,
has rewritten its record: the copy keeps what it has, and the host is named, in the audit and in the list of hosts.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.logging import get_logger
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.audit.models import CheckpointRow, CopyRow, EntryRow
from farhand.gateway.backend import Backend
from farhand.gateway.hosts.models import HostRow
from farhand.gateway.limits import Bucket
from farhand.gateway.texts import shown
from farhand.protocol.certificate import Certificate
from farhand.protocol.envelope import AuditEntries
from farhand.protocol.merkle import Checkpoint, Frontier, ProofError

#: The largest entry, in bytes.
ENTRY_MAX = 16 << 10
#: Bytes that a host may send at once, and each second: beyond, it is read more slowly.
_BYTES_BURST, _BYTES_PER_SECOND = 8 << 20, 64 << 10
#: Entries that may wait for a checkpoint.
UNCOVERED_MAX = 100_000
_HASH = 32

_log = get_logger(__name__)


class Fault(Exception):
    """A host's record is not what it has to be; the text names how."""

    def __init__(self, kind: EventKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(slots=True)
class _Copy:
    """One connected host's copy, while entries arrive."""

    identity: bytes
    covered: Frontier
    arrived: Frontier
    """Over all that is stored, covered or not."""
    pace: Bucket
    ahead: Checkpoint | None = None
    """A checkpoint over entries of which some have not arrived yet."""
    faulty: bool = False


class AuditCopies:
    """The copies of all hosts. ``clock`` is monotonic."""

    def __init__(self, backend: Backend, clock: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._clock = clock
        self._copies: dict[bytes, _Copy] = {}

    def begin(self, host_id: bytes) -> None:
        """A connection begins or is gone: what was left uncovered is asked for again."""
        self._copies.pop(host_id, None)

    async def entries(self, host_id: bytes, message: AuditEntries) -> float:
        """Entries arrived; returns the seconds to wait before the next are read. What is wrong ends the copying."""
        return await self._guarded(host_id, lambda copy: self._append(host_id, copy, message))

    async def checkpoint(self, host_id: bytes, data: bytes) -> float:
        """A checkpoint arrived; returns the seconds to wait, as ``entries``."""
        return await self._guarded(host_id, lambda copy: self._cover(host_id, copy, data))

    async def _guarded(self, host_id: bytes, work: Callable[[_Copy], Awaitable[float]]) -> float:
        try:
            copy = self._copies.get(host_id) or await self._open(host_id)
            if copy is None or copy.faulty:
                return 1.0
            try:
                return await work(copy)
            except Fault as fault:
                copy.faulty = True
                await self._name(host_id, fault)
                return 1.0
        except SQLAlchemyError as error:
            # The host sends it again after its next connection: nothing is lost.
            self._copies.pop(host_id, None)
            _log.error("a host's record could not be copied", host_id=host_id.hex(), reason=type(error).__name__)
            return 5.0

    async def _open(self, host_id: bytes) -> _Copy | None:
        host = host_id.hex()
        async with self._backend.database.write() as db:
            row = await db.get(HostRow, host)
            if row is None or row.removed_ms:
                return None
            kept = await db.get(CopyRow, host)
            # A connection begins with what is covered: the host was told to send what follows that.
            await db.execute(
                delete(EntryRow).where(
                    EntryRow.host_id == host, EntryRow.number.is_not(None), EntryRow.covered.is_(False)
                )
            )
        frontier = _frontier(kept)
        identity = Certificate.decode(bytes(row.certificate)).identity
        pace = Bucket(_BYTES_BURST, _BYTES_PER_SECOND, self._clock())
        copy = _Copy(identity, frontier, frontier.copy(), pace)
        self._copies[host_id] = copy
        return copy

    async def _append(self, host_id: bytes, copy: _Copy, message: AuditEntries) -> float:
        first = copy.arrived.size
        if message.first > first:
            raise Fault(EventKind.AUDIT_MALFORMED, f"entries from {message.first} on, where {first} were wanted")
        fresh = message.entries[first - message.first :]  # what is here already is not read again
        if first + len(fresh) - copy.covered.size > UNCOVERED_MAX:
            raise Fault(EventKind.AUDIT_MALFORMED, f"more than {UNCOVERED_MAX} entries without a checkpoint")
        host = host_id.hex()
        rows = [_row(host, first + offset, entry) for offset, entry in enumerate(fresh)]
        if not rows:
            return 0.0
        async with self._backend.database.write() as db:
            db.add_all(rows)
        for entry in fresh:
            copy.arrived.append(entry)
            if copy.ahead is not None and copy.arrived.size == copy.ahead.size:
                await self._settle(host_id, copy, copy.ahead, copy.arrived.copy())
                copy.ahead = None
        return copy.pace.spend(sum(map(len, fresh)), self._clock())

    async def _cover(self, host_id: bytes, copy: _Copy, data: bytes) -> float:
        try:
            checkpoint = Checkpoint.verify(data, copy.identity)
        except ProofError as error:
            raise Fault(EventKind.AUDIT_MALFORMED, f"a checkpoint that does not hold: {error}") from error
        if checkpoint.size > copy.arrived.size:
            copy.ahead = checkpoint
        elif checkpoint.size == copy.arrived.size:
            await self._settle(host_id, copy, checkpoint, copy.arrived.copy())
        else:
            frontier = await self._frontier_at(host_id, copy, checkpoint.size)
            if frontier.root() != checkpoint.root:
                raise _rewritten(checkpoint)
            if checkpoint.size > copy.covered.size:
                await self._settle(host_id, copy, checkpoint, frontier)
        return copy.pace.spend(4096, self._clock())  # a signature to verify costs as much as some text

    async def _settle(self, host_id: bytes, copy: _Copy, checkpoint: Checkpoint, frontier: Frontier) -> None:
        """The checkpoint covers all entries below its size, if its root is theirs."""
        if frontier.root() != checkpoint.root:
            raise _rewritten(checkpoint)
        host = host_id.hex()
        async with self._backend.database.write() as db:
            await db.execute(
                update(EntryRow)
                .where(
                    EntryRow.host_id == host,
                    EntryRow.number >= copy.covered.size,
                    EntryRow.number < checkpoint.size,
                )
                .values(covered=True)
            )
            kept = await db.get(CopyRow, host)
            if kept is None:
                kept = CopyRow(host_id=host, fault="", fault_ms=0)
                db.add(kept)
            kept.size, kept.hashes = frontier.size, b"".join(frontier.hashes)
            await _keep(db, host, checkpoint)
        copy.covered = frontier
        if known := self._backend.presence.known.get(host_id):
            known.audit_size = frontier.size

    async def _frontier_at(self, host_id: bytes, copy: _Copy, size: int) -> Frontier:
        """The tree as it was at an earlier size, from the entries that are here."""
        frontier, start = (copy.covered.copy(), copy.covered.size) if size >= copy.covered.size else (Frontier(), 0)
        async with self._backend.database.read() as db:
            rows = await db.stream(
                select(EntryRow.content)
                .where(EntryRow.host_id == host_id.hex(), EntryRow.number >= start, EntryRow.number < size)
                .order_by(EntryRow.number)
            )
            async for (content,) in rows:
                frontier.append(bytes(content or b""))
        return frontier

    async def _name(self, host_id: bytes, fault: Fault) -> None:
        host, text, now = host_id.hex(), str(fault)[:256], self._backend.now_ms()
        _log.warning("a host's record is not what it has to be", host_id=host, reason=text)
        async with self._backend.database.write() as db:
            kept = await db.get(CopyRow, host)
            if kept is None:
                kept = CopyRow(host_id=host, size=0, hashes=b"", fault="", fault_ms=0)
                db.add(kept)
            if kept.fault != text:
                kept.fault, kept.fault_ms = text, now
                record(db, now, fault.kind, host=host, reason=text)


async def _keep(db: AsyncSession, host: str, checkpoint: Checkpoint) -> None:
    if await db.get(CheckpointRow, (host, checkpoint.size)) is None:
        db.add(
            CheckpointRow(
                host_id=host,
                size=checkpoint.size,
                root=checkpoint.root,
                time_ms=checkpoint.time,
                data=checkpoint.encoded,
            )
        )


def _frontier(kept: CopyRow | None) -> Frontier:
    if kept is None:
        return Frontier()
    data = bytes(kept.hashes)
    return Frontier(kept.size, [data[at : at + _HASH] for at in range(0, len(data), _HASH)])


def _rewritten(checkpoint: Checkpoint) -> Fault:
    return Fault(
        EventKind.AUDIT_REWRITTEN,
        f"the host signed a record of {checkpoint.size} entries that is not the one of which a copy is here",
    )


def _row(host: str, number: int, content: bytes) -> EntryRow:
    """An entry as it is stored. Raises Fault: whatever stands in it is data, but it has to be an entry."""
    if len(content) > ENTRY_MAX:
        raise Fault(EventKind.AUDIT_MALFORMED, f"entry {number} has {len(content)} bytes")
    try:
        entry = msgspec.json.decode(content, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Fault(EventKind.AUDIT_MALFORMED, f"entry {number} is none") from None
    time_ms, kind = entry.get("t"), entry.get("kind")
    if type(entry.get("n")) is not int or entry["n"] != number:
        raise Fault(EventKind.AUDIT_MALFORMED, f"entry {number} says that it is another one")
    if not isinstance(time_ms, int) or not 0 <= time_ms < 2**53 or not isinstance(kind, str):
        raise Fault(EventKind.AUDIT_MALFORMED, f"entry {number} has no time or no kind")
    person = _text(entry, "who", 64)
    return EntryRow(
        time_ms=int(time_ms),
        kind=shown(kind, 32),
        person_id=None,
        person=person,
        person_key=person.casefold()[:256],
        host_id=host,
        address=_text(entry, "from", 64),
        device=_text(entry, "device", 128),
        reason=_text(entry, "reason", 256),
        detail="{}",
        number=number,
        content=content,
        covered=False,
    )


def _text(entry: dict[str, object], field: str, limit: int) -> str:
    value = entry.get(field)
    return shown(value, limit) if isinstance(value, str) else ""
