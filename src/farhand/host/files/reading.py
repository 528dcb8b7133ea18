"""What a caller with files-read asks for, as operations: the steps of each run in a thread (operations.py)."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import TypeVar

from farhand.files.delta import Signatures
from farhand.files.digest import digest_file
from farhand.files.errors import FilesError
from farhand.files.sender import Sender
from farhand.files.small import read_small
from farhand.host.files.book import Action, Book, Crossed
from farhand.host.files.opened import OpenedFolders, Place
from farhand.host.files.operations import Pace, Work
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import (
    Bundle,
    Entries,
    Entry,
    EntryKind,
    FileFault,
    Finish,
    Free,
    Get,
    GetMany,
    List,
    Measure,
    Measured,
    Opened,
    RootList,
    Roots,
    Signature,
    SmallFile,
    Space,
    Step,
)

T = TypeVar("T")

#: Bytes of names or of small files in one message: below what the channel takes, with all that is around them.
MESSAGE_BYTES = 160 << 10


def roots(folders: OpenedFolders, asked: Roots) -> Work:
    """Say which folders are open."""
    yield ()
    return [RootList(asked.id, folders.roots())]


def list_names(folders: OpenedFolders, asked: List) -> Work:
    """Send names as they are found."""
    place = folders.readable(asked.path)
    held: list[Entry] = []
    skipped = 0
    for batch in place.folder.walk(place.parts, asked.depth, asked.follow):
        skipped += batch.skipped
        for entries in _fitting(batch, lambda entry: len(entry.path) + len(entry.target) + 48):
            if held:
                yield [Entries(asked.id, held, skipped, False)]
                skipped = 0
            held = entries
    return [Entries(asked.id, held, skipped, True)]


def get(folders: OpenedFolders, pace: Pace, asked: Get) -> Work:
    """Send one file; whatever was read of it stands in the audit."""
    place = folders.readable(asked.path)
    fd = place.folder.open_file(place.parts)
    try:
        sender = Sender(asked.id, fd)
        began = 0
        if asked.offset and asked.prefix:
            yield ()
            progress = pace.progress(asked.id, Step.CHECKING, asked.offset)
            began = asked.offset if sender.prefix(asked.offset, progress) == asked.prefix else 0
        sender.begin(began)
        finish = None
        try:
            yield [Opened(asked.id, sender.size, sender.meta, began)]
            if asked.basis:
                sender.use_basis((yield from _signatures()))
            while finish is None:
                *pieces, last = sender.pieces(pace.budget, pace.pack)
                if isinstance(last, Finish):
                    finish = last
                else:
                    pieces.append(last)
                if pieces:
                    yield pieces
        finally:
            pace.notes.append(partial(_note, place, began, sender.offset, finish))
    finally:
        os.close(fd)
    return [finish]


def get_many(folders: OpenedFolders, pace: Pace, asked: GetMany) -> Work:
    """Send small files of one folder."""
    place = folders.readable(asked.folder)
    files = read_small(place.folder, place.parts, asked.names, pace.pack)
    held: list[SmallFile] = []
    for bundle in _fitting(files, lambda file: len(file.path) + len(file.data) + 128):
        if held:
            yield [Bundle(asked.id, held, False)]
        crossed = [Crossed.of(file) for file in bundle if file.kind == EntryKind.FILE and not file.fault]
        pace.notes.append(partial(Book.many, action=Action.READ, folder=place.path, files=crossed))
        held = bundle
    return [Bundle(asked.id, held, True)]


def measure(folders: OpenedFolders, pace: Pace, asked: Measure) -> Work:
    """Say a file's size and digest."""
    place = folders.readable(asked.path)
    fd = place.folder.open_file(place.parts)
    try:
        yield ()
        size, digest = digest_file(fd, pace.progress(asked.id, Step.READING, os.fstat(fd).st_size))
    finally:
        os.close(fd)
    return [Measured(asked.id, size, digest)]


def space(folders: OpenedFolders, asked: Space) -> Work:
    """Say how much room there is."""
    place = folders.readable(asked.path)
    yield ()
    return [Free(asked.id, *place.folder.space(place.parts))]


def _signatures() -> Generator[None, list[Message], Signatures]:
    """Wait for the description of the caller's older file."""
    signatures = Signatures()
    while True:
        for message in (yield None):
            if not isinstance(message, Signature):
                raise FilesError(FileFault.PROTOCOL, "something else than the signature that was announced", "")
            if signatures.add(message):
                return signatures


def _note(place: Place, began: int, read: int, finish: Finish | None, book: Book) -> None:
    if finish is not None:
        book.crossed(Action.READ, place.path, finish.size, finish.digest, **({"first": began} if began else {}))
    elif read > began:
        book.note(Action.READ, place.path, bytes=read - began, first=began, whole=False)


def _fitting(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Put items together, as many as fit one message."""
    held: list[T] = []
    room = MESSAGE_BYTES
    for item in items:
        needs = size(item)
        if held and (needs > room or len(held) == 4096):
            yield held
            held, room = [], MESSAGE_BYTES
        held.append(item)
        room -= needs
    if held:
        yield held
