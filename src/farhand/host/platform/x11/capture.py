"""Pictures of an X display: Damage says where, MIT-SHM brings the pixels, XFixes the pointer's shape."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import xcffib
import xcffib.damage
import xcffib.randr
import xcffib.shm
import xcffib.xfixes
import xcffib.xproto

from farhand.host.platform.base import Cursor, DisplayGone, OutOfDate, Pixels, PlatformError, Rect
from farhand.host.platform.x11.shm import Segment
from farhand.protocol.messages.screen import Monitor

T = TypeVar("T")
ALL_PLANES = 0xFFFFFFFF
#: A damage region in more pieces than this is taken as its bounding box: grabbing each would cost more.
MANY_RECTS = 24


class X11Screen:
    """A ScreenSource (host/platform/base.py) of the X display named ``display``."""

    def __init__(self, display: str) -> None:
        try:
            self._x: Any = xcffib.connect(display)
        except xcffib.ConnectionException as error:
            raise DisplayGone(f"no X server answers on {display}: is it running, and does XAUTHORITY fit?") from error
        self._segment = Segment(4)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        setup = self._x.get_setup()
        screen = setup.roots[self._x.pref_screen]
        formats = {f.depth: f.bits_per_pixel for f in setup.pixmap_formats}
        if formats.get(screen.root_depth) != 32 or screen.root_depth not in (24, 30, 32) or setup.image_byte_order != 0:
            raise PlatformError(
                f"this display has {screen.root_depth} bits a pixel; Farhand needs 24 (Xserver -depth 24)"
            )
        self._root = screen.root
        self.width, self.height = screen.width_in_pixels, screen.height_in_pixels
        self.monitors: Sequence[Monitor] = ()
        self._damage_ext = self._extension(xcffib.damage.key, "DAMAGE")
        self._fixes = self._extension(xcffib.xfixes.key, "XFIXES")
        self._shm = self._extension(xcffib.shm.key, "MIT-SHM")
        self._randr = self._extension(xcffib.randr.key, "RANDR")
        self._ask(lambda: self._damage_ext.QueryVersion(1, 1).reply())
        self._ask(lambda: self._fixes.QueryVersion(5, 0).reply())
        self._ask(lambda: self._randr.QueryVersion(1, 5).reply())
        self._damage = self._x.generate_id()
        self._damage_ext.Create(self._damage, self._root, xcffib.damage.ReportLevel.NonEmpty)
        self._region = self._x.generate_id()
        self._fixes.CreateRegion(self._region, 0, [])
        self._fixes.SelectCursorInput(self._root, xcffib.xfixes.CursorNotifyMask.DisplayCursor)
        self._randr.SelectInput(self._root, xcffib.randr.NotifyMask.ScreenChange)
        self._dirty, self._cursor_dirty, self._resized = True, True, False
        self._whole = True
        self._attach()
        self._read_monitors()
        self._x.flush()

    def _extension(self, key: Any, name: str) -> Any:
        if not self._ask(lambda: self._x.core.QueryExtension(len(name), name).reply()).present:
            raise PlatformError(f"this X server lacks the {name} extension, which Farhand needs")
        return self._x(key)

    def _ask(self, request: Callable[[], T]) -> T:
        """Run a request that waits for a reply; a dead server becomes DisplayGone."""
        try:
            return request()
        except (xcffib.ConnectionException, BrokenPipeError) as error:
            raise DisplayGone("the X server went away") from error

    def _attach(self) -> None:
        old = self._segment
        self._segment = Segment(max(4, self.width * self.height * 4))
        self._seg_id = self._x.generate_id()
        try:
            self._ask(lambda: self._shm.Attach(self._seg_id, self._segment.id, False, is_checked=True).check())
        except xcffib.XcffibException as error:
            raise PlatformError(
                "the X server cannot share memory with this process: run both on one machine"
            ) from error
        finally:
            self._segment.remove()
        old.close()

    def _read_monitors(self) -> None:
        reply = self._ask(lambda: self._randr.GetMonitors(self._root, True).reply())
        self.monitors = tuple(
            Monitor(f"{index + 1}", max(0, m.x), max(0, m.y), max(1, m.width), max(1, m.height))
            for index, m in enumerate(reply.monitors[:16])
        )

    def fileno(self) -> int:
        """The connection's socket."""
        return int(self._x.get_file_descriptor())

    def poll(self) -> bool:
        """Read events that have come; true if something was drawn."""
        while True:
            try:
                event = self._x.poll_for_event()
            except (xcffib.ConnectionException, BrokenPipeError) as error:
                raise DisplayGone("the X server went away") from error
            if event is None:
                break
            match event:
                case xcffib.damage.NotifyEvent():
                    self._dirty = True
                case xcffib.xfixes.CursorNotifyEvent():
                    self._cursor_dirty = True
                case xcffib.randr.ScreenChangeNotifyEvent():
                    self._on_screen_change(event)
        if self._x.has_error():
            raise DisplayGone("the X server went away")
        return self._dirty or self._resized

    def _on_screen_change(self, event: Any) -> None:
        turned = event.rotation & (xcffib.randr.Rotation.Rotate_90 | xcffib.randr.Rotation.Rotate_270)
        size = (event.height, event.width) if turned else (event.width, event.height)
        if size != (self.width, self.height):
            self.width, self.height = size
            self._resized = self._whole = self._dirty = True

    def damage(self) -> list[Rect]:
        """One round trip: the damaged region, emptied as it is read."""
        if not self._dirty:
            return []
        self._dirty = False

        def fetch() -> Any:
            self._damage_ext.Subtract(self._damage, 0, self._region)
            return self._fixes.FetchRegion(self._region).reply()

        reply = self._ask(fetch)
        if self._whole:
            self._whole = False
            return [Rect(0, 0, self.width, self.height)]
        rects = reply.rectangles if len(reply.rectangles) <= MANY_RECTS else [reply.extents]
        return [c for r in rects if (c := self._clip(r.x, r.y, r.width, r.height)) is not None]

    def _clip(self, x: int, y: int, width: int, height: int) -> Rect | None:
        left, top = max(0, x), max(0, y)
        right, bottom = min(self.width, x + width), min(self.height, y + height)
        return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None

    def grab(self, rects: Sequence[Rect]) -> list[Pixels]:
        """All requests first, then all replies: one wait for any number of rectangles."""
        if sum(r.area for r in rects) > self.width * self.height:
            raise ValueError("the rectangles overlap")

        def fetch() -> list[Pixels]:
            at, cookies, places = 0, [], []
            for r in rects:
                cookies.append(
                    self._shm.GetImage(self._root, r.x, r.y, r.width, r.height, ALL_PLANES, 2, self._seg_id, at)
                )
                places.append((at, r))
                at += r.area * 4
            for cookie in cookies:
                cookie.reply()
            memory = self._segment.bytes
            return [memory[a : a + r.area * 4].view(np.uint32).reshape(r.height, r.width) for a, r in places]

        try:
            return self._ask(fetch)
        except xcffib.xproto.MatchError as error:
            raise OutOfDate("the display changed its size") from error

    def resized(self) -> bool:
        """Whether the display changed its size since the last call; the shared segment is then new."""
        if not self._resized:
            return False
        self._resized = False
        self._shm.Detach(self._seg_id)
        self._attach()
        self._read_monitors()
        return True

    def cursor(self) -> Cursor | None:
        """The pointer's shape if it changed; XFixes gives premultiplied ARGB, this unmultiplies it."""
        if not self._cursor_dirty:
            return None
        self._cursor_dirty = False
        reply = self._ask(lambda: self._fixes.GetCursorImage().reply())
        width, height = min(reply.width, 256), min(reply.height, 256)
        if width == 0 or height == 0:
            return Cursor(0, 0, 0, 0, b"")
        argb = np.array(reply.cursor_image, np.uint32).reshape(reply.height, reply.width)[:height, :width]
        alpha = argb >> 24
        if not alpha.any():
            return Cursor(0, 0, 0, 0, b"")
        out = np.empty((height, width, 4), np.uint8)
        divisor = np.maximum(alpha, 1)
        for index, shift in enumerate((16, 8, 0)):
            out[..., index] = np.minimum(((argb >> shift) & 255) * 255 // divisor, 255)
        out[..., 3] = alpha
        return Cursor(min(reply.xhot, width - 1), min(reply.yhot, height - 1), width, height, out.tobytes())

    def pointer(self) -> tuple[int, int] | None:
        """Not followed: XFixes tells of shapes only, and a query for each picture would cost a round trip."""
        return None

    def close(self) -> None:
        """Give the connection and the segment back."""
        with contextlib.suppress(xcffib.ConnectionException):
            self._x.disconnect()
        self._segment.close()
