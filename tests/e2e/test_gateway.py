"""A gateway of its own, a host that registers there, and a browser that reaches the host through it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e.real import desk, farhand
from tests.integration.x11_server import eventually, run, terminal


@pytest.mark.parametrize("token", [True, False], ids=["token", "open"])
def test_the_picture_comes_through_the_relay(chromium: Browser, display: str, tmp_path: Path, token: bool) -> None:
    secret = tmp_path / "token"
    admission = ("--token-file", str(secret)) if token else ("--open",)
    with farhand(tmp_path, "gateway", "--listen", "127.0.0.1:0", *admission) as gateway:
        started = gateway.heard("started")
        fingerprint = re.search(r"--fingerprint ([0-9a-f]{64})", started["on_a_host"])
        assert fingerprint is not None
        reach = ("--gateway", started["gateway"], "--fingerprint", fingerprint[1])
        letting = ("--token-file", str(secret)) if token else ()
        options = ("--display", display, "--no-ask", "--allow", "view,control", "--grace", "1")
        with farhand(tmp_path, "host", *reach, *letting, *options) as host, desk(chromium) as page:
            link = host.link()
            assert link.startswith(started["gateway"])
            page.connect(link)
            run(display, "setxkbmap", "us")
            with terminal(display, tmp_path / "typed") as typed:
                page.same_picture(display)
                page.page.keyboard.type("through the relay")
                eventually(lambda: typed() == "through the relay", "keys arrive")
                page.same_picture(display)
            host.process.terminate()
            page.title("The host is not there")
            page.problems.clear()
