"""Asks at the terminal what is to happen with a name that is taken."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from farhand.cli.exits import CliError, Exit
from farhand.client.files_errors import described
from farhand.protocol.messages.files import Conflict, Entry, EntryKind

#: Of an answer only so much is read, in bytes.
_LONGEST = 4096
_SKIP, _QUIT = "skip", "quit"
_ANSWERS: dict[str, Conflict | None] = {
    _SKIP: None,
    "replace": Conflict.REPLACE,
    "keep both": Conflict.KEEP_BOTH,
    "newer": Conflict.NEWER,
}
#: What a folder stands in the way of can only go beside it.
_OF_FOLDERS = (_SKIP, "keep both")


class Asker:
    """Call it with what a name is shown as, what is to be copied and what is there; ``aside`` clears the screen for it.

    An answer for all the rest is kept. Raises CliError where nobody goes on, asyncio.CancelledError.
    """

    def __init__(self, aside: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext) -> None:
        self._aside = aside
        self._rest = ""

    async def __call__(self, name: str, mine: Entry, theirs: Entry) -> Conflict | None:
        """What is to happen; None: nothing."""
        either = (mine.kind, theirs.kind)
        known = _OF_FOLDERS if EntryKind.FOLDER in either and either[0] is not either[1] else tuple(_ANSWERS)
        answer = self._rest
        if answer not in known:
            with self._aside():
                answer = await self._asked(name, mine, theirs, known)
        return _ANSWERS[answer]

    async def _asked(self, name: str, mine: Entry, theirs: Entry, known: tuple[str, ...]) -> str:
        _write(f"{name} is there already\n  this:  {described(mine, theirs)}\n  there: {described(theirs, mine)}\n")
        choices = (*known, _QUIT)
        while True:
            _write(", ".join(f"[{one[0]}]{one[1:]}" for one in choices) + " (capital letter: all the rest, too)? ")
            try:
                answer, rest = read_answer(await _line(), choices)
            except asyncio.CancelledError:
                _write("\n")
                raise
            if answer == _QUIT:
                raise CliError(Exit.FAILED, "ended as you chose", "what has arrived stays; the same command goes on")
            if answer:
                if rest:
                    self._rest = answer
                return answer


def read_answer(text: str, choices: tuple[str, ...]) -> tuple[str, bool]:
    """Which of them an answer means, by its first letter or its words, or ""; and whether it is for all the rest."""
    words = " ".join(text.split())
    if re.fullmatch(r"[A-Z]", words):
        words = words.lower() + " all"
    answer = words.casefold().removesuffix(" all")
    found = next((one for one in choices if answer and answer in (one, one[0])), "")
    return found, words.casefold().endswith(" all")


async def _line() -> str:
    """What is typed, up to Enter; the end of input is to quit. Ctrl-C is heard meanwhile."""
    loop, fd = asyncio.get_running_loop(), sys.stdin.fileno()
    typed_something = asyncio.Event()
    loop.add_reader(fd, typed_something.set)
    try:
        await typed_something.wait()
        typed = os.read(fd, _LONGEST)
    except OSError:
        typed = b""  # the terminal is gone
    finally:
        loop.remove_reader(fd)
    if not typed:
        _write("\n")
    return typed.decode(errors="replace") if typed else _QUIT


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
