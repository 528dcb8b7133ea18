"""What waits for its second half: for a time, bounded, and nobody loses it by somebody else's flood."""

from farhand.gateway.pending import Pending


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_there_for_its_time_and_taken_once() -> None:
    time = Time()
    pending: Pending[int] = Pending(60, clock=time)
    pending.put("a", 1, "192.0.2.1")
    assert pending.get("a") == 1
    assert pending.take("a") == 1
    assert pending.take("a") is None
    pending.put("b", 2, "192.0.2.1")
    time.now = 60
    assert pending.get("b") is None
    assert pending.take("b") is None


def test_a_flood_from_one_address_costs_that_address_alone() -> None:
    pending: Pending[int] = Pending(60, per_address=3, total=100, clock=Time())
    pending.put("mine", 0, "192.0.2.1")
    for n in range(50):
        pending.put(f"flood {n}", n, f"2001:db8::{n:x}")
    assert len(pending) == 4
    assert pending.get("mine") == 0
    assert [n for n in range(50) if pending.get(f"flood {n}") is not None] == [47, 48, 49]


def test_memory_is_bounded_whoever_comes_and_what_is_over_goes_first() -> None:
    time = Time()
    pending: Pending[int] = Pending(60, total=10, clock=time)
    for n in range(50):
        pending.put(str(n), n, f"192.0.2.{n}")
    assert len(pending) == 10
    time.now = 61
    pending.put("new", 1, "192.0.2.1")
    assert len(pending) == 1
