"""Both ends of a session in one process, and a line between them that a test can meddle with."""

import os
from collections.abc import Callable
from typing import Any

from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Mode
from farhand.protocol.errors import FailureCode, Refused
from farhand.protocol.events import Event, MessageReceived
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Asking, Request
from farhand.protocol.session import HostSession, State, ViewerSession

HOST = Keys.generate(Kind.HOST, "desk", 1_800_000_000, os.urandom)
VIEWER = Keys.generate(Kind.BROWSER, "", 1_800_000_000, os.urandom)
SESSION = bytes(range(16))
#: The session hands a grant on as it is.
GRANT = b"a credential"
ROUTE, SECRET = "4821", "739204615"

#: (from the viewer?, number of the chunk in that direction, its bytes) to the bytes that arrive.
Line = Callable[[bool, int, bytes], bytes]


class Pair:
    """A host and a viewer: ``codes`` wait at the host, ``told_host`` and ``told_viewer`` are the events of each end."""

    def __init__(
        self,
        mode: Mode = Mode.ATTENDED,
        *,
        typed: str = SECRET,
        rejoining: bytes | None = VIEWER.static_public,
        line: Line = lambda from_viewer, number, data: data,
        piece: int | None = None,
        modes: frozenset[Mode] = frozenset(Mode),
        host_keys: Keys = HOST,
        **viewer: Any,
    ) -> None:
        self.now = 1000.0
        self.codes = {ROUTE: SECRET}
        self.told_host: list[Event] = []
        self.told_viewer: list[Event] = []
        self._line = line
        self._piece = piece
        self._count = {True: 0, False: 0}
        attended = mode is Mode.ATTENDED
        self.host = HostSession(
            keys=host_keys,
            take_code=self._take_code,
            find_rejoin=lambda session: rejoining if session == SESSION else None,
            feed=7,
            entropy=os.urandom,
            now=self.now,
            modes=modes,
        )
        request = Request("Ada", "test", [Capability.VIEW], b"", b"", SESSION if mode is Mode.REJOIN else None)
        if mode is Mode.UNATTENDED:
            request = Request("Ada", "test", [Capability.VIEW], VIEWER.certificate, GRANT, reason="updates")
        arguments: dict[str, Any] = {
            "keys": VIEWER,
            "mode": mode,
            "route": ROUTE if attended else HOST.host_id,
            "secret": typed if attended else None,
            "pin": None if attended else HOST.static_public,
            "request": request,
            "entropy": os.urandom,
            "now": self.now,
        }
        self.viewer = ViewerSession(**arguments | viewer)

    def _take_code(self, route: str) -> str | None:
        if route == "0000":
            raise Refused(FailureCode.LOCKED, 300)
        return self.codes.pop(route, None)

    def step(self, from_viewer: bool, limit: int = 256 * 1024) -> bytes:
        """Carry over what one end has to send; the bytes as sent."""
        source, target = (self.viewer, self.host) if from_viewer else (self.host, self.viewer)
        sent = source.data_to_send(limit, self.now)
        if sent:
            self._count[from_viewer] += 1
            arriving = self._line(from_viewer, self._count[from_viewer] - 1, sent)
            size = self._piece or max(1, len(arriving))
            for at in range(0, len(arriving), size):
                target.receive_data(arriving[at : at + size], self.now)
        self.told_host += self.host.events()
        self.told_viewer += self.viewer.events()
        return sent

    def run(self) -> None:
        """Carry over everything both ways until both are silent."""
        while any([self.step(True), self.step(False)]):
            pass

    def open(self) -> "Pair":
        """Through the handshake to the host's first record."""
        self.run()
        assert self.host.state is State.OPEN, self.told_host
        self.host.send(Channel.CONTROL, Asking(30))
        self.run()
        assert self.viewer.state is State.OPEN, self.told_viewer
        self.told_host.clear()
        self.told_viewer.clear()
        return self

    @staticmethod
    def messages(told: list[Event]) -> list[Message]:
        """The messages among the events."""
        return [event.message for event in told if isinstance(event, MessageReceived)]
