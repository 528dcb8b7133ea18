"""The portable platform: the desktop that this process runs on."""

from collections.abc import Awaitable, Callable

import mss
import mss.exception

from farhand.host.platform.base import Controls, Copied, PlatformError
from farhand.host.platform.portable.input import PortableInput
from farhand.host.platform.portable.person import PortablePerson
from farhand.host.platform.portable.screen import PortableScreen


class PortablePlatform:
    """A Platform (host/platform/base.py) by mss and pynput, without a clipboard or a say in the desktop's size."""

    name = "portable"

    def open_screen(self) -> PortableScreen:
        """A source that is polled."""
        return PortableScreen()

    def open_input(self) -> PortableInput:
        """A sink by pynput."""
        return PortableInput(_scale())

    def open_person(self, controls: Controls) -> PortablePerson:
        """Windows by tkinter, which end every session, and none alone."""
        return PortablePerson(controls.end_all)

    def open_clipboard(self, changed: Callable[[Copied], Awaitable[None]]) -> None:
        """None: neither library has one."""

    def resize(self, width: int, height: int) -> bool:
        """False: the desktop is not ours to change."""
        return False

    def lock(self) -> None:
        """Raises PlatformError: neither library can."""
        raise PlatformError("this platform's screen cannot be locked from here: have it lock itself when it is idle")

    def log_off(self) -> None:
        """Raises PlatformError: neither library can."""
        raise PlatformError("nobody can be logged off on this platform from here: have the session end otherwise")


def _scale() -> float:
    """Pixels of a picture a unit of the system's pointer coordinates."""
    try:
        with mss.MSS() as screen:
            area = screen.monitors[0]
            strip = {"left": area["left"], "top": area["top"], "width": area["width"], "height": 1}
            return float(screen.grab(strip).width / area["width"])
    except mss.exception.ScreenShotError as error:
        raise PlatformError(f"the screen cannot be read: {error}") from error
