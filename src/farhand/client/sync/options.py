"""How two folders are brought together."""

import enum

import msgspec

from farhand.client.places import Place

#: The share of a side's names that one run may delete, in percent, unless told otherwise.
MOST_DELETED = 50


class Mode(enum.StrEnum):
    """How two sides are made alike."""

    NEWER = "newer"
    """SRC's new names and newer files go to DST; what is newer there stays."""
    MIRROR = "mirror"
    """DST becomes what SRC is; what only DST has goes with ``delete`` only."""
    TWO_WAY = "two-way"
    """What changed since the last time goes to the other side; where both changed, both are kept."""


class SyncOptions(msgspec.Struct, frozen=True):
    """How two folders are brought together."""

    mode: Mode = Mode.NEWER
    delete: bool = False
    """One way: take away what only DST has."""
    checksum: bool = False
    """Compare the content of files, not only size and time."""
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    never: tuple[bytes, ...] = ()
    """Paths that take no part, whatever the patterns say."""
    max_delete: int = MOST_DELETED
    """The share of a side's names that may be deleted at once, in percent."""
    force: bool = False
    """Delete whatever the plan says."""


def writes(left: Place, right: Place, mode: Mode) -> list[Place]:
    """The places of which files are changed."""
    return [left, right] if mode is Mode.TWO_WAY else [right]
