"""How long a caller's rights hold: the session's end, idleness, rights with seconds of their own. Pure.

Times are Unix seconds of a clock that never goes back (``HostTime``); limits are in seconds, 0 for none.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from farhand.protocol.capability import Capabilities, Capability
from farhand.protocol.errors import ByeCode


class HostTime:
    """Unix time that neither goes back nor falls behind the loop's clock: rights do not grow with a clock put back."""

    def __init__(self, steady: Callable[[], float], wall: Callable[[], float]) -> None:
        self._steady, self._wall = steady, wall
        self._seen, self._at = wall(), steady()

    def now(self) -> float:
        """Unix seconds."""
        at = self._steady()
        self._seen = max(self._seen + max(0.0, at - self._at), self._wall())
        self._at = at
        return self._seen


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits of one session; ``closes`` is when the hours end in which it may run, in Unix seconds."""

    max_seconds: int = 0
    idle_seconds: int = 0
    closes: float | None = None

    def tightened(self, other: "Terms") -> "Terms":
        """The stricter of both, limit by limit."""
        closes = [each.closes for each in (self, other) if each.closes is not None]
        return Terms(
            shorter(self.max_seconds, other.max_seconds),
            shorter(self.idle_seconds, other.idle_seconds),
            min(closes, default=None),
        )


class Lease:
    """One session's time."""

    def __init__(self, terms: Terms, now: float) -> None:
        self.began = now
        self._used = now
        self._terms = terms
        self._until: dict[Capability, float] = {}

    def tighten(self, terms: Terms, now: float) -> None:
        """From now on these terms count as well: ``max_seconds`` from now on, not from the session's beginning."""
        closes = [now + terms.max_seconds] if terms.max_seconds else []
        closes += [] if terms.closes is None else [terms.closes]
        self._terms = self._terms.tightened(Terms(0, terms.idle_seconds, min(closes, default=None)))

    def hold(self, rights: Mapping[Capability, int], now: float) -> None:
        """These hold from now on, each for its seconds; what one had left before no longer counts."""
        for capability, seconds in rights.items():
            if seconds:
                self._until[capability] = now + seconds
            else:
                self._until.pop(capability, None)

    def drop(self, capabilities: Iterable[Capability]) -> None:
        """These hold no longer."""
        for capability in capabilities:
            self._until.pop(capability, None)

    def used(self, now: float) -> None:
        """The caller did something."""
        self._used = now

    @property
    def timed(self) -> Capabilities:
        """The rights that end before the session does."""
        return frozenset(self._until)

    def lapsed(self, now: float) -> Capabilities:
        """The rights whose time is over."""
        return frozenset(capability for capability, until in self._until.items() if now >= until)

    def over(self, now: float) -> ByeCode | None:
        """Why the session is over, if it is."""
        ends = self._ends()
        if ends is not None and now >= ends:
            return ByeCode.EXPIRED
        if self._terms.idle_seconds and now >= self._used + self._terms.idle_seconds:
            return ByeCode.IDLE
        return None

    def next_timer(self) -> float | None:
        """When ``lapsed`` or ``over`` may say something new."""
        due = list(self._until.values())
        if (ends := self._ends()) is not None:
            due.append(ends)
        if self._terms.idle_seconds:
            due.append(self._used + self._terms.idle_seconds)
        return min(due, default=None)

    def until(self, capabilities: Iterable[Capability]) -> list[int]:
        """When each of these ends by itself, in Unix milliseconds, 0 for never; empty if none does."""
        ends = self._ends()
        found = []
        for capability in capabilities:
            due = [when for when in (self._until.get(capability), ends) if when is not None]
            found.append(int(min(due) * 1000) if due else 0)
        return found if any(found) else []

    def _ends(self) -> float | None:
        due = [] if self._terms.closes is None else [self._terms.closes]
        if self._terms.max_seconds:
            due.append(self.began + self._terms.max_seconds)
        return min(due, default=None)


def shorter(one: int, other: int) -> int:
    """The stricter of two limits in seconds, of which 0 is none."""
    return min(filter(None, (one, other)), default=0)
