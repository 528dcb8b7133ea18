"""The X11 platform: one display, somebody else's or our own virtual one."""

from collections.abc import Awaitable, Callable
from typing import Any

import xcffib.randr

from farhand.host.platform.base import Controls, Copied, PlatformError
from farhand.host.platform.terminal import TerminalPerson
from farhand.host.platform.x11 import connection, locking
from farhand.host.platform.x11.capture import X11Screen
from farhand.host.platform.x11.clipboard import X11Clipboard
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.input import X11Input
from farhand.host.platform.x11.person import X11Person
from farhand.host.platform.x11.virtual import VirtualDesktop


class X11Platform:
    """A Platform (host/platform/base.py) on the X display named ``display``; raises PlatformError.

    ``virtual`` is the desktop behind that name where it is ours: it is started again when it has died, its size
    follows ``resize``, and questions go to the terminal, since nobody sits before it.
    """

    name = "x11"

    def __init__(self, display: str, virtual: VirtualDesktop | None = None) -> None:
        self.display = display
        self.virtual = virtual
        self._guard = Guard()
        _check(display)

    def open_screen(self) -> X11Screen:
        """A source of pictures with a connection of its own."""
        self._ensure()
        return X11Screen(self.display)

    def open_input(self) -> X11Input:
        """A sink with a connection of its own."""
        self._ensure()
        return X11Input(self.display, self._guard)

    def open_person(self, controls: Controls) -> X11Person:
        """The prompt, the bar and its panel; connections are made when there is something to show."""
        terminal = TerminalPerson(controls=controls) if self.virtual is not None else None
        return X11Person(self.display, self._guard, controls, terminal)

    def open_clipboard(self, changed: Callable[[Copied], Awaitable[None]]) -> X11Clipboard:
        """The CLIPBOARD selection."""
        self._ensure()
        return X11Clipboard(self.display, changed)

    def resize(self, width: int, height: int) -> bool:
        """Only a virtual desktop is ours to change; from any thread."""
        if self.virtual is None:
            return False
        self.virtual.resize(width, height)
        return True

    def lock(self) -> None:
        """By the desktop's own lock or a locker that is installed, seen to have worked."""
        locking.lock(self.display)

    def log_off(self) -> None:
        """By logind; a virtual desktop's programs are ended, and it begins anew with its next caller."""
        if self.virtual is not None:
            self.virtual.end_programs()
        else:
            locking.log_off(self.display)

    def close(self) -> None:
        """End the virtual desktop, if there is one; safe to call twice."""
        if self.virtual is not None:
            self.virtual.close()

    def _ensure(self) -> None:
        if self.virtual is not None:
            self.virtual.ensure()


def _check(display: str) -> None:
    """Raises DisplayGone where no server answers, PlatformError where it is one that shows no desktop."""
    x = connection.connect(display)
    try:
        with connection.gone():
            if _is_wayland(x):
                raise PlatformError(
                    f"{display} belongs to a Wayland session, which shows its screen to nobody: log in with an Xorg "
                    "session, or start a virtual desktop (--virtual 1280x800)"
                )
    finally:
        connection.disconnect(x)


def _is_wayland(x: Any) -> bool:
    """Xwayland tells by an extension (since 23.1), and by the names of its outputs."""
    if x.core.QueryExtension(len("XWAYLAND"), "XWAYLAND").reply().present:
        return True
    randr = connection.extension(x, xcffib.randr.key, "RANDR")
    randr.QueryVersion(1, 3).reply()
    resources = randr.GetScreenResourcesCurrent(x.get_setup().roots[x.pref_screen].root).reply()
    names = [randr.GetOutputInfo(output, resources.config_timestamp) for output in resources.outputs]
    return any(bytes(name.reply().name.buf()).startswith(b"XWAYLAND") for name in names)
