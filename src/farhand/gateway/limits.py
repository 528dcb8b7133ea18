"""Limits by address: who may hold how many connections, and who has guessed too often.

Nothing here reads a clock: ``now`` is any monotonic time in seconds. Memory is bounded: connections by their own
limits, what is remembered of addresses by a table that forgets the oldest.
"""

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one gateway; the defaults serve a small organisation behind one address."""

    young_per_address: int = 128
    """Connections that have not got through a handshake yet; a further one displaces the oldest."""
    young_total: int = 1024
    """The same of all addresses together; the address that holds most loses its oldest."""
    settled_per_address: int = 128
    """Connections with a session or a registered host; a further one is refused."""
    settled_total: int = 4096
    """The same of all addresses together."""
    enrolled_total: int = 12_000
    """Connections of enrolled hosts, which count by their key and not by their address; a further one is refused."""
    handshake_seconds: float = 10.0
    """How long a connection may stay young."""
    calls_burst: int = 240
    """Calls to hosts that exist which an address may make at once."""
    calls_per_minute: float = 120.0
    """How fast that many become possible again."""
    misses_burst: int = 10
    """Calls to routes that lead nowhere before an address is locked."""
    misses_per_minute: float = 6.0
    """How fast they are forgotten."""
    lock_seconds: float = 2.0
    """The first lock; each further one is twice as long."""
    lock_seconds_max: float = 900.0
    """The longest lock."""
    addresses_remembered: int = 8192
    """Addresses whose calls and misses are counted; the least recent are forgotten."""


def address_key(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which one user has to themselves."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)


def whole_seconds(wait: float) -> int:
    """A wait as the wire carries it: whole seconds, rounded up, at most 65535."""
    return min(0xFFFF, int(wait) + 1)


class Bucket:
    """A token bucket: ``burst`` at once, then ``per_second``."""

    __slots__ = ("_burst", "_level", "_per_second", "_stamp")

    def __init__(self, burst: float, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._level = burst
        self._stamp = now

    def take(self, now: float) -> bool:
        """Take one if there is one."""
        self._level = min(self._burst, self._level + (now - self._stamp) * self._per_second)
        self._stamp = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def spend(self, amount: float, now: float) -> float:
        """Take so many, whether or not they are there; returns the seconds until nothing is owed."""
        self._level = min(self._burst, self._level + (now - self._stamp) * self._per_second) - amount
        self._stamp = now
        return max(0.0, -self._level / self._per_second)

    @property
    def wait(self) -> float:
        """Seconds after the last ``take`` until there is one."""
        return max(0.0, (1 - self._level) / self._per_second)


@dataclass(slots=True)
class _Conduct:
    calls: Bucket
    misses: Bucket
    locks: int = 0
    locked_until: float = 0.0


class Conduct:
    """How addresses have behaved: calls made and routes guessed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, _Conduct] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def call(self, address: str, now: float) -> float:
        """Count a call to a host that exists; returns 0, or the seconds to wait before the next makes sense."""
        known = self._of(address, now)
        if known.locked_until > now:
            return known.locked_until - now
        return 0.0 if known.calls.take(now) else known.calls.wait

    def miss(self, address: str, now: float) -> float:
        """Count a call to a route that leads nowhere; returns the seconds for which the address is locked now."""
        known = self._of(address, now)
        if known.locked_until > now:
            return known.locked_until - now
        if known.misses.take(now):
            return 0.0
        limits = self._limits
        if now - known.locked_until > limits.lock_seconds_max:
            known.locks = 0
        lock = min(limits.lock_seconds_max, limits.lock_seconds * 2.0**known.locks)
        known.locks = min(known.locks + 1, 32)
        known.locked_until = now + lock
        return lock

    def _of(self, address: str, now: float) -> _Conduct:
        key = address_key(address)
        known = self._known.get(key)
        if known is None:
            limits = self._limits
            known = self._known[key] = _Conduct(
                Bucket(limits.calls_burst, limits.calls_per_minute / 60, now),
                Bucket(limits.misses_burst, limits.misses_per_minute / 60, now),
            )
            if len(self._known) > limits.addresses_remembered:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return known


class Admission:
    """One connection's place among the others; ``settle`` it after its handshake, ``leave`` when it ends."""

    __slots__ = ("_book", "drop", "key", "settled", "vouched")

    def __init__(self, book: "Connections", key: str, drop: Callable[[], None]) -> None:
        self._book = book
        self.key = key
        self.drop = drop
        self.settled = False
        self.vouched = False

    def settle(self, *, vouched: bool = False) -> bool:
        """Count as settled from now on; false, and still young, where too many are.

        ``vouched`` for an enrolled host: it counts apart, and not by its address.
        """
        return self._book.settle(self, vouched=vouched)

    def unsettle(self) -> None:
        """Count as young again: the next request of a connection that is kept open."""
        self._book.unsettle(self)

    def leave(self) -> None:
        """Give up the place; safe to call twice."""
        self._book.leave(self)
        self.drop = _nothing


def _nothing() -> None:
    return


class Connections:
    """Counts connections, and makes room for a new one by dropping the oldest of those that are going nowhere.

    Refusing the newest instead would let whoever holds the places lock everyone out; so who arrives and gets
    through its handshake always finds a place among the young.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._young: dict[str, OrderedDict[Admission, None]] = {}
        self._settled: dict[str, int] = {}
        self.young = 0
        self.settled = 0
        self.enrolled = 0
        self.dropped = 0
        self._empty: asyncio.Event | None = None

    async def wait_empty(self) -> None:
        """Return when there is no connection left."""
        while self.young or self.settled or self.enrolled:
            self._empty = self._empty or asyncio.Event()
            self._empty.clear()
            await self._empty.wait()

    def enter(self, address: str, drop: Callable[[], None]) -> Admission:
        """Count a new connection as young; ``drop`` ends it and is called if another needs its place."""
        key = address_key(address)
        if len(self._young.get(key, ())) >= self._limits.young_per_address:
            self._displace(key)
        elif self.young >= self._limits.young_total:
            self._displace(max(self._young, key=lambda other: len(self._young[other])))
        admission = Admission(self, key, drop)
        self._add(admission)
        return admission

    def settle(self, admission: Admission, *, vouched: bool = False) -> bool:
        """See Admission.settle."""
        if admission.settled:
            return True
        key, limits = admission.key, self._limits
        if admission not in self._young.get(key, ()):
            return False
        if vouched:
            if self.enrolled >= limits.enrolled_total:
                return False
            self._remove(admission)
            admission.settled = admission.vouched = True
            self.enrolled += 1
            return True
        if self.settled >= limits.settled_total or self._settled.get(key, 0) >= limits.settled_per_address:
            return False
        self._remove(admission)
        admission.settled = True
        self._settled[key] = self._settled.get(key, 0) + 1
        self.settled += 1
        return True

    def unsettle(self, admission: Admission) -> None:
        """See Admission.unsettle."""
        if admission.settled:
            self.leave(admission)
            self._add(admission)

    def leave(self, admission: Admission) -> None:
        """See Admission.leave."""
        if admission.vouched:
            admission.settled = admission.vouched = False
            self.enrolled -= 1
        elif admission.settled:
            admission.settled = False
            self.settled -= 1
            self._settled[admission.key] -= 1
            if not self._settled[admission.key]:
                del self._settled[admission.key]
        elif admission in self._young.get(admission.key, ()):
            self._remove(admission)
        if self._empty is not None:
            self._empty.set()

    def _displace(self, key: str) -> None:
        oldest = next(iter(self._young[key]))
        self._remove(oldest)
        self.dropped += 1
        oldest.drop()

    def _add(self, admission: Admission) -> None:
        self._young.setdefault(admission.key, OrderedDict())[admission] = None
        self.young += 1

    def _remove(self, admission: Admission) -> None:
        of_address = self._young[admission.key]
        del of_address[admission]
        self.young -= 1
        if not of_address:
            del self._young[admission.key]
