"""Why something with files failed, as this end says it of a host's answer or of this computer."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from farhand.client.texts import plain
from farhand.files.errors import FilesError
from farhand.files.names import display
from farhand.protocol.messages.files import Entry, EntryKind, FileFault

#: The longest text of a host's that is shown.
_LONGEST = 500
#: Why something that is to stay as it was listed is not replaced.
REPLACED = "what is to be replaced changed meanwhile"


def refused(fault: FileFault, text: str = "", name: str = "") -> FilesError:
    """The error for a fault that a host told, ``name`` being what it is about."""
    return FilesError.heard(fault, "\n".join(plain(line, _LONGEST) for line in text.split("\n", 1)), name)


class NameTaken(FilesError):
    """A name is taken, or what is there is as new: ``mine`` was to be copied, ``theirs`` stands there."""

    def __init__(self, error: FilesError, mine: Entry, theirs: Entry) -> None:
        both = f"this: {described(mine, theirs)}; there: {described(theirs, mine)}"
        super().__init__(error.fault, f"{error.cause}; {both}", error.cure, name=error.name)
        self.mine = mine
        self.theirs = theirs


def compared(error: FilesError, mine: Entry, theirs: Entry | None) -> FilesError:
    """The same; one that is due to what is there tells of both."""
    if theirs is None or error.fault not in (FileFault.EXISTS, FileFault.NOT_NEWER):
        return error
    return NameTaken(error, mine, theirs)


@contextlib.contextmanager
def comparing(mine: Entry, theirs: Entry | None) -> Iterator[None]:
    """What is refused meanwhile because of what is there tells of both."""
    try:
        yield
    except FilesError as error:
        if (other := compared(error, mine, theirs)) is error:
            raise
        raise other from None


def described(entry: Entry, other: Entry) -> str:
    """Size and time of one of two, and whether it is the newer one."""
    what = "a folder" if entry.kind is EntryKind.FOLDER else f"{entry.size:,} bytes"
    newer = " (newer)" if entry.mtime > other.mtime else ""
    return f"{what} of {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(entry.mtime / 1e6))}{newer}"


@contextlib.contextmanager
def about(name: str) -> Iterator[None]:
    """What goes wrong with files meanwhile, and does not say with which, is about this one."""
    try:
        yield
    except FilesError as error:
        error.name = error.name or name
        raise


def no_folder(error: FilesError, folder: str) -> FilesError:
    """What NOT_FOUND means of a file that is to be written: the folder is not there."""
    if error.fault is not FileFault.NOT_FOUND:
        return error
    how = f": farhand mkdir -p '{folder}'" if ":" in folder else ""
    return FilesError(error.fault, "there is no such folder to put it into", f"make it first{how}", name=folder)


def here(error: OSError, path: Path) -> FilesError:
    """The error for what this computer's system said about a path that its user named."""
    told = FilesError.from_oserror(error, display(os.fsencode(path)))
    if told.fault is FileFault.NOT_FOUND:
        told.cure = "it is a path on this computer: look at its spelling"
    return told
