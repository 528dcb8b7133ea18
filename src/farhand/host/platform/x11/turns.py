"""Actions in their order, where one may have to wait its turn without holding up the loop."""

import asyncio
from collections import deque
from collections.abc import Callable

#: Does its work and returns 0, or does nothing and returns the seconds after which to try again.
Action = Callable[[], float]
#: Actions that may wait; more are dropped.
MOST = 5000


class Turns:
    """Runs actions at once; when one asks to wait, it and all that come after it run later, in order."""

    def __init__(self, resumed: Callable[[], None]) -> None:
        """``resumed`` is called in place of a waiting action's caller: it shall call ``go_on``."""
        self._resumed = resumed
        self._waiting: deque[Action] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def run(self, action: Action) -> None:
        """Now, or in its turn."""
        if self._waiting:
            if len(self._waiting) < MOST:
                self._waiting.append(action)
            return
        wait = action()
        if wait > 0:
            self._waiting.append(action)
            self._sleep(wait)

    def go_on(self) -> None:
        """Run what waited; raises what an action raises, and then nothing waits any more."""
        self._timer = None
        waiting = self._waiting
        while waiting:
            try:
                wait = waiting[0]()
            except BaseException:
                self.clear()
                raise
            if wait > 0:
                self._sleep(wait)
                return
            waiting.popleft()

    def clear(self) -> None:
        """Drop what waits."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sleep(self, seconds: float) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._waiting.clear()  # nobody would ever come back to it
        else:
            self._timer = loop.call_later(seconds, self._resumed)
