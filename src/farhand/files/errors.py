"""The one error of the file engine: why an operation failed, as the other end and a person are told."""

import errno

from farhand.core.errors import FarhandError
from farhand.protocol.messages.files import FileFault

_FAULTS = {
    errno.ENOENT: FileFault.NOT_FOUND,
    errno.EEXIST: FileFault.EXISTS,
    errno.EACCES: FileFault.PERMISSION,
    errno.EPERM: FileFault.PERMISSION,
    errno.EROFS: FileFault.PERMISSION,
    errno.EXDEV: FileFault.OUTSIDE,
    errno.ELOOP: FileFault.OUTSIDE,
    errno.ENAMETOOLONG: FileFault.BAD_NAME,
    errno.EILSEQ: FileFault.BAD_NAME,
    errno.ENOTDIR: FileFault.NOT_A_FOLDER,
    errno.EISDIR: FileFault.NOT_A_FILE,
    errno.ENOTEMPTY: FileFault.NOT_EMPTY,
    errno.ENOSPC: FileFault.FULL,
    errno.EDQUOT: FileFault.FULL,
    errno.EFBIG: FileFault.TOO_LARGE,
    errno.ETXTBSY: FileFault.BUSY,
    errno.EBUSY: FileFault.BUSY,
    errno.EOPNOTSUPP: FileFault.UNSUPPORTED,
}

#: What happened, and what to do about it, in words that fit either end.
_WORDS = {
    FileFault.NOT_FOUND: ("there is no such file or folder", "look at its spelling"),
    FileFault.EXISTS: ("the name is taken", "choose another name"),
    FileFault.PERMISSION: (
        "permission is denied",
        "look at the owner and the permissions of the file and its folder",
    ),
    FileFault.OUTSIDE: ("it lies in no folder that is open for this", "ask the owner to open its folder"),
    FileFault.BAD_NAME: ("the name cannot be used there", "rename it"),
    FileFault.NOT_A_FOLDER: ("it is no folder, or lies in what is none", "look at its spelling"),
    FileFault.NOT_A_FILE: ("it is no regular file", "folders are copied recursively; devices, pipes and sockets never"),
    FileFault.NOT_EMPTY: ("the folder is not empty", "delete it recursively"),
    FileFault.FULL: ("the disk is full", "make room and try again: what has arrived is kept"),
    FileFault.CHANGED: ("it changed while it was read", "try again when nothing writes to it any more"),
    FileFault.MISMATCH: ("what arrived is not what was sent, and was thrown away", "try again"),
    FileFault.INFECTED: ("malware was found in it", "it is in the quarantine there: ask the host's owner"),
    FileFault.NOT_SCANNED: ("it could not be scanned, and nothing else is taken there", "ask the host's owner"),
    FileFault.BUSY: ("it is in use", "try again later"),
    FileFault.NOT_NEWER: ("what is there is as new or newer", ""),
    FileFault.STOPPED: ("it was stopped", "try again: what has arrived is kept"),
    FileFault.UNSUPPORTED: ("the system cannot do that", ""),
    FileFault.TOO_LARGE: ("it is larger than it may be there", ""),
    FileFault.SYSTEM: ("the system failed", ""),
    FileFault.PROTOCOL: ("the two ends do not understand each other", "update the older one"),
}
#: Of these, somebody else's own words are of no use without ours before them.
_BARE = (FileFault.BAD_NAME, FileFault.PROTOCOL)
#: The longest text that a message carries, in characters.
_TEXT_MAX = 1000


class FilesError(FarhandError):
    """An operation on a file failed; ``fault`` says why to a program, ``cause`` and ``cure`` to a person.

    ``name`` is the file it is about, fit to be shown, where that is known; it stands in no cause.
    """

    def __init__(self, fault: FileFault, cause: str = "", cure: str = "", *, name: str = "") -> None:
        if not cause:
            cause, cure = _WORDS[fault]
        super().__init__(cause, cure)
        self.fault = fault
        self.name = name

    def __str__(self) -> str:
        return f"{self.name}: {super().__str__()}" if self.name else super().__str__()

    @property
    def general(self) -> bool:
        """Whether the cure is the one for every fault of its kind."""
        return self.cure == _WORDS[self.fault][1]

    @property
    def said(self) -> str:
        """Cause and cure as a message carries them: a line each. The other end reads them by ``heard``."""
        return "\n".join(filter(None, (self.cause, self.cure)))[:_TEXT_MAX]

    @classmethod
    def heard(cls, fault: FileFault, text: str = "", name: str = "") -> "FilesError":
        """The error that the other end told: by its own words where they say more than ours."""
        cause, cure = _WORDS[fault]
        told, _, todo = text.partition("\n")
        if told and told != cause:
            cause, cure = f"{cause} ({told})" if fault in _BARE else told, todo or cure
        return cls(fault, cause, cure, name=name)

    @classmethod
    def from_oserror(cls, error: OSError, name: str = "") -> "FilesError":
        """Say what the system said; an errno without a fault of its own is SYSTEM, with the system's words."""
        fault = _FAULTS.get(error.errno or 0)
        if error.errno == errno.EROFS:
            return cls(FileFault.PERMISSION, "the file system is mounted read-only", "choose another place", name=name)
        if fault is not None:
            return cls(fault, name=name)
        return cls(FileFault.SYSTEM, f"the system failed ({error.strerror or type(error).__name__})", name=name)


class BadName(FilesError):
    """A name that no file here may have."""

    def __init__(self, cause: str) -> None:
        super().__init__(FileFault.BAD_NAME, cause, "rename it")
