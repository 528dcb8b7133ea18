"""Keeps one code open: when it is used up a new one takes its place, so that the computer stays reachable."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from farhand.core.errors import FarhandError
from farhand.host.codes import Code, CodesLocked
from farhand.host.events import AgentEvent, CodeClosed, CodeEnd, Unlocked

#: Runs something meanwhile, under a name.
Start = Callable[[Coroutine[Any, Any, None], str], object]


class Routes(Protocol):
    """Where routes come from: the gateway in this process, or the one that this host is registered at."""

    async def open_route(self) -> str:
        """A fresh route to this host. Raises FarhandError."""
        ...

    async def close_route(self, route: str) -> None:
        """Give it back."""
        ...


class Issuer(Protocol):
    """What of the agent makes codes."""

    def new_code(self, route: str) -> Code:
        """Open a code under a route. Raises CodesLocked."""
        ...

    def withdraw_code(self, route: str) -> None:
        """Close one that nobody used."""
        ...

    def locked(self) -> int:
        """For how many more seconds codes are locked; 0 if they are not."""
        ...


class CodeKeeper:
    """``show`` gets every new code; with ``once`` none is made after one was used."""

    def __init__(
        self, issuer: Issuer, routes: Routes, start: Start, show: Callable[[Code], None], *, once: bool = False
    ) -> None:
        self._issuer = issuer
        self._routes = routes
        self._start = start
        self._show = show
        self._once = once
        self._route: str | None = None
        #: Dead codes' routes that stay open while codes are locked: who comes by one is told of the lock.
        self._locked: list[str] = []

    async def renew(self) -> None:
        """Open a route and a code, and show it; waits for the gateway. Locked: Unlocked does it later."""
        route = await self._routes.open_route()
        try:
            code = self._issuer.new_code(route)
        except CodesLocked:
            await self._routes.close_route(route)
            return
        except FarhandError:
            await self._routes.close_route(route)
            raise
        self._route = route
        self._show(code)

    def heard(self, event: AgentEvent) -> None:
        """Replace a code that is dead."""
        match event:
            case CodeClosed(route, end) if route == self._route:
                self._route = None
                again = not (self._once and end is CodeEnd.USED) and end is not CodeEnd.LOCKED
                self._start(self._close(route, renew=again), "code")
            case Unlocked():
                self._start(self._unlocked(), "code")

    def route_lost(self, route: str) -> None:
        """The gateway gave the route away: its code leads nowhere."""
        if route == self._route:
            self._route = None
            self._issuer.withdraw_code(route)
            self._start(self.renew(), "code")
        elif route in self._locked:
            self._locked.remove(route)

    async def _close(self, route: str, *, renew: bool) -> None:
        if self._issuer.locked():
            self._locked.append(route)
            return
        await self._routes.close_route(route)
        if renew:
            await self.renew()

    async def _unlocked(self) -> None:
        while self._locked:
            await self._routes.close_route(self._locked.pop())
        if self._route is None:
            await self.renew()
