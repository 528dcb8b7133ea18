"""What ``cp`` does: which names the sources get at the target, and by which way each of them goes."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from farhand.client.files import joined, remote_path
from farhand.client.globs import expand, no_match
from farhand.client.hosts import Hosts
from farhand.client.places import Place, PlaceError
from farhand.client.staying import StayingLine
from farhand.client.transfer import Work
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import EntryKind, FileFault


class Copy(msgspec.Struct, frozen=True):
    """Sources and the target, as they were written; ``recursive``: folders, too."""

    sources: tuple[Place, ...]
    target: Place
    recursive: bool = False


async def copy(work: Work, asked: Copy, hosts: Hosts) -> None:
    """Copy all of it. One that fails is noted, and the others go on, unless it is the only one.

    Raises PlaceError, FilesError, SessionOver, and what reaching a host raises.
    """
    sources = [one async for one in _expanded(asked.sources, hosts)]
    if asked.target.stream:
        for source in sources:
            await _to_stream(work, source, hosts)
        return
    into = await _is_folder(asked.target, hosts)
    if len(sources) > 1 and not into and not asked.target.folder:
        raise PlaceError(
            f"{asked.target.path!r} is not a folder, and there are {len(sources)} sources",
            "put a slash behind it to have it made",
        )
    inside = into or asked.target.folder
    if len(sources) == 1:
        await _one(work, sources[0], asked, inside, hosts)
        return
    for source in sources:
        with work.noted(os.fsencode(source.path)):
            await _one(work, source, asked, inside, hosts)


async def _expanded(places: Sequence[Place], hosts: Hosts) -> AsyncIterator[Place]:
    for one in places:
        if not one.wild:
            yield one
            continue
        line = await hosts.line(one)
        names = await expand(line.files, remote_path(one.path))
        if not names:
            raise no_match(line.files, one.path)
        for name in names:
            yield Place(one.target, os.fsdecode(name))


async def _is_folder(target: Place, hosts: Hosts) -> bool:
    if target.here:
        return await asyncio.to_thread(os.path.isdir, target.path or ".")
    line = await hosts.line(target)
    path = remote_path(target.path)
    entry = await line.files.find(path) if path else None
    return not path or (entry is not None and entry.kind is EntryKind.FOLDER)


async def _one(work: Work, source: Place, asked: Copy, inside: bool, hosts: Hosts) -> None:
    target = asked.target
    if source.here and target.here:
        raise PlaceError(
            "neither side is at a host", "write TARGET:path on one side; on this computer alone, cp copies"
        )
    if source.stream:
        await _from_stream(work, target, inside, hosts)
        return
    name = _name(source)
    if source.here:
        local = Path(source.path)
        await _want_recursive(work, local, asked)
        line = await hosts.line(target)
        await _make_folder(line, target, inside)
        await _put(work, local, line, _at(target, inside, name))
        return
    line = await hosts.line(source)
    path = remote_path(source.path)
    if not asked.recursive and (await work.again(lambda files, _: files.stat(path), line)).kind is EntryKind.FOLDER:
        raise _is_a_folder(f"{source.target}:{source.path}")
    if target.here:
        from farhand.client.transfer_get import get, make_here

        folder = Path(target.path or ".")
        if inside:
            await work.off(make_here, folder)
        await get(work, line, path, folder / os.fsdecode(name) if inside else folder)
        return
    from farhand.client.transfer_across import across

    other = await hosts.line(target)
    to = _at(target, inside, name)
    await _make_folder(other, target, inside)
    await across(work, line, path, other, to)


async def _put(work: Work, local: Path, line: StayingLine, path: bytes) -> None:
    from farhand.client.transfer_put import put

    await put(work, line, local, path)


def _at(target: Place, inside: bool, name: bytes) -> bytes:
    path = remote_path(target.path)
    return joined(path, name) if inside else path


def _name(source: Place) -> bytes:
    """What a source is called in a folder; the folder that relative paths begin at is called as its owner calls it."""
    path = os.fsencode(os.path.abspath(source.path)) if source.here else remote_path(source.path)
    return path.rstrip(b"/").rpartition(b"/")[2] or os.fsencode(source.target or "files")


def _is_a_folder(path: str) -> FilesError:
    return FilesError(FileFault.NOT_A_FILE, "it is a folder", "-r copies folders", name=path)


async def _want_recursive(work: Work, local: Path, asked: Copy) -> None:
    if not asked.recursive and await work.off(os.path.isdir, local):
        raise _is_a_folder(str(local))


async def _make_folder(line: StayingLine, target: Place, inside: bool) -> None:
    path = remote_path(target.path)
    if inside and path and await line.files.find(path) is None:
        await line.files.make(path, parents=True)


async def _from_stream(work: Work, target: Place, inside: bool, hosts: Hosts) -> None:
    """Standard input has no size and can be read once: it waits in a file without a name, then goes as any other."""
    if inside:
        raise PlaceError("standard input has no name", "name the file: TARGET:folder/name")
    from farhand.client.transfer_put import put_open

    line = await hosts.line(target)
    with tempfile.TemporaryFile() as file:
        await work.off(_spooled, sys.stdin.buffer, file)
        work.progress.files_total += 1
        work.progress.size_total += os.fstat(file.fileno()).st_size
        path = remote_path(target.path)
        await put_open(work, line, file.fileno(), b"-", path, await line.files.find(path, follow=False))


def _spooled(source: BinaryIO, file: BinaryIO) -> None:
    try:
        while data := source.read(1 << 20):
            file.write(data)
        file.flush()
    except OSError as error:
        told = FilesError.from_oserror(error)
        raise FilesError(
            told.fault,
            f"standard input waits in {tempfile.gettempdir()} until all of it is there; {told.cause}",
            "make room there, or have TMPDIR name a folder with more",
            name="-",
        ) from None


async def _to_stream(work: Work, source: Place, hosts: Hosts) -> None:
    if source.here:
        raise PlaceError("neither side is at a host", "write TARGET:path on one side")
    await to_stream(work, await hosts.line(source), remote_path(source.path), sys.stdout.buffer)


async def to_stream(work: Work, line: StayingLine, path: bytes, out: BinaryIO) -> None:
    """Write a host's file to a stream; what has been written cannot be taken back, so a cut ends it."""
    work.progress.files_total += 1
    async with contextlib.aclosing(line.files.read(path)) as pieces:
        async for piece in pieces:
            await work.gate()
            await work.off(out.write, piece)
            work.moved(len(piece), len(piece))
    await work.off(out.flush)
    work.progress.files += 1
