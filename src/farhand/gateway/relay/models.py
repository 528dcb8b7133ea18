"""Tickets: what a host comes with to fetch the one call that it was told of."""

import asyncio
from dataclasses import dataclass

from farhand.core.stream import WebSocketStream


@dataclass(slots=True, eq=False)
class Waiting:
    """A call that waits for its host's leg."""

    leg: asyncio.Future[WebSocketStream]


class Tickets:
    """The calls that wait, by ticket; each is redeemed once, and its owner takes it back when it waited too long."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, ticket: str) -> bool:
        return ticket in self._waiting

    def issue(self, ticket: str) -> Waiting:
        """Keep a call under this ticket."""
        waiting = self._waiting[ticket] = Waiting(asyncio.get_running_loop().create_future())
        return waiting

    def redeem(self, ticket: str, leg: WebSocketStream) -> bool:
        """Give the leg to the call of this ticket; false where it is unknown, used or over."""
        waiting = self._waiting.pop(ticket, None)
        if waiting is None or waiting.leg.done():
            return False
        waiting.leg.set_result(leg)
        return True

    def withdraw(self, ticket: str) -> None:
        """The call no longer waits."""
        self._waiting.pop(ticket, None)
