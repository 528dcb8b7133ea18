"""Attempts at a failed service, on a clock that the test holds."""

from farhand.host.recovery import DELAYS, STEADY_SECONDS, Recovery


def test_attempts_come_ever_later_until_patience_ends() -> None:
    recovery, now, delays = Recovery(10), 100.0, []
    while (delay := recovery.failed(now)) is not None:
        delays.append(delay)
        now += delay
    assert tuple(delays[: len(DELAYS)]) == DELAYS
    assert set(delays[len(DELAYS) :]) == {DELAYS[-1]}
    assert 110 <= now < 110 + DELAYS[-1]


def test_a_service_that_worked_for_a_while_begins_anew() -> None:
    recovery = Recovery(10)
    recovery.failed(0)
    recovery.failed(5)
    recovery.alive(6)
    recovery.alive(7)  # it says so again and again
    assert recovery.failed(6 + STEADY_SECONDS) == DELAYS[0]


def test_a_service_that_only_flickers_does_not() -> None:
    recovery, now = Recovery(10), 0.0
    while (delay := recovery.failed(now)) is not None:
        now += delay
        recovery.alive(now)
        now += 1.0
    assert now >= 10
