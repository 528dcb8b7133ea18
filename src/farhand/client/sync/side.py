"""What both kinds of side have in common: entries as they are compared, chunks of copies, and what became of them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from farhand.client.sync.ahead import plain
from farhand.client.sync.tree import Changed, Copy, Moved, Outcome, same
from farhand.client.transfer import Options, Work
from farhand.files.errors import FilesError
from farhand.files.names import display
from farhand.protocol.messages.files import Conflict, Entry, EntryKind, FileFault

#: Copies that are handed over together: what is agreed on is remembered after each of these.
CHUNK_FILES, CHUNK_BYTES = 2000, 256 << 20
#: What is no failure, but a side that changed: the next run sees to it.
_CHANGED = (FileFault.CHANGED, FileFault.EXISTS, FileFault.NOT_FOUND, FileFault.NOT_EMPTY, FileFault.NOT_NEWER)


def as_it_was(now: Entry | None, then: Entry) -> bool:
    """Tell whether a name is what it was; a folder is whatever is in it."""
    if now is None or now.kind is not then.kind:
        return False
    return now.kind is EntryKind.FOLDER or same(plain(now), then)


def outcome(error: FilesError) -> Exception:
    """What a fault means for a run: Changed, or the fault."""
    return Changed(str(error)) if error.fault in _CHANGED else error


def chunks(copies: Sequence[Copy]) -> Iterator[list[Copy]]:
    """Cut into what goes together: new names, then those that replace something, bounded in number and size."""
    for replacing in (False, True):
        chunk: list[Copy] = []
        size = 0
        for copy in copies:
            if (copy.replaces is not None) is not replacing:
                continue
            chunk.append(copy)
            size += copy.entry.size
            if len(chunk) == CHUNK_FILES or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk


class Crossing(Work):
    """The work of one chunk: tells what moves, and keeps which names failed."""

    def __init__(self, copies: Sequence[Copy], moved: Moved, data: Path | None) -> None:
        conflict = Conflict.REPLACE if copies[0].replaces is not None else Conflict.REFUSE
        super().__init__(Options(conflict=conflict, skip=False, exact=True, data=data), self._told)
        self._tell = moved
        self._before = 0
        self._failures: dict[str, FilesError] = {}

    def failed(self, name: str, error: FilesError) -> None:
        """Note what did not arrive."""
        self._failures[name] = error

    def outcomes(self, copies: Sequence[Copy], check: Callable[[Copy], bool]) -> list[Outcome]:
        """What became of each; ``check`` says whether the version that was planned is the one that was copied."""
        done: list[Outcome] = []
        for copy in copies:
            failure = self._failures.get(display(copy.path))
            if failure is not None:
                done.append((copy, outcome(failure)))
            else:
                done.append((copy, None if check(copy) else Changed("it changed while it was copied")))
        return done

    def _told(self) -> None:
        size = self.progress.size
        if size != self._before:
            self._tell(size - self._before)
            self._before = size
