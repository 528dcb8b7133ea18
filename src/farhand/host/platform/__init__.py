"""The only modules that import operating-system libraries for screens and input.

``open_platform`` chooses the platform of this machine; everything else is behind the interface in ``base``.
"""

import os
import sys

from farhand.host.platform.base import Platform, PlatformError

#: The size of a virtual desktop where none is asked for.
VIRTUAL_SIZE = (1280, 800)


def needs_display() -> bool:
    """Whether desktops here are X displays, which have names and can be started."""
    return sys.platform not in ("win32", "darwin")


def open_platform(display: str | None = None, virtual: tuple[int, int] | None = None) -> Platform:
    """The platform to serve, with the libraries that it needs loaded; raises PlatformError.

    ``display`` names an X display; without one it is $DISPLAY's. ``virtual`` asks for a desktop of our own of that
    width and height, which is also what a Linux machine without a display gets. Elsewhere than on Linux and BSD the
    portable platform serves the desktop that this process runs on. Call ``close_platform`` at the end.
    """
    if not needs_display():
        if display is not None or virtual is not None:
            raise PlatformError("this system has no X display to choose: leave out --display and --virtual")
        from farhand.host.platform.portable import PortablePlatform

        return PortablePlatform()
    from farhand.host.platform.x11.platform import X11Platform
    from farhand.host.platform.x11.virtual import VirtualDesktop

    if virtual is None:
        name = display or os.environ.get("DISPLAY")
        if name:
            return X11Platform(name)
    elif display is not None:
        raise PlatformError("--display and --virtual exclude each other: name a display or ask for a new one")
    desktop = VirtualDesktop(*(virtual or VIRTUAL_SIZE))
    try:
        return X11Platform(desktop.display, desktop)
    except BaseException:
        desktop.close()
        raise


def close_platform(platform: Platform) -> None:
    """End what ``open_platform`` started: the virtual desktop, if it started one."""
    close = getattr(platform, "close", None)
    if close is not None:
        close()
