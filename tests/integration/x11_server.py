"""Real X servers for tests: started on a free display, ended by process id."""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

UTF8 = {**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
PATIENCE = 20.0


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
def program(
    display: str, *arguments: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program on that display, ended with its own process group."""
    process = subprocess.Popen(
        arguments,
        env={**UTF8, **(environment or {}), "DISPLAY": display},
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
    done = subprocess.run(
        arguments, env={**UTF8, "DISPLAY": display}, capture_output=True, check=True, timeout=PATIENCE
    )
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
        window = run(display, "xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm").split()[-1]
        run(display, "xdotool", "windowfocus", "--sync", window)
        eventually(target.exists, "the terminal listens")
        yield lambda: target.read_bytes().decode("utf-8", "replace")


def pointer_at(display: str) -> tuple[int, int]:
    """Where the pointer is."""
    words = run(display, "xdotool", "getmouselocation").split()
    return int(words[0].removeprefix("x:")), int(words[1].removeprefix("y:"))


def window_named(display: str, name: str) -> str:
    """The id of the visible window of this name, as soon as there is one."""
    return run(display, "xdotool", "search", "--sync", "--onlyvisible", "--name", name).split()[-1]
