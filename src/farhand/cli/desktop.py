"""The desktop that callers see: this computer's display, or one that is started for them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from farhand.cli.exits import CliError, Exit
from farhand.host.platform import close_platform, needs_display, open_platform
from farhand.host.platform.base import Platform, PlatformError


@dataclass(frozen=True, slots=True)
class Desktop:
    """A platform, what to call it, and whether somebody may sit before it."""

    platform: Platform
    description: str
    attended: bool


@asynccontextmanager
async def open_desktop(
    display: str | None, virtual: tuple[int, int] | None, size: tuple[int, int]
) -> AsyncIterator[Desktop]:
    """Open it, and give it back; where there is no display, ``size`` is the one's that is started. Raises CliError."""
    why = "as asked"
    if virtual is None and needs_display() and not (display or os.environ.get("DISPLAY")):
        virtual, why = size, "there is no display here"
    try:
        # Off the loop: an X server that hangs must leave Ctrl-C working.
        platform = await asyncio.to_thread(open_platform, display, virtual)
    except PlatformError as error:
        cure = "farhand doctor tells what is missing; --virtual 1280x720 starts a desktop without a screen"
        raise CliError(Exit.DISPLAY, str(error), cure) from error
    try:
        if virtual is not None:
            description = f"started without a screen, {virtual[0]}x{virtual[1]} ({why})"
        else:
            description = display or os.environ.get("DISPLAY", "") or platform.name
        yield Desktop(platform, description, attended=virtual is None)
    finally:
        await asyncio.to_thread(close_platform, platform)
