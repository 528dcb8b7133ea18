"""What `farhand sync` says: JSON lines for programs; for people a bar on a terminal, and a sentence at the end."""

import json
import sys
from typing import TYPE_CHECKING, Any

from farhand.client.sync.doing import SyncSummary, Watcher
from farhand.client.sync.plan import Plan
from farhand.client.sync.tree import Action, Alter, Changed, Copy, Delete, End, Make, Rename
from farhand.core.errors import FarhandError
from farhand.files.names import display

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: From so many bytes, or actions, on a bar is worth its place.
_BAR_BYTES, _BAR_ACTIONS = 4 << 20, 200


class Teller(Watcher):
    """Tells of it: JSON lines for programs; for people a bar on a terminal, and a sentence at the end."""

    def __init__(self, *, quiet: bool, machine: bool) -> None:
        self._quiet = quiet
        self._machine = machine
        self._bars = not quiet and not machine and sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def note(self, text: str) -> None:
        """Say something beside it."""
        if self._machine:
            self._object("note", text=text)
        elif not self._quiet:
            self._aside(f"farhand: {text}")

    def would(self, plan: Plan, names: int) -> None:
        """Say exactly what a run would do."""
        actions = plan.actions()
        for action in actions:
            if self._machine:
                self._object("would", **described(action))
            else:
                print(line(action))
        self._exceptions(plan)
        deletions = sum(isinstance(action, Delete) for action in actions)
        if self._machine:
            counts = {"actions": len(actions), "deletions": deletions, "bytes": plan.bytes}
            self._object("planned", names=names, **counts, conflicts=len(plan.conflicts), failed=len(plan.problems))
        elif not self._quiet:
            print(f"{names:,} names compared; {len(actions):,} to do, {deletions:,} of them deletions")

    def planned(self, plan: Plan) -> None:
        """As Watcher."""
        self._exceptions(plan)
        actions = len(plan.actions())
        if self._bars and (plan.bytes >= _BAR_BYTES or actions >= _BAR_ACTIONS):
            self._start(plan.bytes)

    def did(self, action: Action, error: Exception | None) -> None:
        """As Watcher."""
        if self._machine:
            if error is None:
                self._object("did", **described(action))
            else:
                event = "changed" if isinstance(error, Changed) else "failed"
                self._object(event, **described(action), cause=_cause(error))
        elif isinstance(error, Changed):
            if not self._quiet:
                self._aside(f"farhand: {display(action.path)}: changed meanwhile; it is left for the next run")
        elif error is not None:
            self._aside(f"farhand: {display(action.path)}: {_cause(error)}")

    def moved(self, size: int) -> None:
        """As Watcher."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, size)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def ended(self, summary: SyncSummary, seconds: float) -> None:
        """Say how it went."""
        if self._machine:
            self._object(
                "done",
                names=summary.names,
                copied=summary.copied,
                bytes=summary.size,
                made=summary.made,
                deleted=summary.deleted,
                conflicts=summary.conflicts,
                changed=len(summary.changed),
                failed=len(summary.problems),
                seconds=round(seconds, 3),
            )
        elif not self._quiet:
            print(sentence(summary))

    def _exceptions(self, plan: Plan) -> None:
        for conflict in plan.conflicts:
            side = _SIDES[conflict.end]
            kept = display(conflict.kept)
            if self._machine:
                self._object("conflict", path=display(conflict.path), side=side, kept=kept, why=conflict.why)
            elif not self._quiet:
                self._aside(f"conflict: {display(conflict.path)}: {conflict.why}; {side}'s is kept as {kept}")
        for problem in plan.problems:
            if self._machine:
                self._object("failed", path=display(problem.path), cause=problem.why)
            else:
                self._aside(f"farhand: {display(problem.path)}: {problem.why}")

    def _start(self, size: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

        columns = (BarColumn(None), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), expand=True, transient=True)
        self._task = self._bar.add_task("", total=size)
        self._bar.start()

    def _aside(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def _object(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}, ensure_ascii=False), flush=True)


_SIDES = {End.LEFT: "SRC", End.RIGHT: "DST"}
_ARROWS = {End.LEFT: "<-", End.RIGHT: "->"}
_WORDS: dict[type[Action], str] = {Make: "make", Alter: "alter", Rename: "rename", Delete: "delete"}


def _word(action: Action) -> str:
    if isinstance(action, Copy):
        return "copy" if action.replaces is None else "replace"
    return _WORDS[type(action)]


def _cause(error: Exception) -> str:
    return error.cause if isinstance(error, FarhandError) else str(error)


def described(action: Action) -> dict[str, Any]:
    """An action for programs."""
    about: dict[str, Any] = {"action": _word(action), "side": _SIDES[action.end], "path": display(action.path)}
    if isinstance(action, Copy):
        about["bytes"] = action.entry.size
    if isinstance(action, Rename):
        about["to"] = display(action.to)
    return about


def line(action: Action) -> str:
    """An action for people; the arrow shows which side changes."""
    about = f"{_ARROWS[action.end]} {_word(action):<8}{display(action.path)}"
    if isinstance(action, Copy):
        return f"{about}  ({action.entry.size:,} bytes)"
    return f"{about} -> {display(action.to)}" if isinstance(action, Rename) else about


def sentence(summary: SyncSummary) -> str:
    """How it went, for people."""
    did = [f"{summary.copied:,} copied ({summary.size:,} bytes)"] if summary.copied else []
    did += [f"{summary.made:,} folders made"] if summary.made else []
    did += [f"{summary.deleted:,} deleted"] if summary.deleted else []
    did += [f"{summary.conflicts:,} conflicts, both kept"] if summary.conflicts else []
    did += [f"{len(summary.changed):,} left for the next run"] if summary.changed else []
    did += [f"{len(summary.problems):,} failed"] if summary.problems else []
    return f"{summary.names:,} names compared; {', '.join(did) or 'nothing to do'}"
