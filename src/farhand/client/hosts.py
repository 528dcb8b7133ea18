"""Lines to the hosts that one command is about."""

from collections.abc import Sequence

from farhand.client.places import Place
from farhand.client.reaching import Reach, reach
from farhand.client.staying import StayingLine
from farhand.protocol.capability import Capability


class Hosts:
    """Lines to the hosts of one command, opened once each; use it as an async context manager."""

    def __init__(self, how: Reach, places: Sequence[Place], written: Sequence[Place] = ()) -> None:
        self._how = how
        self._rights: dict[str, set[Capability]] = {}
        self._lines: dict[str, StayingLine] = {}
        for one in places:
            if not one.here:
                self._rights.setdefault(one.target, set()).add(Capability.FILES_READ)
        for one in written:
            if not one.here:
                self._rights.setdefault(one.target, set()).add(Capability.FILES_WRITE)

    async def __aenter__(self) -> "Hosts":
        return self

    async def __aexit__(self, *_: object) -> None:
        for line in self._lines.values():
            await line.session.close()

    async def line(self, place: Place) -> StayingLine:
        """The line to a place's host."""
        if (line := self._lines.get(place.target)) is None:
            line = self._lines[place.target] = await reach(place.target, sorted(self._rights[place.target]), self._how)
        return line

    @property
    def cuts(self) -> int:
        """How often a line was lost and found again."""
        return sum(line.cuts for line in self._lines.values())
