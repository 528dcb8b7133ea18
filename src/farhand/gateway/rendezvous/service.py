"""Which host waits behind which route or id."""

from collections.abc import Callable

from farhand.core.errors import FarhandError
from farhand.gateway.rendezvous.models import HostLink

#: Routes one host may have open at once.
ROUTES_PER_HOST = 16
_SHORTEST, _LONGEST = 4, 9
#: A length is crowded when more than one in so many of its routes is taken: a guess then hits too often.
_CROWDED = 20


class TooManyRoutes(FarhandError):
    """A host asked for more routes than one may hold."""


class Rendezvous:
    """The table of routes and hosts of one gateway.

    Routes are random: who knows one learns nothing of the others, and a closed one is not found by counting on.
    ``entropy`` gives random bytes.
    """

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy
        self._hosts: dict[bytes, HostLink] = {}
        self._routes: dict[str, bytes] = {}
        self._by_length = dict.fromkeys(range(_SHORTEST, _LONGEST + 1), 0)

    def __len__(self) -> int:
        return len(self._hosts)

    def attach(self, link: HostLink) -> HostLink | None:
        """Make the host reachable; returns the link that it replaces, whose routes lead to the new one."""
        replaced = self._hosts.get(link.host_id)
        self._hosts[link.host_id] = link
        return replaced

    def detach(self, link: HostLink) -> bool:
        """The link is gone: its host is not reachable, its routes stay taken; false if another replaced it."""
        if self._hosts.get(link.host_id) is not link:
            return False
        del self._hosts[link.host_id]
        return True

    def forget(self, host_id: bytes) -> None:
        """Close all routes of a host that did not come back."""
        for route in self.routes_of(host_id):
            self.close_route(host_id, route)

    def open_route(self, host_id: bytes) -> str:
        """Return a fresh route to this host: 4 digits, more when those are crowded. Raises TooManyRoutes."""
        if len(self.routes_of(host_id)) >= ROUTES_PER_HOST:
            raise TooManyRoutes(f"the host holds {ROUTES_PER_HOST} routes", "close one first")
        length = next(
            (size for size, taken in self._by_length.items() if taken * _CROWDED < 10**size),
            _LONGEST,
        )
        while True:
            # 16 digits of entropy: the bias of the remainder is below one in a million for nine digits.
            number = int.from_bytes(self._entropy(8), "big") % 10**length
            route = f"{number:0{length}d}"
            if route not in self._routes:
                break
        self._routes[route] = host_id
        self._by_length[length] += 1
        return route

    def close_route(self, host_id: bytes, route: str) -> None:
        """The route leads nowhere from now on; another host's route is left alone."""
        if self._routes.get(route) == host_id:
            del self._routes[route]
            self._by_length[len(route)] -= 1

    def routes_of(self, host_id: bytes) -> list[str]:
        """The routes that lead to this host."""
        return [route for route, owner in self._routes.items() if owner == host_id]

    def knows(self, route: str | bytes) -> bool:
        """Whether this route or host id is one of a host that is here or may come back."""
        return route in self._routes if isinstance(route, str) else route in self._hosts

    def find(self, route: str | bytes) -> HostLink | None:
        """The link behind the route part of a code, or behind a host id; None where nobody waits."""
        host_id = self._routes.get(route) if isinstance(route, str) else route
        return None if host_id is None else self._hosts.get(host_id)
