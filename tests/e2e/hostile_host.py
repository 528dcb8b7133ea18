"""A host in bad faith: it has the code and keys of its own, and says whatever a test wants."""

import asyncio
import secrets
from dataclasses import dataclass, field

from tests.e2e.in_process import Thread, new_keys

from farhand.gateway.rendezvous.models import HostLink, Stream
from farhand.protocol.capability import Capability
from farhand.protocol.events import Authenticated, Ended, Event, Failed, MessageReceived
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Decision
from farhand.protocol.messages.screen import Layout, Operation, Shown, TileCodec, Tiles, Update
from farhand.protocol.session import HostSession
from farhand.transports.pump import Pump

#: What a script says: messages, each with its channel; all that come before a THEN are sent before what follows.
Script = list[tuple[Channel, Message] | None]
THEN = None
SECRET = "123456789"
VIEW = [Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD]


def decision(name: str = "a host", system: str = "Debian", reason: str = "", grace: int = 0) -> tuple[Channel, Message]:
    """Lets the caller in."""
    return Channel.CONTROL, Decision(VIEW, bytes(16), name, system, grace, reason)


def layout(width: int = 320, height: int = 240) -> tuple[Channel, Message]:
    """A picture of this size."""
    return Channel.SCREEN, Layout(1, width, height)


def update(*operations: Operation, seq: int = 1, generation: int = 1) -> tuple[Channel, Message]:
    """One update."""
    return Channel.SCREEN, Update(seq, generation, 0, True, list(operations))


def picture(colour: int = 0xFF3366CC) -> tuple[Channel, Message]:
    """An honest first picture."""
    data = colour.to_bytes(4, "little") * (320 * 240)
    return update(Tiles([0, 0, 320, 240], TileCodec.RAW, data))


@dataclass
class HostileHost(Thread):
    """Says ``script`` to each caller as soon as they are authenticated."""

    script: Script
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = new_keys()

    def _link(self) -> HostLink:
        return _Link(self)

    @property
    def host_id(self) -> bytes:
        """Its id."""
        return self.keys.host_id

    def link(self) -> str:
        """A link that nobody used yet."""

        async def open_route() -> str:
            return self.gateway.rendezvous.open_route(self.keys.host_id)

        return self.address(f"{self.do(open_route())}-{SECRET}")

    def shown(self) -> list[int]:
        """The updates that were shown."""
        messages = [event.message for event in self.told if isinstance(event, MessageReceived)]
        return [message.seq for message in messages if isinstance(message, Shown)]

    def ended(self) -> Ended | Failed | None:
        """How the viewer ended it, if it did."""
        return next((event for event in self.told if isinstance(event, Ended | Failed)), None)


class _Link:
    def __init__(self, host: HostileHost) -> None:
        self._host = host

    @property
    def host_id(self) -> bytes:
        return self._host.host_id

    async def offer(self, stream: Stream, address: str, route: str) -> None:
        loop = asyncio.get_running_loop()
        session = HostSession(
            keys=self._host.keys,
            take_code=lambda _: SECRET,
            find_rejoin=lambda _: None,
            feed=0,
            entropy=secrets.token_bytes,
            now=loop.time(),
        )

        async def handle(event: Event) -> None:
            self._host.told.append(event)
            if isinstance(event, Authenticated):
                for said in self._host.script:
                    if said is not THEN:
                        session.send(*said)
                        continue
                    pump.flush()
                    while session.has_data_to_send():
                        await asyncio.sleep(0)
                pump.flush()

        pump = Pump(session, stream, handle)
        try:
            end = await pump.run()
            if end is not None:
                self._host.told.append(end)
        finally:
            await pump.close()
