"""What the agent tells whoever runs it (the command line, a tray): frozen, without secrets."""

import enum
from dataclasses import dataclass

from farhand.protocol.capability import Capability
from farhand.protocol.grants import AtEnd


class CodeEnd(enum.Enum):
    """How a one-time code came to its end; a new one has to be made for the next caller."""

    USED = "used"
    BURNT = "burnt"
    """A caller had the wrong secret."""
    ABANDONED = "abandoned"
    """A caller took it and was gone before saying a secret."""
    EXPIRED = "expired"
    LOCKED = "locked"
    """Attended mode locked while it was open."""


@dataclass(frozen=True, slots=True)
class CodeClosed:
    """The code under this route is dead."""

    route: str
    end: CodeEnd


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many wrong codes: no code works or can be made for so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Unlocked:
    """Codes can be made again."""


@dataclass(frozen=True, slots=True)
class CallerInfo:
    """Who it is about: ``name`` is the caller's own word, made printable; ``session`` is an id, not a secret."""

    session: str
    name: str
    address: str
    capabilities: tuple[Capability, ...]
    account: str = ""
    """As whom the organisation knows the caller; empty where a code let them in."""
    device: str = ""
    reason: str = ""
    since: float = 0.0
    """Unix seconds."""
    paused: bool = False


@dataclass(frozen=True, slots=True)
class CallerConnected:
    """A caller was granted something; ``again``: it came back after a cut."""

    caller: CallerInfo
    again: bool


@dataclass(frozen=True, slots=True)
class CallerRefused:
    """A caller with the right code was granted nothing; ``reason`` is what it was told."""

    name: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallerCut:
    """A caller's line was cut; it may come back for so many seconds."""

    caller: CallerInfo
    seconds: int


@dataclass(frozen=True, slots=True)
class RightsChanged:
    """A caller has other rights than before, or was paused, or goes on; ``why`` is for people."""

    caller: CallerInfo
    why: str


@dataclass(frozen=True, slots=True)
class CallerEnded:
    """A caller is gone for good."""

    caller: CallerInfo
    why: str


@dataclass(frozen=True, slots=True)
class FileStopped:
    """Malware was found in a file that a caller sent; it is in quarantine. ``path`` is made visible, not harmless."""

    caller: CallerInfo
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class DesktopNotLeft:
    """The last session is over, and the desktop could not be locked or logged off as it should be."""

    what: AtEnd
    why: str


AgentEvent = (
    CodeClosed
    | Locked
    | Unlocked
    | CallerConnected
    | CallerRefused
    | CallerCut
    | CallerEnded
    | RightsChanged
    | FileStopped
    | DesktopNotLeft
)
