"""Signing in by a real OpenID Connect provider on another site, in a real browser."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.console_kit import PASSWORD, Console

from farhand.gateway.settings import OidcSettings

PROVIDER = Path(__file__).parents[1] / "oidc" / "provider.mjs"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Console]:
    """A gateway at localhost, and a provider at 127.0.0.1: to a browser another site."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    command = ["node", str(PROVIDER), f"{url}/api/login/oidc/callback"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        issuer = process.stdout.readline().decode().strip()
        assert issuer, "the provider did not start: cd tests/oidc && npm ci"
        oidc = OidcSettings(issuer, "farhand", "s+cr/t %", "the school", allow_http=True)
        gateway = Console(tmp_path, port=port, url=url, oidc=oidc)
        gateway.set_up()
        yield gateway
        gateway.close()
        process.stdin.close()


def at_provider(page: Page, name: str) -> None:
    """Sign in and consent there."""
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()


def test_an_account_is_linked_with_a_provider_and_signs_in_by_it(chromium: Browser, school: Console) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(school.address)
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in with the password").click()
    expect(page.locator("#main h1")).to_be_visible()
    page.goto(f"{school.address}#/settings")
    page.get_by_role("button", name="Link an account").click()
    at_provider(page, "ada@school")
    expect(page.locator("#main h1")).to_be_visible()
    page.goto(f"{school.address}#/settings")
    expect(page.get_by_text("ada@school").first).to_be_visible()
    context.close()

    context = chromium.new_context()
    page = context.new_page()
    page.goto(school.address)
    page.get_by_role("link", name="Sign in with the school").click()
    at_provider(page, "ada@school")
    expect(page.locator("#main h1")).to_be_visible()
    page.goto(f"{school.address}#/settings")
    expect(page.get_by_text("Signed in as Ada")).to_be_visible()
    cookie = next(cookie for cookie in context.cookies() if cookie["name"] == "farhand")
    assert (cookie["sameSite"], cookie["httpOnly"]) == ("Strict", True)
    context.close()
