"""How long rights hold: limits, idleness, rights with seconds of their own, and a clock that is put back."""

from hypothesis import given
from hypothesis import strategies as st

from farhand.host.lease import HostTime, Lease, Terms, shorter
from farhand.protocol.capability import Capability, in_order
from farhand.protocol.errors import ByeCode

VIEW, CONTROL = Capability.VIEW, Capability.CONTROL
NOW = 1_790_000_000.0


def test_without_limits_nothing_ends() -> None:
    lease = Lease(Terms(), NOW)
    lease.hold({VIEW: 0}, NOW)
    assert lease.next_timer() is None
    assert lease.over(NOW + 1e9) is None
    assert lease.lapsed(NOW + 1e9) == frozenset()
    assert lease.until([VIEW]) == []


def test_a_session_ends_after_its_seconds_or_when_its_hours_do() -> None:
    assert Lease(Terms(max_seconds=60), NOW).over(NOW + 59) is None
    assert Lease(Terms(max_seconds=60), NOW).over(NOW + 60) is ByeCode.EXPIRED
    both = Lease(Terms(max_seconds=60, closes=NOW + 30), NOW)
    assert both.over(NOW + 30) is ByeCode.EXPIRED
    assert both.next_timer() == NOW + 30
    assert both.until([VIEW]) == [int((NOW + 30) * 1000)]


def test_idleness_counts_from_the_last_thing_done() -> None:
    lease = Lease(Terms(idle_seconds=10), NOW)
    lease.used(NOW + 8)
    assert lease.over(NOW + 17.9) is None
    assert lease.next_timer() == NOW + 18
    assert lease.over(NOW + 18) is ByeCode.IDLE


def test_a_right_lapses_by_itself_and_a_new_one_counts_anew() -> None:
    lease = Lease(Terms(), NOW)
    lease.hold({VIEW: 0, CONTROL: 300}, NOW)
    assert lease.timed == {CONTROL}
    assert lease.until([VIEW, CONTROL]) == [0, int((NOW + 300) * 1000)]
    assert lease.lapsed(NOW + 299) == frozenset()
    assert lease.lapsed(NOW + 300) == {CONTROL}
    lease.hold({CONTROL: 60}, NOW + 290)
    assert lease.lapsed(NOW + 300) == frozenset()
    lease.drop([CONTROL])
    assert lease.next_timer() is None


def test_a_further_grants_seconds_count_from_its_use() -> None:
    lease = Lease(Terms(max_seconds=3600), NOW)
    lease.tighten(Terms(max_seconds=600, idle_seconds=60), NOW + 1200)
    assert lease.over(NOW + 1200) is ByeCode.IDLE, "nothing was done for so long"
    lease.used(NOW + 1790)
    assert lease.over(NOW + 1799) is None
    assert lease.over(NOW + 1800) is ByeCode.EXPIRED
    lease.tighten(Terms(max_seconds=9999), NOW + 1700)
    assert lease.over(NOW + 1800) is ByeCode.EXPIRED, "no later grant makes it longer"


def test_of_two_limits_the_stricter_counts() -> None:
    assert [shorter(0, 0), shorter(0, 5), shorter(5, 0), shorter(7, 5)] == [0, 5, 5, 5]
    one, other = Terms(100, 0, NOW + 9), Terms(50, 30)
    assert one.tightened(other) == other.tightened(one) == Terms(50, 30, NOW + 9)


LIMITS = st.integers(0, 500)


@given(
    limits=st.tuples(LIMITS, LIMITS),
    rights=st.dictionaries(st.sampled_from(Capability), LIMITS),
    steps=st.lists(st.tuples(st.floats(0, 200), st.booleans()), max_size=20),
)
def test_nothing_outlives_its_limit_and_the_timer_is_never_late(limits, rights, steps) -> None:
    longest, idle = limits
    lease, now, used = Lease(Terms(longest, idle), NOW), NOW, NOW
    lease.hold(rights, NOW)
    for passed, active in steps:
        due = lease.next_timer()
        now += passed
        over, lapsed = lease.over(now), lease.lapsed(now)
        assert (over is not None) == bool((longest and now >= NOW + longest) or (idle and now >= used + idle))
        assert lapsed == {capability for capability, seconds in rights.items() if seconds and now >= NOW + seconds}
        if over is not None or lapsed:
            assert due is not None
            assert due <= now
        if active:
            lease.used(now)
            used = now
    shown = lease.until(in_order(rights))
    assert len(shown) in (0, len(rights))


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(-1e6, 1e6)), max_size=30))
def test_host_time_never_goes_back_and_never_falls_behind(moves) -> None:
    steady, wall = [0.0], [NOW]
    clock = HostTime(lambda: steady[0], lambda: wall[0])
    before = clock.now()
    for passed, jump in moves:
        steady[0] += passed
        wall[0] += passed + jump
        now = clock.now()
        assert now >= before + passed * (1 - 1e-9) - 1e-3
        assert now >= wall[0]
        before = now
