"""Names that are taken, where somebody is asked what is to happen with each: about a folder's before any is copied."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from farhand.client.transfer import Work, same
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import Conflict, Entry, EntryKind, FileFault

T = TypeVar("T")
Chosen = Mapping[bytes, Conflict | None]
"""By path; None: it is left out. What is not in it goes as usual."""


async def choose_all(
    work: Work, source: Sequence[Entry], there: Mapping[bytes, Entry], called: Callable[[bytes], str]
) -> Chosen:
    """Ask about each name of a folder that is taken by something else; ``called`` is what a path is shown as."""
    if work.options.ask is None:
        return {}
    asked = (
        one
        for one in sorted(source, key=lambda one: one.path)
        if one.kind in (EntryKind.FILE, EntryKind.LINK)
        and one.path in there
        and not (work.options.skip and same(one, there[one.path]))
    )
    return {one.path: await work.choose(called(one.path), one, there[one.path]) for one in asked}


@dataclass(frozen=True, slots=True)
class Single:
    """One file that is copied alone: what it is shown as, what it is, and what was chosen already."""

    name: str
    entry: Entry
    look: Callable[[], Awaitable[Entry | None]]
    """What stands under its name by now."""
    chosen: Conflict | None = None


async def as_chosen(
    work: Work, single: Single, there: Entry | None, copied: Callable[[Conflict, Entry | None], Awaitable[T]]
) -> T | None:
    """What ``copied`` returns, None if it is left out. What takes the name in the meantime is asked about, too."""
    conflict = single.chosen or await work.choose(single.name, single.entry, there)
    while conflict is not None:
        try:
            return await copied(conflict, there)
        except FilesError as error:
            if work.options.ask is None or conflict is not Conflict.REFUSE or error.fault is not FileFault.EXISTS:
                raise
            there = await single.look()
            if there is None:
                raise
        conflict = await work.choose(single.name, single.entry, there)
    return None
