"""The pacer keeps a line full and no fuller."""

from collections.abc import Iterator

import pytest

from farhand.host.screen.pace import BURST, LEAST_KBIT, MOST_KBIT, Pacer


def run(
    line_kbit: float, delay: float, size: int, seconds: float, frame_bytes_follow_rate: bool = False
) -> tuple[Pacer, Iterator[tuple[float, float]]]:
    """Simulate a line: returns the pacer and (sent at, trip) of each picture."""
    pacer = Pacer(60, 0.0)
    now, free_at, seq = 0.0, 0.0, 0
    arrivals: list[tuple[float, int, float]] = []
    trips: list[tuple[float, float]] = []
    while now < seconds:
        while arrivals and arrivals[0][0] <= now:
            at, number, sent = arrivals.pop(0)
            pacer.shown(number, 0.0, at)
            trips.append((sent, at - sent))
        if pacer.ready_in(now) == 0.0:
            seq += 1
            bytes_ = min(size, int(pacer.video_kbit * 125 / 60)) if frame_bytes_follow_rate else size
            free_at = max(free_at, now) + bytes_ * 8 / 1000 / line_kbit
            pacer.sent(seq, bytes_, now)
            arrivals.append((free_at + 2 * delay, seq, now))
        now += 0.001
    return pacer, iter(trips)


def test_a_first_change_goes_at_once_and_a_second_too() -> None:
    pacer = Pacer(60, 0.0)
    for seq in (1, 2):
        assert pacer.ready_in(10.0) == 0.0
        pacer.sent(seq, 100, 10.0)
    assert (pacer.ready_in(10.0) or 0.0) > 0, "no third before the display can show it"
    assert pacer.ready_in(10.1) == 0.0, "a viewer may tell of two pictures at once"
    pacer.sent(3, 100, 10.1)
    assert pacer.ready_in(10.2) is None, "three are under way"


def test_pictures_do_not_outrun_the_display() -> None:
    pacer = Pacer(60, 0.0)
    for seq in range(1, int(BURST) + 1):
        pacer.sent(seq, 100, 0.0)
        pacer.shown(seq, 0.0, 0.0)
    wait = pacer.ready_in(0.0)
    assert wait is not None
    assert 0 < wait < 1 / 60


def test_a_fast_line_is_never_the_limit() -> None:
    pacer, trips = run(1_000_000, 0.0002, 30_000, 3.0)
    assert pacer.video_kbit == MOST_KBIT
    assert len(list(trips)) > 3.0 * 58


def test_a_long_line_is_kept_full() -> None:
    _, trips = run(200_000, 0.020, 12_000, 3.0)
    assert len(list(trips)) > 3.0 * 57


def test_a_slow_line_has_no_long_queue() -> None:
    _, trips = run(8_000, 0.040, 60_000, 6.0)
    late = [trip for sent, trip in trips if sent > 3.0]
    assert max(late) < 0.08 + 3 * 60_000 * 8 / 8_000_000 + 0.02


def test_video_finds_the_rate_of_a_slow_line() -> None:
    pacer, trips = run(8_000, 0.040, 60_000, 10.0, frame_bytes_follow_rate=True)
    assert 3_000 < pacer.video_kbit < 12_000
    late = sorted(trip for sent, trip in trips if sent > 5.0)
    assert late[len(late) // 2] < 0.08 + 0.08


@pytest.mark.parametrize("line", [300, 2_000, 20_000])
def test_the_rate_stays_in_its_bounds(line: int) -> None:
    pacer, _ = run(line, 0.02, 40_000, 4.0, frame_bytes_follow_rate=True)
    assert LEAST_KBIT <= pacer.video_kbit <= MOST_KBIT


def test_a_forgotten_line_starts_anew() -> None:
    pacer = Pacer(60, 0.0)
    pacer.sent(1, 10, 0.0)
    pacer.sent(2, 10, 0.0)
    pacer.forget()
    assert pacer.in_flight == 0
    assert pacer.ready_in(1.0) == 0.0


def test_an_unknown_number_changes_nothing() -> None:
    pacer = Pacer(60, 0.0)
    pacer.sent(5, 10, 0.0)
    pacer.shown(3, 0.0, 0.01)
    assert pacer.in_flight == 1
    pacer.shown(7, 0.0, 0.01)
    assert pacer.in_flight == 0, "7 was never sent, but 5 is older than it"
