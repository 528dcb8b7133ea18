"""The service of files-write: files are received and names changed, as far as the owner has opened folders."""

import secrets
from collections.abc import Callable
from typing import Any

from farhand.host.files import writing
from farhand.host.files.operations import Operations, Pace, Work, taken_away
from farhand.host.services.base import SessionPort
from farhand.protocol.capability import Capability
from farhand.protocol.messages.files import (
    Alter,
    Begin,
    Data,
    Delete,
    Finish,
    Make,
    Put,
    PutMany,
    Rename,
    Reuse,
    StopWriting,
    Zeros,
)

#: What a message counts for that waits to be worked on, beside its content.
_LEAST = 64


class FilesWriteService:
    """What one caller writes to the host's files."""

    def __init__(self, session: SessionPort) -> None:
        self._session = session
        self._connection = secrets.token_bytes(16)
        self._operations = Operations(session)
        session.last_words(lambda: self._operations.end_all(taken_away(session, Capability.FILES_WRITE)))
        session.alive()

    async def handle(self, message: Any) -> None:
        """Begin what is asked for, or hand on what belongs to it."""
        match message:
            case Data():
                self._operations.give(message.id, message, len(message.data) + _LEAST)
            case Begin() | Reuse() | Zeros() | Finish():
                self._operations.give(message.id, message, _LEAST)
            case StopWriting(id=id, drop=drop):
                self._operations.stop(id, drop=drop)
            case PutMany(id=id, files=files):
                self._operations.begin(id, self._work(message), sum(len(file.data) + _LEAST for file in files))
            case _:
                self._operations.begin(message.id, self._work(message))

    async def close(self) -> None:
        """Close every file; what was received of one stays."""
        await self._operations.close()

    def _work(self, message: Any) -> Callable[[Pace], Work]:
        session = self._session
        folders = session.files
        who = writing.Who(session.caller, session.about, Capability.FILES_READ in session.granted, self._connection)
        match message:
            case Put():
                return lambda pace: writing.put(folders, pace, who, message)
            case PutMany():
                return lambda pace: writing.put_many(folders, pace, who, message)
            case Make():
                return lambda pace: writing.make(folders, pace, message)
            case Rename():
                return lambda pace: writing.rename(folders, pace, message)
            case Delete():
                return lambda pace: writing.delete(folders, pace, message)
            case Alter():
                return lambda pace: writing.alter(folders, pace, message)
        raise TypeError(f"{type(message).__name__} is not for this service")
