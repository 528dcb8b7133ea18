"""`farhand`: one verb a file; this one only lists them.

A verb's file holds its options and help. What a verb does is imported when it runs, so that help, completion and
`--version` stay quick.
"""

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module

from farhand.cli.light import run

#: Verbs that are over so soon that loading all of them would take longer.
LIGHT = ("cp", "sync", "ls", "rm", "mkdir", "mv", "cat", "df")


def main() -> None:
    """Run the command line; ends the process with an exit code (docs/reference/cli.md)."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from farhand import __version__

        print(f"farhand {__version__}")
        return
    if "_FARHAND_COMPLETE" in os.environ and _completed():
        return
    if sys.argv[1:2] and sys.argv[1] in LIGHT:
        # Loading makes many objects and no garbage: looking for some meanwhile takes a tenth of the start.
        gc.set_threshold(50_000)
        if run(verb(sys.argv[1]), sys.argv[2:]):
            return
    from farhand.cli.app import app

    app(prog_name="farhand")


def _completed() -> bool:
    """Tell the shell what may stand at the cursor, if that is a place of one of LIGHT."""
    typed = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = typed.split(maxsplit=2)
    shell = os.environ["_FARHAND_COMPLETE"]
    if len(words) < 2 or words[1] not in LIGHT or shell not in ("complete_bash", "complete_zsh", "complete_fish"):
        return False
    from farhand.cli.completing import completion

    told = completion(verb(words[1]), os.environ)
    if told is not None:
        print(told)
    return told is not None


def verb(name: str) -> Callable[..., None]:
    """One of LIGHT."""
    command: Callable[..., None] = import_module(f"farhand.cli.{name}").command
    return command
