"""The desktop that callers see: this computer's display, or one that is started for them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from farhand.cli.exits import CliError, Exit
from farhand.host.platform.base import Platform, PlatformError
from farhand.host.platform.fake import FakePlatform


@dataclass(frozen=True, slots=True)
class Desktop:
    """A platform, and what to call it."""

    platform: Platform
    description: str


@asynccontextmanager
async def open_desktop(
    display: str | None, virtual: tuple[int, int] | None, size: tuple[int, int]
) -> AsyncIterator[Desktop]:
    """Open it, and give it back. Raises CliError."""
    try:
        platform = FakePlatform()
    except PlatformError as error:
        raise CliError(Exit.DISPLAY, str(error), "try farhand doctor") from error
    yield Desktop(platform, f"{os.environ.get('DISPLAY', '')} {display} {virtual} {size}")
