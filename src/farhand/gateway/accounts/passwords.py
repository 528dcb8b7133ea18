"""Passwords: Argon2id in threads, a bounded number at once, so that log-ins never stand in the relay's way."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from farhand.gateway.errors import ApiError
from farhand.gateway.settings import PasswordCost

T = TypeVar("T")

MIN, MAX = 12, 1024
_DISTINCT = 5
_RETRY_SECONDS = 2.0


def check_new(password: str, name: str) -> None:
    """Refuse what is guessed first. Raises ApiError."""
    plain = password.casefold()
    if len(password) < MIN:
        cause = f"a password has at least {MIN} characters"
    elif len(set(plain)) < _DISTINCT:
        cause = "this password has too few different characters"
    elif len(name) >= 3 and name.casefold() in plain and len(password) - len(name) < MIN // 2:
        cause = "this password is little more than the name"
    else:
        return
    raise ApiError(422, "weak-password", cause, "take several words, or a passkey")


class Passwords:
    """Hashes and verifies; ``close`` it at the end."""

    def __init__(self, cost: PasswordCost) -> None:
        self._hasher = PasswordHasher(cost.passes, cost.memory_kib, 1, type=Type.ID)
        self._threads = ThreadPoolExecutor(cost.at_once, "passwords")
        self._room = cost.at_once + cost.waiting
        self._under_way = 0
        # For names that do not exist: they have to cost the same. Made before the first one is asked for.
        self._nobody = self._threads.submit(self._hasher.hash, secrets.token_urlsafe())

    async def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """What to store. Raises ApiError when too many wait."""
        return await self._run(self._hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the one; takes the same time where nothing is stored. Raises ApiError when too many wait."""
        return await self._run(self._verify, stored, password)

    def outdated(self, stored: str) -> bool:
        """Whether it was made at another cost than today's, so that it should be made anew."""
        return self._hasher.check_needs_rehash(stored)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_normal(password))

    def _verify(self, stored: str | None, password: str) -> bool:
        try:
            self._hasher.verify(stored or self._nobody.result(), _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        if self._under_way >= self._room:
            raise ApiError(503, "busy", "too many are signing in", "try again in a moment", retry=_RETRY_SECONDS)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*arguments))
        finally:
            self._under_way -= 1


def _normal(password: str) -> str:
    # The same characters typed on another system (NIST SP 800-63B, section 3.1.1.2).
    return unicodedata.normalize("NFKC", password)
