"""Exit codes, and how a failure is told (docs/reference/cli.md)."""

import contextlib
import enum
import os
import sys
from collections.abc import Iterator

from farhand.core.errors import FarhandError


class Exit(enum.IntEnum):
    """What the process ends with; 2 is a wrong use of the command line."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SETTINGS = 3
    """A file, key, certificate or setting cannot be used."""
    LISTEN = 4
    """The address cannot be listened on."""
    DISPLAY = 5
    """There is no display, and none can be started."""
    GATEWAY = 6
    """The gateway refused this host."""
    IDENTITY = 7
    """A key, certificate or file of the other side is not what it should be: nothing was sent."""
    REFUSED = 8
    """A rule, the gateway or a person said no."""
    CHANGED = 9
    """The installed program is not the one that was installed, or others could change it."""


class CliError(FarhandError):
    """A failure with its exit code."""

    def __init__(self, code: Exit, cause: str, cure: str = "") -> None:
        super().__init__(cause, cure)
        self.code = code


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell the errors that people are meant to read in two lines on standard error, and end with their exit code."""
    try:
        yield
    except FarhandError as error:
        print(f"farhand: {error.cause}", file=sys.stderr)
        if error.cure:
            print(f"         {error.cure}", file=sys.stderr)
        raise SystemExit(error.code if isinstance(error, CliError) else Exit.SETTINGS) from None


def nobody_reads() -> Exit:
    """Whoever read this has seen enough, as `head` does; nor is there anybody for what Python would still write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK
