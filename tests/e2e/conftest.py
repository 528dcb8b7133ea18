"""Pages of the viewer with a played worker (viewer_pages.py), and before a host on a real X server (real.py)."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from tests.e2e.real import PATIENCE, Program, up
from tests.e2e.viewer_pages import CHROMIUM, Viewer, launch, served, viewer
from tests.integration.x11_server import x_server

# What is expected comes within milliseconds, and on a busy machine some time later.
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def viewer_address() -> Iterator[str]:
    """Where the built viewer is served."""
    with served() as address:
        yield address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What operates the browsers."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium's engine; each test has a profile of its own in it."""
    started = launch(playwright)
    yield started
    started.close()


@pytest.fixture(scope="session")
def whole_chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with all that is around its engine, for where that takes part: files, a first visit."""
    started = launch(playwright, CHROMIUM)
    yield started
    started.close()


@pytest.fixture
def desk(chromium: Browser, viewer_address: str) -> Iterator[Viewer]:
    """A page of 1280 by 720; the browser must not complain of anything."""
    with viewer(chromium, viewer_address, viewport={"width": 1280, "height": 720}) as shown:
        yield shown
        assert shown.problems == []


@pytest.fixture
def phone(chromium: Browser, viewer_address: str) -> Iterator[Viewer]:
    """A page of 360 by 740 that is operated by fingers."""
    settings: dict[str, Any] = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with viewer(chromium, viewer_address, viewport={"width": 360, "height": 740}, **settings) as shown:
        yield shown
        assert shown.problems == []


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """An X server of 1280 by 720."""
    with x_server(1280, 720) as name:
        yield name


@pytest.fixture(scope="session")
def host(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`farhand up` on that display; nobody is asked."""
    with up(tmp_path_factory.mktemp("host"), display, "--no-ask", "--allow", "view,control") as program:
        yield program
