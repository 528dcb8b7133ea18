"""Real X servers for tests: started on a free display, ended by process id."""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import xcffib
import xcffib.xkb
import xcffib.xtest
from xcffib import xproto

PATIENCE = 20.0


def environment(display: str) -> dict[str, str]:
    """What a program on that display shall have in its environment."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "DISPLAY": display}


@contextlib.contextmanager
def x_server(width: int = 800, height: int = 600) -> Iterator[str]:
    """An Xvfb of this size on a display number that it finds itself; yields its name, as ``:7``."""
    readable, writable = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writable), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writable],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writable)
    try:
        line = b""
        while not line.endswith(b"\n"):
            assert select.select([readable], [], [], PATIENCE)[0], "Xvfb did not start"
            piece = os.read(readable, 16)
            assert piece, "Xvfb ended"
            line += piece
        yield f":{line.decode().strip()}"
    finally:
        os.close(readable)
        server.terminate()
        server.wait(PATIENCE)


@contextlib.contextmanager
def program(display: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program on that display, ended with its own process group."""
    process = subprocess.Popen(
        arguments,
        env=environment(display),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(PATIENCE)


def run(display: str, *arguments: str) -> str:
    """Run a program on that display to its end and return what it printed."""
    done = subprocess.run(arguments, env=environment(display), capture_output=True, check=True, timeout=PATIENCE)
    return done.stdout.decode()


def eventually(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; fail, naming it, when it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        select.select([], [], [], 0.01)


@contextlib.contextmanager
def terminal(display: str, target: Path, *options: str) -> Iterator[Callable[[], str]]:
    """An xterm with the keyboard's focus whose input goes to a file byte by byte; yields a reader of it."""
    ready = target.with_suffix(".ready")
    script = f"stty raw -echo; : > {ready}; exec cat > {target}"
    with program(display, "xterm", "-u8", "-geometry", "60x10+0+0", *options, "-e", "sh", "-c", script):
        eventually(ready.exists, "the terminal runs")
        window = window_of(display, "--class", "xterm")
        run(display, "xdotool", "windowfocus", "--sync", window)
        eventually(target.exists, "the terminal listens")
        yield lambda: target.read_bytes().decode("utf-8", "replace")


def window_of(display: str, *search: str) -> str:
    """The id of the newest visible window that xdotool finds so, as soon as there is one."""
    # Not by its own --sync, which may stop for ever at a window that goes while it searches.
    found: list[str] = []

    def look() -> bool:
        done = subprocess.run(
            ["xdotool", "search", "--onlyvisible", *search],
            env=environment(display),
            capture_output=True,
            timeout=PATIENCE,
        )
        found[:] = done.stdout.decode().split()
        return bool(found)

    eventually(look, f"a window {' '.join(search)}")
    return found[-1]


def window_named(display: str, name: str) -> str:
    """The id of the visible window of this name, as soon as there is one."""
    return window_of(display, "--name", name)


class Probe:
    """A connection of the test's own, which asks the server how things are."""

    def __init__(self, display: str) -> None:
        self.x = xcffib.connect(display)
        setup = self.x.get_setup()
        self.root = setup.roots[0].root
        self._keys = (setup.min_keycode, setup.max_keycode - setup.min_keycode + 1)
        self._xtest = self.x(xcffib.xtest.key)
        self._xkb = self.x(xcffib.xkb.key)
        self._xkb.UseExtension(1, 0).reply()

    def close(self) -> None:
        self.x.disconnect()

    def keys_down(self) -> list[int]:
        """The keycodes that are down."""
        bits = bytes(self.x.core.QueryKeymap().reply().keys)
        return [n for n in range(256) if bits[n >> 3] & 1 << (n & 7)]

    def buttons_down(self) -> int:
        """A bit for each of the buttons 1 to 5 that is down."""
        return int(self.x.core.QueryPointer(self.root).reply().mask) >> 8 & 0x1F

    def pointer(self) -> tuple[int, int]:
        reply = self.x.core.QueryPointer(self.root).reply()
        return reply.root_x, reply.root_y

    def mapping(self) -> list[int]:
        """Every key's keysyms."""
        return list(self.x.core.GetKeyboardMapping(*self._keys).reply().keysyms)

    def repeats(self) -> bool:
        """Whether held keys repeat."""
        return bool(self._xkb.GetControls(0x100).reply().enabledControls & 1)

    def locked(self) -> int:
        """The locked modifiers."""
        return int(self._xkb.GetState(0x100).reply().lockedMods)

    def tap(self, *keycodes: int) -> None:
        """Press and release keys, all at once."""
        for keycode in keycodes:
            self._xtest.FakeInput(2, keycode, 0, 0, 0, 0, 0)
            self._xtest.FakeInput(3, keycode, 0, 0, 0, 0, 0)
        self.x.flush()

    def click(self, x: int, y: int) -> None:
        """Click the left button there, all at once."""
        for kind, detail in ((6, 0), (4, 1), (5, 1)):
            self._xtest.FakeInput(kind, detail, 0, self.root, x, y, 0)
        self.x.flush()

    def fill(self, colour: int) -> None:
        """Paint the root window."""
        self.x.core.ChangeWindowAttributes(self.root, xproto.CW.BackPixel, [colour])
        self.x.core.ClearArea(False, self.root, 0, 0, 0, 0)
        self.sync()

    def managed(self) -> bool:
        """Whether a window manager is at work."""
        name = "_NET_SUPPORTING_WM_CHECK"
        atom = self.x.core.InternAtom(False, len(name), name).reply().atom
        return bool(self.x.core.GetProperty(False, self.root, atom, 0, 0, 1).reply().value_len)

    def sync(self) -> None:
        """Return when the server has done everything that was asked."""
        self.x.core.GetInputFocus().reply()

    def window(self, rect: tuple[int, int, int, int], events: int = 0, *, above: bool = True) -> int:
        """A new window there, seen, that no window manager touches."""
        window = self.x.generate_id()
        self.x.core.CreateWindow(
            24, window, self.root, *rect, 0, xproto.WindowClass.InputOutput, 0,
            xproto.CW.BackPixel | xproto.CW.OverrideRedirect | xproto.CW.EventMask, [0x336699, 1, events],
        )  # fmt: skip
        self.x.core.MapWindow(window)
        if not above:
            self.x.core.ConfigureWindow(window, xproto.ConfigWindow.StackMode, [xproto.StackMode.Below])
        self.sync()
        return int(window)

    def events(self, kinds: tuple[type, ...]) -> list[Any]:
        """The events of these kinds that have come."""
        self.sync()
        found = []
        while (event := self.x.poll_for_event()) is not None:
            if isinstance(event, kinds):
                found.append(event)
        return found


@contextlib.contextmanager
def probing(display: str) -> Iterator[Probe]:
    probe = Probe(display)
    try:
        yield probe
    finally:
        probe.close()
