"""Copies from one host to another: what one sends goes to the other as it comes, and nothing of it is kept here."""

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from farhand.client.errors import SessionOver
from farhand.client.files import FilesClient, answer, joined
from farhand.client.files_errors import comparing, refused
from farhand.client.operations import Operation, weight
from farhand.client.transfer import (
    BUNDLES,
    LARGE,
    Line,
    Share,
    Work,
    fresh_meta,
    same,
    sort,
    together,
    version_key,
    whole_then,
)
from farhand.client.transfer_choice import Single, as_chosen, choose_all
from farhand.client.transfer_put import DELTA_FROM, beside, find, note_name, ready_at
from farhand.client.transfer_put_tree import (
    Written,
    alike,
    bundles,
    conflict_of,
    many,
    note,
    plain,
    set_top,
    together_as,
    tree_there,
    unfilled,
    unlike,
)
from farhand.client.transfer_verify import compare_hosts, compare_small
from farhand.files.names import display
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import (
    Begin,
    Bundle,
    Conflict,
    Data,
    Done,
    Entry,
    EntryKind,
    FileFault,
    Finish,
    Get,
    GetMany,
    Meta,
    Opened,
    Put,
    Result,
    Reuse,
    Signature,
    SmallFile,
    StopReading,
    StopWriting,
    Working,
    Zeros,
)


async def across(work: Work, line: Line, path: bytes, other: Line, to: bytes) -> None:
    """Copy a file or a folder of one host to exactly this name at another. Raises FilesError, SessionOver."""
    entry = await work.again(lambda files, _: files.stat(path), line)
    there = await work.again(lambda files, _: find(files, to), other)
    if entry.kind is EntryKind.FOLDER:
        await _tree(work, line, path, other, to)
        if work.options.preserve and to:
            await set_top(work, other, to, Meta(entry.mode, entry.mtime, []))
    elif entry.kind is EntryKind.FILE:
        work.progress.files_total += 1
        work.progress.size_total += entry.size
        await _single(work, line, path, entry, other, to, there)
    else:
        raise refused(FileFault.NOT_A_FILE, name=line.files.operations.called(path))


async def _tree(work: Work, line: Line, path: bytes, other: Line, to: bytes) -> None:
    source = await work.again(lambda files, _: _listed(files, path), line)
    there = await work.again(lambda files, _: tree_there(files, to), other)
    folders = [one for one in source if one.kind is EntryKind.FOLDER]
    new = [one for one in folders if (old := there.get(one.path)) is None or old.kind is not EntryKind.FOLDER]
    for some in bundles(new):
        made = [unfilled(one) for one in some]
        note(work, some, await work.again(partial(_made, work, to, made), other), there)
    chosen = await choose_all(work, source, there, lambda name: other.files.operations.called(joined(to, name)))
    small, large = sort(work, source, there, chosen)
    late: list[Entry] = []

    async def bundle(entries: Sequence[Entry]) -> None:
        how = conflict_of(work, chosen, entries)
        late.extend(await _bundle(work, line, path, other, to, entries, there, how))

    async def single(entry: Entry) -> None:
        with work.noted(entry.path):
            old, how = there.get(entry.path), chosen.get(entry.path)
            await _single(work, line, joined(path, entry.path), entry, other, joined(to, entry.path), old, how)

    async def set_meta(entry: Entry) -> None:
        with work.noted(entry.path):
            meta = Meta(entry.mode, entry.mtime, [])
            await work.again(lambda files, _: files.alter(joined(to, entry.path), meta), other)

    await together(BUNDLES, bundle, alike(small, chosen))

    async def compare(entry: Entry) -> None:
        await compare_hosts(work, line, joined(path, entry.path), other, joined(to, entry.path))

    await together(LARGE, single, [*large, *late])
    if work.options.verify:
        await compare_small(work, [one for one in small if one not in late], there, compare)
    if work.options.preserve:
        await together(BUNDLES, set_meta, unlike(folders, [*small, *large, *new], there))


async def _made(work: Work, to: bytes, made: list[SmallFile], files: FilesClient, _again: bool) -> list[Result]:
    return await many(work, files, to, Conflict.REPLACE, made)


async def _listed(files: FilesClient, path: bytes) -> list[Entry]:
    return [one async for one in files.walk(path)]


async def _bundle(
    work: Work,
    line: Line,
    path: bytes,
    other: Line,
    to: bytes,
    entries: Sequence[Entry],
    there: Mapping[bytes, Entry],
    conflict: Conflict,
) -> list[Entry]:
    """Small files: what one request brings goes on in as many messages as it came in."""
    await work.gate()
    work.progress.current = display(joined(path, entries[0].path))
    left, late = list(entries), list[Entry]()

    async def attempt(files: FilesClient, again: bool) -> None:
        with files.operations.open(path) as operation:
            operation.send(GetMany(operation.id, path, [one.path for one in left]))
            try:
                while left:
                    bundle = await answer(operation, Bundle, work.told)
                    if bundle.last:
                        operation.last()
                    some = left[: len(bundle.files)]
                    if not some or [one.path for one in some] != [one.path for one in bundle.files]:
                        raise refused(FileFault.PROTOCOL, "other files came than were asked for")
                    good = []
                    for entry, file in zip(some, bundle.files, strict=True):
                        if file.fault == FileFault.TOO_LARGE:
                            late.append(entry)
                        elif file.fault:
                            work.failed(display(entry.path), refused(FileFault(file.fault)))
                        else:
                            good.append((entry, file if work.options.preserve else plain(file)))
                    sent = [file for _, file in good]
                    results = await many(work, other.files, to, together_as(conflict, entries, there), sent)
                    operation.taken([bundle])
                    written = Written(work, other.files, to, there, conflict, again)
                    for (entry, file), result in zip(good, results, strict=True):
                        if not await written.noted(entry, file, result):
                            late.append(entry)
                    del left[: len(some)]
            except BaseException:
                with contextlib.suppress(SessionOver):
                    operation.stop(StopReading(operation.id))
                raise

    await work.again(attempt, line, other)
    return late


async def _single(
    work: Work,
    line: Line,
    path: bytes,
    entry: Entry,
    other: Line,
    to: bytes,
    there: Entry | None,
    chosen: Conflict | None = None,
) -> None:
    if work.options.skip and same(entry, there):
        work.left_out(entry)
        return
    work.progress.current = display(path)
    share = Share(work)

    async def copied(conflict: Conflict, there: Entry | None) -> bytes:
        basis = work.options.delta and there is not None and min(there.size, entry.size) >= DELTA_FROM
        meta = Meta(entry.mode, entry.mtime, []) if work.options.preserve else fresh_meta(entry.mode)
        key = version_key(path, to, entry.size, entry.mtime)

        async def attempt(files: FilesClient, again: bool) -> bytes:
            refuses = conflict in (Conflict.REFUSE, Conflict.NEWER)
            if again and refuses and same(entry, await find(other.files, to)):
                share.again()
                return to

            async def forward(delta: bool) -> bytes:
                share.again()
                asked = Put(0, to, entry.size, meta, conflict, key, delta)
                with files.operations.open(path) as source, other.files.operations.open(to) as target:
                    try:
                        return await _forward(work, share, source, path, entry, other.files, target, asked)
                    except BaseException:
                        with contextlib.suppress(SessionOver):
                            source.stop(StopReading(source.id))
                        with contextlib.suppress(SessionOver):
                            target.stop(StopWriting(target.id, drop=False))
                        raise

            return await whole_then(forward, basis)

        with comparing(entry, there):
            return await work.again(attempt, line, other)

    async def look() -> Entry | None:
        return await work.again(lambda files, _: find(files, to), other)

    single = Single(other.files.operations.called(to), entry, look, chosen)
    name = await as_chosen(work, single, there, copied)
    if name is None:
        share.again()
        work.left_out(entry)
        return
    share.whole(entry.size)
    if work.options.verify:
        await compare_hosts(work, line, path, other, beside(to, name))
    note_name(work, to, name)


async def _forward(
    work: Work,
    share: Share,
    source: Operation,
    path: bytes,
    entry: Entry,
    other: FilesClient,
    target: Operation,
    asked: Put,
) -> bytes:
    """One attempt over one session each; what the target has already of it is the source's to know again."""
    target.send(msgspec.structs.replace(asked, id=target.id))
    ready = await ready_at(other, target, asked.path, work.told)
    source.send(Get(source.id, path, ready.offset, ready.prefix, ready.basis))
    opened = await answer(source, Opened, work.told)
    if (opened.size, opened.meta.mtime) != (entry.size, entry.mtime):
        raise refused(FileFault.CHANGED, name=source.name)
    last = not ready.basis
    while not last:
        piece = await answer(target, Signature, work.told)
        await source.room()
        source.send(msgspec.structs.replace(piece, id=source.id))
        last = piece.last
    target.send(Begin(target.id, opened.offset))
    share.resumed(opened.offset)
    while True:
        await work.gate()
        batch = await source.batch()
        await target.room()
        if target.has_answers() and not isinstance(message := await target.next(), Working):
            raise refused(FileFault.PROTOCOL, f"{type(message).__name__} came in the middle of a file", source.name)
        for piece_of_it in batch:
            if isinstance(piece_of_it, Data | Reuse | Zeros | Finish):
                target.send(msgspec.structs.replace(piece_of_it, id=target.id))
            elif not isinstance(piece_of_it, Working):
                raise refused(
                    FileFault.PROTOCOL, f"{type(piece_of_it).__name__} came in the middle of a file", source.name
                )
        source.taken(batch)
        share.moved(_content(batch), sum(map(weight, batch)))
        if isinstance(batch[-1], Finish):
            source.last()
            name = (await answer(target, Done, work.told)).path
            if work.options.preserve and opened.meta.attributes:
                await other.alter(beside(asked.path, name), opened.meta)  # not known when the Put was sent
            return name


def _content(batch: Sequence[Message]) -> int:
    """Bytes of the file that these stand for; of packed ones as they crossed."""
    size = 0
    for message in batch:
        match message:
            case Data(data=data):
                size += len(data)
            case Reuse(length=length) | Zeros(length=length):
                size += length
    return size
