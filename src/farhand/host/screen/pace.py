"""When the next picture may go, and how many bits video may spend: from what the viewer says it has shown.

Pure: time is an argument, in seconds of one monotonic clock. Two questions, two mechanisms. *How many pictures are
under way*: as many as the line's own delay holds, and one or two more, so that a slow line skips pictures before
they are encoded and never queues them. *How many bits*: delay that stays above the smallest seen is a queue of our
own bytes; while there is one the rate falls towards what was delivered, otherwise it creeps up (as BBR and LEDBAT:
delay, not loss, is the signal; as CoDel: the least delay of an interval, since a busy machine delays single pictures).
"""

from collections import deque
from dataclasses import dataclass

#: A queue of this many seconds and less is taken as noise.
QUEUE_NOISE = 0.020
#: The queue is the least delay of the pictures shown within this time, above the line's own.
STANDING_SECONDS = 0.15
#: A queue that has stood for this long shows that the line is the limit, and not a moment's load of a machine.
CONGESTED_SECONDS = 0.4
#: So much waiting for the viewer within so many seconds shows it too.
WAITED_SECONDS, WAITED_WITHIN = 0.6, 1.5
#: How long the rates seen are remembered: a limit never falls below a part of the best of them at one blow.
RATE_SECONDS = 5.0
#: How long the smallest delay counts before it is measured anew.
BASE_SECONDS = 10.0
#: Pictures in a row that may follow each other faster than the viewer's display shows them.
BURST = 2.0
#: Bounds of the video rate, kbit/s.
LEAST_KBIT, MOST_KBIT = 250, 60_000


@dataclass(slots=True)
class _UnderWay:
    seq: int
    size: int
    at: float
    delivered: int


class Pacer:
    """One viewer's line. ``video_kbit`` is what video may spend, ``line_kbit`` what the line was seen to carry."""

    def __init__(self, refresh_hz: int, now: float) -> None:
        self.refresh(refresh_hz)
        self._tokens = BURST
        self._token_at = now
        self._under_way: deque[_UnderWay] = deque()
        self._bytes_under_way = 0
        self._delivered = 0
        self._base = 0.0
        self._base_at = now
        self._next_base = float("inf")
        self._queue = 0.0
        self._round_trip = 0.0
        self._trips: deque[tuple[float, float]] = deque(maxlen=64)
        self._rates: deque[tuple[float, float]] = deque()
        self._limit: float = MOST_KBIT
        self._changed_at = now
        self._clear_at = now
        self._congested_at = float("-inf")
        self._blocked_at: float | None = None
        self._waits: deque[tuple[float, float]] = deque(maxlen=256)

    def refresh(self, hz: int) -> None:
        """The viewer's display: pictures closer than 0.7 of its period are spaced out."""
        self._spacing = 0.7 / hz
        self._period = 1 / hz

    def ready_in(self, now: float) -> float | None:
        """Seconds until a picture may go: 0 at once, None: only after the viewer has shown one."""
        self._fill(now)
        if self._under_way and (
            len(self._under_way) >= self.pictures_allowed() or self._bytes_under_way >= self._bytes_allowed()
        ):
            if self._blocked_at is None:
                self._blocked_at = now
            return None
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) * self._spacing

    def _fill(self, now: float) -> None:
        self._tokens = min(BURST, self._tokens + (now - self._token_at) / self._spacing)
        self._token_at = now

    def pictures_allowed(self) -> int:
        """Three on a line without delay, as a viewer may tell of two at once; on a longer one twice those that fill it:
        there, what is lost holds up all that follows for a round trip and more, and the line carries on meanwhile."""
        filling = self._base / self._period
        return 3 + int(2 * filling) if self._queue < 4 * QUEUE_NOISE + self._base else 1 + int(filling)

    def _bytes_allowed(self) -> float:
        carried = self.line_kbit() * 125
        return max(48 * 1024, carried * (self._base + 2.5 * QUEUE_NOISE)) if carried else float("inf")

    def sent(self, seq: int, size: int, now: float) -> None:
        """Update ``seq`` of ``size`` bytes was handed over."""
        self._fill(now)
        self._tokens -= 1
        self._under_way.append(_UnderWay(seq, size, now, self._delivered))
        if self._blocked_at is not None:
            self._waits.append((now, now - self._blocked_at))
            self._blocked_at = None
            while now - self._waits[0][0] > WAITED_WITHIN:
                self._waits.popleft()
            if sum(waited for _, waited in self._waits) > WAITED_SECONDS:
                self._congested_at = now
        self._bytes_under_way += size

    def shown(self, seq: int, took: float, now: float) -> None:
        """The viewer has shown ``seq``, ``took`` seconds after it arrived there; earlier ones count as shown too."""
        last: _UnderWay | None = None
        while self._under_way and self._under_way[0].seq <= seq:
            last = self._under_way.popleft()
            self._bytes_under_way -= last.size
            self._delivered += last.size
        if last is None or last.seq != seq:
            return
        trip = max(0.0, now - last.at - min(took, now - last.at))
        self._round_trip = trip if not self._round_trip else 0.8 * self._round_trip + 0.2 * trip
        self._measure_base(trip, now)
        elapsed = now - last.at
        if elapsed > 0:
            self._note_rate((self._delivered - last.delivered) / elapsed, now)
        self._trips.append((now, trip))
        while now - self._trips[0][0] > STANDING_SECONDS:
            self._trips.popleft()
        self._queue = max(0.0, min(t for _, t in self._trips) - self._base)
        if self._queue <= max(QUEUE_NOISE, self._base / 4):
            self._clear_at = now
        elif now - self._clear_at > CONGESTED_SECONDS:
            self._congested_at = now
        self._adapt(now)

    def _measure_base(self, trip: float, now: float) -> None:
        if self._base == 0.0 or trip <= self._base:
            self._base, self._base_at = trip, now
            self._next_base = float("inf")
            return
        self._next_base = min(self._next_base, trip)
        if now - self._base_at > BASE_SECONDS:
            self._base, self._base_at, self._next_base = self._next_base, now, float("inf")

    def _note_rate(self, rate: float, now: float) -> None:
        self._rates.append((now, rate))
        while self._rates and (now - self._rates[0][0] > RATE_SECONDS or len(self._rates) > 512):
            self._rates.popleft()

    def _adapt(self, now: float) -> None:
        if now - self._changed_at < max(0.05, self._base):
            return
        if self._queue > max(QUEUE_NOISE, self._base / 4):
            self._changed_at = now
            best = max((r for _, r in self._rates), default=0.0) * 8 / 1000
            lower = 0.9 * best if self._limit > best else max(0.9 * self._limit, 0.5 * best)
            self._limit = max(LEAST_KBIT, min(self._limit, lower))
        elif self._queue < QUEUE_NOISE / 2 and self._limit < MOST_KBIT:
            self._changed_at = now
            self._limit = min(MOST_KBIT, self._limit * 1.04 + 20)

    def line_kbit(self) -> float:
        """The best rate seen in the last seconds, if the line was the limit within them; 0 if it was not."""
        if not self._rates or self._rates[-1][0] - self._congested_at > RATE_SECONDS:
            return 0.0
        return max(r for _, r in self._rates) * 8 / 1000

    @property
    def video_kbit(self) -> int:
        """What all video together may spend now."""
        return int(self._limit)

    @property
    def queue_seconds(self) -> float:
        """The standing delay above the line's own."""
        return self._queue

    @property
    def round_trip(self) -> float:
        """Smoothed seconds from sending a picture to hearing of it, less the viewer's own time."""
        return self._round_trip

    @property
    def in_flight(self) -> int:
        """Updates sent and not yet shown."""
        return len(self._under_way)

    def forget(self) -> None:
        """Nothing is under way any more: the line is new."""
        self._under_way.clear()
        self._bytes_under_way = 0
        self._blocked_at = None
