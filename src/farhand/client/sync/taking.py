"""Copies a file from one folder of this computer to another."""

import contextlib
import os
from pathlib import Path

from farhand.client.sync.side import as_it_was
from farhand.client.sync.tree import Copy
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import split
from farhand.files.partial import Incoming
from farhand.files.receiver import Receiver
from farhand.files.sender import Sender
from farhand.files.small import read_small, write_small
from farhand.protocol.messages.files import SMALL_FILE, Conflict, FileFault, Finish

#: What is read of a large file in one go, in bytes.
_BATCH = 1 << 20


def take(source: Folder, target: Folder, copy: Copy, conflict: Conflict, data: Path) -> None:
    """Do one copy; ``data`` is where a large file waits until it is whole. Raises FilesError."""
    if copy.entry.size > SMALL_FILE:
        _take_large(source, target, copy, conflict, data)
        return
    (file,) = read_small(source, [], [copy.path])
    if file.fault:
        raise FilesError(FileFault(file.fault))
    _refuse_changed(target, copy)
    (result,) = write_small(target, [], [file], conflict)
    if result.fault:
        raise FilesError.heard(FileFault(result.fault), result.text)


def _take_large(source: Folder, target: Folder, copy: Copy, conflict: Conflict, data: Path) -> None:
    parts = split(copy.path)
    with contextlib.ExitStack() as stack:
        fd = source.open_file(parts)
        stack.callback(os.close, fd)
        sender = Sender(0, fd)
        incoming = Incoming.beside(data, target, parts[:-1])
        stack.callback(incoming.close)
        partial = incoming.open(os.urandom(16), sender.size)
        stack.callback(partial.close)
        stack.callback(partial.discard)
        receiver = Receiver(partial, sender.size)
        sender.begin(0)
        receiver.begin(0)
        while batch := sender.pieces(_BATCH, False):
            for piece in batch:
                if isinstance(piece, Finish):
                    receiver.finish(piece)
                else:
                    receiver.take(piece)
        _refuse_changed(target, copy)
        partial.place(target, parts, sender.meta, conflict)


def _refuse_changed(target: Folder, copy: Copy) -> None:
    if copy.replaces is not None and not as_it_was(target.find(split(copy.path)), copy.replaces):
        raise FilesError(FileFault.CHANGED)
