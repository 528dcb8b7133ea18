"""Control: the decision, rights, round trips, notices."""

import enum
from typing import Annotated

import msgspec

from farhand.protocol.capability import Capability, CapabilityList
from farhand.protocol.messages.base import U8, U16, U32, U53, Id16, Message, Name, Text

Until = Annotated[list[U53], msgspec.Meta(max_length=len(Capability))]
Blob = Annotated[bytes, msgspec.Meta(max_length=2048)]


class Request(Message, frozen=True, tag=0):
    """What the viewer asks for, in handshake message 3; ``name`` and ``reason`` are the caller's own words.

    ``grant`` is a Credential (protocol/grants.py) where no person is to be asked, else empty.
    """

    name: Name
    agent: Annotated[str, msgspec.Meta(max_length=128)]
    capabilities: CapabilityList
    certificate: Annotated[bytes, msgspec.Meta(max_length=210)]
    grant: Blob = b""
    rejoin: Id16 | None = None
    reason: Text = ""


class Asking(Message, frozen=True, tag=1):
    """Host → viewer: a person is being asked; silence for ``seconds`` means no."""

    seconds: U16


class Decision(Message, frozen=True, tag=2):
    """Host → viewer: what was granted; nothing granted means refused, and ``reason`` says why.

    ``until`` is as in Rights; ``person`` is the account that a grant names, empty where a person was asked.
    """

    granted: CapabilityList
    session: Id16
    host_name: Name
    system: Name
    grace_seconds: U16
    reason: Text = ""
    until: Until = []
    person: Name = ""


class Rights(Message, frozen=True, tag=3):
    """Host → viewer: the capabilities that hold from now on.

    ``until`` says when each of ``granted`` ends, in Unix milliseconds by the host's clock, 0 for as long as the
    session; it is as long as ``granted``, or empty if none of them ends by itself.
    """

    granted: CapabilityList
    until: Until = []
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


class AskMore(Message, frozen=True, tag=9):
    """Viewer → host: more rights, please, for ``seconds`` (0 = as long as the session).

    A session that a grant opened shows a new Credential in ``grant``; in all others it is empty and the person at the
    host is asked. Answered by Rights, or by Notice ``denied``.
    """

    capabilities: CapabilityList
    seconds: U32
    reason: Text = ""
    grant: Blob = b""


class LetGo(Message, frozen=True, tag=10):
    """Viewer → host: these rights are given back; answered by Rights."""

    capabilities: CapabilityList


class Paused(Message, frozen=True, tag=11):
    """Host → viewer: the person at the host paused the session, or goes on: nothing is shown or accepted meanwhile."""

    on: bool
    text: Text = ""


class Checkpoint(Message, frozen=True, tag=12):
    """Host → viewer, just before bye: the signed checkpoint of the host's audit (protocol/merkle.py), to be kept."""

    data: Annotated[bytes, msgspec.Meta(max_length=512)]


ControlMessage = (
    Asking | Decision | Rights | Ping | Pong | Notice | HostStats | Watch | AskMore | LetGo | Paused | Checkpoint
)
