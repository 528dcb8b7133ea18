"""The person at a portable platform: windows by tkinter, each in a process that ends with this one."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.platform.base import Answer, Presence, Question
from farhand.host.platform.words import summary

_log = get_logger(__name__)

_WINDOW = "farhand.host.platform.portable.window"
_ANSWERS = {answer.value: answer for answer in Answer}
_STOP_SECONDS = 2.0


class PortablePerson:
    """A Person (host/platform/base.py); where tkinter is missing nobody can be asked, which is SILENCE."""

    def __init__(self, end_all: Callable[[], None]) -> None:
        self._end_all = end_all
        self._tasks = Tasks("portable person")
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._line = ""
        self._running = False

    async def ask(self, question: Question) -> Answer:
        """Put the question, one at a time; SILENCE after its seconds."""
        async with self._turn:
            window = await _start("ask")
            try:
                async with asyncio.timeout(question.seconds + 1):
                    said, _ = await window.communicate(json.dumps(question._asdict()).encode() + b"\n")
                return _ANSWERS.get(said.decode().strip(), Answer.SILENCE)
            except TimeoutError:
                return Answer.SILENCE
            finally:
                await _stop(window)

    def show(self, callers: Sequence[Presence]) -> None:
        """Show who is connected; the first time starts the bar's process."""
        self._line = summary(callers) if callers else ""
        self._changed.set()
        if callers and not self._running:
            self._running = True
            self._tasks.start(self._run_bar(), "bar")

    async def close(self) -> None:
        """Take down the windows."""
        await self._tasks.close()

    async def _run_bar(self) -> None:
        bar = await _start("bar")
        try:
            async with Tasks("portable bar") as both:
                writing = both.start(self._write(bar), "write")
                await self._listen(bar)
                writing.cancel()
        finally:
            self._running = False
            await _stop(bar)
        _log.error("the bar has ended: is tkinter installed, and is there a screen?")

    async def _write(self, bar: Process) -> None:
        assert bar.stdin is not None  # noqa: S101  # asked for at its start
        while True:
            self._changed.clear()
            bar.stdin.write(self._line.encode() + b"\n")
            with contextlib.suppress(ConnectionError):
                await bar.stdin.drain()
            await self._changed.wait()

    async def _listen(self, bar: Process) -> None:
        assert bar.stdout is not None  # noqa: S101  # asked for at its start
        while line := await bar.stdout.readline():
            if line.strip() == b"end":
                self._end_all()


async def _start(what: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", _WINDOW, what, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
