"""What is asked of a scanning process and what it answers: one message each, a job with the file's descriptor."""

import msgspec

from farhand.host.quarantine.policy import ArchiveLimits
from farhand.host.quarantine.sandbox import Applied

#: The longest message in bytes.
MESSAGE_MAX = 96 << 10
#: Files in one Many.
MANY = 4096


class Setup(msgspec.Struct, frozen=True):
    """The first message: how to scan."""

    rules: str
    """A folder; empty: Farhand's own rules."""
    seconds: int
    archives: ArchiveLimits


class Hello(msgspec.Struct, frozen=True):
    """The first answer. With ``error`` the process ends."""

    applied: Applied
    error: str = ""
    cure: str = ""


class Span(msgspec.Struct, frozen=True, tag=1):
    """Look at bytes ``start`` to ``end`` of a large file, window by window."""

    id: int
    start: int
    end: int
    last: bool


class Many(msgspec.Struct, frozen=True, tag=2):
    """Look at whole files that lie one behind the other."""

    id: int
    sizes: list[int]


class Open(msgspec.Struct, frozen=True, tag=3):
    """Look into the archive of ``size`` bytes at ``start``."""

    id: int
    start: int
    size: int


class Hit(msgspec.Struct, frozen=True, array_like=True):
    """A rule that matches: in the file of this index (Many), in this member (Open)."""

    index: int
    rule: str
    member: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What was found. ``archives``: indices of files that look like archives (Span: 0)."""

    id: int
    hits: list[Hit] = []
    archives: list[int] = []
    beyond: str = ""
    """Which limit an archive went beyond."""
    opaque: str = ""
    """Why an archive, or a part of it, could not be looked into."""
    failed: str = ""
    """Why it could not be scanned at all."""


Job = Span | Many | Open
#: Of one answer; more say nothing new.
HITS = 64
_TEXT = 200


def harmless(text: str) -> str:
    """A stranger's words, or those of a process that read a stranger's bytes: printable, and not long."""
    plain = "".join(
        c if c.isprintable() and c != "\\" else c.encode("unicode_escape", "replace").decode() for c in text[:_TEXT]
    )
    return plain if len(text) <= _TEXT else f"{plain}…"
