"""The one place that starts tasks: each has an owner, none outlives it, and none fails unseen."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from farhand.core.logging import get_logger
from farhand.core.memory import keep_blocks

T = TypeVar("T")

_log = get_logger(__name__)


class Tasks:
    """Owns running tasks: starts them, tells of their failures, and ends them all.

    A failure is logged once, handed to `on_failure` where there is one, and raised by `wait()`. Use it as an async
    context manager, or call `close()` yourself. The owner and its tasks belong to one event loop.
    """

    def __init__(self, owner: str, *, on_failure: Callable[[str, Exception], None] | None = None) -> None:
        self._owner = owner
        self._on_failure = on_failure
        self._running: set[asyncio.Task[Any]] = set()
        self._failures: list[Exception] = []
        self._closed = False

    def __len__(self) -> int:
        return len(self._running)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def start(self, coroutine: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run the coroutine as a task that this owner keeps; the name stands in the log when it fails.

        Raises RuntimeError after `close()`; the coroutine is then closed without having run.
        """
        if self._closed:
            coroutine.close()
            raise RuntimeError(f"{self._owner} is closed and starts no task ({name})")
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self._owner}/{name}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def wait(self) -> None:
        """Return when no task is left, or raise the first failure as soon as there is one.

        Tasks that are still running then go on until `close()`.
        """
        while not self._failures and (others := self._others()):
            await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
            # The loop runs a task's callbacks in the order they were added: _ended has run before this resumes.
        if self._failures:
            raise self._failures[0]

    async def close(self) -> None:
        """Cancel every task and return when the last has ended; later calls return at once.

        A task may close its own owner: it is not cancelled, and not waited for.
        """
        self._closed = True
        others = self._others()
        for task in others:
            task.cancel(f"{self._owner} closes")
        if others:
            await asyncio.wait(others)

    def _others(self) -> set[asyncio.Task[Any]]:
        return self._running - {asyncio.current_task()}

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if not isinstance(error, Exception):
            return  # none, or one that ends the whole process: the loop itself raises that
        self._failures.append(error)
        _log.error("task failed", task=task.get_name(), exc_info=error)
        if self._on_failure is not None:
            self._on_failure(task.get_name(), error)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program's main coroutine to its end, on uvloop where the platform has it."""
    keep_blocks()
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        with contextlib.suppress(ImportError):
            import uvloop

            loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main)
