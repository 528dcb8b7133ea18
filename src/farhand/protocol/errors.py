"""What can go wrong in a session: the codes that cross the wire and the exceptions that carry them."""

import enum


class FailureCode(enum.IntEnum):
    """Why a session never began, or was cut off without a word (spec/protocol.md, section 1)."""

    UNKNOWN_ROUTE = 1
    WRONG_CODE = 2
    LOCKED = 3
    HOST_GONE = 4
    VERSION = 5
    BUSY = 6
    PROTOCOL = 7
    REJOIN_REFUSED = 8
    POLICY = 9
    TIMEOUT = 10
    #: Never sent: an end says to its own user that the other's keys are not the expected ones.
    IDENTITY = 11


class ByeCode(enum.IntEnum):
    """Why an authenticated session ended (spec/protocol.md, section 3)."""

    ENDED = 0
    SHUTDOWN = 1
    PROTOCOL = 2
    RIGHTS = 3
    REPLACED = 4
    INTERNAL = 5
    #: The device, the person or the host was shut out while the session ran.
    REVOKED = 6
    #: The time that was granted is over.
    EXPIRED = 7
    #: Nothing came from the viewer's person for longer than the grant allows.
    IDLE = 8


class ProtocolError(Exception):
    """The other end broke the protocol; the connection is of no further use. ``failure`` tells it on the wire."""

    failure = FailureCode.PROTOCOL


class MalformedFrame(ProtocolError):
    """A frame of the wrong type, length or content arrived."""


class VersionMismatch(ProtocolError):
    """No version or suite in common: update the older end."""

    failure = FailureCode.VERSION


class HandshakeFailed(ProtocolError):
    """A handshake message did not open, or held a key that no honest end sends."""


class IdentityMismatch(ProtocolError):
    """The other end's keys are not the ones expected: someone stands between, or the host was set up anew."""

    failure = FailureCode.IDENTITY


class RecordError(ProtocolError):
    """A record did not open: altered, repeated, dropped or out of order. Nothing is answered to it."""


class MuxError(ProtocolError):
    """An authenticated peer broke the rules of channels: credit, sizes, flags or padding."""


class MessageError(ProtocolError):
    """A message that its channel's schema does not allow."""


class GrantFault(enum.StrEnum):
    """Why a signed statement does not let anyone in."""

    MALFORMED = "malformed"
    SIGNATURE = "signature"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    TOO_LONG = "too-long"
    OTHER_HOST = "other-host"
    OTHER_VIEWER = "other-viewer"
    CEILING = "ceiling"
    NOT_DELEGATED = "not-delegated"
    REPLAYED = "replayed"


class GrantRefused(Exception):
    """A grant, delegation, endorsement or token that does not hold; ``why`` says which rule it breaks."""

    def __init__(self, why: GrantFault, text: str) -> None:
        super().__init__(text)
        self.why = why


class CodeError(ValueError):
    """What was typed is no code: it has 13 to 18 digits, as ``4821-739 204 615``."""


class Refused(Exception):
    """Raised by the host's own callbacks to turn a caller away with ``code``; ``retry`` in seconds, 0 for never."""

    def __init__(self, code: FailureCode, retry: int = 0) -> None:
        super().__init__(f"refused: {code.name}")
        self.code = code
        self.retry = retry


class SessionEnded(Exception):
    """The session is over: nothing can be sent any more. Connect again."""


class NotAuthenticated(Exception):
    """Sent too early: wait for the Authenticated event."""


class MessageTooLarge(ValueError):
    """A message of this end's own making exceeds its channel's limit: split it."""
