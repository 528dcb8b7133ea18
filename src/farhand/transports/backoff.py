"""When a host tries its gateway again. Pure: chance is an argument, time is the caller's."""

from collections.abc import Callable

#: The one quick attempt after a connection that had held, in seconds: a line that blinked is back at once, and a
#: gateway that was restarted is not up again yet, so that no crowd meets it.
QUICK = (0.25, 0.5)
#: After that, anywhere up to so many seconds: 2,000 hosts come back at about 200 a second, whenever the gateway does.
SPREAD = (10.0, 20.0, 25.0)
#: A connection that held less long than this does not count as one, in seconds.
HELD_SECONDS = 10.0
#: Where a gateway knows the host and says no, it is asked again within this, in seconds.
REFUSED = (200.0, 300.0)


class Backoff:
    """One host's waits; `chance` returns numbers from 0 up to 1."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._attempts = 0

    def lost(self, held: float) -> float:
        """Seconds to wait after a registration that held for so many seconds was lost."""
        if held < HELD_SECONDS:
            return self.failed()
        self._attempts = 0
        return self._between(*QUICK)

    def failed(self) -> float:
        """Seconds to wait after the gateway was not reached."""
        longest = SPREAD[min(self._attempts, len(SPREAD) - 1)]
        self._attempts += 1
        return self._between(0.1, longest)

    def refused(self) -> float:
        """Seconds to wait after the gateway did not want this host."""
        return self._between(*REFUSED)

    def _between(self, low: float, high: float) -> float:
        return low + self._chance() * (high - low)
