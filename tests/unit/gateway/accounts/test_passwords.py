"""Hashing passwords: what is refused, what waits, what is turned away."""

import asyncio
import threading

import pytest

from farhand.gateway.accounts.passwords import Passwords, check_new
from farhand.gateway.errors import ApiError
from farhand.gateway.settings import PasswordCost

CHEAP = PasswordCost(1, 8, at_once=1, waiting=2)


async def test_a_password_is_known_again_however_it_was_typed() -> None:
    passwords = Passwords(CHEAP)
    stored = await passwords.hash("caf\u00e9 au lait, twice")
    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "cafe\u0301 au lait, twice")
    assert not await passwords.verify(stored, "Caf\u00e9 au lait, twice")
    assert not await passwords.verify(None, "anything")
    assert not await passwords.verify("damaged", "anything")
    assert not passwords.outdated(stored)
    assert Passwords(PasswordCost(2, 16)).outdated(stored)
    await passwords.close()


async def test_only_so_many_wait_and_only_so_many_are_hashed_at_once() -> None:
    passwords = Passwords(CHEAP)
    gate, at_once, most = threading.Event(), 0, 0

    def slow(_stored: str | None, _password: str) -> bool:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        gate.wait(10)
        at_once -= 1
        return False

    passwords._verify = slow  # type: ignore[method-assign]  # a hash that takes as long as the test wants
    waiting = [asyncio.ensure_future(passwords.verify(None, "x")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(ApiError) as caught:
        await passwords.verify(None, "x")
    assert (caught.value.status, caught.value.retry) == (503, 2.0)
    gate.set()
    assert await asyncio.gather(*waiting) == [False] * 3
    assert most == 1
    assert not await passwords.verify(None, "x")
    await passwords.close()


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "ababababababab", "adalovelace!"])
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_new(password, "AdaLovelace")
    assert caught.value.code == "weak-password"


def test_several_words_are_a_password() -> None:
    check_new("a horse that staples batteries", "Ada")
