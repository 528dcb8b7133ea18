"""When to try a failed service again, and when to give up. Pure."""

from farhand.host.settings import Seconds

#: Seconds before each attempt; the last one repeats.
DELAYS = (0.05, 0.2, 0.5, 1.0, 2.0)
#: A service that worked for this many seconds begins a new outage when it fails.
STEADY_SECONDS = 10.0


class Recovery:
    """One service's attempts. Times are seconds on one clock that never goes back."""

    def __init__(self, patience: Seconds) -> None:
        self._patience = patience
        self._began: float | None = None
        self._alive_since: float | None = None
        self._attempts = 0

    @property
    def failing(self) -> bool:
        """Whether the service has failed and was not seen to work since."""
        return self._began is not None and self._alive_since is None

    def failed(self, now: float) -> float | None:
        """Note a fault; returns the seconds until the next attempt, None to give up."""
        steady = self._alive_since is not None and now - self._alive_since >= STEADY_SECONDS
        if self._began is None or steady:
            self._began, self._attempts = now, 0
        self._alive_since = None
        if now - self._began >= self._patience:
            return None
        delay = DELAYS[min(self._attempts, len(DELAYS) - 1)]
        self._attempts += 1
        return delay

    def alive(self, now: float) -> None:
        """Note that the service works."""
        if self._alive_since is None:
            self._alive_since = now
