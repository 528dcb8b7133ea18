"""The line is cut for 5 s, and the session comes back by itself, whole, soon after the line does."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.line import Line, line_to
from tests.e2e.real import Desk, Program, desk, up
from tests.integration.x11_server import eventually, probing, run, terminal

CUT_SECONDS = 5.0
#: Promised: within so many seconds of the line's return.
BACK_SECONDS = 2.0


@pytest.fixture(scope="module")
def host(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A host with the time of grace that it has by itself."""
    with up(tmp_path_factory.mktemp("host"), display, "--no-ask", "--grace", "120", "--allow", "view,control") as host:
        yield host


@pytest.mark.parametrize("how", ["reset", "silence"])
def test_a_session_comes_back_by_itself(
    chromium: Browser, host: Program, display: str, tmp_path: Path, how: str
) -> None:
    run(display, "setxkbmap", "us")
    link = host.link()
    with line_to(link) as line, terminal(display, tmp_path / "typed") as typed, desk(chromium) as page:
        page.connect(line.link(link))
        session = host.heard("connected", name="someone", again=False)["session"]
        page.page.keyboard.type("before")
        eventually(lambda: typed() == "before", "it works before the cut")
        page.same_picture(display)
        with probing(display) as probe:
            page.page.keyboard.down("Shift")
            page.page.mouse.move(700, 500)
            page.page.mouse.down()
            eventually(lambda: bool(probe.keys_down()) and probe.buttons_down() == 1, "a key and a button are down")
            began = time.monotonic()
            getattr(line, how)()
            panel = page.page.get_by_role("alertdialog", name="The line is cut")
            expect(panel).to_be_visible()
            if how == "reset":
                eventually(
                    lambda: not probe.keys_down() and not probe.buttons_down(), "all is let go at once", CUT_SECONDS / 2
                )
            page.page.mouse.up()
            page.page.keyboard.up("Shift")
            window = probe.window((300, 400, 200, 100))
            page.until(lambda: time.monotonic() >= began + CUT_SECONDS, "the line was cut for 5 s")
            expect(panel).to_contain_text("attempt", ignore_case=True)
            took = restore(page, line)
            for _ in range(2):
                if took > BACK_SECONDS:  # something else may have kept this machine from it
                    getattr(line, how)()
                    expect(panel).to_be_visible()
                    took = restore(page, line)
            assert took <= BACK_SECONDS, f"back {took:.2f} s after the line"
            eventually(lambda: not probe.keys_down() and not probe.buttons_down(), "all is let go")
            assert host.heard("connected", again=True, session=session)
            page.same_picture(display)
            page.page.keyboard.type(" after")
            eventually(lambda: typed() == "before after", f"keys arrive again: {typed()!r}")
            probe.x.core.DestroyWindow(window)
            probe.sync()
            page.same_picture(display)
            page.problems.clear()  # the browser tells of connections that failed, as it should


def restore(page: Desk, line: Line) -> float:
    """Bring the line back; the seconds until the session was."""
    back = time.monotonic()
    line.restore()
    page.until(lambda: not page.page.locator(".veil").count(), "the session is back")
    return time.monotonic() - back


def test_a_line_that_stays_away_ends_with_a_page(chromium: Browser, display: str, tmp_path: Path) -> None:
    with up(tmp_path, display, "--no-ask", "--grace", "2", "--allow", "view,control") as host:
        link = host.link()
        with line_to(link) as line, desk(chromium) as page:
            page.connect(line.link(link))
            line.reset()
            page.title("The other side took too long")
            assert "did not come back in time" in host.heard("ended")["why"]
            page.problems.clear()


def test_a_host_that_forgot_says_so(chromium: Browser, display: str, tmp_path: Path) -> None:
    """Its time of grace is over when the line comes back, for which the viewer waits longer."""
    with up(tmp_path, display, "--no-ask", "--grace", "30", "--allow", "view,control") as host:
        link = host.link()
        with line_to(link) as line, desk(chromium) as page:
            page.connect(line.link(link))
            line.reset()
            expect(page.page.get_by_role("alertdialog", name="The line is cut")).to_be_visible()
            host.heard("cut")
            end_by_bar(display)
            host.heard("ended")
            line.restore()
            page.title("The session could not be taken up again")
            page.problems.clear()


def end_by_bar(display: str) -> None:
    """Click End on the host's own bar, as the person there does."""
    run(display, "xdotool", "mousemove", str(1280 - 40), str(720 - 12), "click", "1")
