"""The end of a session at an X display: its screen locked, or its user logged off, by what the system has for it.

Whatever locks is asked in the order of ``_WAYS``, and believed only when the keyboard is seen to be taken or logind
says so: a command that succeeds and locks nothing is common.
"""

import os
import shutil
import subprocess
import threading
import time

from xcffib import xproto

from farhand.core.logging import get_logger
from farhand.host.platform.base import PlatformError
from farhand.host.platform.x11 import connection

_log = get_logger(__name__)

#: Seconds that a way has to show its effect, and that a command may take.
EFFECT_SECONDS = 3.0
_COMMAND_SECONDS = 5.0
_LOOK_SECONDS = 0.1
#: Each with its arguments: the desktop's own ways first, then lockers that stand alone.
_WAYS: tuple[tuple[str, ...], ...] = (
    ("xdg-screensaver", "lock"),
    ("dm-tool", "lock"),
    ("xscreensaver-command", "-lock"),
    ("light-locker-command", "--lock"),
    ("xsecurelock",),
    ("i3lock", "--nofork"),
    ("slock",),
    ("xlock", "-mode", "blank"),
    ("xtrlock",),
)


def lock(display: str) -> None:
    """Lock the screen; raises PlatformError where nothing does."""
    if locked(display):
        return
    tried = []
    session = _session(display)
    if session is not None:
        tried.append("loginctl")
        _run("loginctl", "lock-session", session)
        if _await_lock(display, session):
            return
    environment = {**os.environ, "DISPLAY": display}
    for way in _WAYS:
        program = shutil.which(way[0])
        if program is None:
            continue
        tried.append(way[0])
        try:
            # A locker must outlive this process: whoever ends Farhand must not end the lock.
            started = subprocess.Popen(
                [program, *way[1:]], env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            _log.warning("a locker does not start", program=program, why=str(error))
            continue
        threading.Thread(target=started.wait, name="locker", daemon=True).start()  # nobody else waits for its end
        if _await_lock(display, session):
            _log.info("screen locked", by=way[0])
            return
        if started.poll() is None:
            started.terminate()
    raise PlatformError(
        f"the screen of {display} cannot be locked: "
        + (f"{', '.join(tried)} did nothing" if tried else "no locker is installed")
        + "; install one (apt-get install i3lock), or log in to a desktop that has one"
    )


def log_off(display: str) -> None:
    """End the login session behind the display; raises PlatformError where it cannot be."""
    session = _session(display)
    if session is None:
        raise PlatformError(
            f"nobody can be logged off {display}: systemd-logind knows no session for it; "
            "log in through a display manager"
        )
    if not _run("loginctl", "terminate-session", session):
        raise PlatformError(f"loginctl refused to end session {session}: run Farhand as the user who is logged in")


def locked(display: str) -> bool:
    """Whether something has taken the keyboard of the whole display, as every locker does; raises DisplayGone."""
    x = connection.connect(display)
    try:
        with connection.gone():
            root = x.get_setup().roots[x.pref_screen].root
            asynchronous = xproto.GrabMode.Async
            cookie = x.core.GrabKeyboard(False, root, xproto.Time.CurrentTime, asynchronous, asynchronous)
            x.core.UngrabKeyboard(xproto.Time.CurrentTime)  # in the same breath: nobody misses a key
            return bool(cookie.reply().status == xproto.GrabStatus.AlreadyGrabbed)
    finally:
        connection.disconnect(x)


def _await_lock(display: str, session: str | None) -> bool:
    end = time.monotonic() + EFFECT_SECONDS
    while True:
        if locked(display) or (session is not None and _property(session, "LockedHint") == "yes"):
            return True
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)


def _session(display: str) -> str | None:
    """The login session behind the display: this process's own, or the one that names it; else None."""
    if shutil.which("loginctl") is None:
        return None
    own = os.environ.get("XDG_SESSION_ID", "")
    if own and _property(own, "Display") in (display, display.partition(".")[0]):
        return own
    for line in (_run("loginctl", "list-sessions", "--no-legend") or "").splitlines():
        session, _, rest = line.strip().partition(" ")
        if str(os.getuid()) in rest.split() and _property(session, "Display") == display.partition(".")[0]:
            return session
    return None


def _property(session: str, name: str) -> str:
    return (_run("loginctl", "show-session", session, "--property", name, "--value") or "").strip()


def _run(*command: str) -> str | None:
    """What the command printed; None if it failed."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_COMMAND_SECONDS, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") or " "
