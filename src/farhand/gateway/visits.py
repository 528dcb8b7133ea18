"""One accepted connection: its place among the others, its deadline, and how to drop it."""

import asyncio
from collections.abc import Callable

from farhand.gateway.limits import Connections


class Visit:
    """Counts a connection from the moment it is accepted, before TLS, until it is gone.

    It is young, has a deadline and may be displaced until ``settle``.
    """

    def __init__(self, connections: Connections, address: str, seconds: float) -> None:
        self.address = address
        self.begun = False
        """Whether its connection has been given to the loop."""
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._cut: Callable[[], object] | None = None
        self.ended = False
        """Whether it is over, or about to be."""
        self._admission = connections.enter(address, self.drop)
        self._deadline = self._loop.call_later(seconds, self.drop)

    def carried_by(self, cut: Callable[[], object]) -> None:
        """``cut`` drops the connection from now on; called at once if it should be gone already."""
        self._cut = cut
        if self.ended:
            cut()

    def settle(self, seconds: float | None = None, *, vouched: bool = False) -> bool:
        """It got through: no displacement, and no deadline but ``seconds``; false where too many have settled.

        ``vouched`` is as in Admission.settle.
        """
        self._deadline.cancel()
        if self.ended or not self._admission.settle(vouched=vouched):
            return False
        if seconds is not None:
            self._deadline = self._loop.call_later(seconds, self.drop)
        return True

    def renew(self, seconds: float | None = None) -> None:
        """It is young again, or still, and its deadline counts anew from now."""
        if self.ended:
            return
        self._admission.unsettle()
        self._deadline.cancel()
        self._deadline = self._loop.call_later(seconds or self._seconds, self.drop)

    def drop(self) -> None:
        """Cut the connection without a word."""
        cut = self._cut
        self.end()
        if cut is not None:
            cut()

    def end(self) -> None:
        """The connection is gone: give its place back; safe to call twice."""
        self.ended = True
        self._deadline.cancel()
        self._admission.leave()
        # It refers to the connection, which refers to this: a flood's remains would wait for the cycle collector,
        # which looks seldom where so many long-lived objects are loaded.
        self._cut = None
