"""One-time codes on a clock that the test holds."""

import re

import pytest

from farhand.host.codes import MAX_OPEN, CodeRefused, Codes, CodesLocked
from farhand.host.settings import CodeSettings

SETTINGS = CodeSettings(life_seconds=100, burnt_to_lock=3, lock_seconds=300, lock_seconds_max=1000)


def make_codes() -> Codes:
    return Codes(SETTINGS)


def test_a_code_reads_as_people_read_it_out() -> None:
    code = make_codes().issue("4821", 0)
    assert re.fullmatch(r"4821-\d{3} \d{3} \d{3}", str(code))
    assert str(code).replace(" ", "") == f"4821-{code.secret}"


def test_a_code_keeps_its_secret_out_of_its_repr() -> None:
    code = make_codes().issue("4821", 0)
    assert code.secret not in repr(code)


def test_a_code_is_taken_once() -> None:
    codes = make_codes()
    code = codes.issue("4821", 0)
    assert codes.take("4821", 1) == code.secret
    assert codes.take("4821", 1) is None


def test_unknown_and_withdrawn_codes_are_none() -> None:
    codes = make_codes()
    codes.issue("4821", 0)
    codes.withdraw("4821")
    codes.withdraw("9999")
    assert codes.take("4821", 0) is None
    assert codes.take("9999", 0) is None


@pytest.mark.parametrize(("now", "alive"), [(99.9, True), (100.0, False)])
def test_a_code_expires(now: float, alive: bool) -> None:
    codes = make_codes()
    codes.issue("4821", 0)
    assert bool(codes.open(now)) is alive
    assert (codes.take("4821", now) is not None) is alive


def test_a_new_code_under_the_same_route_replaces_the_old_one() -> None:
    codes = make_codes()
    old, new = codes.issue("4821", 0), codes.issue("4821", 0)
    assert old.secret != new.secret
    assert codes.take("4821", 0) == new.secret
    assert codes.take("4821", 0) is None


@pytest.mark.parametrize("route", ["", "123", "1234567890", "12a4", "１２３４", "-123"])
def test_a_route_that_no_gateway_gives_is_refused(route: str) -> None:
    with pytest.raises(CodeRefused):
        make_codes().issue(route, 0)


def test_the_number_of_open_codes_is_bounded() -> None:
    codes = make_codes()
    for number in range(MAX_OPEN):
        codes.issue(str(10_000 + number), 0)
    with pytest.raises(CodeRefused):
        codes.issue("9999", 0)
    codes.issue("10000", 0)  # in place of the one that is open
    codes.issue("9999", 100)  # the others have expired


def test_three_burnt_codes_lock_and_close_what_is_open() -> None:
    codes = make_codes()
    codes.issue("4821", 0)
    assert [codes.burnt(10), codes.burnt(10), codes.burnt(10)] == [0, 0, 300]
    assert codes.locked(309.5) == 1
    assert codes.take("4821", 11) is None
    assert codes.open(11) == ()
    with pytest.raises(CodesLocked) as caught:
        codes.issue("4822", 11)
    assert caught.value.retry == 299


def test_the_lock_ends_and_the_next_one_lasts_twice_as_long_up_to_a_bound() -> None:
    codes = make_codes()
    now, lasted = 0.0, []
    for _ in range(4):
        codes.burnt(now)
        codes.burnt(now)
        lasted.append(codes.burnt(now))
        now += lasted[-1]
        assert codes.locked(now) == 0
        codes.issue("4821", now)
    assert lasted == [300, 600, 1000, 1000]


def test_a_code_used_rightly_forgets_what_was_burnt() -> None:
    codes = make_codes()
    codes.burnt(0)
    codes.burnt(0)
    codes.used()
    assert codes.burnt(0) == 0
    codes.burnt(0)
    assert codes.burnt(0) == 300
    codes.used()  # one that was taken before the lock: the lock holds, the next one starts short again
    assert codes.locked(1) == 299
    codes.burnt(400)
    codes.burnt(400)
    assert codes.burnt(400) == 300


def test_wrong_secrets_that_arrive_during_a_lock_count_for_the_next() -> None:
    codes = make_codes()
    for _ in range(3):
        codes.burnt(0)
    assert codes.burnt(100) == 200
    codes.burnt(100)
    assert codes.burnt(100) == 600
