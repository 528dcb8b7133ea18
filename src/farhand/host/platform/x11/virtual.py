"""A desktop of our own where there is no display: Xvfb, a window manager, a terminal.

Xvfb changes its size at run time by RandR within the size that it was started with (since X.Org server 1.19), runs
as any user without a console or a configuration, and is the smallest package of those that do: see
docs/reference/platforms.md.
"""

import contextlib
import os
import secrets
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xcffib
import xcffib.randr
from xcffib import xproto

from farhand.core.logging import get_logger
from farhand.host.platform.base import PlatformError
from farhand.host.platform.x11 import connection

_log = get_logger(__name__)

#: The largest size that a virtual desktop can take; its memory is taken at the start, 4 bytes a pixel.
LARGEST = (5120, 2880)
SMALLEST = (320, 200)
_START_SECONDS = 15.0
_STOP_SECONDS = 3.0
_MANAGER_SECONDS = 5.0
_BACKGROUND = 0x2B303B
#: Ends its process group when the host ends, however that happens: then the pipe that it reads from closes.
_KEEPER = "trap '' TERM HUP INT; read -r _; kill -TERM 0; sleep 1; rm -rf -- \"$1\"; kill -KILL 0"
_TERMINAL = (
    "xterm", "-u8", "-T", "Terminal", "-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry", "100x30+48+48", "+sb",
    "-bg", "#1c2128", "-fg", "#e6edf3", "-cr", "#e6edf3", "-b", "8", "-sl", "5000",
    "-xrm", "XTerm*metaSendsEscape: true", "-xrm", "XTerm*selectToClipboard: true",
)  # fmt: skip


class VirtualDesktop:
    """An X server and the programs on it, ended by ``close`` or with this process.

    Raises PlatformError where programs are missing or do not start. Its Xauthority file becomes this process's
    XAUTHORITY, by which every connection to it is admitted.
    """

    def __init__(self, width: int, height: int) -> None:
        self.size = _bounded(width, height)
        self.display = ""
        self._lock = threading.RLock()
        self._closing = False
        self._server: subprocess.Popen[bytes] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._programs: list[subprocess.Popen[bytes]] = []
        if shutil.which("Xvfb") is None:
            raise PlatformError("there is no display, and no Xvfb to make one: install it (apt-get install xvfb)")
        self._folder = Path(tempfile.mkdtemp(prefix="farhand-"))  # 0700
        self.xauthority = self._folder / "Xauthority"
        _write_cookie(self.xauthority)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the X server runs."""
        return self._server is not None and self._server.poll() is None

    def ensure(self) -> None:
        """Start it again, under the same name, if it has ended; raises PlatformError."""
        with self._lock:
            if not self.alive and not self._closing:
                self._stop()
                self._start()

    def resize(self, width: int, height: int) -> None:
        """Make the screen this large, within bounds; raises DisplayGone or PlatformError. From any thread."""
        with self._lock:
            self.size = _bounded(width, height)
            set_size(self.display, *self.size)

    def end_programs(self) -> None:
        """End everything on it; the next ``ensure`` makes a new one under the same name. From any thread."""
        with self._lock:
            self._stop()

    def close(self) -> None:
        """End everything; safe to call twice."""
        with self._lock:
            self._closing = True
            self._stop()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        os.environ["XAUTHORITY"] = str(self.xauthority)
        self._keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, "keeper", str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        self._server, self.display = self._start_server(self._keeper.pid)
        threading.Thread(target=self._mourn, args=(self._server,), name="virtual display", daemon=True).start()
        set_size(self.display, *self.size)
        _paint_root(self.display)
        if self._launch("openbox"):
            _await_manager(self.display)
        self._launch(*_TERMINAL)

    def _start_server(self, group: int) -> tuple[subprocess.Popen[bytes], str]:
        readable, writable = os.pipe()
        # The server finds the number itself, by taking its lock: nothing to race with. After a crash, the same again.
        number = [self.display] if self.display else []
        command = [
            "Xvfb", *number, "-displayfd", str(writable), "-screen", "0", f"{LARGEST[0]}x{LARGEST[1]}x24",
            "-auth", str(self.xauthority), "-nolisten", "tcp", "-noreset", "-s", "0", "-dpi", "96",
        ]  # fmt: skip
        with open(self._folder / "Xvfb.log", "wb", opener=_private) as log:
            try:
                server = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writable], process_group=group
                )
            finally:
                os.close(writable)
        try:
            told = _read_line(readable, _START_SECONDS)
        finally:
            os.close(readable)
        if not told:
            server.kill()
            server.wait()
            said = (self._folder / "Xvfb.log").read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise PlatformError(f"Xvfb did not start: {said[0] if said else 'it said nothing'}")
        return server, f":{told}"

    def _launch(self, *command: str) -> bool:
        assert self._keeper is not None  # noqa: S101  # started just before
        environment = {**os.environ, "DISPLAY": self.display}
        environment.pop("WAYLAND_DISPLAY", None)
        if "UTF-8" not in (environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""):
            environment["LC_ALL"] = "C.UTF-8"
        try:
            program = subprocess.Popen(
                command, env=environment, process_group=self._keeper.pid, cwd=Path.home(),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            _log.warning("virtual desktop lacks a program", program=command[0], reason=str(error))
            return False
        self._programs.append(program)
        return True

    def _mourn(self, server: "subprocess.Popen[bytes]") -> None:
        """Wait for the server's end, in a thread of its own, and say so if nobody asked for it."""
        status = server.wait()
        if not self._closing and self._server is server:
            _log.error("the virtual display ended by itself", display=self.display, status=status)

    def _stop(self) -> None:
        keeper, self._keeper = self._keeper, None
        server, self._server = self._server, None
        programs, self._programs = self._programs, []
        if keeper is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(keeper.pid, signal.SIGTERM)  # the keeper itself pays no heed
        for process in (*programs, server):
            if process is not None:
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        keeper.kill()
        keeper.wait()
        if keeper.stdin is not None:
            keeper.stdin.close()


def _read_line(descriptor: int, seconds: float) -> str:
    """What comes before a line's end, without it; empty if that does not come in time."""
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], seconds)
        piece = os.read(descriptor, 16) if ready else b""
        if not piece:
            return ""
        line += piece
    return line.decode().strip()


def _bounded(width: int, height: int) -> tuple[int, int]:
    return max(SMALLEST[0], min(width, LARGEST[0])), max(SMALLEST[1], min(height, LARGEST[1]))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _write_cookie(path: Path) -> None:
    """An Xauthority file (Xau library, format of .Xauthority) with one new cookie, for any display of this machine."""
    fields = (b"", b"", b"MIT-MAGIC-COOKIE-1", secrets.token_bytes(16))
    entry = b"\xff\xff" + b"".join(len(f).to_bytes(2, "big") + f for f in fields)  # family: any
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(entry)


@contextlib.contextmanager
def _connected(display: str) -> Iterator[Any]:
    x = connection.connect(display)
    try:
        with connection.gone():
            yield x
    finally:
        connection.disconnect(x)


def _paint_root(display: str) -> None:
    with _connected(display) as x:
        root = x.get_setup().roots[0].root
        x.core.ChangeWindowAttributes(root, xproto.CW.BackPixel, [_BACKGROUND])
        x.core.ClearArea(False, root, 0, 0, 0, 0)
        x.core.GetInputFocus().reply()


def _await_manager(display: str) -> None:
    """Return once a window manager is at work, or after some seconds without.

    A window that asks to be seen just while one starts may be passed over, and is never seen.
    """
    end = time.monotonic() + _MANAGER_SECONDS
    with _connected(display) as x:
        root = x.get_setup().roots[0].root
        (sign,) = connection.intern(x, "_NET_SUPPORTING_WM_CHECK")
        x.core.ChangeWindowAttributes(root, xproto.CW.EventMask, [xproto.EventMask.PropertyChange])
        while not x.core.GetProperty(False, root, sign, xproto.GetPropertyType.Any, 0, 1).reply().value_len:
            while connection.next_event(x) is not None:
                pass
            left = end - time.monotonic()
            if left <= 0:
                _log.warning("the virtual desktop has no window manager")
                return
            select.select([x.get_file_descriptor()], [], [], min(left, 0.2))


def set_size(display: str, width: int, height: int) -> None:
    """Make an Xvfb's screen this large (RandR 1.2, sections 7.6 to 7.9); raises DisplayGone or PlatformError."""
    with _connected(display) as x:
        randr = connection.extension(x, xcffib.randr.key, "RANDR")
        root = x.get_setup().roots[0].root
        randr.QueryVersion(1, 3).reply()
        x.core.GrabServer()  # nobody sees what lies between
        try:
            _change(x, randr, root, width, height)
        except xcffib.ProtocolException as error:
            raise PlatformError(f"the virtual display cannot be {width}x{height}: {type(error).__name__}") from error
        finally:
            x.core.UngrabServer()
            x.core.GetInputFocus().reply()


def _change(x: Any, randr: Any, root: int, width: int, height: int) -> None:
    now = x.core.GetGeometry(root).reply()
    if (now.width, now.height) == (width, height):
        return
    resources = randr.GetScreenResourcesCurrent(root).reply()
    crtc, output = resources.crtcs[0], resources.outputs[0]
    old = randr.GetCrtcInfo(crtc, resources.config_timestamp).reply().mode
    mode = next((m.id for m in resources.modes if (m.width, m.height) == (width, height)), 0)
    if not mode:
        name = f"{width}x{height}"
        info = xcffib.randr.ModeInfo.synthetic(
            0, width, height, width * height * 60, width, width, width, 0, height, height, height, len(name), 0
        )
        mode = randr.CreateMode(root, info, len(name), name).reply().mode
        randr.AddOutputMode(output, mode)
    millimetres = (round(width * 25.4 / 96), round(height * 25.4 / 96))
    # The screen holds the old and the new mode while one takes the other's place.
    randr.SetScreenSize(root, max(width, now.width), max(height, now.height), *millimetres)
    randr.SetCrtcConfig(
        crtc, xproto.Time.CurrentTime, resources.config_timestamp, 0, 0, mode, xcffib.randr.Rotation.Rotate_0, 1,
        [output],
    ).reply()  # fmt: skip
    randr.SetScreenSize(root, width, height, *millimetres, is_checked=True).check()
    if old != mode and (old, LARGEST) not in [(m.id, (m.width, m.height)) for m in resources.modes]:
        randr.DeleteOutputMode(output, old)
        randr.DestroyMode(old)
