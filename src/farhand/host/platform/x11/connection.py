"""A connection to an X server, its errors in our words, its events read without waiting."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import xcffib
import xcffib.xproto
from xcffib.ffi import ffi

from farhand.host.platform.base import DisplayGone, PlatformError

#: The bit of an event's first byte that says another client sent it.
SENT = 0x80


def connect(display: str) -> Any:
    """A connection (xcffib.Connection); raises DisplayGone."""
    try:
        return xcffib.connect(display)
    except xcffib.XcffibException as error:
        raise DisplayGone(f"no X server answers on {display}: is it running, and does XAUTHORITY fit?") from error


def extension(x: Any, key: Any, name: str) -> Any:
    """The extension's requests; raises PlatformError where the server lacks it."""
    with gone():
        present = x.core.QueryExtension(len(name), name).reply().present
    if not present:
        raise PlatformError(f"this X server lacks the {name} extension, which Farhand needs")
    return x(key)


@contextlib.contextmanager
def gone() -> Iterator[None]:
    """Turns the errors of a broken connection into DisplayGone."""
    try:
        yield
    except (xcffib.ConnectionException, BrokenPipeError) as error:
        raise DisplayGone("the X server went away") from error


def disconnect(x: Any) -> None:
    """Close the connection, broken or not."""
    with contextlib.suppress(xcffib.XcffibException):
        x.disconnect()


def raw_event(x: Any) -> bytes | None:
    """The next event's 32 bytes if one has come; raises DisplayGone.

    For extensions whose events share one code and differ by a second byte, which xcffib does not tell apart (XKB).
    """
    event = xcffib.lib.xcb_poll_for_event(x._conn)
    if event == ffi.NULL:
        if x.has_error():
            raise DisplayGone("the X server went away")
        return None
    try:
        return bytes(ffi.buffer(event, 32))
    finally:
        xcffib.c_free(event)


def next_event(x: Any) -> Any:
    """The next event if one has come, else None; protocol errors are passed over; raises DisplayGone."""
    while True:
        try:
            with gone():
                return x.poll_for_event()
        except xcffib.ProtocolException:
            # An error of a request whose object has gone meanwhile; requests that must work are checked.
            continue
        except IndexError:
            continue  # an event of an extension that xcffib does not know


def drain(x: Any, happened: Callable[[Any], None]) -> None:
    """Hand over every event that has come and flush what that caused, until nothing is left; raises DisplayGone.

    ``happened`` may close the connection.
    """
    came = True
    while came:
        came = False
        while x._conn is not None and (event := next_event(x)) is not None:
            came = True
            happened(event)
        if x._conn is None:
            return
        with gone():
            x.flush()


def intern(x: Any, *names: str) -> list[int]:
    """Atoms of these names, all in one round trip; raises DisplayGone."""
    with gone():
        cookies = [x.core.InternAtom(False, len(name), name) for name in names]
        return [cookie.reply().atom for cookie in cookies]


class Watch:
    """Calls ``ready`` on the running event loop whenever the connection has something to read, until closed.

    After a flush or a reply that was waited for, events may stand in the connection's own queue, where no selector
    sees them: look for them then (``drain``).
    """

    def __init__(self, x: Any, ready: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd = int(x.get_file_descriptor())
        self._loop.add_reader(self._fd, ready)
        self._open = True

    def close(self) -> None:
        """Stop; safe to call twice, and must be called before the connection is closed."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._fd)


class Live:
    """A connection whose events are handed on as they come, until it is closed or its server goes away.

    ``open`` gets the connection (xcffib.Connection) ready before anything is handed on, and may raise. ``lost`` is
    called once if the server goes away; the connection is closed by then. Used on one event loop; raises DisplayGone.
    """

    def __init__(
        self,
        display: str,
        open: Callable[[Any], None],
        happened: Callable[[Any], None],
        lost: Callable[[DisplayGone], None],
    ) -> None:
        self._happened, self._lost = happened, lost
        self.closed = False
        self.x = connect(display)
        try:
            with gone():
                open(self.x)
        except BaseException:
            disconnect(self.x)
            raise
        self._watch = Watch(self.x, self.look)

    def look(self) -> None:
        """Hand on what has come: to be called after every flush and every reply that was waited for."""
        if self.closed:
            return
        try:
            drain(self.x, self._happened)
        except DisplayGone as error:
            self.close()
            self._lost(error)

    def close(self, last: Callable[[], None] = lambda: None) -> None:
        """Stop, do what is to be done ``last``, and disconnect; safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._watch.close()
        with contextlib.suppress(xcffib.XcffibException):
            last()
        disconnect(self.x)
