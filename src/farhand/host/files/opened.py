"""The folders that a host's owner has opened, and where in them a caller's path lies."""

from collections.abc import Sequence
from pathlib import Path

from farhand.host.settings import FilesSettings


class OpenedFolders:
    """What callers reach of this computer's files; nothing at or beneath a ``private`` folder."""

    def __init__(self, settings: FilesSettings, private: Sequence[Path] = ()) -> None:
        self.settings = settings
        self._private = tuple(private)
