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

_CAUSES = {
    FileFault.NOT_FOUND: ("there is no such file or folder", ""),
    FileFault.EXISTS: ("the name is taken", "replace it or choose another name"),
    FileFault.PERMISSION: ("the system does not permit it", "change the permissions or use another folder"),
    FileFault.OUTSIDE: ("it lies outside the folders that are open", "ask the owner to open its folder"),
    FileFault.BAD_NAME: ("the name cannot be used here", "rename it"),
    FileFault.NOT_A_FOLDER: ("it is not a folder", ""),
    FileFault.NOT_A_FILE: ("it is not a regular file", ""),
    FileFault.NOT_EMPTY: ("the folder is not empty", "delete recursively"),
    FileFault.FULL: ("the disk is full", "make room and try again: what has arrived is kept"),
    FileFault.TOO_LARGE: ("it is larger than this may be", ""),
    FileFault.BUSY: ("it is in use", "try again later"),
    FileFault.UNSUPPORTED: ("this file system cannot do that", ""),
}


class FilesError(FarhandError):
    """An operation on a file failed; ``fault`` says why to a program, ``cause`` and ``cure`` to a person."""

    def __init__(self, fault: FileFault, cause: str = "", cure: str = "") -> None:
        if not cause:
            cause, cure = _CAUSES.get(fault, (fault.name.lower().replace("_", " "), ""))
        super().__init__(cause, cure)
        self.fault = fault

    @classmethod
    def from_oserror(cls, error: OSError) -> "FilesError":
        """Say what the system said; an errno without a fault of its own is SYSTEM, with the system's words."""
        fault = _FAULTS.get(error.errno or 0)
        return cls(fault) if fault else cls(FileFault.SYSTEM, error.strerror or type(error).__name__)


class BadName(FilesError):
    """A name that no file here may have."""

    def __init__(self, cause: str) -> None:
        super().__init__(FileFault.BAD_NAME, cause, "rename it")
