"""A framebuffer in memory that several sources look at; tests draw on it."""

import contextlib
import os
import threading
from collections.abc import Sequence

import numpy as np

from farhand.host.platform.base import Cursor, DisplayGone, Pixels, Rect
from farhand.protocol.messages.screen import Monitor


class FakeDesktop:
    """The picture that all sources of one fake platform share; safe to draw on from any thread."""

    def __init__(self, width: int = 640, height: int = 480) -> None:
        self.lock = threading.Lock()
        self.pixels: Pixels = np.zeros((height, width), np.uint32)
        self.cursor: Cursor | None = None
        self.pointer: tuple[int, int] | None = None
        self.gone = False
        self._sources: list[FakeScreen] = []

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape
        return width, height

    def draw(self, rect: Rect, pixels: Pixels | int) -> None:
        """Paint a rectangle with pixels of its shape, or with one colour, and tell every source."""
        with self.lock:
            self.pixels[rect.y : rect.bottom, rect.x : rect.right] = pixels
            for source in self._sources:
                source.add_damage(rect)

    def set_cursor(self, cursor: Cursor | None, at: tuple[int, int] | None = None) -> None:
        """Change the pointer's shape and, with ``at``, its place."""
        with self.lock:
            self.cursor = cursor
            self.pointer = at if at is not None else self.pointer
            for source in self._sources:
                source.wake()

    def resize(self, width: int, height: int) -> None:
        """Change the layout; the new picture is black."""
        with self.lock:
            self.pixels = np.zeros((height, width), np.uint32)
            for source in self._sources:
                source.layout_changed()

    def vanish(self) -> None:
        """From now on every call on a source raises DisplayGone, until ``come_back``."""
        with self.lock:
            self.gone = True
            for source in self._sources:
                source.wake()

    def come_back(self) -> None:
        """New sources work again."""
        with self.lock:
            self.gone = False

    def attach(self, source: "FakeScreen") -> None:
        """Tell this source of damage from now on."""
        with self.lock:
            if self.gone:
                raise DisplayGone("the fake display is gone")
            self._sources.append(source)

    def detach(self, source: "FakeScreen") -> None:
        """Tell this source nothing any more."""
        with self.lock, contextlib.suppress(ValueError):
            self._sources.remove(source)


class FakeScreen:
    """One session's source (ScreenSource) of a FakeDesktop."""

    def __init__(self, desktop: FakeDesktop) -> None:
        self._desktop = desktop
        self._readable, self._writable = os.pipe()
        os.set_blocking(self._readable, False)
        os.set_blocking(self._writable, False)
        self._damage: list[Rect] = []
        self._resized = False
        self._cursor_seen: Cursor | None = None
        self._pointer_seen: tuple[int, int] | None = None
        self._closed = False
        self.grabs = 0
        try:
            desktop.attach(self)
        except DisplayGone:
            self.close()
            raise
        self._take_layout()

    def add_damage(self, rect: Rect) -> None:
        """Called by the desktop, which holds its lock."""
        self._damage.append(rect)
        self.wake()

    def layout_changed(self) -> None:
        """Called by the desktop, which holds its lock."""
        self._resized = True
        self.wake()

    def wake(self) -> None:
        """Make ``fileno`` readable."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._writable, b"!")

    def fileno(self) -> int:
        """The reading end of a pipe."""
        return self._readable

    def poll(self) -> bool:
        """True if there is damage."""
        self._check()
        with contextlib.suppress(BlockingIOError):
            while os.read(self._readable, 4096):
                pass
        return bool(self._damage)

    def damage(self) -> list[Rect]:
        """What was drawn since the last call, unmerged."""
        self._check()
        with self._desktop.lock:
            taken, self._damage = self._damage, []
        return taken

    def grab(self, rects: Sequence[Rect]) -> list[Pixels]:
        """Copies of the pixels."""
        self._check()
        self.grabs += 1
        with self._desktop.lock:
            return [self._desktop.pixels[r.y : r.bottom, r.x : r.right].copy() for r in rects]

    def resized(self) -> bool:
        """True once after the desktop's resize."""
        self._check()
        with self._desktop.lock:
            changed, self._resized = self._resized, False
            if changed:
                self._take_layout()
                self._damage = [Rect(0, 0, self.width, self.height)]
        return changed

    def cursor(self) -> Cursor | None:
        """The desktop's cursor, once a change."""
        self._check()
        cursor = self._desktop.cursor
        if cursor == self._cursor_seen:
            return None
        self._cursor_seen = cursor
        return cursor if cursor is not None else Cursor(0, 0, 1, 1, b"")

    def pointer(self) -> tuple[int, int] | None:
        """The desktop's pointer, once a move."""
        self._check()
        pointer = self._desktop.pointer
        if pointer == self._pointer_seen:
            return None
        self._pointer_seen = pointer
        return pointer

    def close(self) -> None:
        """Close the pipe; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._desktop.detach(self)
        os.close(self._readable)
        os.close(self._writable)

    def _take_layout(self) -> None:
        self.width, self.height = self._desktop.size
        self.monitors: Sequence[Monitor] = [Monitor("fake", 0, 0, self.width, self.height)]

    def _check(self) -> None:
        if self._desktop.gone:
            raise DisplayGone("the fake display is gone")
