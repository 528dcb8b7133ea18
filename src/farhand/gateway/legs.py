"""The gateway's legs: which WebSocket path leads to what (spec/protocol.md, section 5)."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from farhand.core.stream import WebSocketStream
from farhand.gateway.visits import Visit


@dataclass(frozen=True, slots=True)
class Arrival:
    """A WebSocket that was opened: its stream, its place, and what stood behind the path."""

    stream: WebSocketStream
    visit: Visit
    rest: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One path's leg."""

    name: str
    """For the log."""
    serve: Callable[[Arrival], Coroutine[Any, Any, None]]
    """Runs for as long as it has to do with the stream; whoever it hands the stream to closes it."""
    message_max: int
    """The largest message before it says otherwise, in bytes."""
    admit: Callable[[str], bool] | None = None
    """For a path that goes on: whether what stands behind it is known; otherwise the answer is 404."""
    from_browsers: bool = False
    """Whether a page may open it: browsers name the page's origin, programs do not."""
    keepalive: bool = True
    """Whether each stream looks after itself; False where the leg looks after all of them together."""


class Legs:
    """The table of them."""

    def __init__(self, exact: Mapping[str, Leg], beneath: Mapping[str, Leg]) -> None:
        self._exact = exact
        self._beneath = beneath

    def find(self, path: str) -> tuple[Leg, str] | None:
        """The leg of this path and the part of the path that is its own matter; None where there is none."""
        if leg := self._exact.get(path):
            return leg, ""
        folder, slash, rest = path.rpartition("/")
        leg = self._beneath.get(folder + slash)
        if leg is None or (leg.admit is not None and not leg.admit(rest)):
            return None
        return leg, rest
