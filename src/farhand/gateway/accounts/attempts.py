"""Who has guessed too often: locks with back-off by address and by account, and no account by its name alone.

Somebody who names a victim from anywhere locks strangers out of that account, and strangers only: whoever comes from
an address from which this account signed in before has a count of their own. Passkeys are not counted at all: there
is nothing to guess. Names that do not exist are counted like those that do.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from farhand.gateway.errors import ApiError
from farhand.gateway.limits import address_key


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one may be wrong, and what it costs."""

    burst: int
    """So often at once."""
    per_minute: float = 6.0
    """How fast that is forgotten."""
    lock_seconds: float = 2.0
    """The first lock; each further one is twice as long."""
    lock_seconds_max: float = 900.0
    """The longest, and how long it takes until the first one is short again."""


@dataclass(slots=True)
class _State:
    level: float
    stamp: float
    locks: int = 0
    until: float = 0.0


class Gates:
    """One count a key; the least recent keys are forgotten beyond ``remembered``."""

    def __init__(self, rate: Rate, remembered: int = 8192) -> None:
        self._rate = rate
        self._remembered = remembered
        self._states: OrderedDict[str, _State] = OrderedDict()

    def locked(self, key: str, now: float) -> float:
        """Seconds for which the key is locked."""
        state = self._states.get(key)
        return max(0.0, state.until - now) if state else 0.0

    def take(self, key: str, now: float) -> None:
        """Count an attempt, before it is known how it ends: many at once are no way round."""
        rate = self._rate
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(rate.burst, now)
            if len(self._states) > self._remembered:
                self._states.popitem(last=False)
        self._states.move_to_end(key)
        state.level = min(rate.burst, state.level + (now - state.stamp) * rate.per_minute / 60)
        state.stamp = now
        state.level = max(-1.0, state.level - 1)
        if state.level >= 0:
            return
        if now - state.until > rate.lock_seconds_max:
            state.locks = 0
        state.until = now + min(rate.lock_seconds_max, rate.lock_seconds * 2.0**state.locks)
        state.locks = min(state.locks + 1, 32)

    def give_back(self, key: str) -> None:
        """The attempt was right."""
        state = self._states.get(key)
        if state is not None:
            if state.level < 0:
                state.until = state.stamp
                state.locks = max(0, state.locks - 1)
            state.level = min(self._rate.burst, state.level + 1)


class Attempts:
    """The counts of one gateway."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._addresses = Gates(Rate(10))
        self._accounts = Gates(Rate(20), remembered=1 << 20)  # of people who exist: nobody can make more of them
        self._nobodies = Gates(Rate(20))
        self._known = Gates(Rate(10), remembered=1 << 20)  # of people and addresses that belong together
        self._people = Gates(Rate(10), remembered=1 << 20)

    def attempt(self, address: str, account: str, person_id: str | None, *, known: bool) -> Callable[[], None]:
        """Count an attempt to sign in; call what is returned when it was right.

        ``account`` is the name's key, ``known`` whether the account signed in from this address before. Raises ApiError
        with the time to wait when it is locked; the proof is then not looked at.
        """
        place = address_key(address)
        if known and person_id is not None:
            return self._take([(self._known, f"{person_id} {place}")])
        accounts, key = (self._nobodies, account) if person_id is None else (self._accounts, person_id)
        return self._take([(self._addresses, place), (accounts, key)])

    def guess(self, address: str) -> Callable[[], None]:
        """Count an attempt at something that names no account, such as a token."""
        return self._take([(self._addresses, address_key(address))])

    def guess_by(self, person_id: str) -> Callable[[], None]:
        """Count an attempt of somebody who is signed in."""
        return self._take([(self._people, person_id)])

    def _take(self, gates: list[tuple[Gates, str]]) -> Callable[[], None]:
        now = self._clock()
        wait = max(gate.locked(key, now) for gate, key in gates)
        if wait:
            raise ApiError(429, "locked", "too many attempts failed", "wait, then try again", retry=wait)
        for gate, key in gates:
            gate.take(key, now)

        def right() -> None:
            for gate, key in gates:
                gate.give_back(key)

        return right
