"""What the host writes down about callers: who was here, by which right, and what was done with it."""

import enum
from collections.abc import Sequence
from typing import Protocol

#: What a field of an entry may hold; bytes never stand in one.
Value = str | int | bool | Sequence[str] | None


class Kind(enum.StrEnum):
    """What an entry is about."""

    START = "start"
    STOP = "stop"
    ENROLLED = "enrolled"
    SETTING = "setting"
    CODE = "code"
    """A one-time code was made, used, burnt or ran out; never the code."""
    LOG_IN = "log-in"
    LOG_IN_REFUSED = "log-in-refused"
    CONSENT = "consent"
    GRANT = "grant"
    RIGHT_ADDED = "right-added"
    RIGHT_USED = "right-used"
    """A right was used for the first time in a session, or a message that needs one was refused for want of it."""
    RIGHT_LOST = "right-lost"
    PAUSED = "paused"
    FILE = "file"
    COMMAND = "command"
    REVOKED = "revoked"
    SESSION_END = "session-end"
    RECOVERED = "recovered"
    """The audit's own: what was cut, lost or found wrong in it."""


class AuditSink(Protocol):
    """Where the host's parts write it down."""

    def record(self, kind: str, /, **fields: Value) -> None:
        """Append an entry. It is written when this returns, or kept until it can be; nothing is raised.

        Names that are Python's own get an underscore behind (``from_``). Usual ones: ``who`` (person), ``from_``
        (address), ``device`` (the fingerprint of its key), ``session`` (id), ``reason``, ``rights`` (a list). Text
        may be a stranger's as it came: it is made harmless and short here. No secret belongs into it.
        """

    def refusal(self) -> str:
        """Why no session may begin or go on, since the owner wants each written down; empty if one may."""

    def checkpoint(self) -> bytes:
        """The signed checkpoint over all entries so far (protocol/merkle.py), on disk before it is returned.

        Empty where no audit is kept or it cannot be written.
        """


class NoAudit:
    """An AuditSink that keeps nothing."""

    def record(self, kind: str, /, **fields: Value) -> None:
        """Forget it."""

    def refusal(self) -> str:
        """Never refuse."""
        return ""

    def checkpoint(self) -> bytes:
        """None."""
        return b""
