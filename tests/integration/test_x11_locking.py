"""A session's end at a real X server: a locker is believed when the keyboard is seen to be taken, and only then."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.x11_server import eventually, x_server

from farhand.host.platform.base import PlatformError
from farhand.host.platform.x11 import locking
from farhand.host.platform.x11.platform import X11Platform

#: A locker as they come: takes the keyboard, and stays until it is ended.
LOCKER = """#!{python}
import os, xcffib, xcffib.xproto
open({pid!r}, "w").write(str(os.getpid()))
x = xcffib.connect(os.environ["DISPLAY"])
root = x.get_setup().roots[0].root
assert x.core.GrabKeyboard(False, root, 0, 1, 1).reply().status == 0
while True:
    x.wait_for_event()
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server(320, 200) as name:
        yield name


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("XDG_SESSION_ID", raising=False)
    monkeypatch.setattr(locking, "EFFECT_SECONDS", 0.5)
    return tmp_path


def install(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def locker(programs: Path, display: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed locker; what it holds is given back afterwards."""
    monkeypatch.setattr(locking, "EFFECT_SECONDS", 20)
    pid = programs / "pid"
    install(programs, "slock", LOCKER.format(python=sys.executable, pid=str(pid)))
    yield pid
    if pid.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGKILL)
        eventually(lambda: not locking.locked(display), "the keyboard is free again")


def test_a_locker_locks_and_is_seen_to(locker: Path, display: str) -> None:
    platform = X11Platform(display)
    assert not locking.locked(display)
    platform.lock()
    assert locking.locked(display)
    first = locker.read_text()
    platform.lock()
    assert locker.read_text() == first, "what is locked is left alone"


def test_a_way_that_does_nothing_is_passed_over(locker: Path, programs: Path, display: str) -> None:
    locker_seconds = 0.5
    install(programs, "i3lock", "#!/bin/sh\nexit 0\n")
    install(programs, "xdg-screensaver", "#!/bin/sh\nexit 1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locking, "_WAYS", (("i3lock", "--nofork"), ("xdg-screensaver", "lock")))
        patch.setattr(locking, "EFFECT_SECONDS", locker_seconds)
        with pytest.raises(PlatformError, match="i3lock, xdg-screensaver did nothing; install one"):
            locking.lock(display)
        patch.setattr(locking, "_WAYS", (("i3lock", "--nofork"), ("slock",)))
        patch.setattr(locking, "EFFECT_SECONDS", 4.0)
        locking.lock(display)
    assert locking.locked(display)


def test_where_there_is_no_locker_the_error_names_the_cure(programs: Path, display: str) -> None:
    with pytest.raises(PlatformError, match=r"no locker is installed; install one \(apt-get install i3lock\)"):
        locking.lock(display)


def test_logind_is_asked_first_and_believed_by_its_own_word(programs: Path, display: str) -> None:
    log = programs / "log"
    install(
        programs,
        "loginctl",
        f"""#!/bin/sh
echo "$@" >> {log}
case "$1 $*" in
"list-sessions "*) echo "4 {os.getuid()} somebody seat0 tty2" ;;
*"show-session 4 --property Display"*) echo "{display}" ;;
*"show-session 4 --property LockedHint"*) echo yes ;;
esac
""",
    )
    locking.lock(display)
    assert "lock-session 4" in log.read_text()
    locking.log_off(display)
    assert "terminate-session 4" in log.read_text()


def test_nobody_is_logged_off_where_logind_knows_no_session(programs: Path, display: str) -> None:
    with pytest.raises(PlatformError, match="knows no session"):
        locking.log_off(display)


def test_a_virtual_desktop_begins_anew() -> None:
    from farhand.host.platform.x11.virtual import VirtualDesktop

    desktop = VirtualDesktop(320, 200)
    try:
        platform = X11Platform(desktop.display, desktop)
        name, began = desktop.display, time.monotonic()
        platform.log_off()
        assert not desktop.alive
        platform.open_screen().close()
        assert desktop.alive
        assert desktop.display == name
        assert time.monotonic() - began < 30
    finally:
        desktop.close()
