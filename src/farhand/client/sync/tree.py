"""What a side of a synchronisation is: its names in one dictionary, and what can be done to it."""

import enum
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

import msgspec

from farhand.protocol.messages.files import Entry, EntryKind

Tree = dict[bytes, Entry]
"""Names by their path from the side's root, parts joined by ``/``; the root itself is not in it."""


class End(enum.IntEnum):
    """Which of the two sides: SRC is the left one, DST the right one."""

    LEFT = 0
    RIGHT = 1

    @property
    def other(self) -> "End":
        """The side across."""
        return End.RIGHT if self is End.LEFT else End.LEFT


class Listing(msgspec.Struct):
    """Everything that a side holds."""

    tree: Tree = msgspec.field(default_factory=dict)
    skipped: int = 0
    """Names that are there and could not be read."""
    missing: bool = False
    """The root itself is not there."""
    root: str = ""
    """What the root is called, for people."""


class Copy(msgspec.Struct, frozen=True):
    """Bring a file or link to ``end``, as ``entry`` is under the same path on the other side, in place of ``replaces``.

    ``mode`` is what it gets there, where that is not ``entry``'s.
    """

    end: End
    path: bytes
    entry: Entry
    replaces: Entry | None = None
    mode: int | None = None


class Make(msgspec.Struct, frozen=True):
    """Make a folder on ``end``."""

    end: End
    path: bytes
    entry: Entry


class Alter(msgspec.Struct, frozen=True):
    """Give ``now`` on ``end`` the permissions and time of ``entry``; its content stays."""

    end: End
    path: bytes
    now: Entry
    entry: Entry


class Rename(msgspec.Struct, frozen=True):
    """Move a name of ``end`` out of the way."""

    end: End
    path: bytes
    to: bytes
    now: Entry


class Delete(msgspec.Struct, frozen=True):
    """Take ``now`` away from ``end``; of a folder only what is empty."""

    end: End
    path: bytes
    now: Entry


Action = Copy | Make | Alter | Rename | Delete


class Changed(Exception):
    """A side is not as the plan had it: left for the next run."""


Outcome = tuple[Copy, Exception | None]
"""A copy, and why it was not done."""
Moved = Callable[[int], None]
"""Is told how many bytes have crossed since it was told last."""


class Side(Protocol):
    """One folder, here or on a host.

    Every change is refused with Changed if the name is not what the action says it was; what is not to be there is
    never overwritten. Other failures are FarhandError, or what ends the whole run.
    """

    label: str
    """In a few letters, for the names of conflicts."""
    identity: str
    """Says which folder on which computer it is, always the same."""

    async def walk(self) -> Listing:
        """List everything beneath the root; the root that is not there makes ``missing``."""

    async def folds(self, tree: Tree) -> bool:
        """Tell whether names that differ by case only are the same name here."""

    async def prepare(self) -> None:
        """Make the root, and those above it."""

    def put(self, source: "Side", copies: Sequence[Copy], moved: Moved) -> AsyncIterator[Outcome]:
        """Copy from the other side, several at once, in any order; each is told as it ends."""

    async def make(self, path: bytes, mode: int) -> None:
        """Make a folder with these permissions and all of its owner's; one that is there is as good."""

    async def alter(self, path: bytes, now: Entry, entry: Entry) -> None:
        """Set permissions and time."""

    async def rename(self, path: bytes, to: bytes, now: Entry) -> None:
        """Give a name another that is free."""

    async def delete(self, path: bytes, now: Entry) -> None:
        """Take a name away for good; a folder with something in it is Changed."""

    async def measure(self, path: bytes, now: Entry) -> bytes:
        """Return the BLAKE3 of a file's content."""


def same_content(one: Entry, other: Entry) -> bool:
    """Tell whether two entries stand for the same content, as far as a listing says: a file by size and time."""
    if one.kind != other.kind:
        return False
    match one.kind:
        case EntryKind.FILE:
            return one.size == other.size and one.mtime == other.mtime
        case EntryKind.LINK:
            return one.target == other.target
        case _:
            return True


def same(one: Entry | None, other: Entry | None) -> bool:
    """Tell whether there is nothing to do between two entries: content and permissions; a folder's time is nothing."""
    if one is None or other is None:
        return one is other
    return same_content(one, other) and (one.mode == other.mode or one.kind is EntryKind.LINK)


def parent(path: bytes) -> bytes:
    """The folder that a path is in; of a name in the root it is empty."""
    return path.rpartition(b"/")[0]


def parents(path: bytes) -> list[bytes]:
    """The folders that a path is in, innermost first, without the root."""
    found = []
    while path := parent(path):
        found.append(path)
    return found
