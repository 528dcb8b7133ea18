"""The service of files-read: folders are listed and files sent, as far as the owner has opened them."""

from collections.abc import Callable
from typing import Any

from farhand.host.files import reading
from farhand.host.files.operations import Operations, Pace, Work, taken_away
from farhand.host.services.base import SessionPort
from farhand.protocol.capability import Capability
from farhand.protocol.messages.files import (
    Get,
    GetMany,
    Hold,
    List,
    Measure,
    Roots,
    Signature,
    Space,
    StopReading,
)

#: The most that all descriptions of older files may take that a caller sends, in bytes: they are kept in memory.
SIGNATURES = 32 << 20


class FilesReadService:
    """What one caller reads of the host's files."""

    def __init__(self, session: SessionPort) -> None:
        self._session = session
        self._operations = Operations(session)
        session.last_words(lambda: self._operations.end_all(taken_away(session, Capability.FILES_READ)))
        session.alive()

    async def handle(self, message: Any) -> None:
        """Begin what is asked for, or hand on what belongs to it."""
        match message:
            case Signature():
                self._operations.give(message.id, message, len(message.data), most=SIGNATURES)
            case Hold(id=id, on=on):
                self._operations.hold(id, on)
            case StopReading(id=id):
                self._operations.stop(id)
            case _:
                self._operations.begin(message.id, self._work(message))

    async def close(self) -> None:
        """Close every file."""
        await self._operations.close()

    def _work(self, message: Any) -> Callable[[Pace], Work]:
        folders = self._session.files
        match message:
            case Roots():
                return lambda _: reading.roots(folders, message)
            case List():
                return lambda _: reading.list_names(folders, message)
            case Get():
                return lambda pace: reading.get(folders, pace, message)
            case GetMany():
                return lambda pace: reading.get_many(folders, pace, message)
            case Measure():
                return lambda pace: reading.measure(folders, pace, message)
            case Space():
                return lambda _: reading.space(folders, message)
        raise TypeError(f"{type(message).__name__} is not for this service")
