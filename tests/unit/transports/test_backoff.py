"""2,000 hosts whose gateway is restarted come back soon, and not all at once."""

import heapq
import random
from collections import Counter

import pytest

from farhand.transports.backoff import HELD_SECONDS, Backoff

HOSTS = 2000


def arrivals(down: float, seed: int) -> list[float]:
    """When each host is back, in seconds since the gateway was killed; it answers again after ``down``.

    A clock of its own: every attempt is an event, in the order of time.
    """
    chance = random.Random(seed).random
    hosts = [Backoff(chance) for _ in range(HOSTS)]
    due = [(host.lost(3600), number) for number, host in enumerate(hosts)]
    heapq.heapify(due)
    back = []
    while due:
        now, number = heapq.heappop(due)
        if now >= down:
            back.append(now)
        else:
            heapq.heappush(due, (now + hosts[number].failed(), number))
    return back


@pytest.mark.parametrize("down", [1.0, 3.0, 10.0, 60.0, 600.0])
def test_a_restarted_gateway_is_not_stampeded_and_all_are_back_within_30_s(down: float) -> None:
    for seed in range(5):
        back = [when - down for when in arrivals(down, seed)]
        assert len(back) == HOSTS
        assert max(back) <= 30.0
        # 2,000 at once would be 2,000 in the first second.
        crowd = Counter(int(when * 4) for when in back)
        assert max(crowd.values()) <= HOSTS * 0.05
        assert max(Counter(int(when) for when in back).values()) <= HOSTS * 0.15


def test_a_line_that_blinked_is_back_within_half_a_second() -> None:
    assert all(0.25 <= Backoff(lambda at=at: at).lost(HELD_SECONDS) <= 0.5 for at in (0.0, 0.999))


def test_a_gateway_that_takes_and_drops_is_not_tried_in_a_loop() -> None:
    backoff = Backoff(lambda: 0.5)
    waits = [backoff.lost(0.1) for _ in range(5)]
    assert waits[0] > 1.0
    assert waits == sorted(waits)
    assert waits[-1] > 10.0


def test_a_connection_that_held_ends_the_growth() -> None:
    backoff = Backoff(lambda: 0.5)
    first = backoff.failed()
    assert backoff.failed() > first
    backoff.lost(60.0)
    assert backoff.failed() == first


def test_a_host_that_is_not_wanted_asks_seldom() -> None:
    assert Backoff(lambda: 0.0).refused() >= 100.0
