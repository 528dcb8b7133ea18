"""Why there is no session, or no longer, in words for a person and a type for a program."""

from farhand.core.errors import FarhandError
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended, Failed

_FAILURES = {
    FailureCode.UNKNOWN_ROUTE: ("no host waits under this code", "ask for a new one: it may be used or expired"),
    FailureCode.WRONG_CODE: ("the code was wrong, and is dead now", "ask for a new one"),
    FailureCode.LOCKED: ("the host has locked codes after too many wrong ones", "try again later"),
    FailureCode.HOST_GONE: ("the host is not connected", "start it there"),
    FailureCode.VERSION: ("this version and the host's do not understand each other", "update the older one"),
    FailureCode.BUSY: ("the host or the gateway is busy", "try again in a moment"),
    FailureCode.PROTOCOL: ("the connection was disturbed or altered", "try again, and look at what is in between"),
    FailureCode.REJOIN_REFUSED: ("the session that was cut is over", "ask for a new code"),
    FailureCode.POLICY: ("a rule of the host forbids this", ""),
    FailureCode.TIMEOUT: ("the other side took too long", "try again"),
    FailureCode.IDENTITY: ("the host's keys are not the ones expected", "someone may stand in between"),
}

_BYES = {
    ByeCode.ENDED: "the session was ended",
    ByeCode.SHUTDOWN: "the other side shuts down",
    ByeCode.PROTOCOL: "one side broke the protocol",
    ByeCode.RIGHTS: "the last right was taken back",
    ByeCode.REPLACED: "a newer connection took over",
    ByeCode.INTERNAL: "the other side failed",
}


class ConnectFailed(FarhandError):
    """No session came about; `failure` says why, `retry` in how many seconds another try makes sense (0: never)."""

    def __init__(self, failure: FailureCode, retry: int = 0) -> None:
        cause, cure = _FAILURES[failure]
        super().__init__(cause, f"try again in {retry} s" if retry else cure)
        self.failure = failure
        self.retry = retry


class AccessRefused(FarhandError):
    """The host granted nothing; the cause is its reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason or "the host granted nothing")


class SessionOver(FarhandError):
    """The session has ended; `end` is its last event, None for a line that was cut: then `rejoin`."""

    def __init__(self, end: Ended | Failed | None) -> None:
        match end:
            case Ended(code=code, text=text):
                cause = _BYES[code]
                super().__init__(f"{cause} ({text})" if text else cause)
            case Failed(failure=failure):
                super().__init__(*_FAILURES[failure])
            case None:
                super().__init__("the line was cut", "rejoin while the host's grace period lasts")
        self.end = end
