"""The person at an X display: a window asks them, a bar shows them who is there."""

import asyncio
from collections.abc import Callable, Sequence

from farhand.core.logging import get_logger
from farhand.host.platform.base import Answer, DisplayGone, Presence, Question
from farhand.host.platform.terminal import TerminalPerson
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.indicator import Indicator
from farhand.host.platform.x11.prompt import Prompt

_log = get_logger(__name__)


class X11Person:
    """A Person (host/platform/base.py) at the display named ``display``.

    ``terminal``: who is asked instead of the display, where nobody sits before it (a virtual one).
    """

    def __init__(
        self, display: str, guard: Guard, end_all: Callable[[], None], terminal: TerminalPerson | None = None
    ) -> None:
        self._display = display
        self._guard = guard
        self._end_all = end_all
        self._terminal = terminal
        self._turn = asyncio.Lock()
        self._callers: tuple[Presence, ...] = ()
        self._bar: Indicator | None = None

    async def ask(self, question: Question) -> Answer:
        """Put the question, one at a time; SILENCE after its seconds or where there is nobody to ask."""
        if self._terminal is not None:
            return await self._terminal.ask(question)
        try:
            async with asyncio.timeout(question.seconds), self._turn:
                return await Prompt(self._display, self._guard, question).ask()
        except TimeoutError:
            return Answer.SILENCE
        except DisplayGone as error:
            _log.warning("nobody could be asked", reason=str(error))
            return Answer.SILENCE

    def show(self, callers: Sequence[Presence]) -> None:
        """Show who is connected; a display that has gone shows them again as soon as something changes."""
        self._callers = tuple(callers)
        if self._terminal is not None:
            self._terminal.show(callers)
        try:
            if self._bar is None and callers:
                self._bar = Indicator(self._display, self._guard, self._end_all, self._lost)
            if self._bar is not None:
                self._bar.show(callers)
        except DisplayGone as error:
            _log.warning("the bar cannot be shown", reason=str(error))
            self._lost()

    async def close(self) -> None:
        """Take down the windows."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _lost(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
