"""What the owner does at this computer, beside the host: it stands in the audit, which one process alone writes.

Where no host runs, whoever acts takes the log for as long. Where one does, it is asked by a socket of this user's: it
says whether its audit can be written, hears what came of the deed, and writes that down. A deed whose end it never
hears stands there as such.
"""

import contextlib
import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.files.names import display
from farhand.host.audit import Audit, AuditSink, Kind
from farhand.host.audit_store import AuditBusy, AuditError
from farhand.host.quarantine.store import Find
from farhand.protocol.identity import Keys
from farhand.transports.base import Transport, TransportClosed, Unreachable
from farhand.transports.local import connect_local

S = TypeVar("S", bound=msgspec.Struct)

#: The longest message in bytes; a path has 4096 at most, each six in JSON.
_LONGEST = 64 << 10
_UNHEARD = "its end was not heard"


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One file in quarantine that its owner releases (to ``to``) or deletes; texts are for people."""

    action: str
    kept: str
    path: str
    size: int
    blake3: str
    found: str
    to: str = ""
    who: str = ""

    @classmethod
    def of(cls, action: str, find: Find, to: Path | None = None) -> "Deed":
        """Something that this process's user does with a find."""
        return cls(
            action=action,
            kept=find.id,
            path=find.shown,
            size=find.size,
            blake3=find.digest,
            found=find.found,
            to=display(os.fsencode(to)) if to is not None else "",
            who=_user(),
        )


class _Answer(msgspec.Struct, frozen=True):
    """The host's: why it must not be, or nothing."""

    refused: str = ""


class _End(msgspec.Struct, frozen=True):
    """What came of it."""

    failed: str = ""


def door(paths: Paths) -> Path:
    """Where a running host with these folders is asked."""
    return paths.runtime / "owner.sock"


async def hear(stream: Transport, audit: AuditSink) -> None:
    """Serve one asker of this user, who was let in because of that. Raises nothing but cancellation."""
    source = _Source(stream)
    with contextlib.suppress(TransportClosed, msgspec.DecodeError, ValueError):
        deed = await source.read(Deed)
        refused = audit.refusal()
        await stream.send(_line(_Answer(refused)))
        if not refused:
            failed = _UNHEARD
            try:
                failed = (await source.read(_End)).failed
            finally:
                _write(audit, deed, failed)
            await stream.send(_line(_Answer()))
    await stream.close()


@asynccontextmanager
async def noted(paths: Paths, keys: Keys, deed: Deed) -> AsyncIterator[None]:
    """Do it meanwhile: afterwards it stands in the audit, with its failure if it raised.

    Raises AuditError, before anything is done, where it could not be written down.
    """
    try:
        audit = Audit.open(paths.data / "audit", keys)
    except AuditBusy as busy:
        async with _asked(door(paths), deed, busy):
            yield
        return
    with contextlib.closing(audit):
        if refused := audit.refusal():
            raise AuditError(refused)
        failed = _UNHEARD
        try:
            yield
            failed = ""
        except FarhandError as error:
            failed = error.cause
            raise
        finally:
            _write(audit, deed, failed)


@asynccontextmanager
async def _asked(path: Path, deed: Deed, busy: AuditBusy) -> AsyncIterator[None]:
    try:
        stream = await connect_local(path)
        source = _Source(stream)
        await stream.send(_line(deed))
        answer = await source.read(_Answer)
    except (Unreachable, TransportClosed, msgspec.DecodeError, ValueError) as error:
        raise AuditError(f"{busy.cause}; it cannot be asked to ({error})", "end it, and do this again") from error
    try:
        if answer.refused:
            raise AuditError(f"nothing was done: {answer.refused}", "see: farhand doctor host")
        try:
            yield
        except FarhandError as error:
            await _tell(stream, source, error.cause)
            raise
        await _tell(stream, source, "")
    finally:
        await stream.close()


async def _tell(stream: Transport, source: "_Source", failed: str) -> None:
    """Have the host write down what came of it; one that is gone meanwhile has written that it heard no end."""
    with contextlib.suppress(TransportClosed, msgspec.DecodeError, ValueError):
        await stream.send(_line(_End(failed)))
        await source.read(_Answer)


class _Source:
    """Messages, a line each, out of a stream."""

    def __init__(self, stream: Transport) -> None:
        self._stream = stream
        self._bytes = b""

    async def read(self, kind: type[S]) -> S:
        """The next one. Raises TransportClosed, msgspec.DecodeError, ValueError if it is too long."""
        while b"\n" not in self._bytes:
            if len(self._bytes) > _LONGEST:
                raise ValueError("too long")
            self._bytes += bytes(await self._stream.receive())
        line, _, self._bytes = self._bytes.partition(b"\n")
        return msgspec.json.decode(line, type=kind)


def _line(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def _write(audit: AuditSink, deed: Deed, failed: str) -> None:
    audit.record(
        Kind.MALWARE,
        action=deed.action,
        kept=deed.kept,
        path=deed.path,
        size=deed.size,
        blake3=deed.blake3,
        found=deed.found,
        to=deed.to,
        who=deed.who,
        uid=os.geteuid(),  # also the asker's: nobody else is let in
        why=failed,
    )


def _user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"user {os.geteuid()}"
    by = os.environ.get("SUDO_USER", "")
    return f"{name}, by sudo of {by}" if by and by != name else name
