"""The virtual desktop: a real X server of our own."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.integration.x11_server import eventually, probing, run, window_of, x_server

from farhand.host.platform import close_platform, open_platform
from farhand.host.platform.base import DisplayGone, PlatformError
from farhand.host.platform.x11.platform import X11Platform
from farhand.host.platform.x11.virtual import LARGEST, SMALLEST, VirtualDesktop


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """XAUTHORITY is as before afterwards: a virtual desktop sets it for its process."""
    monkeypatch.setenv("XAUTHORITY", "")
    monkeypatch.delenv("DISPLAY", raising=False)


@pytest.fixture
def others() -> set[int]:
    """The processes that other tests' fixtures keep."""
    return family()


@pytest.fixture
def desktop(others: set[int]) -> Iterator[VirtualDesktop]:
    desktop = VirtualDesktop(1000, 700)
    yield desktop
    desktop.close()
    desktop.close()


def family() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_it_starts_with_a_window_manager_a_terminal_and_a_plain_background(desktop: VirtualDesktop) -> None:
    with probing(desktop.display) as probe:
        eventually(probe.managed, "the window manager is at work")
        window_of(desktop.display, "--class", "xterm")
        geometry = probe.x.core.GetGeometry(probe.root).reply()
        assert (geometry.width, geometry.height) == (1000, 700)
        assert desktop.alive


@pytest.mark.parametrize(
    ("wanted", "got"),
    [((1111, 777), (1111, 777)), ((1080, 1920), (1080, 1920)), ((1, 1), SMALLEST), ((16384, 16384), LARGEST)],
)
def test_it_takes_any_size(desktop: VirtualDesktop, wanted: tuple[int, int], got: tuple[int, int]) -> None:
    platform = X11Platform(desktop.display, desktop)
    screen = platform.open_screen()
    assert (screen.width, screen.height) == (1000, 700)
    assert platform.resize(*wanted)
    eventually(lambda: screen.poll() and screen.resized(), "the source hears of it")
    assert (screen.width, screen.height) == got
    assert [(m.width, m.height) for m in screen.monitors] == [got]
    assert platform.resize(1000, 700)
    assert platform.resize(1000, 700)
    eventually(lambda: screen.poll() and screen.resized(), "the source hears of that too")
    assert (screen.width, screen.height) == (1000, 700)
    screen.close()


def test_only_who_has_the_cookie_gets_in(desktop: VirtualDesktop, others: set[int]) -> None:
    assert stat.S_IMODE(desktop.xauthority.stat().st_mode) == 0o600
    assert stat.S_IMODE(desktop.xauthority.parent.stat().st_mode) == 0o700
    command = ["xdotool", "getmouselocation"]
    with_cookie = subprocess.run(command, env={**os.environ, "DISPLAY": desktop.display}, capture_output=True)
    assert with_cookie.returncode == 0
    without = {**os.environ, "DISPLAY": desktop.display, "XAUTHORITY": "/nonexistent"}
    assert subprocess.run(command, env=without, capture_output=True).returncode != 0
    own = family() - others
    listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.pid in own]
    assert listening == []


def test_everything_ends_with_it(others: set[int]) -> None:
    desktop = VirtualDesktop(640, 480)
    window_of(desktop.display, "--class", "xterm")
    own = family() - others
    assert len(own) >= 4
    desktop.close()
    eventually(lambda: not own & set(psutil.pids()), "its processes are gone")
    assert not desktop.xauthority.parent.exists()


def test_everything_ends_with_the_host_even_when_that_is_killed() -> None:
    script = (
        "from farhand.host.platform.x11.virtual import VirtualDesktop\n"
        "desktop = VirtualDesktop(640, 480); print(desktop.xauthority, flush=True); input()"
    )
    host = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert host.stdout is not None
    cookie = Path(host.stdout.readline().decode().strip())
    children = {child.pid for child in psutil.Process(host.pid).children(recursive=True)}
    assert len(children) >= 3
    host.kill()
    host.wait()
    host.stdout.close()
    assert host.stdin is not None
    host.stdin.close()
    eventually(lambda: not children & set(psutil.pids()), "its processes are gone")
    eventually(lambda: not cookie.parent.exists(), "so is the cookie")


def test_a_crash_is_reported_and_the_next_use_starts_it_again(
    desktop: VirtualDesktop, others: set[int], caplog: pytest.LogCaptureFixture
) -> None:
    platform = X11Platform(desktop.display, desktop)
    screen = platform.open_screen()
    server = next(one for one in map(psutil.Process, family() - others) if one.name() == "Xvfb")
    server.kill()
    eventually(lambda: "the virtual display ended by itself" in caplog.text, "the crash is in the log")
    with pytest.raises(DisplayGone):
        screen.poll()
    screen.close()
    again = platform.open_screen()
    assert (again.width, again.height) == (1000, 700)
    assert platform.display == desktop.display
    again.close()


def test_the_choice_of_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    with x_server(300, 200) as name:
        named = open_platform(name)
        assert not named.resize(640, 480)
        close_platform(named)
        monkeypatch.setenv("DISPLAY", name)
        by_environment = open_platform()
        screen = by_environment.open_screen()
        assert (screen.width, screen.height) == (300, 200)
        screen.close()
        virtual = open_platform(virtual=(640, 480))
        assert virtual.resize(320, 240)
        close_platform(virtual)
        close_platform(virtual)
        with pytest.raises(PlatformError, match="exclude each other"):
            open_platform(name, (640, 480))
    with pytest.raises(DisplayGone, match="no X server answers"):
        open_platform(name)
    monkeypatch.delenv("DISPLAY")
    bare = open_platform()
    run(getattr(bare, "display"), "xdotool", "getmouselocation")  # noqa: B009  # only X11 platforms have one
    close_platform(bare)


def test_without_xvfb_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match="apt-get install xvfb"):
        VirtualDesktop(640, 480)
