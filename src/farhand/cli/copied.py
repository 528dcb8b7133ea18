"""What the verbs that copy show: a bar on a terminal, JSON lines for programs, else only what went wrong."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

from farhand.cli.exits import CliError, Exit
from farhand.cli.faults import cure
from farhand.client.files_errors import NameTaken
from farhand.client.transfer import Options, Summary, Transfer, Work
from farhand.files.errors import FilesError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Seconds between two JSON lines about the progress, and between two looks of the bar.
_EVERY, _BAR = 1.0, 0.1


class Shown:
    """How a copy is shown; ``line`` says something beside it, at once."""

    def __init__(self, *, quiet: bool, machine: bool) -> None:
        self._machine = machine
        self._bars = not quiet and not machine and sys.stderr.isatty()
        self._quiet = quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._seen = Summary()

    def line(self, text: str) -> None:
        """Tell the person at the terminal."""
        if self._machine:
            self._object("note", text=text)
        elif self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        elif not self._quiet:
            print(f"farhand: {text}", file=sys.stderr, flush=True)

    async def run(self, main: Callable[[Work], Awaitable[None]], options: Options) -> Summary:
        """Copy, and show how far it is. Raises what the copy raises, CliError where some of it did not arrive."""
        began = time.monotonic()
        transfer = Transfer(main, options)
        try:
            if self._bars:
                self._show()
                try:
                    await self._follow(transfer)
                finally:
                    self._stop(leave=self._seen.files_total > 0)
            elif self._machine:
                await self._tell(transfer)
            summary = await transfer
        except FilesError as error:
            self._failed(error.name, error)
            raise
        except asyncio.CancelledError:
            await transfer.cancel()  # in order, while there is a line: hosts hear of it
            raise
        self._ended(summary, time.monotonic() - began)
        return summary

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Meanwhile nothing is shown."""
        if self._bar is None:
            yield
            return
        self._stop(leave=False)
        yield
        self._show()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.progress import TransferSpeedColumn as Speed

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(None),
            DownloadColumn(binary_units=True),
            Speed(),
            TimeRemainingColumn(compact=True),
        )
        bar = Progress(*columns, console=Console(stderr=True), expand=True, refresh_per_second=1 / _BAR)
        self._task = bar.add_task(described(self._seen), total=None, completed=self._seen.size)
        bar.start()
        self._bar = bar

    def _stop(self, *, leave: bool) -> None:
        if self._bar is not None:
            self._bar.live.transient = not leave
            self._bar.stop()
            self._bar = None

    async def _follow(self, transfer: Transfer) -> None:
        at = 0.0
        async for summary in transfer:
            if (now := time.monotonic()) - at < _BAR and summary.size != summary.size_total:
                continue
            at = now
            self._seen = summary
            if self._bar is not None and self._task is not None:
                total = None if summary.counting else summary.size_total
                self._bar.update(self._task, completed=summary.size, total=total, description=described(summary))

    async def _tell(self, transfer: Transfer) -> None:
        at = time.monotonic()
        async for summary in transfer:
            if (now := time.monotonic()) - at >= _EVERY:
                at = now
                self._object("progress", **_counted(summary), current=summary.current)

    def _ended(self, summary: Summary, seconds: float) -> None:
        for name, error in summary.failures:
            self._failed(name, error)
            if not self._machine:
                print(f"farhand: {name}: {error.cause}", file=sys.stderr)
        for other in summary.names:
            self.line(f"kept beside what was there, as {other.decode(errors='backslashreplace')}")
        if self._machine:
            self._object("done", **_counted(summary), seconds=round(seconds, 3), failed=len(summary.failures))
        if summary.failures:
            first = summary.failures[0][1]
            arrived = summary.files + summary.skipped
            rest = f"; {arrived:,} did" if arrived else ""
            raise CliError(Exit.FAILED, f"{len(summary.failures):,} did not arrive{rest}", cure(first, "cp"))

    def _failed(self, name: str, error: FilesError) -> None:
        if self._machine:
            fault = error.fault.name.lower()
            self._object("failed", path=name, fault=fault, cause=error.cause, cure=cure(error, "cp"), **_both(error))

    def _object(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}, ensure_ascii=False), flush=True)


def _both(error: FilesError) -> dict[str, dict[str, int]]:
    """The two files where a name was taken."""
    if not isinstance(error, NameTaken):
        return {}
    sides = {"mine": error.mine, "theirs": error.theirs}
    return {side: {"size": one.size, "mtime_us": one.mtime} for side, one in sides.items()}


def described(summary: Summary) -> str:
    """What stands before the bar."""
    name = summary.current.rpartition("/")[2]
    if len(name) > _NAME:
        name = name[: _NAME - 1] + "…"
    if summary.doing:
        return f"{name}: {summary.doing}"
    if summary.files_total > 1:
        return f"{summary.files + summary.skipped}/{summary.files_total} {name}"
    return name


_NAME = 30


def _counted(summary: Summary) -> dict[str, int]:
    return {
        "files": summary.files,
        "files_total": summary.files_total,
        "bytes": summary.size,
        "bytes_total": summary.size_total,
        "skipped": summary.skipped,
        "crossed": summary.crossed,
        "resumed": summary.resumed,
    }
