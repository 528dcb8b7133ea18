"""What a scanner of received files owes those who receive them (host/quarantine has one)."""

from collections.abc import Sequence
from typing import Protocol

from farhand.files.errors import FilesError


class Arrival(Protocol):
    """One file that is looked at while it arrives. Not for several threads at once."""

    def feed(self, received: int) -> None:
        """So many bytes from the beginning are there, and stay as they are. Raises FilesError INFECTED."""
        ...

    def finish(self) -> None:
        """All of it is there. Raises FilesError INFECTED, NOT_SCANNED."""
        ...

    def close(self) -> None:
        """Forget about it."""
        ...


class Scanner(Protocol):
    """Looks at received files before they get their names; thread-safe."""

    def begin(self, fd: int, size: int, name: str) -> Arrival:
        """Look at a file of ``size`` bytes while it arrives; ``name`` is for people. To be closed."""
        ...

    def check_many(self, files: Sequence[tuple[bytes, str]]) -> list[FilesError | None]:
        """Look at small files, content and name; for each None, or INFECTED or NOT_SCANNED."""
        ...
