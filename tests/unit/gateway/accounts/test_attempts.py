"""Locks after guessing: by address and by account, never by a name alone."""

import contextlib

import pytest

from farhand.gateway.accounts.attempts import Attempts
from farhand.gateway.errors import ApiError


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def attempts(time: Time) -> Attempts:
    return Attempts(time)


def locked(attempts: Attempts, address: str, name: str = "ada", person: str | None = "p", known: bool = False) -> float:
    """Attempt and fail; the seconds to wait, or 0 where it was looked at."""
    try:
        attempts.attempt(address, name, person, known=known)
    except ApiError as error:
        return error.retry if (error.status, error.code) == (429, "locked") else float("nan")
    return 0.0


def test_an_address_that_guesses_is_locked_longer_each_time(attempts: Attempts, time: Time) -> None:
    assert [locked(attempts, "192.0.2.1", f"n{n}", None) for n in range(11)] == [0] * 11
    waits = []
    for _ in range(12):
        while not (wait := locked(attempts, "192.0.2.1", "other", None)):
            pass
        waits.append(wait)
        time.now += wait
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 900
    assert locked(attempts, "192.0.2.2", "other2", None) == 0


def test_many_addresses_that_name_a_victim_lock_strangers_out_and_not_the_victim(attempts: Attempts) -> None:
    answers = [locked(attempts, f"192.0.2.{n}") for n in range(40)]
    assert answers[:20] == [0] * 20
    assert all(answers[21:])
    assert locked(attempts, "203.0.113.9", known=True) == 0
    assert locked(attempts, "203.0.113.9") > 0
    assert locked(attempts, "203.0.113.9", "bob", "q") == 0


def test_an_address_that_is_locked_does_not_lock_out_who_signed_in_there_before(attempts: Attempts) -> None:
    while not locked(attempts, "192.0.2.1", "nobody", None):
        pass
    assert locked(attempts, "192.0.2.1", known=True) == 0


def test_names_that_do_not_exist_are_locked_like_those_that_do(attempts: Attempts) -> None:
    one = [bool(locked(attempts, f"192.0.2.{n}", "ada", "p")) for n in range(40)]
    other = [bool(locked(attempts, f"198.51.100.{n}", "nobody", None)) for n in range(40)]
    assert one == other


def test_a_known_address_that_guesses_is_locked_too(attempts: Attempts) -> None:
    answers = [locked(attempts, "192.0.2.1", known=True) for _ in range(14)]
    assert answers[-1] > 0


def test_who_is_right_loses_nothing(attempts: Attempts) -> None:
    for _ in range(100):
        attempts.attempt("192.0.2.1", "ada", "p", known=False)()
    assert locked(attempts, "192.0.2.1") == 0


def test_being_right_in_between_buys_no_guesses(attempts: Attempts, time: Time) -> None:
    tried = 0
    for _ in range(100):
        tried += not locked(attempts, "192.0.2.1", "victim", "v")
        with contextlib.suppress(ApiError):
            attempts.attempt("192.0.2.1", "own", "mine", known=True)()
            attempts.attempt("192.0.2.1", "own", "mine", known=False)()
        time.now += 0.5
    assert tried < 25


def test_many_at_once_are_counted_before_they_are_answered(attempts: Attempts) -> None:
    assert sum(not locked(attempts, "192.0.2.1", "x", None) for _ in range(1000)) == 11


def test_an_address_is_a_network_of_ipv6(attempts: Attempts) -> None:
    while not locked(attempts, "2001:db8::1", "nobody", None):
        pass
    assert locked(attempts, "2001:db8::2", "nobody2", None) > 0
    assert locked(attempts, "2001:db8:0:1::2", "nobody3", None) == 0


def test_a_flood_of_names_does_not_make_an_account_forgotten(attempts: Attempts) -> None:
    while not locked(attempts, "192.0.2.1"):
        pass
    for n in range(20_000):
        locked(attempts, f"10.{n % 200}.{n // 200}.1", f"nobody {n}", None)
    assert sum(not locked(attempts, f"198.51.100.{n}") for n in range(40)) < 12
