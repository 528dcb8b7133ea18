"""The host's one-time codes as time goes by: they expire, are taken, burnt, abandoned; the lock comes and goes."""

import asyncio
from collections.abc import Callable

from farhand.core.logging import get_logger
from farhand.host.audit import Kind
from farhand.host.codes import Code, Codes
from farhand.host.events import AgentEvent, CodeClosed, CodeEnd, Locked, Unlocked
from farhand.host.ledger import Ledger
from farhand.host.settings import CodeSettings
from farhand.protocol.errors import FailureCode, Refused

_log = get_logger(__name__)


class Codebook:
    """Codes by their routes, and who has taken which (any object stands for a caller). Used on one event loop."""

    def __init__(self, settings: CodeSettings, ledger: Ledger, emit: Callable[[AgentEvent], None]) -> None:
        self._codes = Codes(settings)
        self._ledger = ledger
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        self._taken: dict[object, str] = {}
        self._unlock: asyncio.TimerHandle | None = None

    def new(self, route: str) -> Code:
        """Open a code under this route; raises CodesLocked, CodeRefused."""
        code = self._codes.issue(route, self._loop.time())
        self._forget_expiry(route)
        self._expiries[route] = self._loop.call_at(code.expires, self._expired, route)
        self._ledger.record(Kind.CODE, what="made", route=route)
        return code

    def withdraw(self, route: str) -> None:
        """Close a code that nobody used."""
        self._forget_expiry(route)
        self._codes.withdraw(route)

    def locked(self) -> int:
        """For how many more seconds attended mode is locked; 0 if it is not."""
        return self._codes.locked(self._loop.time())

    def take(self, caller: object, route: str) -> str | None:
        """Hand the secret of this route to a caller, and burn it; raises Refused while attended mode is locked."""
        if retry := self.locked():
            raise Refused(FailureCode.LOCKED, retry)
        secret = self._codes.take(route, self._loop.time())
        if secret is not None:
            self._forget_expiry(route)
            self._taken[caller] = route
        return secret

    def used(self, caller: object, address: str) -> None:
        """The caller's secret was the right one."""
        if (route := self._taken.pop(caller, None)) is not None:
            self._codes.used()
            _log.info("code used", route=route, address=address)
            self._close(route, CodeEnd.USED, address)

    def wrong(self, caller: object, address: str) -> int:
        """The caller's secret was another one; returns the seconds that attended mode is locked for from now on."""
        route = self._taken.pop(caller, "")
        now = self._loop.time()
        before, closing = self._codes.locked(now), self._codes.open(now)
        seconds = self._codes.burnt(now)
        _log.warning("code burnt", route=route, address=address)
        self._close(route, CodeEnd.BURNT, address)
        if seconds and seconds != before:
            _log.warning("attended mode locked", seconds=seconds)
            for code in closing:
                self._forget_expiry(code.route)
                self._close(code.route, CodeEnd.LOCKED)
            self._emit(Locked(seconds))
            self._unlock = self._loop.call_later(seconds, self._unlocked)
        return seconds

    def abandoned(self, caller: object, address: str) -> None:
        """The caller is gone; if it had taken a code and said no secret, that one is dead."""
        if (route := self._taken.pop(caller, None)) is not None:
            _log.info("code abandoned", route=route, address=address)
            self._close(route, CodeEnd.ABANDONED, address)

    def close(self) -> None:
        """Withdraw everything."""
        for route in list(self._expiries):
            self.withdraw(route)
        if self._unlock is not None:
            self._unlock.cancel()

    def _close(self, route: str, end: CodeEnd, address: str = "") -> None:
        note = self._ledger.record if end is CodeEnd.USED else self._ledger.stranger
        note(Kind.CODE, what=end.value, route=route, from_=address)
        self._emit(CodeClosed(route, end))

    def _expired(self, route: str) -> None:
        del self._expiries[route]
        self._codes.withdraw(route)
        self._close(route, CodeEnd.EXPIRED)

    def _unlocked(self) -> None:
        if not self.locked():
            _log.info("attended mode unlocked")
            self._emit(Unlocked())

    def _forget_expiry(self, route: str) -> None:
        if (timer := self._expiries.pop(route, None)) is not None:
            timer.cancel()
