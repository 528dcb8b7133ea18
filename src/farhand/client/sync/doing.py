"""Carries out the stages of a plan, several actions at once, and keeps the ledger of what is agreed on."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from farhand.client.sync.plan import Pair, Plan, Problem
from farhand.client.sync.tree import Action, Alter, Changed, Copy, Delete, End, Make, Rename, Side
from farhand.core.tasks import Tasks
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import EntryKind

if TYPE_CHECKING:
    from farhand.client.sync.state import State

T = TypeVar("T")

#: Actions other than copies that are under way at once.
AT_ONCE = 32
#: What is agreed on is written after so many names.
RECORDED = 500


class SyncSummary(msgspec.Struct):
    """How it went."""

    names: int = 0
    """Names that were compared."""
    copied: int = 0
    size: int = 0
    """Bytes of the files that were copied."""
    made: int = 0
    deleted: int = 0
    conflicts: int = 0
    changed: list[bytes] = msgspec.field(default_factory=list)
    """What changed meanwhile, and is left for the next run."""
    problems: list[Problem] = msgspec.field(default_factory=list)
    """What was not done, and why."""


class Watcher:
    """Hears how a synchronisation goes; here all of it is nothing."""

    def planned(self, plan: Plan) -> None:
        """It begins."""

    def did(self, action: Action, error: Exception | None) -> None:
        """An action has ended."""

    def moved(self, size: int) -> None:
        """So many more bytes have crossed."""


class Ledger:
    """What both sides agree on, as actions make it so; of a name with several, once all of them are done."""

    def __init__(self, state: "State | None", plan: Plan) -> None:
        self._state = state
        self._plan = plan
        self._left = Counter(action.path for action in plan.actions()) if state is not None else Counter[bytes]()
        self._due: dict[bytes, Pair | None] = {}

    def begin(self) -> None:
        """What is agreed on without any action."""
        self._due.update(self._plan.agreed)
        self._due.update(dict.fromkeys(self._plan.forgotten))
        self.write()

    def done(self, path: bytes) -> None:
        """An action of this name has succeeded."""
        if self._state is None:
            return
        self._left[path] -= 1
        if not self._left[path] and path in self._plan.after:
            self._due[path] = self._plan.after[path]
            if len(self._due) >= RECORDED:
                self.write()

    def write(self) -> None:
        """Remember it. Raises StateError."""
        if self._state is not None and self._due:
            self._state.record(self._due)
            self._due = {}


class Doing:
    """The actions of one run."""

    def __init__(self, sides: tuple[Side, Side], ledger: Ledger, summary: SyncSummary, watcher: Watcher) -> None:
        self._sides = sides
        self._ledger = ledger
        self._summary = summary
        self._watcher = watcher

    async def stage(self, actions: Sequence[Action]) -> None:
        """Do all of one stage. Raises what ends the run."""
        copies = [action for action in actions if isinstance(action, Copy)]
        if copies:
            await self._copy(copies)
        # What depends on each other differs in depth: a folder is made before, and deleted after, what is in it.
        others = [action for action in actions if not isinstance(action, Copy)]
        for group in _waves(others):
            await each(group, self._one, AT_ONCE)

    async def _copy(self, copies: Sequence[Copy]) -> None:
        async def side(end: End) -> None:
            mine = [copy for copy in copies if copy.end is end]
            if mine:
                outcomes = self._sides[end].put(self._sides[end.other], mine, self._watcher.moved)
                async for copy, error in outcomes:
                    self._ended(copy, error)

        async with Tasks("sync copies") as tasks:
            for end in End:
                tasks.start(side(end), end.name)
            await tasks.wait()

    async def _one(self, action: Action) -> None:
        side = self._sides[action.end]
        error: Exception | None = None
        try:
            match action:
                case Make():
                    await side.make(action.path, action.entry.mode)
                case Alter():
                    await side.alter(action.path, action.now, action.entry)
                case Rename():
                    await side.rename(action.path, action.to, action.now)
                case Delete():
                    await side.delete(action.path, action.now)
                case Copy():
                    raise AssertionError("copies go together")
        except (Changed, FilesError) as failure:
            error = failure
        self._ended(action, error)

    def _ended(self, action: Action, error: Exception | None) -> None:
        summary = self._summary
        if isinstance(error, Changed):
            summary.changed.append(action.path)
        elif error is not None:
            where = "on its way to" if isinstance(action, Copy) else "at"
            label = self._sides[action.end].label
            summary.problems.append(Problem(action.path, f"{error} ({where} {label})"))
        else:
            match action:
                case Copy():
                    summary.copied += 1
                    summary.size += action.entry.size
                case Make():
                    summary.made += 1
                case Delete():
                    summary.deleted += 1
            self._ledger.done(action.path)
        self._watcher.did(action, error)


async def each(items: Iterable[T], call: Callable[[T], Awaitable[None]], at_once: int) -> None:
    """Call for every item, so many at once; the first failure ends it."""
    waiting = list(items)
    waiting.reverse()

    async def work() -> None:
        while waiting:
            await call(waiting.pop())

    async with Tasks("sync") as tasks:
        for number in range(min(at_once, len(waiting))):
            tasks.start(work(), str(number))
        await tasks.wait()


def _waves(actions: Sequence[Action]) -> list[list[Action]]:
    """The actions in groups within which the order is of no matter; they come in an order that is right."""
    waves: list[list[Action]] = []
    folders = [action for action in actions if isinstance(action, Make) or _of_folder(action)]
    files: list[Action] = [action for action in actions if not (isinstance(action, Make) or _of_folder(action))]
    if files:
        waves.append(files)
    by_depth: dict[int, list[Action]] = {}
    for action in folders:
        by_depth.setdefault(action.path.count(b"/"), []).append(action)
    deepest_first = not any(isinstance(action, Make) for action in folders)
    return [*waves, *(by_depth[depth] for depth in sorted(by_depth, reverse=deepest_first))]


def _of_folder(action: Action) -> bool:
    return isinstance(action, Delete | Alter) and action.now.kind is EntryKind.FOLDER
