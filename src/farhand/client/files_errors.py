"""What a host's no to a file operation means, with what to do about it."""

import os
from pathlib import Path

from farhand.files.errors import FilesError
from farhand.files.names import display
from farhand.protocol.messages.files import FileFault

_FAULTS = {
    FileFault.NOT_FOUND: ("there is no such file or folder", "farhand ls TARGET: shows what is there"),
    FileFault.EXISTS: ("the name is taken", "choose another, or say what is to happen with --conflict"),
    FileFault.PERMISSION: ("the system does not allow it", "look at the owner and mode of the file and its folder"),
    FileFault.OUTSIDE: (
        "it is not in a folder that the host's owner has opened for this",
        "farhand ls TARGET: --roots shows those that are; the owner opens more in host.toml, [files]",
    ),
    FileFault.BAD_NAME: ("the other side cannot have such a name", "rename it"),
    FileFault.NOT_A_FOLDER: ("it is not a folder", ""),
    FileFault.NOT_A_FILE: ("it is not a regular file", "folders are copied with -r"),
    FileFault.NOT_EMPTY: ("the folder is not empty", "-r takes what is in it, too"),
    FileFault.FULL: ("the disk is full", "make room and copy again: it goes on where it stopped"),
    FileFault.CHANGED: ("the file changed while it was read", "copy again when nothing writes to it any more"),
    FileFault.MISMATCH: ("what arrived is not what was sent, and was thrown away", "copy again"),
    FileFault.INFECTED: ("malware was found in it", "it is in the host's quarantine: farhand quarantine list, there"),
    FileFault.NOT_SCANNED: (
        "no scanner was there to look at it, and the host's owner wants one",
        "have the owner look at farhand doctor there",
    ),
    FileFault.BUSY: ("the same file is being written already", "wait for the other copy to end"),
    FileFault.NOT_NEWER: ("what is there is as new", ""),
    FileFault.STOPPED: ("it was stopped", ""),
    FileFault.UNSUPPORTED: ("the other side's system cannot do that", ""),
    FileFault.TOO_LARGE: ("it is too large", ""),
    FileFault.SYSTEM: ("the other side's system failed", ""),
    FileFault.PROTOCOL: ("the other side did not expect this", "update the older of the two"),
}


def refused(fault: FileFault, text: str = "", name: str = "") -> FilesError:
    """The error for a fault that a host told, ``name`` being what it is about."""
    cause, cure = _FAULTS[fault]
    # The other side's own words say more only where they are others than it has for every such fault.
    told = f"{cause} ({text})" if text and not text.startswith(FilesError(fault).cause) else cause
    return FilesError(fault, f"{name}: {told}" if name else told, cure)


def here(error: OSError, path: Path) -> FilesError:
    """The error for what this computer's system said about a path that its user named."""
    told = FilesError.from_oserror(error)
    return FilesError(told.fault, f"{display(os.fsencode(path))}: {told.cause}", told.cure)
