"""Splicing: what one leg receives the other sends, both ways, as fast as the slower one takes it."""

from collections.abc import Callable
from dataclasses import dataclass

from farhand.core.errors import StreamClosed
from farhand.core.tasks import Tasks
from farhand.gateway.rendezvous.models import Stream


@dataclass(slots=True)
class Count:
    """Bytes that were passed on; all that the relay knows of a call."""

    to_host: int = 0
    to_viewer: int = 0


async def splice(viewer: Stream, host: Stream) -> Count:
    """Pass bytes both ways until both legs have ended, and return how many.

    When one leg ends, the other is closed after its last byte. Back-pressure is the legs' own: nothing is received
    from one while the other has no room.
    """
    count = Count()

    def to_host(size: int) -> None:
        count.to_host += size

    def to_viewer(size: int) -> None:
        count.to_viewer += size

    async with Tasks("relay") as tasks:
        forth = tasks.start(_pass(viewer, host, to_host), "to host")
        await _pass(host, viewer, to_viewer)
        await forth
    return count


async def _pass(source: Stream, sink: Stream, passed: Callable[[int], None]) -> None:
    try:
        while True:
            data = await source.receive()
            await sink.send(data)
            passed(len(data))
    except StreamClosed:
        # Either end may be the one that is gone. If it is the sink, what it sent before still has to arrive the
        # other way; that way ends by itself when the sink has nothing more, and closes the source.
        await sink.close()
