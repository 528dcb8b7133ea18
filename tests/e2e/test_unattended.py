"""Computers of one's own, unattended: real gateway, real enrolled host on a real X server, real browser.

The first test is a newcomer's way through docs/how-to/gateway.md and unattended.md; the others go on from what it has
set up.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import xcffib
from playwright.sync_api import Browser, Page, expect
from tests.e2e.office import HOST, Office, Person, office
from tests.e2e.real import PATIENCE, Desk, desk
from tests.e2e.test_console import authenticator

MS = PATIENCE * 1000
#: The first test pays for an organisation that is set up.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def chromium(whole_chromium: Browser) -> Browser:
    """As newcomers have it."""
    return whole_chromium


@pytest.fixture(scope="module")
def place(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A gateway that was never set up."""
    with office(tmp_path_factory.mktemp("office"), display) as made:
        yield made


@pytest.fixture(scope="module")
def ada(place: Office, chromium: Browser) -> Person:
    """The first administrator, by the console's own pages; a host that is enrolled; a rule for herself."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(MS)
    authenticator(page)
    page.goto(f"{place.url}/console#/setup?token={place.setup_token()}")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="Three steps to the first session")).to_be_visible(timeout=MS)
    cookies = {one["name"]: one["value"] for one in context.cookies()}
    person = place.person("Ada", place.client(**cookies))
    login = person.start("login", place.url)
    page.goto(login.until(r"open +(\S+)")[1])
    page.get_by_label("Code").fill(login.until(r"code +(\S+)")[1])
    page.get_by_role("button", name="Yes, let it in").click()
    expect(page.get_by_text("The command line goes on by itself")).to_be_visible(timeout=MS)
    assert login.ended() == 0, login.lines
    context.close()
    place.enrol(person)
    place.rule(person, person, {"view": 0, "control": 0, "clipboard": 0})
    return person


def pointer(display: str) -> tuple[int, int]:
    """Where the X server's pointer is."""
    x = xcffib.connect(display)
    try:
        at = x.core.QueryPointer(x.get_setup().roots[0].root).reply()
        return at.root_x, at.root_y
    finally:
        x.disconnect()


def soon(true: Callable[[], bool], page: Page, seconds: float = PATIENCE) -> bool:
    """Whether it comes true; the page goes on meanwhile."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(20)
    return True


#: Seconds after which a pointer that did not move is held for one that does not.
STILL = 0.6


def moves(seen: Desk, display: str, x: int, y: int, seconds: float = PATIENCE) -> bool:
    """Whether moving the mouse on the page moves the host's pointer within so long."""
    before = pointer(display)
    box = seen.place()
    seen.page.mouse.move(box["x"] + x, box["y"] + y)
    return soon(lambda: pointer(display) != before, seen.page, seconds)


@contextmanager
def viewing(chromium: Browser, person: Person, *options: str) -> Iterator[Desk]:
    """The host in the trusted viewer, on its way in."""
    running, url = person.view(*options)
    # The launch page is left at once, and the gateway's 4xx are answers.
    with desk(chromium) as seen:
        seen.page.goto(url, wait_until="commit")
        yield seen
        seen.problems[:] = [one for one in seen.problems if "Failed to load resource" not in one]
    running.close()


def arrive(seen: Desk) -> None:
    """Wait for the picture, with the bar out of the way."""
    expect(seen.page.locator(".stages")).to_be_visible(timeout=MS)
    seen.until(lambda: seen.place()["width"] > 0, "a picture")
    seen.away()


def test_first_start_to_first_session(place: Office, ada: Person, chromium: Browser) -> None:
    assert re.search(rf"{HOST} +online", ada.cli("hosts"))
    with viewing(chromium, ada, "--reason", "the first one") as seen:
        arrive(seen)
        seen.same_picture(place.display)
        assert moves(seen, place.display, 300, 200)
        seen.bar()
        expect(seen.page.get_by_role("button", name=re.compile("^Trusted viewer"))).to_be_visible()
        assert seen.page.url.startswith("http://fh-")
        assert "open/" not in seen.page.url
        seen.page.get_by_role("button", name="End", exact=True).click()
        seen.page.get_by_role("menuitem", name="End the session").click()
        expect(seen.page.locator("h1")).to_be_visible(timeout=MS)
        kept = ada.home / ".local/share/farhand/checkpoints"
        assert soon(lambda: kept.is_dir() and any(kept.iterdir()), seen.page), "the host's checkpoint is kept"
    assert (ada.home / ".local/share/farhand/known_hosts.json").exists()


def test_a_limited_helper_is_given_control_for_five_minutes_and_loses_it(
    place: Office, ada: Person, chromium: Browser
) -> None:
    bob = place.invited(ada, "Bob")
    place.rule(ada, bob, {"view": 0})
    place.rule(ada, bob, {"control": 300}, reason=True)
    bob.log_in()
    with viewing(chromium, bob, "--rights", "view") as seen:
        arrive(seen)
        seen.same_picture(place.display)
        assert not moves(seen, place.display, 400, 300, STILL)
        bar = seen.page.locator(".bar")  # it hides by itself; what it would say counts
        expect(bar).to_contain_text("View only")
        seen.bar()
        bar.get_by_role("button", name="Rights").click()
        panel = seen.page.get_by_role("complementary", name="Rights")
        panel.locator("select").first.select_option("control")
        panel.locator("select").last.select_option("300")
        panel.get_by_role("button", name="Ask", exact=True).click()
        expect(panel.get_by_role("alert")).to_contain_text("reason", timeout=MS)
        panel.get_by_label("Reason").fill("ticket 4711: printer")
        panel.get_by_role("button", name="Ask", exact=True).click()
        expect(bar).not_to_contain_text("View only", timeout=MS)
        panel.get_by_role("button", name="Close the rights").click()
        seen.away()
        assert moves(seen, place.display, 500, 350)
        place.advance(301)
        expect(bar).to_contain_text("View only", timeout=MS)
        assert not moves(seen, place.display, 100, 100, STILL)


def test_a_second_person_approves(place: Office, ada: Person, chromium: Browser) -> None:
    carol = place.invited(ada, "Carol")
    place.rule(ada, carol, {"view": 0, "control": 0}, approval=True)
    carol.log_in()
    with viewing(chromium, carol, "--reason", "month's end") as seen:
        expect(seen.page.locator("h1")).to_contain_text("approv", timeout=MS, ignore_case=True)
        waiting = ada.api("GET", "/approvals?waiting=true")["items"]
        assert [(one["person"]["name"], one["reason"]) for one in waiting] == [("Carol", "month's end")]
        carol.api("POST", f"/approvals/{waiting[0]['id']}", {"approve": True}, status=404)  # not her own
        ada.api("POST", f"/approvals/{waiting[0]['id']}", {"approve": True})
        arrive(seen)
        seen.same_picture(place.display)


def test_a_revoked_device_is_thrown_out_in_mid_session(place: Office, ada: Person, chromium: Browser) -> None:
    dora = place.invited(ada, "Dora")
    place.rule(ada, dora, {"view": 0, "control": 0})
    dora.log_in()
    with viewing(chromium, dora) as seen:
        arrive(seen)
        device = next(one for one in ada.api("GET", "/devices")["items"] if one["person"]["name"] == "Dora")
        began = time.monotonic()
        ada.api("DELETE", f"/devices/{device['id']}")
        expect(seen.page.locator("h1")).to_be_visible(timeout=10_000)
        assert time.monotonic() - began < 10
        expect(seen.page.locator("main")).to_contain_text("revoked", ignore_case=True)
    running, url = dora.view()
    with desk(chromium) as again:
        again.page.goto(url, wait_until="commit")
        expect(again.page.locator("h1")).to_have_text("This device was shut out", timeout=MS)
        again.problems[:] = [one for one in again.problems if "Failed to load resource" not in one]
    running.close()


def test_the_audit_names_the_byte_that_was_changed(place: Office, ada: Person, tmp_path: Path) -> None:
    assert place.host is not None
    auditor = Person("auditor", "", place.client(), place.folder / "host", place.url)
    exported = auditor.cli("audit", "export")
    assert [kind for kind in ("log-in", "grant", "session-end") if f'"{kind}"' not in exported] == []
    assert "the first one" in exported
    assert "ticket 4711: printer" in exported
    copy = tmp_path / "audit.jsonl"
    copy.write_text(exported)
    kept = ada.home / ".local/share/farhand/checkpoints"
    assert list(kept.iterdir()), "the trusted viewer kept the host's checkpoint"
    auditor.cli("audit", "verify", str(copy), "--checkpoint", str(kept))
    lines = exported.splitlines()
    number, line = next((n, one) for n, one in enumerate(lines) if "ticket 4711: printer" in one)
    lines[number] = line.replace("4711", "4712", 1)
    copy.write_text("\n".join(lines) + "\n")
    told = auditor.cli("audit", "verify", str(copy), "--checkpoint", str(kept), code=1)
    entry = re.search(r'"n": ?(\d+)', line)
    assert entry is not None
    assert re.search(rf"\b{entry[1]}\b", told), told
    auditor.http.close()
