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
    ByeCode.REVOKED: "this device's access was revoked",
    ByeCode.EXPIRED: "the time that was granted is over",
    ByeCode.IDLE: "nothing was done for longer than is allowed",
}


class TargetError(FarhandError):
    """No host, or more than one, is meant by this."""


class NotLoggedIn(FarhandError):
    """What was asked for needs a log-in at a gateway."""

    def __init__(self, url: str = "") -> None:
        where = f"at {url}" if url else "at any gateway"
        super().__init__(f"not logged in {where}", f"run: farhand login {url or 'https://GATEWAY'}")


class GatewayRefused(FarhandError):
    """The gateway answered, and its answer is no; `code` is its word for programs, `status` the HTTP status."""

    def __init__(self, status: int, code: str, cause: str, cure: str = "") -> None:
        super().__init__(cause, cure)
        self.status = status
        self.code = code


class CertificateChanged(FarhandError):
    """A gateway whose TLS certificate is pinned shows another; fingerprints as `farhand gateway` prints them."""

    def __init__(self, pinned: str, shown: str) -> None:
        super().__init__(
            f"the gateway's TLS certificate is not the one that is pinned; nothing was sent\n"
            f"           pinned: {pinned}\n"
            f"           shown:  {shown}",
            "it was renewed, or someone stands in between: compare with what `farhand gateway` prints there, then run "
            "farhand logout and farhand login with --fingerprint",
        )


class HostUnproven(FarhandError):
    """Nothing proves that the host's keys are the host's: no session is begun."""


class HostKeyChanged(FarhandError):
    """The host's keys are not those that it had; `before` and `now` are the two fingerprints.

    Nothing goes on past this one.
    """

    def __init__(self, name: str, before: str, now: str, since: str, known_hosts: str) -> None:
        super().__init__(
            f"THE KEY OF {name} HAS CHANGED. Nothing was sent to it.\n"
            f"           known since {since[:10]}:  {before}\n"
            f"           shown now:               {now}",
            f"someone may stand between you and {name}, or it was set up anew, or its name was given to another "
            f"computer. Ask whoever looks after it, by another way than this one. Only if they read the same new "
            f"fingerprint to you (`farhand host` prints it on that computer when it starts), take the old entry out of "
            f"{known_hosts}",
        )
        self.before = before
        self.now = now


class RootChanged(FarhandError):
    """A gateway names another root for the organisation than the one that was pinned at the log-in."""

    def __init__(self, url: str, pinned: str, shown: str) -> None:
        super().__init__(
            f"{url} names another root key for the organisation than it did; nothing goes on\n"
            f"           pinned:    {pinned}\n"
            f"           shown now: {shown}",
            "whoever holds a root key can pretend to be every host. Ask them; if the organisation was founded anew, "
            f"run: farhand logout {url}, then: farhand login {url} --root FINGERPRINT",
        )
        self.pinned = pinned
        self.shown = shown


class AuditAltered(FarhandError):
    """The host's audit is not the one that it was at an earlier session's end."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the host's audit was altered: {what}",
            "ask an auditor to run `farhand audit verify`, against the checkpoints that the gateway kept",
        )


class ApprovalRefused(FarhandError):
    """A second person was asked, and said no or nothing."""

    def __init__(self, cause: str, cure: str = "ask them why, or ask for less") -> None:
        super().__init__(cause, cure)


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


class PictureError(Exception):
    """The host sent pictures that cannot be: the session is of no further use."""
