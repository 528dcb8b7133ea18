"""The desktop that callers see: this computer's display, or one that is started for them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from farhand.cli.exits import CliError, Exit
from farhand.host.platform import close_platform, needs_display, open_platform
from farhand.host.platform.base import Platform, PlatformError


@dataclass(frozen=True, slots=True)
class Desktop:
    """A platform, and what to call it."""

    platform: Platform
    description: str


@asynccontextmanager
async def open_desktop(
    display: str | None, virtual: tuple[int, int] | None, size: tuple[int, int]
) -> AsyncIterator[Desktop]:
    """Open it, and give it back; ``size`` is that of a desktop that must be started for want of a display.

    Raises CliError.
    """
    missing = virtual is None and display is None and needs_display() and not os.environ.get("DISPLAY")
    try:
        platform = open_platform(display, size if missing else virtual)
    except PlatformError as error:
        raise CliError(Exit.DISPLAY, str(error), "try farhand doctor") from error
    try:
        yield Desktop(platform, _describe(display, size if missing else virtual, missing))
    finally:
        close_platform(platform)


def _describe(display: str | None, virtual: tuple[int, int] | None, missing: bool) -> str:
    if virtual is not None:
        why = ", as there is no $DISPLAY here" if missing else ""
        return f"a virtual one of {virtual[0]}x{virtual[1]}{why}"
    return f"display {display or os.environ.get('DISPLAY', '')}" if needs_display() else "this computer's own"
