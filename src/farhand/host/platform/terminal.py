"""The person at a terminal: consent where there is no screen to ask on."""

import asyncio
import contextlib
import os
import termios
import time
from collections.abc import Sequence

from farhand.host.platform.base import Answer, Controls, Presence, Question
from farhand.host.platform.words import (
    clock,
    harmless,
    lasting,
    name_of,
    offers_view,
    shorts,
    silence_note,
    summary,
    who,
    wishes,
)

_ANSWERS = {
    "a": Answer.YES,
    "allow": Answer.YES,
    "v": Answer.VIEW_ONLY,
    "view": Answer.VIEW_ONLY,
    "r": Answer.NO,
    "refuse": Answer.NO,
}
_SILENT = {
    Answer.NO: "refused",
    Answer.SILENCE: "refused",
    Answer.VIEW_ONLY: "the owner lets them see, and no more",
    Answer.YES: "the owner lets them in",
}
_LONGEST_LINE = 256
#: What can be typed while somebody is connected.
HELP = (
    "  Type w (who), p (pause), g (go on), t RIGHT (take a right back) or e (end), then Enter; a number after it names "
    "the caller: p 2. e all ends everything.\n"
)


class TerminalPerson:
    """A Person (host/platform/base.py) who sits at the process's controlling terminal.

    Without a terminal, or in the background of one, nobody can answer: that is SILENCE, at once. While somebody is
    connected, lines that are typed are commands about them (``HELP``).
    """

    def __init__(self, path: str = "/dev/tty", controls: Controls | None = None) -> None:
        self._path = path
        self._controls = controls or Controls()
        self._turn = asyncio.Lock()
        self._shown: tuple[Presence, ...] = ()
        self._asking = 0
        self._listening: int | None = None
        self._typed = bytearray()

    async def ask(self, question: Question) -> Answer:
        """Print the question and read a line; SILENCE after its seconds."""
        self._asking += 1
        self._deafen()
        try:
            async with self._turn:
                return await self._ask(question)
        finally:
            self._asking -= 1
            self._listen()

    async def _ask(self, question: Question) -> Answer:
        terminal = self._open()
        if terminal is None:
            return Answer.SILENCE
        try:
            # What was typed before the question was seen answers nothing.
            with contextlib.suppress(termios.error):
                termios.tcflush(terminal, termios.TCIFLUSH)
            _print(terminal, _text(question))
            async with asyncio.timeout(question.seconds):
                return await self._answer(terminal, offers_view(question))
        except TimeoutError:
            _print(terminal, f"\nNobody answered: {_SILENT[question.silence]}.\n")
            return Answer.SILENCE
        finally:
            os.close(terminal)

    def show(self, callers: Sequence[Presence]) -> None:
        """Say in a line what changed, and take commands as long as somebody is there."""
        if tuple(callers) == self._shown:
            return
        first = not self._shown
        self._shown = tuple(callers)
        terminal = self._open()
        if terminal is not None:
            _print(terminal, f"{summary(callers) if callers else 'Nobody is connected any more'}.\n")
            if first and callers:
                _print(terminal, HELP)
            os.close(terminal)
        if callers:
            self._listen()
        else:
            self._deafen()

    async def close(self) -> None:
        """Listen no more; nothing else is kept open between questions."""
        self._shown = ()
        self._deafen()

    # ---- Commands -------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        if self._listening is not None or self._asking or not self._shown:
            return
        terminal = self._open()
        if terminal is not None:
            self._listening = terminal
            self._typed.clear()
            asyncio.get_running_loop().add_reader(terminal, self._heard)

    def _deafen(self) -> None:
        terminal, self._listening = self._listening, None
        if terminal is not None:
            asyncio.get_running_loop().remove_reader(terminal)
            os.close(terminal)

    def _heard(self) -> None:
        terminal = self._listening
        if terminal is None:
            return
        try:
            # From the background a read would stop this process; what is typed there is meant for somebody else.
            piece = os.read(terminal, _LONGEST_LINE) if os.tcgetpgrp(terminal) == os.getpgrp() else b""
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._deafen()
            return
        *lines, rest = (self._typed + piece).split(b"\n")
        self._typed = bytearray(rest[-_LONGEST_LINE:])
        for line in lines:
            reply = self._obey(line.decode("utf-8", "replace").split())
            if reply and self._listening is not None:
                _print(self._listening, reply + "\n")

    def _obey(self, words: list[str]) -> str:
        """Do what the words say; returns what to print."""
        number = words.pop() if len(words) > 1 and words[-1].isdigit() else "1"
        caller = self._shown[int(number) - 1] if 0 < int(number) <= len(self._shown) else None
        match words:
            case []:
                return ""
            case ["e" | "end"] if caller is not None and len(self._shown) == 1:
                self._controls.end_all()
            case ["e" | "end", "all"]:
                self._controls.end_all()
            case ["e" | "end"] if caller is not None:
                self._controls.end(caller.session)
            case ["p" | "pause"] if caller is not None:
                self._controls.pause(caller.session, True)
            case ["g" | "go"] if caller is not None:
                self._controls.pause(caller.session, False)
            case ["t" | "take", right] if caller is not None and right in caller.capabilities:
                self._controls.take_back(caller.session, right)
            case ["w" | "who"]:
                return "\n".join(_line_about(at, each) for at, each in enumerate(self._shown, 1))
            case _:
                return HELP.rstrip()
        return ""

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
    view = "[v] view only  " if offers_view(question) else ""
    head = "Somebody who is connected asks for more." if question.more else "Somebody asks for this computer."
    name, proof = (
        (question.account, f"known to your organisation, on {harmless(question.device) or 'a device without a name'}")
        if question.account
        else (question.caller, "their own word, not verified")
    )
    reason = f"  Reason:  {harmless(question.reason, 200)}\n" if question.reason else ""
    span = f", for {lasting(question.span)}," if question.span else ""
    return (
        f"\a\n{head}\n"
        f"  Name:    {name_of(name)}   ({proof})\n"
        f"  Address: {harmless(question.address)}\n"
        f"{reason}"
        f"  They ask{span} to:\n{asked}\n"
        f"  [a] allow  {view}[r] refuse   then Enter. {silence_note(question, question.seconds)}\n> "
    )


def _line_about(number: int, caller: Presence) -> str:
    since = f", since {clock(caller.since, time.time())}" if caller.since else ""
    how = f"on {harmless(caller.device)}" if caller.account else "by code"
    reason = f", reason: {harmless(caller.reason, 200)}" if caller.reason else ""
    state = (", paused" if caller.paused else "") + (", line cut" if caller.cut else "")
    name = who(caller.account, caller.caller)
    rights = shorts(caller.capabilities)
    return f"  {number}  {name} at {harmless(caller.address)}, {how}{since}{reason}: {rights}{state}"


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
