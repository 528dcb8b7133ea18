"""A file gets its name: what happens where the name is taken, without a moment in which it stands for half a file."""

import errno
import itertools
import os
from collections.abc import Iterator

from farhand.files.errors import FilesError
from farhand.files.meta import micros
from farhand.files.names import another
from farhand.files.system import rename_new
from farhand.protocol.messages.files import Conflict, FileFault


def move(source: int, name: bytes, target: int, to: bytes, conflict: Conflict, mtime: int) -> bytes:
    """Rename ``name`` in one open folder to ``to`` in another of the same file system; returns the name it got.

    ``mtime`` in Unix microseconds is for NEWER. Links are renamed and replaced themselves. Raises FilesError.
    """
    try:
        if conflict == Conflict.REPLACE or (conflict == Conflict.NEWER and _is_older(target, to, mtime)):
            os.rename(name, to, src_dir_fd=source, dst_dir_fd=target)
            return to
        if conflict == Conflict.KEEP_BOTH:
            return _move_aside(source, name, target, to)
        rename_new(source, name, target, to)
    except OSError as error:
        raise _fault(error) from None
    return to


def _is_older(folder: int, name: bytes, mtime: int) -> bool:
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if micros(there.st_mtime_ns) >= mtime:
        raise FilesError(FileFault.NOT_NEWER, "what is there is as new or newer")
    return True


def _move_aside(source: int, name: bytes, target: int, to: bytes) -> bytes:
    for free in names_beside(to):
        try:
            rename_new(source, name, target, free)
        except FileExistsError:
            continue
        return free
    raise AssertionError("numbers do not end")


def names_beside(name: bytes) -> Iterator[bytes]:
    """The names that KEEP_BOTH tries, in order: ``a.txt``, ``a (2).txt``, and so on without an end."""
    yield name
    for n in itertools.count(2):
        yield another(name, n)


def _fault(error: OSError) -> FilesError:
    if error.errno == errno.EXDEV:
        return FilesError(FileFault.UNSUPPORTED, "the other folder is on another file system", "copy it and delete it")
    if error.errno == errno.EINVAL:
        return FilesError(FileFault.UNSUPPORTED, "a folder cannot be put into itself", "choose another place")
    return FilesError.from_oserror(error)
