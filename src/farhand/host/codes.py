"""One-time codes: one guess each, gone before it is answered, and a lock after too many wrong ones. No clock inside.

`route-secret`, as ``4821-739 204 615``: the gateway knows the route and never the secret (spec/protocol.md, 2). A
secret has 9 digits and CPace gives one guess a code, so a stranger's odds are 1 in 10**9 a code, and with three
burnt codes a lock, below 1 in 3 * 10**8 before the first lock.
"""

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from farhand.core.errors import FarhandError
from farhand.host.settings import CodeSettings
from farhand.protocol.pairing import format_code, new_secret

#: Seconds by which a difference of two times may be wrong.
_ROUNDING = 1e-6
#: More codes than this at once are nobody's plan.
MAX_OPEN = 64


class CodesLocked(FarhandError):
    """Attended mode is locked for `retry` more seconds."""

    def __init__(self, retry: int) -> None:
        super().__init__("too many wrong codes: attended mode is locked", f"make a new code in {retry} s")
        self.retry = retry


class CodeRefused(FarhandError):
    """No code can be made under this route."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code as a person reads it out; `expires` is in seconds on the caller's clock."""

    route: str
    secret: str = field(repr=False)
    expires: float

    def __str__(self) -> str:
        return format_code(self.route, self.secret)


class Codes:
    """The codes that are open, and the lock. Times are seconds on any one clock that never goes back."""

    def __init__(self, settings: CodeSettings, entropy: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._settings = settings
        self._entropy = entropy
        self._open: dict[str, Code] = {}
        self._burnt = 0
        self._locks = 0
        self._locked_until: float | None = None

    def issue(self, route: str, now: float) -> Code:
        """Open a code under the gateway's route, in place of one that was open there.

        Raises CodesLocked, and CodeRefused for a route that is not 4 to 9 ASCII digits or one code too many.
        """
        if retry := self.locked(now):
            raise CodesLocked(retry)
        if not (4 <= len(route) <= 9 and route.isascii() and route.isdigit()):
            raise CodeRefused("a route is 4 to 9 digits", "ask the gateway for one")
        self._drop_expired(now)
        if route not in self._open and len(self._open) >= MAX_OPEN:
            raise CodeRefused(f"{MAX_OPEN} codes are open", "withdraw one or let it expire")
        code = Code(route, new_secret(self._entropy), now + self._settings.life_seconds)
        self._open[route] = code
        return code

    def take(self, route: str, now: float) -> str | None:
        """Consume the code of this route and return its secret; None if there is none, it expired, or all is locked.

        Called at handshake message 1, before anything is answered: whatever happens next, the code is dead.
        """
        if self.locked(now):
            return None
        self._drop_expired(now)
        code = self._open.pop(route, None)
        return code.secret if code else None

    def withdraw(self, route: str) -> None:
        """Close a code unused."""
        self._open.pop(route, None)

    def open(self, now: float) -> tuple[Code, ...]:
        """Return the codes that can still be used, oldest first."""
        self._drop_expired(now)
        return tuple(self._open.values())

    def used(self) -> None:
        """Note that a taken code was the right one: what was burnt before is forgotten."""
        self._burnt = self._locks = 0

    def burnt(self, now: float) -> int:
        """Note that a taken code met a wrong secret; returns the seconds that attended mode is locked for, else 0.

        Locking closes every open code: whoever guesses must not find an old one when the lock ends.
        """
        self._burnt += 1
        if self._burnt < self._settings.burnt_to_lock:
            return self.locked(now)
        seconds = min(self._settings.lock_seconds * 2 ** min(self._locks, 20), self._settings.lock_seconds_max)
        self._burnt = 0
        self._locks += 1
        self._locked_until = max(now + seconds, self._locked_until or now)
        self._open.clear()
        return self.locked(now)

    def locked(self, now: float) -> int:
        """Return for how many more seconds attended mode is locked, rounded up; 0 if it is not."""
        if self._locked_until is None:
            return 0
        if now >= self._locked_until:
            self._locked_until = None
            return 0
        return math.ceil(self._locked_until - now - _ROUNDING)

    def _drop_expired(self, now: float) -> None:
        for route in [route for route, code in self._open.items() if now >= code.expires]:
            del self._open[route]
