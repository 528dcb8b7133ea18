"""How this computer is, in a few numbers for the gateway's list: cheap enough to ask every few seconds."""

import asyncio
import os
import platform as computer
from collections.abc import Callable

import psutil

from farhand import __version__
from farhand.core.logging import get_logger
from farhand.host.platform.base import Platform
from farhand.protocol.envelope import Status

#: How often the screens are looked at, in seconds: it takes a connection to the display.
SCREENS_SECONDS = 60.0
_SCREENS_MOST = 8

_log = get_logger(__name__)


class StatusReader:
    """Reads it; ``callers`` says how many are attached. ``run`` keeps the screens fresh meanwhile."""

    def __init__(self, platform: Platform, callers: Callable[[], int]) -> None:
        self._platform = platform
        self._callers = callers
        self._system = system_name()
        self._screens: list[str] = []

    def read(self) -> Status:
        """How it is now."""
        disk = psutil.disk_usage(os.path.abspath(os.sep))
        return Status(
            system=self._system,
            version=__version__[:32],
            screens=self._screens,
            load=round(max(0.0, psutil.getloadavg()[0]) / (os.cpu_count() or 1), 2),
            disk_free=disk.free,
            disk_total=disk.total,
            callers=min(self._callers(), 0xFFFF),
        )

    async def run(self, changed: Callable[[], None]) -> None:
        """Look at the screens from time to time, until cancelled; ``changed`` is called when they are others."""
        while True:
            screens = await asyncio.to_thread(self._look)
            if screens != self._screens:
                self._screens = screens
                changed()
            await asyncio.sleep(SCREENS_SECONDS)

    def _look(self) -> list[str]:
        try:
            source = self._platform.open_screen()
        except Exception as error:  # a display that is away is no reason to be gone from the list
            _log.debug("the screens cannot be looked at", reason=str(error))
            return []
        try:
            return [f"{monitor.width}x{monitor.height}" for monitor in source.monitors[:_SCREENS_MOST]]
        finally:
            source.close()


def system_name() -> str:
    """What runs here, for people: ``Debian GNU/Linux 12 (bookworm)``."""
    if computer.system() == "Linux":
        try:
            return computer.freedesktop_os_release().get("PRETTY_NAME", "Linux")[:64]
        except OSError:
            return f"Linux {computer.release()}"[:64]
    return f"{computer.system()} {computer.release()}"[:64]
