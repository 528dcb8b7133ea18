"""Copies a folder to a host: folders first, then small files many in a message, and large ones beside them."""

import asyncio
import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from farhand.client.errors import SessionOver
from farhand.client.files import FilesClient, answer, joined
from farhand.client.files_errors import compared, refused
from farhand.client.transfer import BUNDLES, LARGE, Line, Work, fresh_meta, same, sort, together
from farhand.client.transfer_choice import Chosen, choose_all
from farhand.client.transfer_put import find, put_open, refuse_changed
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import display, split
from farhand.files.small import read_small
from farhand.protocol.messages.files import (
    Conflict,
    Entry,
    EntryKind,
    FileFault,
    Meta,
    PutMany,
    Result,
    Results,
    SmallFile,
    StopWriting,
)

#: Content of one message with many files, in bytes, and how many they are at most.
BUNDLE, BUNDLE_FILES = 192 << 10, 512
#: What a file costs in a message besides its content and its name, in bytes.
_OVERHEAD = 96
_TAKEN = (FileFault.EXISTS, FileFault.NOT_NEWER)
#: While it is filled, a folder is its owner's to write.
_FILLED = 0o700


async def put_tree(work: Work, line: Line, folder: Folder, path: bytes) -> None:
    """Copy what is in an open folder into the host's folder of this name, which is made if it is not there."""
    work.progress.counting = True
    source = await work.off(_walked, folder, work)
    there = await work.again(lambda files, _: tree_there(files, path), line)
    work.progress.counting = False
    await put_entries(work, line, folder, path, source, there)
    if work.options.preserve and path:
        await set_top(work, line, path, await work.off(folder.read_meta, []))


async def put_entries(
    work: Work, line: Line, folder: Folder, path: bytes, source: Sequence[Entry], there: Mapping[bytes, Entry]
) -> None:
    """Copy these entries of an open folder to the same names beneath ``path``; ``there`` is what is there already.

    A folder stands before what is in it.
    """
    folders = [one for one in source if one.kind is EntryKind.FOLDER]
    new = [one for one in folders if (old := there.get(one.path)) is None or old.kind is not EntryKind.FOLDER]
    for some in bundles(new):
        await _make_folders(work, line, path, some, there)
    late: list[Entry] = []
    chosen = await choose_all(work, source, there, lambda name: line.files.operations.called(joined(path, name)))
    small, large = sort(work, source, there, chosen)

    async def bundle(entries: Sequence[Entry]) -> None:
        late.extend(await _put_bundle(work, line, folder, path, entries, there, conflict_of(work, chosen, entries)))

    async def single(entry: Entry) -> None:
        with work.noted(entry.path):
            fd = await work.off(folder.open_file, split(entry.path))
            try:
                name = os.readlink(f"/proc/self/fd/{fd}").encode("utf-8", "surrogateescape")
                old, how = there.get(entry.path), chosen.get(entry.path)
                await put_open(work, line, fd, name, joined(path, entry.path), old, how)
            finally:
                os.close(fd)

    await together(BUNDLES, bundle, alike(small, chosen))
    await together(LARGE, single, [*large, *late])
    if work.options.verify:
        from farhand.client.transfer_verify import compare_at, compare_small

        async def compare(entry: Entry) -> None:
            await compare_at(work, line, joined(path, entry.path), folder, split(entry.path))

        await compare_small(work, [one for one in small if one not in late], there, compare)
    if work.options.preserve:

        async def set_meta(entry: Entry) -> None:
            with work.noted(entry.path):
                meta = await work.off(folder.read_meta, split(entry.path))
                await work.again(lambda files, _: files.alter(joined(path, entry.path), meta), line)

        await together(BUNDLES, set_meta, unlike(folders, [*small, *large, *new], there))


def bundles(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut a list into what fits into one message each."""
    some: list[Entry] = []
    size = 0
    for one in entries:
        cost = (one.size if one.kind is EntryKind.FILE else len(one.target)) + len(one.path) + _OVERHEAD
        if some and (size + cost > BUNDLE or len(some) == BUNDLE_FILES):
            yield some
            some, size = [], 0
        some.append(one)
        size += cost
    if some:
        yield some


def alike(entries: Sequence[Entry], chosen: Chosen) -> Iterator[list[Entry]]:
    """The same, each message with such as are to be treated alike."""
    kinds = {chosen.get(one.path) for one in entries} if chosen else {None}
    for kind in sorted(kinds, key=lambda one: one or 0):
        yield from bundles(one for one in entries if chosen.get(one.path) is kind)


def conflict_of(work: Work, chosen: Chosen, entries: Sequence[Entry]) -> Conflict:
    """What happens with taken names of one message."""
    return chosen.get(entries[0].path) or work.usual


def unfilled(folder: Entry) -> SmallFile:
    """A folder as it is made, with nothing in it: this end may fill it, and its own mode and time come at the end."""
    return SmallFile(folder.path, folder.kind, Meta(folder.mode | _FILLED, 0, []), False, b"", b"", 0)


def unlike(folders: Sequence[Entry], copied: Iterable[Entry], there: Mapping[bytes, Entry]) -> Iterator[Entry]:
    """The folders whose permissions and time are to be set, those inside first: whatever arrives changes its folder."""
    touched = {parent(one.path) for one in copied}
    for one in reversed(folders):
        old = there.get(one.path)
        if one.path in touched or old is None or (one.mode, one.mtime) != (old.mode, old.mtime):
            yield one


async def set_top(work: Work, line: Line, path: bytes, meta: Meta) -> None:
    """Give the host's folder that was filled its own permissions and time."""
    try:
        await work.again(lambda files, _: files.alter(path, meta), line)
    except FilesError as error:
        if error.fault is not FileFault.OUTSIDE:  # a folder that the owner opened stays as it is
            work.failed(display(path), error)


async def _make_folders(
    work: Work, line: Line, path: bytes, folders: Sequence[Entry], there: Mapping[bytes, Entry]
) -> None:
    asked = [unfilled(one) for one in folders]
    results = await work.again(lambda files, _: many(work, files, path, Conflict.REPLACE, asked), line)
    note(work, folders, results, there)


async def _put_bundle(
    work: Work,
    line: Line,
    folder: Folder,
    path: bytes,
    entries: Sequence[Entry],
    there: Mapping[bytes, Entry],
    conflict: Conflict,
) -> list[Entry]:
    """Copy small files and links in one message; returns those that have grown too large for it."""
    await work.gate()
    read = await work.off(_read, folder, entries, work.packing)
    late: list[Entry] = []
    ready: list[tuple[Entry, SmallFile]] = []
    for entry, file in zip(entries, read, strict=True):
        if file.fault == FileFault.TOO_LARGE:
            late.append(entry)
        elif file.fault:
            work.failed(display(entry.path), FilesError(FileFault(file.fault)))
        else:
            ready.append((entry, file if work.options.preserve else plain(file)))
    work.progress.current = display(joined(path, entries[0].path))

    async def look(files: FilesClient, item: tuple[Entry, SmallFile]) -> None:
        name = item[0].path
        if name not in there:
            return
        try:
            await refuse_changed(files, joined(path, name), there[name])
        except FilesError as error:
            work.failed(display(name), error)
            ready.remove(item)

    async def attempt(files: FilesClient, again: bool) -> None:
        if work.options.exact:
            await together(BUNDLES, lambda item: look(files, item), list(ready))
        results = await many(work, files, path, together_as(conflict, entries, there), [file for _, file in ready])
        written = Written(work, files, path, there, conflict, again)
        for (entry, file), result in zip(ready, results, strict=True):
            if not await written.noted(entry, file, result):
                late.append(entry)

    if ready:
        await work.again(attempt, line)
    return late


@dataclass(frozen=True, slots=True)
class Written:
    """One message's files that a host was to write beneath ``path``; ``again``: they may have arrived before."""

    work: Work
    files: FilesClient
    path: bytes
    there: Mapping[bytes, Entry]
    conflict: Conflict
    again: bool

    async def noted(self, entry: Entry, file: SmallFile, result: Result) -> bool:
        """Note how one of them went; false if it has to be copied alone."""
        fault = FileFault(result.fault) if result.fault else None
        if fault in _TAKEN and self.again and same(entry, await find(self.files, joined(self.path, entry.path))):
            fault = None  # it arrived before the line was cut, and the answer did not
        if fault is FileFault.EXISTS and alone_then(self.work, self.conflict):
            return False
        if fault is not None:
            fail(self.work, entry, refused(fault, result.text), self.there)
            return True
        self.work.progress.files += 1
        self.work.moved(entry.size, len(file.data))
        return True


def alone_then(work: Work, conflict: Conflict) -> bool:
    """Whether a name that turns out to be taken is for its file alone to deal with."""
    return conflict is Conflict.KEEP_BOTH or (work.options.ask is not None and conflict is Conflict.REFUSE)


def together_as(conflict: Conflict, entries: Sequence[Entry], there: Mapping[bytes, Entry]) -> Conflict:
    """What a message with many files says of taken names: none that is to keep both is asked for twice like this."""
    if conflict is Conflict.KEEP_BOTH and not any(one.path in there for one in entries):
        return Conflict.REFUSE
    return conflict


def note(work: Work, entries: Sequence[Entry], results: Sequence[Result], there: Mapping[bytes, Entry]) -> None:
    """Note what a host did not write."""
    for entry, result in zip(entries, results, strict=True):
        if result.fault:
            fail(work, entry, refused(FileFault(result.fault), result.text), there)


def fail(work: Work, entry: Entry, error: FilesError, there: Mapping[bytes, Entry]) -> None:
    """Note what did not arrive, and where its name is taken what stands there."""
    work.failed(display(entry.path), compared(error, entry, there.get(entry.path)))


async def many(work: Work, files: FilesClient, path: bytes, conflict: Conflict, asked: list[SmallFile]) -> list[Result]:
    """Have a host write these in one message; says of each how it went."""
    with files.operations.open(path) as operation:
        await work.room(operation, sum(len(one.data) for one in asked))
        operation.send(PutMany(operation.id, path, conflict, asked))
        try:
            results = (await answer(operation, Results, work.told)).results
        except asyncio.CancelledError:
            with contextlib.suppress(SessionOver):
                operation.stop(StopWriting(operation.id, drop=False))
            raise
        if len(results) != len(asked):
            raise refused(FileFault.PROTOCOL, "it told of more or fewer files than were sent")
        return results


async def tree_there(files: FilesClient, path: bytes) -> dict[bytes, Entry]:
    """Make the folder, or list what is in it."""
    if path and not files.readable:
        await files.make(path, parents=True)
        return {}
    there = await files.find(path)
    if there is None:
        await files.make(path, parents=True)
        return {}
    if there.kind is not EntryKind.FOLDER:
        raise refused(FileFault.NOT_A_FOLDER, name=files.operations.called(path))
    return {one.path: one async for one in files.walk(path)}


def _walked(folder: Folder, work: Work) -> list[Entry]:
    found: list[Entry] = []
    for batch in folder.walk([]):
        found += batch
        if batch.skipped:
            work.failed(f"{batch.skipped} names", FilesError(FileFault.PERMISSION, "they could not be read"))
    return found


def _read(folder: Folder, entries: Sequence[Entry], pack: bool) -> list[SmallFile]:
    return list(read_small(folder, [], [one.path for one in entries], pack))


def plain(file: SmallFile) -> SmallFile:
    """A file without its own time and attributes."""
    return msgspec.structs.replace(file, meta=fresh_meta(0o777 if file.meta.mode & 0o100 else 0o666))


def parent(path: bytes) -> bytes:
    """The folder that a relative path is in, empty for the one that all begin at."""
    return path.rpartition(b"/")[0]
