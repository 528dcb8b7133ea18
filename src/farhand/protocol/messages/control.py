"""Control: the decision, rights, round trips, notices."""

import enum
from typing import Annotated

import msgspec

from farhand.protocol.messages.base import U8, U16, U32, U53, Id16, Message, Name, Text


class Capability(enum.StrEnum):
    """What a caller may do; each is granted, shown and revocable on its own (security.md, Rights)."""

    VIEW = "view"
    CONTROL = "control"
    CLIPBOARD = "clipboard"
    FILES_READ = "files-read"
    FILES_WRITE = "files-write"
    SHELL = "shell"
    MANAGE = "manage"
    RECORD = "record"


Capabilities = Annotated[list[Capability], msgspec.Meta(max_length=8)]


class Request(Message, frozen=True, tag=0):
    """What the viewer asks for, in handshake message 3; ``name`` is the caller's own word."""

    name: Name
    agent: Annotated[str, msgspec.Meta(max_length=128)]
    capabilities: Capabilities
    certificate: Annotated[bytes, msgspec.Meta(max_length=210)]
    grant: Annotated[bytes, msgspec.Meta(max_length=2048)] = b""
    rejoin: Id16 | None = None


class Asking(Message, frozen=True, tag=1):
    """Host → viewer: a person is being asked; silence for ``seconds`` means no."""

    seconds: U16


class Decision(Message, frozen=True, tag=2):
    """Host → viewer: what was granted; nothing granted means refused, and ``reason`` says why."""

    granted: Capabilities
    session: Id16
    host_name: Name
    system: Name
    grace_seconds: U16
    reason: Text = ""


class Rights(Message, frozen=True, tag=3):
    """Host → viewer: the capabilities that hold from now on."""

    granted: Capabilities
    reason: Text = ""


class Ping(Message, frozen=True, tag=4):
    """Either way: answered at once with a Pong of the same ``token``."""

    token: U32


class Pong(Message, frozen=True, tag=5):
    """The answer to a Ping."""

    token: U32


class NoticeCode(enum.StrEnum):
    """What the host has to say about the session in mid-course."""

    DISPLAY_GONE = "display-gone"
    DISPLAY_BACK = "display-back"
    ENCODER_FAILED = "encoder-failed"
    DENIED = "denied"
    INPUT_BLOCKED = "input-blocked"


class Notice(Message, frozen=True, tag=6):
    """Host → viewer: something went wrong or was put right; ``text`` is for a person."""

    code: NoticeCode
    text: Text = ""


class HostStats(Message, frozen=True, tag=7):
    """Host → viewer, at most once a second and only when asked (Watch): what the host's side of the picture costs."""

    frames: U32
    grab_us: U32
    encode_us: U32
    rtt_us: U32
    queue_us: U32
    video_kbit: U32
    in_flight: U8
    uptime_ms: U53


class Watch(Message, frozen=True, tag=8):
    """Viewer → host: send HostStats while ``on``."""

    on: bool


ControlMessage = Asking | Decision | Rights | Ping | Pong | Notice | HostStats | Watch
