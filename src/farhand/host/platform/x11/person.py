"""The person at an X display: a window asks them, a bar and its panel show them who is there."""

import asyncio
from collections.abc import Sequence

from farhand.core.logging import get_logger
from farhand.host.platform.base import Answer, Controls, DisplayGone, Presence, Question
from farhand.host.platform.terminal import TerminalPerson
from farhand.host.platform.x11 import indicator
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.indicator import Indicator
from farhand.host.platform.x11.panel import Panel
from farhand.host.platform.x11.prompt import Prompt

_log = get_logger(__name__)


class X11Person:
    """A Person (host/platform/base.py) at the display named ``display``.

    ``terminal``: who is asked instead of the display, where nobody sits before it (a virtual one).
    """

    def __init__(self, display: str, guard: Guard, controls: Controls, terminal: TerminalPerson | None = None) -> None:
        self._display = display
        self._guard = guard
        self._controls = controls
        self._terminal = terminal
        self._turn = asyncio.Lock()
        self._callers: tuple[Presence, ...] = ()
        self._bar: Indicator | None = None
        self._panel: Panel | None = None

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
        self._update()

    async def close(self) -> None:
        """Take down the windows."""
        if self._terminal is not None:
            await self._terminal.close()
        self._lost()

    def _update(self) -> None:
        try:
            if self._bar is None and self._callers:
                self._bar = Indicator(
                    self._display,
                    self._guard,
                    end_all=self._controls.end_all,
                    details=self._turn_panel,
                    lost=self._lost,
                )
            if self._panel is not None:
                self._panel.show(self._callers)
            if self._bar is not None:
                self._bar.show(self._callers, details=self._panel is not None)
        except DisplayGone as error:
            _log.warning("the bar cannot be shown", reason=str(error))
            self._lost()

    def _turn_panel(self) -> None:
        """Open the panel, or close it."""
        if self._panel is not None:
            self._close_panel()
            return
        try:
            self._panel = Panel(self._display, self._guard, self._controls, self._close_panel, indicator.HEIGHT)
        except DisplayGone as error:
            _log.warning("the panel cannot be shown", reason=str(error))
        self._update()

    def _close_panel(self) -> None:
        panel, self._panel = self._panel, None
        if panel is not None:
            panel.close()
            if self._bar is not None:
                self._bar.show(self._callers, details=False)

    def _lost(self) -> None:
        panel, self._panel = self._panel, None
        bar, self._bar = self._bar, None
        if panel is not None:
            panel.close()
        if bar is not None:
            bar.close()
