"""What a caller with files-write asks for, as operations: the steps of each run in a thread (operations.py)."""

import os
import secrets
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from farhand.core.logging import get_logger
from farhand.files.digest import digest_file
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import display
from farhand.files.packing import unpack
from farhand.files.partial import Incoming, Partial
from farhand.files.receiver import Receiver
from farhand.files.small import write_small
from farhand.host.files.book import Action, Book, Crossed
from farhand.host.files.opened import OpenedFolders, Place
from farhand.host.files.operations import Pace, Work
from farhand.host.files.scanning import Scanner
from farhand.host.files.trash import NoTrash, throw_away
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import (
    SMALL_FILE,
    Alter,
    Begin,
    Conflict,
    Data,
    Delete,
    Done,
    EntryKind,
    FileFault,
    Finish,
    Make,
    Put,
    PutMany,
    Ready,
    Rename,
    Result,
    Results,
    Reuse,
    SmallFile,
    Step,
    Working,
    Zeros,
)

_log = get_logger(__name__)

#: Small files written in one step.
_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Who:
    """Whose files they are: ``own`` is the session's ``caller``; ``reads``: it may read, too."""

    own: bytes
    about: Mapping[str, str]
    reads: bool
    connection: bytes
    """16 bytes that no other connection has."""


def put(folders: OpenedFolders, pace: Pace, who: Who, asked: Put) -> Work:
    """Receive one file: it is a partial until it is whole and checked, and gets its name then."""
    place = folders.writable(asked.path)
    with ExitStack() as stack:
        _check_name(place, asked)
        incoming = folders.incoming(place)
        stack.callback(incoming.close)
        # Nobody else's key leads to it, though it were the same.
        key = who.own + asked.key
        received = incoming.open(key, asked.size)
        stack.callback(received.close)
        stack.push(partial(_drop, received, pace))
        before, pieces = yield from _offer_placed(incoming, key, place, pace, who, asked)
        if before:
            received.discard()
            return [Done(asked.id, before)]
        place.folder.check_room(place.parts, asked.size - received.size)
        basis = _older(folders, asked) if asked.basis and who.reads and not pieces else None
        if basis is not None:
            stack.callback(os.close, basis)
        receiver = Receiver(received, asked.size, basis)
        yield ()
        if not pieces:
            prefix = receiver.prefix(pace.progress(asked.id, Step.READING, receiver.offset))
            yield [Ready(asked.id, receiver.offset, prefix, basis is not None)]
        if basis is not None:
            for signature in receiver.signatures(asked.id):
                yield [signature]
        stop = Stop(folders, place.path, who, pace)
        look = _Look(folders.scanner, received, asked.size, stop)
        stack.callback(look.close)
        finish = yield from _receive(receiver, look, pieces)
        receiver.finish(finish)
        if folders.scanner is not None:
            yield [Working(asked.id, Step.SCANNING, 0, asked.size)]
            look.finish(finish)
        # Between two steps the right may have been taken away: then what follows does not happen.
        yield ()
        if asked.conflict is Conflict.KEEP_BOTH:
            incoming.remember(key, who.connection, received.fd)
        parts = received.place(place.folder, place.parts, asked.meta, asked.conflict)
        path = place.path_of(parts)
        pace.notes.append(partial(Book.crossed, action=Action.WROTE, path=path, size=finish.size, digest=finish.digest))
    return [Done(asked.id, path)]


class Stop:
    """What happens to a file that is to have this path and in which malware was found."""

    def __init__(self, folders: OpenedFolders, path: bytes, who: Who, pace: Pace) -> None:
        self.path = path
        self._folders = folders
        self._who = who
        self._pace = pace

    def keep(self, received: Partial, error: FilesError, digest: bytes) -> None:
        """Put it into quarantine and have it stand in the audit, whatever becomes of the first."""
        kept, size = received.quarantine(), received.size
        about = self._who.about
        try:
            self._folders.quarantine.keep(
                kept,
                path=self.path,
                found=error.cause,
                digest=digest,
                who=about.get("who", ""),
                device=about.get("device", ""),
                session=about.get("session", ""),
            )
        except OSError as trouble:
            _log.error("a find is not in quarantine", file=str(kept), why=str(trouble))
        note = partial(Book.malware, path=self.path, size=size, digest=digest, why=error.cause, kept=kept.name)
        self._pace.notes.append(note)


class _Look:
    """The scanner's look at a file that is being received."""

    def __init__(self, scanner: Scanner | None, received: Partial, size: int, stop: Stop) -> None:
        self._received = received
        self._stop = stop
        self._arrival = scanner.begin(received.fd, size, display(stop.path)) if scanner is not None else None

    def feed(self, offset: int) -> None:
        if self._arrival is not None:
            with self._stopping(b""):
                self._arrival.feed(offset)

    def finish(self, finish: Finish) -> None:
        if self._arrival is not None:
            with self._stopping(finish.digest):
                self._arrival.finish()

    def close(self) -> None:
        if self._arrival is not None:
            self._arrival.close()

    @contextmanager
    def _stopping(self, digest: bytes) -> Iterator[None]:
        try:
            yield
        except FilesError as error:
            if error.fault is FileFault.INFECTED:
                self._stop.keep(self._received, error, digest)
            raise


def _offer_placed(
    incoming: Incoming, key: bytes, place: Place, pace: Pace, who: Who, asked: Put
) -> Generator[Sequence[Message] | None, list[Message], tuple[bytes, list[Message]]]:
    """KEEP_BOTH must not keep a third: the answer to this very Put may have been lost with the line.

    Then what was placed is offered, whole. Returns its path if the caller takes it for the file, else what the caller
    began to send instead, if anything was offered.
    """
    if asked.conflict is not Conflict.KEEP_BOTH:
        return b"", []
    entry = (asked.size, asked.meta.mtime)
    at = incoming.placed(key, who.connection, place.folder, place.parts, entry, time.time())
    if at is None:
        return b"", []
    fd = place.folder.open_file(at)
    try:
        yield ()
        digest = digest_file(fd, pace.progress(asked.id, Step.READING, asked.size))[1]
        yield [Ready(asked.id, asked.size, digest if asked.size else b"", False)]
        pieces: list[Message] = []
        while len(pieces) < 2:
            pieces += yield None
            match pieces:
                case [Begin(offset=asked.size), Finish(size=asked.size, digest=said)] if said == digest:
                    incoming.remember(key, who.connection, fd)
                    return place.path_of(at), []
                case [Begin(offset=asked.size), *_]:
                    pass
                case _:
                    return b"", pieces
    finally:
        os.close(fd)
    raise FilesError(FileFault.MISMATCH)


def _receive(receiver: Receiver, look: _Look, pieces: list[Message]) -> Generator[None, list[Message], Finish]:
    """Take the pieces, in order, up to the last; ``pieces`` have come already."""
    begun = False
    while True:
        for piece in pieces or (yield None):
            match piece:
                case Begin(offset=offset) if not begun:
                    receiver.begin(offset)
                    begun = True
                case Data() | Reuse() | Zeros() if begun:
                    receiver.take(piece)
                case Finish() if begun:
                    return piece
                case _:
                    raise FilesError(FileFault.PROTOCOL, f"{type(piece).__name__} at the wrong time", "")
        pieces = []
        if begun:
            look.feed(receiver.offset)


def put_many(folders: OpenedFolders, pace: Pace, who: Who, asked: PutMany) -> Work:
    """Write small files, folders and links."""
    place = folders.writable(asked.folder)
    results: list[Result] = []
    for start in range(0, len(asked.files), _AT_ONCE):
        files = asked.files[start : start + _AT_ONCE]
        done = _write(folders, place, pace, who, asked.conflict, files)
        pace.notes.append(partial(_note_small, place.path, files, done))
        results += done
        if len(results) < len(asked.files):
            yield ()
    yield ()
    return [Results(asked.id, results)]


def make(folders: OpenedFolders, pace: Pace, asked: Make) -> Work:
    """Make a folder or a link."""
    place = folders.writable(asked.path)
    yield ()
    match asked.kind:
        case EntryKind.FOLDER:
            place.folder.make_folder(place.parts, asked.mode, asked.parents)
            pace.notes.append(partial(Book.note, action=Action.MADE, path=place.path))
        case EntryKind.LINK:
            place.folder.make_link(place.parts, asked.target)
            pace.notes.append(partial(Book.note, action=Action.MADE, path=place.path, to=display(asked.target)))
        case _:
            raise FilesError(FileFault.UNSUPPORTED, "only folders and links are made like this", "put a file")
    return [Done(asked.id, place.path)]


def rename(folders: OpenedFolders, pace: Pace, asked: Rename) -> Work:
    """Give something another name."""
    place, to = folders.writable(asked.path), folders.writable(asked.to)
    if to.opened.settings.read and not place.opened.settings.read:
        # Otherwise whoever may only put something in there could take everything out of it.
        raise FilesError(FileFault.OUTSIDE, "what is in this folder is not to be read", "ask the owner for it")
    yield ()
    path = to.path_of(place.folder.rename(place.parts, to.parts, asked.conflict, to.folder))
    pace.notes.append(partial(Book.note, action=Action.RENAMED, path=place.path, to=display(path)))
    return [Done(asked.id, path)]


def delete(folders: OpenedFolders, pace: Pace, asked: Delete) -> Work:
    """Take something away."""
    place = folders.writable(asked.path)
    yield ()
    if asked.trash:
        _throw_away(folders, place, asked.recursive)
    else:
        place.folder.remove(place.parts, asked.recursive)
    action = Action.TRASHED if asked.trash else Action.DELETED
    pace.notes.append(partial(Book.note, action=action, path=place.path))
    return [Done(asked.id, place.path)]


def alter(folders: OpenedFolders, pace: Pace, asked: Alter) -> Work:
    """Give something other permissions, another time, other attributes."""
    place = folders.writable(asked.path)
    yield ()
    place.folder.set_meta(place.parts, asked.meta)
    pace.notes.append(partial(Book.note, action=Action.ALTERED, path=place.path, mode=f"{asked.meta.mode & 0o777:04o}"))
    return [Done(asked.id, place.path)]


def _write(
    folders: OpenedFolders, place: Place, pace: Pace, who: Who, conflict: Conflict, files: Sequence[SmallFile]
) -> list[Result]:
    """Write those that the scanner finds nothing in; says of all how it went."""
    refused: dict[int, FilesError] = {}
    if folders.scanner is not None:
        refused = _look_at(folders.scanner, files)
    done = iter(
        write_small(place.folder, place.parts, (file for at, file in enumerate(files) if at not in refused), conflict)
    )
    results = []
    for at, file in enumerate(files):
        if (error := refused.get(at)) is None:
            results.append(next(done))
            continue
        results.append(Result(error.fault, error.said))
        if error.fault is FileFault.INFECTED:
            _keep(folders, place, file, Stop(folders, place.path + b"/" + file.path, who, pace), error)
    return results


def _look_at(scanner: Scanner, files: Sequence[SmallFile]) -> dict[int, FilesError]:
    """What the scanner has against these, by their place; what cannot even be unpacked is for the writer to refuse."""
    contents = []
    for at, file in enumerate(files):
        if file.kind is EntryKind.FILE:
            with suppress(FilesError):
                contents.append((at, _content(file), display(file.path)))
    verdicts = scanner.check_many([(data, name) for _, data, name in contents])
    return {at: error for (at, _, _), error in zip(contents, verdicts, strict=True) if error is not None}


def _content(file: SmallFile) -> bytes:
    return unpack(file.data, SMALL_FILE) if file.packed else file.data


def _keep(folders: OpenedFolders, place: Place, file: SmallFile, stop: Stop, error: FilesError) -> None:
    with closing(folders.incoming(Place(place.opened, [*place.parts, b"-"]))) as incoming:
        data = _content(file)
        with closing(incoming.open(secrets.token_bytes(16), len(data))) as received:
            os.pwrite(received.fd, data, 0)
            stop.keep(received, error, file.digest)


def _check_name(place: Place, asked: Put) -> None:
    """Say early what would otherwise be said when all of it has crossed."""
    if not place.parts:
        raise FilesError(FileFault.NOT_A_FILE, "it is a folder", "give the file a name in it")
    try:
        there = place.folder.entry(place.parts)
    except FilesError as error:
        if error.fault is FileFault.NOT_FOUND:
            return
        raise
    if asked.conflict is Conflict.REFUSE:
        raise FilesError(FileFault.EXISTS)
    if there.kind is EntryKind.FOLDER and asked.conflict is not Conflict.KEEP_BOTH:
        raise FilesError(FileFault.NOT_A_FILE, "a folder has this name", "choose another name")
    if asked.conflict is Conflict.NEWER and there.mtime >= asked.meta.mtime:
        raise FilesError(FileFault.NOT_NEWER, "what is there is as new or newer")


def _older(folders: OpenedFolders, asked: Put) -> int | None:
    """Open the file that has the name now, if it may be read."""
    with suppress(FilesError):
        place = folders.readable(asked.path)
        return place.folder.open_file(place.parts)
    return None


def _drop(received: Partial, pace: Pace, *_: object) -> None:
    if pace.drop:
        received.discard()


def _throw_away(folders: OpenedFolders, place: Place, recursive: bool) -> None:
    if not folders.settings.trash:
        raise FilesError(FileFault.UNSUPPORTED, "the owner of this computer wants no trash", "delete it for good")
    folder = place.folder
    if not recursive and folder.entry(place.parts).kind is EntryKind.FOLDER:
        with_names = next(folder.walk(place.parts, 1), None)
        if with_names:
            raise FilesError(FileFault.NOT_EMPTY)

    def move(files: int, free: bytes) -> None:
        folder.rename(place.parts, [free], Conflict.REFUSE, Folder(files))

    try:
        with folder.holding(place.parts) as (above, name):
            throw_away(above, name, move)
    except NoTrash:
        cause = "there is no trash where this lies"
        raise FilesError(FileFault.UNSUPPORTED, cause, "delete it for good") from None


def _note_small(folder: bytes, files: Sequence[SmallFile], results: Sequence[Result], book: Book) -> None:
    done = [file for file, result in zip(files, results, strict=True) if not result.fault]
    book.many(Action.WROTE, folder, (Crossed.of(file) for file in done if file.kind == EntryKind.FILE))
    made = [display(file.path) for file in done if file.kind != EntryKind.FILE]
    book.names(Action.MADE, folder, made)
