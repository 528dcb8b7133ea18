"""Opens the viewer in a browser, without showing the launch token to other users of this computer.

Everyone here may read everyone's command lines. So the browser is not given the address but a page that only this
user can read, which leads there.
"""

import contextlib
import html
import os
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

from farhand.core.config import Paths, write_private

#: Browsers that have an application mode: a window of its own, without an address bar and tabs.
_APP_MODE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "brave-browser")


class LaunchPage:
    """A page (0600) that leads to the viewer; `remove` it when it has done so."""

    def __init__(self, paths: Paths, url: str) -> None:
        self.path = paths.runtime / f"view-{os.getpid()}.html"
        address = html.escape(url, quote=True)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(
            self.path,
            f'<!doctype html><meta charset="utf-8"><title>Farhand</title>'
            f'<meta http-equiv="refresh" content="0;url={address}">'
            f'<p><a href="{address}">Open the viewer</a></p>\n'.encode(),
        )

    def remove(self) -> None:
        """Take it away."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def app_mode_browser() -> str | None:
    """A browser with an application mode, None where there is none."""
    return next((found for name in _APP_MODE if (found := shutil.which(name))), None)


def open_browser(page: Path) -> bool:
    """Show a page, in a window of its own where a browser has that; False where no browser can be started."""
    address = page.as_uri()
    if not _has_screen():
        return False
    if (program := app_mode_browser()) is not None:
        with contextlib.suppress(OSError):
            subprocess.Popen(
                [program, f"--app={address}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            return True
    return webbrowser.open(address)


def _has_screen() -> bool:
    """Whether a window can appear: a browser in text mode would take the terminal and run no viewer."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
