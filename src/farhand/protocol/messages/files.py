"""Files: what a viewer asks of the host's folders, and the pieces of files both ways (spec/protocol.md, section 8).

Paths are bytes as the host's system has them, parts joined by ``/``: from the root where they begin with one, otherwise
from the first folder that ``RootList`` names. Times are Unix microseconds. ``id`` is the viewer's number for one
operation; every answer carries it, and it is free again after Done, Failed or the answer that is the last one.
"""

import enum
from typing import Annotated

import msgspec

from farhand.protocol.messages.base import U8, U16, U32, U53, Id16, Message, Text

FilePath = Annotated[bytes, msgspec.Meta(max_length=4096)]
Micros = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
"""BLAKE3 of a whole file."""
Prefix = Annotated[bytes, msgspec.Meta(max_length=32)]
"""BLAKE3 of a file's first bytes; empty where there are none."""
Piece = Annotated[bytes, msgspec.Meta(max_length=256 * 1024 - 256)]
#: Files up to so many bytes travel many in a message.
SMALL_FILE = 64 * 1024
#: The most content of one Data, in bytes, before it is packed too.
PIECE = 256 * 1024 - 256


class EntryKind(enum.IntEnum):
    """What a name stands for."""

    FILE = 1
    FOLDER = 2
    LINK = 3
    OTHER = 4


class Conflict(enum.IntEnum):
    """What to do where the name is taken already."""

    REFUSE = 1
    REPLACE = 2
    #: Replace what is older, otherwise Failed with NOT_NEWER.
    NEWER = 3
    #: Take another name, ``name (2).txt``; Done says which.
    KEEP_BOTH = 4


class FileFault(enum.IntEnum):
    """Why an operation failed; what was received of a file is kept to go on from, unless it says otherwise."""

    NOT_FOUND = 1
    EXISTS = 2
    PERMISSION = 3
    #: Not beneath a folder that the host's owner has opened for this.
    OUTSIDE = 4
    #: A name that this side cannot hold, or must not.
    BAD_NAME = 5
    NOT_A_FOLDER = 6
    NOT_A_FILE = 7
    NOT_EMPTY = 8
    FULL = 9
    #: The file changed while it was read.
    CHANGED = 10
    #: The whole file's digest differs; nothing of it is kept.
    MISMATCH = 11
    #: Malware was found; the file stays in quarantine.
    INFECTED = 12
    #: No scanner was there to look at it, and the host's owner wants one.
    NOT_SCANNED = 13
    BUSY = 14
    NOT_NEWER = 15
    STOPPED = 16
    UNSUPPORTED = 17
    TOO_LARGE = 18
    #: The system's own error, in the text.
    SYSTEM = 19
    #: Too many operations at once, or one that is not there.
    PROTOCOL = 20


class Plain(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A part of a message: an array on the wire, without a tag."""


class Attribute(Plain, frozen=True):
    """An extended attribute."""

    name: Annotated[bytes, msgspec.Meta(min_length=1, max_length=255)]
    value: Annotated[bytes, msgspec.Meta(max_length=4096)]


class Meta(Plain, frozen=True):
    """What goes with a file's content; ``mode`` is the nine permission bits."""

    mode: U16
    mtime: Micros
    attributes: Annotated[list[Attribute], msgspec.Meta(max_length=16)]


class Entry(Plain, frozen=True):
    """One name in a folder; ``path`` is relative to the folder that was listed, ``target`` a link's."""

    path: FilePath
    kind: EntryKind
    size: U53
    mtime: Micros
    mode: U16
    target: FilePath


class SmallFile(Plain, frozen=True):
    """A whole file, folder or link. ``fault`` is 0, or why a reader got nothing; ``packed``: zstd."""

    path: FilePath
    kind: EntryKind
    meta: Meta
    packed: bool
    data: Annotated[bytes, msgspec.Meta(max_length=SMALL_FILE + 1024)]
    """Its content; of a link, its target."""
    digest: Prefix
    """Of a file."""
    fault: U8


class Result(Plain, frozen=True):
    """How one of many went: ``fault`` 0 is well."""

    fault: U8
    text: Text


class Root(Plain, frozen=True):
    """A folder that the host's owner has opened."""

    path: FilePath
    name: Annotated[str, msgspec.Meta(max_length=255)]
    writable: bool


# What needs files-read.


class Roots(Message, frozen=True, tag=1):
    """Ask for the folders that are open; answered by RootList."""

    id: U32


class List(Message, frozen=True, tag=2):
    """Ask for a name itself (``depth`` 0), a folder's names (1), or its whole tree (255); answered by Entries.

    A tree comes in order: a folder before what is in it. Links are not followed, but for ``path`` itself if ``follow``.
    """

    id: U32
    path: FilePath
    depth: U8
    follow: bool


class Get(Message, frozen=True, tag=3):
    """Read a file: Opened, then its pieces, then Finish.

    From ``offset``, if the digest of so many bytes is ``prefix``; otherwise, and Opened says so, from the beginning.
    With ``basis`` the viewer sends Signature of an older file that it has, and Reuse may refer to it.
    """

    id: U32
    path: FilePath
    offset: U53
    prefix: Prefix
    basis: bool


class GetMany(Message, frozen=True, tag=4):
    """Read small files of one folder; answered by Bundle, in order. A larger one comes with the fault TOO_LARGE."""

    id: U32
    folder: FilePath
    names: Annotated[list[FilePath], msgspec.Meta(max_length=4096)]


class Measure(Message, frozen=True, tag=5):
    """Ask for a file's digest; answered by Measured."""

    id: U32
    path: FilePath


class Space(Message, frozen=True, tag=6):
    """Ask how much room is where this path lies; answered by Free."""

    id: U32
    path: FilePath


class Hold(Message, frozen=True, tag=7):
    """Pause what is being read, or go on."""

    id: U32
    on: bool


class StopReading(Message, frozen=True, tag=8):
    """Give up an operation; answered by Failed with STOPPED, unless its last answer is under way."""

    id: U32


# What needs files-write.


class Put(Message, frozen=True, tag=16):
    """Write a file; answered by Ready. The folder must be there.

    ``key`` names this version of this source, so that what was received of it before a cut line is found again. With
    ``basis`` an older file under the same name may serve, if the viewer has files-read: Signature follows Ready.
    """

    id: U32
    path: FilePath
    size: U53
    meta: Meta
    conflict: Conflict
    key: Id16
    basis: bool


class Begin(Message, frozen=True, tag=17):
    """The first piece follows, for this offset: Ready's, if the prefix is the source's too, otherwise 0."""

    id: U32
    offset: U53


class PutMany(Message, frozen=True, tag=18):
    """Write small files, folders and links beneath a folder, in order; answered by Results."""

    id: U32
    folder: FilePath
    conflict: Conflict
    files: Annotated[list[SmallFile], msgspec.Meta(max_length=4096)]


class Make(Message, frozen=True, tag=19):
    """Make a folder (with ``parents``: and those above it, and it may be there), or a link to ``target``."""

    id: U32
    path: FilePath
    kind: EntryKind
    target: FilePath
    mode: U16
    parents: bool


class Rename(Message, frozen=True, tag=20):
    """Give a name another, also in another folder."""

    id: U32
    path: FilePath
    to: FilePath
    conflict: Conflict


class Delete(Message, frozen=True, tag=21):
    """Take a name away: to the trash, or for good; a folder that is not empty only with ``recursive``."""

    id: U32
    path: FilePath
    recursive: bool
    trash: bool


class Alter(Message, frozen=True, tag=22):
    """Set a name's permissions, time and attributes."""

    id: U32
    path: FilePath
    meta: Meta


class StopWriting(Message, frozen=True, tag=23):
    """Give up an operation; what was received of a file stays to go on from, unless ``drop``."""

    id: U32
    drop: bool


# Pieces of one file, in order. A viewer that sends them needs files-write, and for Signature files-read.


class Data(Message, frozen=True, tag=32):
    """The next bytes; ``packed``: as one zstd frame of at most PIECE bytes of content."""

    id: U32
    packed: bool
    data: Piece


class Reuse(Message, frozen=True, tag=33):
    """The next bytes are these of the older file."""

    id: U32
    offset: U53
    length: U53


class Zeros(Message, frozen=True, tag=34):
    """The next bytes are zeros: a hole, where the receiver's system has such."""

    id: U32
    length: U53


class Finish(Message, frozen=True, tag=35):
    """That was all of it; the whole file's size and digest. From a host it is a reading's last message."""

    id: U32
    size: U53
    digest: Digest


class Signature(Message, frozen=True, tag=36):
    """Blocks of an older file, in order: of each the rolling checksum and ``strong`` bytes of its XXH3 with ``seed``.

    ``size`` is that of the older file and, as all but ``data`` and ``last``, the same in all of them. The last block
    may be shorter than ``block``.
    """

    id: U32
    size: U53
    block: U32
    strong: U8
    seed: U53
    data: Piece
    last: bool


# What hosts answer.


class RootList(Message, frozen=True, tag=48):
    """The folders that are open, the one that relative paths begin at first. The last answer."""

    id: U32
    roots: Annotated[list[Root], msgspec.Meta(max_length=256)]


class Entries(Message, frozen=True, tag=49):
    """Names; ``last``: the last answer. ``skipped`` names in this message could not be read."""

    id: U32
    entries: Annotated[list[Entry], msgspec.Meta(max_length=4096)]
    skipped: U32
    last: bool


class Opened(Message, frozen=True, tag=50):
    """A file's content follows from ``offset``."""

    id: U32
    size: U53
    meta: Meta
    offset: U53


class Bundle(Message, frozen=True, tag=51):
    """Small files; ``last``: the last answer."""

    id: U32
    files: Annotated[list[SmallFile], msgspec.Meta(max_length=4096)]
    last: bool


class Measured(Message, frozen=True, tag=52):
    """A file's size and digest. The last answer."""

    id: U32
    size: U53
    digest: Digest


class Free(Message, frozen=True, tag=53):
    """Bytes that are free and bytes in all. The last answer."""

    id: U32
    free: U53
    total: U53


class Ready(Message, frozen=True, tag=54):
    """A file may be written: from ``offset``, if its first bytes have the digest ``prefix``; ``basis``: with it."""

    id: U32
    offset: U53
    prefix: Prefix
    basis: bool


class Step(enum.IntEnum):
    """What a host is doing with a file for longer than a moment."""

    READING = 1
    CHECKING = 2
    SCANNING = 3


class Working(Message, frozen=True, tag=55):
    """The host is busy with this, ``done`` bytes of ``total``."""

    id: U32
    step: Step
    done: U53
    total: U53


class Results(Message, frozen=True, tag=56):
    """How each of PutMany's went, in order. The last answer."""

    id: U32
    results: Annotated[list[Result], msgspec.Meta(max_length=4096)]


class Done(Message, frozen=True, tag=57):
    """It is done, and ``path`` is what the file is called now. The last answer."""

    id: U32
    path: FilePath


class Failed(Message, frozen=True, tag=58):
    """It is not done. The last answer. ``text`` is for people."""

    id: U32
    fault: FileFault
    text: Text


FilesMessage = (
    Roots
    | List
    | Get
    | GetMany
    | Measure
    | Space
    | Hold
    | StopReading
    | Put
    | Begin
    | PutMany
    | Make
    | Rename
    | Delete
    | Alter
    | StopWriting
    | Data
    | Reuse
    | Zeros
    | Finish
    | Signature
    | RootList
    | Entries
    | Opened
    | Bundle
    | Measured
    | Free
    | Ready
    | Working
    | Results
    | Done
    | Failed
)
"""What the files channel carries."""
