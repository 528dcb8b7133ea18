"""The person at a terminal: consent where there is no screen to ask on."""

import asyncio
import contextlib
import os
import termios
from collections.abc import Sequence

from farhand.host.platform.base import Answer, Presence, Question
from farhand.host.platform.words import harmless, name_of, summary, wishes

_ANSWERS = {
    "a": Answer.YES,
    "allow": Answer.YES,
    "v": Answer.VIEW_ONLY,
    "view": Answer.VIEW_ONLY,
    "r": Answer.NO,
    "refuse": Answer.NO,
}
_LONGEST_LINE = 256


class TerminalPerson:
    """A Person (host/platform/base.py) who sits at the process's controlling terminal.

    Without a terminal, or in the background of one, nobody can answer: that is SILENCE, at once.
    """

    def __init__(self, path: str = "/dev/tty") -> None:
        self._path = path
        self._turn = asyncio.Lock()
        self._shown: tuple[Presence, ...] = ()

    async def ask(self, question: Question) -> Answer:
        """Print the question and read a line; SILENCE after its seconds."""
        async with self._turn:
            terminal = self._open()
            if terminal is None:
                return Answer.SILENCE
            try:
                # What was typed before the question was seen answers nothing.
                with contextlib.suppress(termios.error):
                    termios.tcflush(terminal, termios.TCIFLUSH)
                _print(terminal, _text(question))
                async with asyncio.timeout(question.seconds):
                    return await self._answer(terminal, "control" in question.capabilities)
            except TimeoutError:
                _print(terminal, "\nNobody answered: refused.\n")
                return Answer.SILENCE
            finally:
                os.close(terminal)

    def show(self, callers: Sequence[Presence]) -> None:
        """Say in a line what changed."""
        if tuple(callers) == self._shown:
            return
        self._shown = tuple(callers)
        terminal = self._open()
        if terminal is not None:
            _print(terminal, f"{summary(callers) if callers else 'Nobody is connected any more'}.\n")
            os.close(terminal)

    async def close(self) -> None:
        """Nothing is kept open between questions."""

    def _open(self) -> int | None:
        """The terminal, if this process is in its foreground: one in the background would be stopped by reading."""
        try:
            terminal = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            if os.isatty(terminal) and os.tcgetpgrp(terminal) == os.getpgrp():
                return terminal
        except OSError:
            pass
        os.close(terminal)
        return None

    async def _answer(self, terminal: int, view_only: bool) -> Answer:
        while (line := await _line(terminal)) is not None:
            answer = _ANSWERS.get(line.strip().lower())
            if answer is not None and (view_only or answer is not Answer.VIEW_ONLY):
                return answer
            _print(terminal, "Please type a to allow, v for view only, or r to refuse: ")
        return Answer.SILENCE


def _text(question: Question) -> str:
    asked = "\n".join(f"    - {wish}" for wish in wishes(question.capabilities))
    view = "[v] view only  " if "control" in question.capabilities else ""
    return (
        f"\a\nSomebody asks for this computer.\n"
        f"  Name:    {name_of(question.caller)}   (their own word, not verified)\n"
        f"  Address: {harmless(question.address)}\n"
        f"  They ask to:\n{asked}\n"
        f"  [a] allow  {view}[r] refuse   then Enter; silence for {question.seconds} s refuses.\n> "
    )


def _print(terminal: int, text: str) -> None:
    # A terminal that is stopped (Ctrl+S) takes nothing: what it misses is not worth waiting for.
    with contextlib.suppress(OSError):
        os.write(terminal, text.encode("utf-8", "replace"))


async def _line(terminal: int) -> str | None:
    """The next line typed; None at the end of input."""
    loop = asyncio.get_running_loop()
    typed = bytearray()
    while not typed.endswith(b"\n"):
        readable = asyncio.Event()
        loop.add_reader(terminal, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(terminal)
        try:
            piece = os.read(terminal, _LONGEST_LINE)
        except BlockingIOError:
            continue
        except OSError:
            return None
        if not piece:
            return None
        typed = (typed + piece)[-_LONGEST_LINE:]
    return typed.decode("utf-8", "replace")
