"""What waits a few minutes for its second half: challenges, log-ins elsewhere, programs that ask for a token."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from farhand.gateway.limits import address_key

T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T
    address: str
    until: float


class Pending(Generic[T]):
    """Values by key, each for ``seconds``.

    In memory and bounded: an address beyond its share loses its own oldest, never somebody else's; only when all
    addresses together are beyond ``total`` the oldest of all goes.
    """

    def __init__(
        self,
        seconds: float,
        *,
        per_address: int = 32,
        total: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._per_address = per_address
        self._total = total
        self._clock = clock
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._of_address: dict[str, OrderedDict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: str, value: T, address: str) -> None:
        """Keep a value."""
        now = self._clock()
        while self._entries and next(iter(self._entries.values())).until <= now:
            self._remove(next(iter(self._entries)))
        place = address_key(address)
        own = self._of_address.get(place, OrderedDict())
        if len(own) >= self._per_address:
            self._remove(next(iter(own)))
        elif len(self._entries) >= self._total:
            self._remove(next(iter(self._entries)))
        self._entries[key] = _Entry(value, place, now + self.seconds)
        self._of_address.setdefault(place, OrderedDict())[key] = None

    def get(self, key: str) -> T | None:
        """The value, which stays."""
        entry = self._entries.get(key)
        if entry is None or entry.until <= self._clock():
            return None
        return entry.value

    def take(self, key: str) -> T | None:
        """The value, which is gone afterwards: nothing is answered twice."""
        value = self.get(key)
        if key in self._entries:
            self._remove(key)
        return value

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key)
        own = self._of_address[entry.address]
        del own[key]
        if not own:
            del self._of_address[entry.address]
