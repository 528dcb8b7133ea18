"""Copies a folder from a host: folders first, then small files many in a message, and large ones beside them.

What the host calls its files is data: a name that cannot be one here is noted and left out, and nothing is ever written
outside of the folder that is open.
"""

import contextlib
from collections.abc import Mapping, Sequence

from farhand.client.errors import SessionOver
from farhand.client.files import FilesClient, answer, joined
from farhand.client.files_errors import REPLACED, refused
from farhand.client.transfer import BUNDLES, LARGE, Line, Work, sort, together, unchanged
from farhand.client.transfer_choice import choose_all
from farhand.client.transfer_get import Wanted, folder_name, get_wanted, shown_here
from farhand.client.transfer_put_tree import alike, conflict_of, fail, parent, plain, unfilled, unlike
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.meta import write_meta
from farhand.files.names import display, split
from farhand.files.small import write_small
from farhand.protocol.messages.files import (
    Bundle,
    Conflict,
    Entry,
    EntryKind,
    FileFault,
    GetMany,
    Meta,
    Result,
    SmallFile,
    StopReading,
)


async def get_tree(work: Work, line: Line, path: bytes, folder: Folder) -> None:
    """Copy what is in the host's folder of this name into an open one."""
    work.progress.counting = True
    source = await work.again(lambda files, _: _tree_there(work, files, path), line)
    here = {one.path: one for one in await work.off(tree_here, folder)}
    work.progress.counting = False
    await get_entries(work, line, path, folder, source, here)
    if work.options.preserve:
        top = await work.again(lambda files, _: files.stat(path), line)
        await work.off(_set_top, folder, top)


async def get_entries(
    work: Work, line: Line, path: bytes, folder: Folder, source: Sequence[Entry], here: Mapping[bytes, Entry]
) -> None:
    """Copy these entries beneath the host's ``path`` to the same names in an open folder; ``here`` is what is there.

    A folder stands before what is in it.
    """
    folders = [one for one in source if one.kind is EntryKind.FOLDER]
    new = [one for one in folders if (old := here.get(one.path)) is None or old.kind is not EntryKind.FOLDER]
    made = [unfilled(one) for one in new]
    _note(work, new, await work.off(write_small, folder, [], made, work.usual), here)
    chosen = await choose_all(work, source, here, lambda name: shown_here(joined(folder_name(folder), name)))
    small, large = sort(work, source, here, chosen)
    late: list[Entry] = []

    async def bundle(entries: Sequence[Entry]) -> None:
        late.extend(await _get_bundle(work, line, path, folder, entries, here, conflict_of(work, chosen, entries)))

    async def single(entry: Entry) -> None:
        with work.noted(entry.path):
            parts = split(entry.path)
            there, how = here.get(entry.path), chosen.get(entry.path)
            await get_wanted(work, line, Wanted(joined(path, entry.path), entry, folder, parts, there, how))

    await together(BUNDLES, bundle, alike(small, chosen))
    await together(LARGE, single, [*large, *late])
    if work.options.verify:
        from farhand.client.transfer_verify import compare_at, compare_small

        async def compare(entry: Entry) -> None:
            await compare_at(work, line, joined(path, entry.path), folder, split(entry.path))

        await compare_small(work, [one for one in small if one not in late], here, compare)
    if work.options.preserve:
        await work.off(_set_folders, work, folder, list(unlike(folders, [*small, *large, *new], here)))


async def _get_bundle(
    work: Work,
    line: Line,
    path: bytes,
    folder: Folder,
    entries: Sequence[Entry],
    here: Mapping[bytes, Entry],
    conflict: Conflict,
) -> list[Entry]:
    """Copy small files and links of one request; returns those that have grown too large for it."""
    await work.gate()
    work.progress.current = display(joined(path, entries[0].path))
    late: list[Entry] = []
    left = list(entries)

    async def attempt(files: FilesClient, again: bool) -> None:
        with files.operations.open(path) as operation:
            operation.send(GetMany(operation.id, path, [one.path for one in left]))
            try:
                while left:
                    bundle = await answer(operation, Bundle, work.told)
                    if bundle.last:
                        operation.last()
                    try:
                        some = left[: len(bundle.files)]
                        late.extend(await _write(work, folder, some, bundle.files, here, conflict))
                    finally:
                        operation.taken([bundle])
                    del left[: len(bundle.files)]
                    if bundle.last and left:
                        raise refused(FileFault.PROTOCOL, "fewer files came than were asked for")
            except BaseException:
                with contextlib.suppress(SessionOver):
                    operation.stop(StopReading(operation.id))
                raise

    await work.again(attempt, line)
    return late


async def _write(
    work: Work,
    folder: Folder,
    asked: Sequence[Entry],
    files: Sequence[SmallFile],
    here: Mapping[bytes, Entry],
    conflict: Conflict,
) -> list[Entry]:
    if [one.path for one in asked] != [one.path for one in files]:
        raise refused(FileFault.PROTOCOL, "other files came than were asked for")
    late = [entry for entry, file in zip(asked, files, strict=True) if file.fault == FileFault.TOO_LARGE]
    good: list[tuple[Entry, SmallFile]] = []
    for entry, file in zip(asked, files, strict=True):
        if not file.fault:
            good.append((entry, file if work.options.preserve else plain(file)))
        elif file.fault != FileFault.TOO_LARGE:
            work.failed(display(entry.path), refused(_fault(file.fault)))
    if work.options.exact:
        good = await work.off(_exact, work, folder, good, here)
    results = await work.off(write_small, folder, [], [file for _, file in good], conflict)
    for (entry, file), result in zip(good, results, strict=True):
        if result.fault == FileFault.EXISTS and work.options.ask is not None and conflict is Conflict.REFUSE:
            late.append(entry)
        elif result.fault:
            fail(work, entry, FilesError.heard(FileFault(result.fault), result.text), here)
        else:
            work.progress.files += 1
            work.moved(entry.size, len(file.data))
    return late


async def _tree_there(work: Work, files: FilesClient, path: bytes) -> list[Entry]:
    found: list[Entry] = []
    bad: set[bytes] = set()

    def skipped(count: int) -> None:
        work.failed(f"{count} names", FilesError(FileFault.PERMISSION, "the host could not read them"))

    async for entry in files.walk(path, skipped=skipped):
        try:
            split(entry.path)
            if not entry.path:
                raise refused(FileFault.BAD_NAME)
        except FilesError as error:
            if parent(entry.path) not in bad:
                work.failed(display(entry.path), error)
            bad.add(entry.path)
        else:
            found.append(entry)
    return found


def tree_here(folder: Folder) -> list[Entry]:
    """What is in an open folder."""
    return [one for batch in folder.walk([]) for one in batch]


def _set_folders(work: Work, folder: Folder, folders: Sequence[Entry]) -> None:
    for one in folders:
        with work.noted(one.path):
            folder.set_meta(split(one.path), Meta(one.mode, one.mtime, []))


def _exact(
    work: Work, folder: Folder, files: Sequence[tuple[Entry, SmallFile]], here: Mapping[bytes, Entry]
) -> list[tuple[Entry, SmallFile]]:
    kept = []
    for entry, file in files:
        with work.noted(entry.path):
            if entry.path in here and not unchanged(folder.find(split(entry.path)), here[entry.path]):
                raise refused(FileFault.CHANGED, REPLACED)
            kept.append((entry, file))
    return kept


def _set_top(folder: Folder, top: Entry) -> None:
    try:
        write_meta(folder.fd, Meta(top.mode, top.mtime, []))
    except OSError as error:
        raise FilesError.from_oserror(error) from None


def _note(work: Work, entries: Sequence[Entry], results: Sequence[Result], here: Mapping[bytes, Entry]) -> None:
    for entry, result in zip(entries, results, strict=True):
        if result.fault:
            fail(work, entry, FilesError.heard(FileFault(result.fault), result.text), here)


def _fault(number: int) -> FileFault:
    """A reader's word for why it got nothing; one that is not known stands for the system's own error."""
    try:
        return FileFault(number)
    except ValueError:
        return FileFault.SYSTEM
