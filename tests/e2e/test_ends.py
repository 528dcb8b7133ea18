"""Codes that do not work, people who say yes or no, and both ends ending it: what the pages and the host say."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.in_process import InProcess
from tests.e2e.real import Desk, Program, desk, up
from tests.integration.x11_server import eventually, probing, run, window_named, x_server

from farhand.host.platform.x11.indicator import HEIGHT as BAR
from farhand.host.platform.x11.platform import X11Platform
from farhand.host.platform.x11.prompt import NAME as PROMPT
from farhand.host.settings import CodeSettings

WIDTH, HEIGHT = 1280, 720


def wrong(link: str) -> str:
    """The link with the last digit of its secret changed."""
    return link[:-1] + str((int(link[-1]) + 1) % 10)


# ---- Codes ----------------------------------------------------------------------------------------------------------


def test_a_used_link_is_refused(chromium: Browser, host: Program) -> None:
    link = host.link()
    with desk(chromium) as first, desk(chromium) as second:
        first.connect(link)
        second.open(link).title("No computer waits under this code")
        expect(second.page.locator("main")).to_contain_text("used before: every code works once")
        expect(first.page.locator(".stages")).to_be_visible()
        assert "#" not in second.page.url, "the code has left the address"


def test_a_wrong_code_burns_it_and_is_not_tried_again(chromium: Browser, host: Program) -> None:
    link = host.link()
    with desk(chromium) as page:
        page.open(wrong(link)).title("That was the wrong code")
        page.until(lambda: not page.page.workers, "nothing is left that could try again")
        assert host.heard("code-closed", route=link.split("#")[1].split("-")[0])["end"] == "burnt"
        page.page.get_by_role("button", name="Enter a code").click()
        page.title("Connect to a computer")
        page.open(link).title("No computer waits under this code")
    with desk(chromium) as page:
        page.connect(host.link())


def test_three_burnt_codes_lock(chromium: Browser, display: str, tmp_path: Path) -> None:
    with up(tmp_path, display, "--no-ask") as host, desk(chromium) as page:
        for _ in range(3):
            link = host.link()
            page.open(wrong(link)).title("That was the wrong code")
            page.open("about:blank")
        assert host.heard("locked")["seconds"] == 300
        page.open(link).title("The host accepts no codes for now")
        expect(page.page.get_by_role("timer")).to_contain_text("Trying again makes sense in 4:")


def test_a_lock_ends_by_itself(chromium: Browser, display: str) -> None:
    codes = CodeSettings(burnt_to_lock=1, lock_seconds=1)
    with InProcess(lambda: X11Platform(display), ask=False, codes=codes) as host, desk(chromium) as page:
        page.open(wrong(host.link())).title("That was the wrong code")
        eventually(lambda: host.locked() == 0, "the lock ends")
        page.open("about:blank")
        page.connect(host.link())


# ---- Both ends end it -----------------------------------------------------------------------------------------------


def test_the_person_at_the_host_ends_it(chromium: Browser, host: Program, display: str) -> None:
    with desk(chromium) as page:
        page.connect(host.link())
        session = host.heard("connected", len(connections(host)))["session"]
        run(display, "xdotool", "mousemove", str(WIDTH - 40), str(HEIGHT - BAR // 2), "click", "1")
        page.title("The host ended the session")
        expect(page.page.locator("blockquote")).to_have_text("The host says: ended at the computer")
        assert "ended at the computer" in host.heard("ended", session=session)["why"]
        assert not page.page.locator("canvas").count()


def test_the_caller_cannot_end_it_by_the_hosts_bar(chromium: Browser, host: Program, display: str) -> None:
    with desk(chromium) as page, probing(display) as probe:
        page.connect(host.link())
        page.page.mouse.click(WIDTH - 40, HEIGHT - BAR // 2)
        page.page.mouse.click(100, 100)
        eventually(lambda: probe.pointer() == (100, 100), "the clicks arrived")
        expect(page.page.locator(".stages")).to_be_visible()


def test_the_viewer_ends_it(chromium: Browser, host: Program) -> None:
    with desk(chromium) as page:
        page.connect(host.link())
        session = host.heard("connected", len(connections(host)))["session"]
        page.bar()
        page.page.get_by_role("button", name="End", exact=True).click()
        page.page.get_by_role("menuitem", name="End the session").click()
        page.title("You ended the session")
        assert "by the caller" in host.heard("ended", session=session)["why"]


def test_a_host_that_is_shut_down_says_so(chromium: Browser, display: str, tmp_path: Path) -> None:
    with desk(chromium) as page:
        with up(tmp_path, display, "--no-ask") as host:
            page.connect(host.link())
        page.title("The host is not there")
        expect(page.page.locator("blockquote")).to_have_text("The host says: the host shuts down")
        page.problems.clear()


def connections(host: Program) -> list[object]:
    """Everyone who was connected so far; waits for the first."""
    host.heard("connected")
    return [one for one in host.events if one["event"] == "connected"]


# ---- Consent --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked() -> Iterator[str]:
    """A display before which somebody sits."""
    with x_server(WIDTH, HEIGHT) as name:
        yield name


@pytest.fixture(scope="module")
def asking(asked: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A host that asks there."""
    with up(tmp_path_factory.mktemp("asking"), asked, "--name", "workshop") as program:
        yield program


@contextlib.contextmanager
def waiting(chromium: Browser, link: str, display: str) -> Iterator[tuple[Desk, str]]:
    """A caller who gave a name, and the window that asks about them."""
    with desk(chromium) as page:
        base, code = link.split("#")
        page.open(base)
        page.page.get_by_label("Code", exact=True).fill(code)
        page.page.get_by_label("Your name").fill("Ada")
        page.page.get_by_role("button", name="Connect").click()
        page.title("Waiting for a yes")
        yield page, window_named(display, PROMPT)


def answer(display: str, window: str, key: int) -> None:
    """Press Tab so often, then Enter, until the window is gone: it takes no yes in its first moment."""
    run(display, "xdotool", "key", *["Tab"] * key, "Return")

    def gone() -> bool:
        if window not in visible(display):
            return True
        with contextlib.suppress(Exception):
            run(display, "xdotool", "key", "Return")
        return False

    eventually(gone, "the question is answered")


def visible(display: str) -> list[str]:
    """The windows that ask."""
    try:
        return run(display, "xdotool", "search", "--onlyvisible", "--name", PROMPT).split()
    except Exception:
        return []  # it finds none


def test_yes_lets_the_caller_in(chromium: Browser, asking: Program, asked: str) -> None:
    with waiting(chromium, asking.link(), asked) as (page, window):
        answer(asked, window, 2)
        expect(page.page.locator(".stages")).to_be_visible()
        expect(page.page.locator(".bar .name")).to_contain_text("workshop")
        page.away()
        page.same_picture(asked)
        assert asking.heard("connected", name="Ada")["capabilities"] == ["view", "control", "clipboard"]
        with probing(asked) as probe:
            page.page.mouse.move(200, 300)
            eventually(lambda: probe.pointer() == (200, 300), "the pointer follows")


def test_view_only_shows_and_takes_nothing(chromium: Browser, asking: Program, asked: str) -> None:
    with waiting(chromium, asking.link(), asked) as (page, window), probing(asked) as probe:
        answer(asked, window, 1)
        expect(page.page.locator(".badge")).to_have_text("View only")
        page.away()
        page.same_picture(asked)
        before = probe.pointer()
        page.page.mouse.move(600, 400)
        page.page.keyboard.down("a")
        probe.window((300, 300, 100, 100))
        page.same_picture(asked)
        assert probe.pointer() == before
        assert probe.keys_down() == []


def test_no_is_told(chromium: Browser, asking: Program, asked: str) -> None:
    with waiting(chromium, asking.link(), asked) as (page, _):
        run(asked, "xdotool", "key", "Escape")
        page.title("The answer was no")
        expect(page.page.locator("blockquote")).to_contain_text("The person at the computer said no.")
        assert asking.heard("refused", name="Ada")


def test_silence_means_no(chromium: Browser, asked: str) -> None:
    began = time.monotonic()
    settings = {"consent_seconds": 2}
    with (
        InProcess(lambda: X11Platform(asked), **settings) as host,
        waiting(chromium, host.link(), asked) as (page, window),
    ):
        page.title("Nobody answered")
        assert time.monotonic() - began >= 2
        eventually(lambda: window not in visible(asked), "the question is taken down")


def test_a_caller_who_gives_up_takes_the_question_along(chromium: Browser, asking: Program, asked: str) -> None:
    with waiting(chromium, asking.link(), asked) as (page, window):
        page.page.get_by_role("button", name="Cancel").click()
        page.title("Connect to a computer")
        eventually(lambda: window not in visible(asked), "the question is taken down")
