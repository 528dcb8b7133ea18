"""The console in a real browser before a real gateway: first start, signing in, 3,000 hosts, rules, hostile names."""

import base64
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.e2e.console_kit import GROUPS, HOSTILE, PASSWORD, Console, console

from farhand.protocol.grants import EnrolToken
from farhand.protocol.identity import Keys, Kind

HOSTS = 3000
CONTRAST = Path(__file__).with_name("viewer_contrast.js").read_text()
#: What a hostile name looks like once it is tamed.
TAMED = "<img src=x onerror=alert(1)> gnp.exe"


def name_of(number: int) -> str:
    """One in a thousand is hostile."""
    return f"{HOSTILE} {number}" if number % 1000 == 1 else f"PC-{number:04}"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """An organisation with 3,000 hosts, and Ada, its administrator."""
    with console(tmp_path_factory.mktemp("console")) as made:
        made.set_up()
        made.hosts = made.seed(HOSTS, name_of)
        yield made


@pytest.fixture
def problems() -> list[str]:
    """What the browser complained of; refusals by the gateway are answers, and none of that."""
    return []


@pytest.fixture
def page(chromium: Browser, problems: list[str]) -> Iterator[Page]:
    """A page of 1280 by 800 of which the browser must not complain."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield watched(context, problems)
    context.close()
    assert problems == []


def watched(context: BrowserContext, problems: list[str]) -> Page:
    """A page whose complaints are kept; no dialog may ever open by itself."""
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(f"a dialog: {dialog.message}"))

    def said(message: Any) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            problems.append(message.text)

    page.on("console", said)
    return page


def sign_in(page: Page, at: Console, place: str = "", name: str = "Ada") -> None:
    """By a session that the API made: the log-in's own page has tests of its own."""
    with at.client() as client:
        client.post("/api/login", json={"name": name, "password": PASSWORD}).raise_for_status()
        page.context.add_cookies([{"name": n, "value": v, "url": at.address} for n, v in client.cookies.items()])
    page.goto(at.address + place)
    expect(page.locator("#main h1")).to_be_visible()


@contextlib.contextmanager
def api(at: Console) -> Iterator[httpx.Client]:
    """Ada's own client."""
    with at.client() as client:
        client.post("/api/login", json={"name": "Ada", "password": PASSWORD}).raise_for_status()
        yield client


def authenticator(page: Page) -> None:
    """A device that holds passkeys and checks its person."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    options |= {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


# ---- Signing in -----------------------------------------------------------------------------------------------------


def test_first_start_with_a_passkey(page: Page, tmp_path: Path) -> None:
    with console(tmp_path) as fresh:
        authenticator(page)
        page.goto(f"{fresh.address}#/setup?token={fresh.setup_token}")
        expect(page.get_by_label("Set-up token")).to_have_value(fresh.setup_token)
        assert page.url == fresh.address, "the token leaves the address"
        page.get_by_label("Your name").fill("Ada")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.get_by_role("heading", name="Keep these codes")).to_be_visible()
        expect(page.get_by_label("Recovery codes").get_by_role("listitem")).to_have_count(10)
        code = page.get_by_label("Recovery codes").get_by_role("listitem").first.inner_text()
        page.get_by_role("button", name="I have kept them").click()
        expect(page.get_by_role("heading", name="Three steps to the first session")).to_be_visible()
        expect(page.get_by_role("heading", name="No computers yet")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("heading", name="Computers", exact=True)).to_be_focused()
        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{fresh.address}#/setup?token=again")
        page.reload()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.get_by_role("button", name="Use a recovery code").click()
        page.get_by_label("Name").fill("Ada")
        page.get_by_role("textbox", name="Recovery code").fill(code.upper())
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Computers", exact=True)).to_be_visible()
        fresh.backend.clock = lambda: time.time() + 700  # whoever finds the browser now must not change who gets in
        page.get_by_role("link", name="Settings").click()
        page.get_by_role("button", name="Make new codes").click()
        page.get_by_role("button", name="Make them").click()
        expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
        page.get_by_role("button", name="Use the passkey").click()
        expect(page.get_by_role("heading", name="Keep these codes")).to_be_visible()


def test_a_password_and_a_code_of_an_authenticator_app(page: Page, tmp_path: Path) -> None:
    with console(tmp_path) as fresh:
        fresh.set_up()
        page.goto(fresh.address)
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("Password", exact=True).fill("a wrong password")
        page.get_by_role("button", name="Sign in with the password").click()
        expect(page.get_by_role("alert")).to_contain_text("Name and proof do not go together")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in with the password").click()
        page.get_by_role("link", name="Settings").click()
        page.get_by_role("button", name="Set up").click()
        expect(page.get_by_role("img", name="QR code")).to_be_visible()
        totp = pyotp.TOTP(page.get_by_label("Key for the authenticator app").inner_text())
        page.get_by_label("Code", exact=True).fill(totp.now())
        page.get_by_role("button", name="Switch it on").click()
        expect(page.get_by_text("A code is asked for with the password", exact=True)).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in with the password").click()
        expect(page.get_by_role("heading", name="One code more")).to_be_visible()
        page.get_by_label("Code", exact=True).fill("000000")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#totp-hint")).to_contain_text("The code is wrong")
        page.get_by_label("Code", exact=True).fill(totp.at(time.time() + 30))  # the one that was used counts no more
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Computers", exact=True)).to_be_visible()


def test_an_ended_session_leads_back_to_the_door(page: Page, seeded: Console) -> None:
    sign_in(page, seeded, "#/settings")
    page.context.clear_cookies()
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="You are signed out")).to_be_visible()


# ---- Hosts ----------------------------------------------------------------------------------------------------------


def test_three_thousand_hosts_scroll_are_found_and_go_by_keys(page: Page, seeded: Console) -> None:
    sign_in(page, seeded)
    rows = page.locator(".virtual .row")
    expect(page.get_by_role("link", name="PC-0000", exact=True)).to_be_visible()
    page.get_by_role("link", name="PC-0000", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="PC-0002", exact=True)).to_be_focused()
    page.keyboard.press("End")
    last = page.get_by_role("link", name="PC-2999", exact=True)
    expect(last).to_be_focused(timeout=20_000)
    expect(last).to_be_in_viewport()
    assert rows.count() < 60, "only what is in sight is in the document"
    page.get_by_role("searchbox", name="Search computers").fill("pc-123 debian")
    expect(rows).to_have_count(2)  # PC-1232 and PC-1236: every fourth runs Debian
    page.get_by_role("searchbox", name="Search computers").fill("")
    page.get_by_role("navigation", name="Groups of computers").get_by_role("link", name=GROUPS[1]).click()
    expect(page.get_by_role("heading", name=GROUPS[1])).to_be_visible()
    expect(page.locator(".virtual")).to_have_attribute("aria-label", f"Computers, {HOSTS // 4}")


def test_several_are_tagged_at_once(page: Page, seeded: Console) -> None:
    sign_in(page, seeded, "#/hosts?q=PC-200")
    page.get_by_role("checkbox", name="Select PC-2000").check()
    page.get_by_role("checkbox", name="Select PC-2002").check()
    expect(page.get_by_text("2 computers selected")).to_be_visible()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tags").fill("audited, floor 2")
    page.get_by_role("button", name="Put the tags on").click()
    expect(page.get_by_text("Done for 2 computers.")).to_be_visible()
    page.goto(seeded.address + "#/hosts?tag=floor+2")
    expect(page.locator(".virtual .row")).to_have_count(2)


def test_a_computer_is_added_by_one_command(page: Page, seeded: Console) -> None:
    sign_in(page, seeded, "#/add")
    page.get_by_label("Name").fill("Reception 7")
    page.get_by_role("button", name="Make the command").click()
    command = page.get_by_label("Command to run on the computer").inner_text()
    base = seeded.address.removesuffix("/console")
    assert command.startswith(f"farhand host --gateway {base} --enrol fhe1.")
    expect(page.get_by_text("Waiting for the computer")).to_be_visible()
    enrol(seeded, command.split()[-1])
    page.evaluate("dispatchEvent(new Event('online'))")  # the page looks at once, not in its own time
    page.get_by_role("link", name="Go to the computer").click()
    expect(page.get_by_role("heading", name="Reception 7")).to_be_visible()
    expect(page.get_by_text("Not signed yet")).to_be_visible()


def enrol(at: Console, token: str) -> None:
    """As the host does it."""
    keys = Keys.generate(Kind.HOST, "tower", time.time(), os.urandom)
    body = {
        "secret": base64.b64encode(EnrolToken.decode(token).secret).decode(),
        "certificate": base64.b64encode(keys.certificate).decode(),
        "endorsement": "",
        "delegation": "",
    }
    with at.client() as client:
        client.post("/api/enrol", json=body).raise_for_status()


# ---- Rights ---------------------------------------------------------------------------------------------------------


def test_a_rule_is_made_as_a_sentence(page: Page, seeded: Console) -> None:
    sign_in(page, seeded, "#/rights/new")
    page.get_by_label("Group of people").select_option("Help desk")
    page.get_by_label("Group of computers").select_option("Warehouse")
    page.get_by_label("Use mouse and keyboard").check()
    page.get_by_label("How long they may use mouse and keyboard").select_option("for 5 minutes")
    page.get_by_label("Ask whoever sits there").check()
    page.get_by_label("They must give a reason").check()
    page.get_by_role("button", name="Add hours").click()
    page.get_by_label("Only from these addresses").fill("10.0.0.0/33")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_role("alert").filter(has_text="0 to 32")).to_be_visible()
    page.get_by_label("Only from these addresses").fill("10.0.0.0/8")
    page.get_by_label("At its end").select_option("the screen is locked")
    said = (
        "Help desk may view and control (5 min at a time) on Warehouse, Monday to Friday 08:00–18:00, "
        "from 10.0.0.0/8, when somebody there agrees. They must give a reason. At its end the screen is locked."
    )
    expect(page.get_by_role("complementary").get_by_role("status")).to_have_text(said)
    page.get_by_role("button", name="Save the rule").click()
    rule = page.get_by_role("listitem").filter(has_text="Monday to Friday 08:00–18:00, from 10.0.0.0/8")
    expect(rule).to_be_visible()
    rule.get_by_role("link").click()
    expect(page.get_by_label("Only from these addresses")).to_have_value("10.0.0.0/8")
    expect(page.get_by_label("Ask whoever sits there")).to_be_checked()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove the rule").click()
    expect(page.get_by_role("heading", name="Rights")).to_be_visible()
    expect(rule).to_be_hidden()


def test_an_approval_shows_its_reason_and_is_decided(page: Page, seeded: Console) -> None:
    sign_in(page, seeded)
    link = page.get_by_role("link", name="Approvals")
    expect(link.get_by_label("1 waiting")).to_be_visible()
    link.click()
    expect(page.locator("blockquote")).to_have_text(f"Ticket 4711: {TAMED}")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_text("Refused: Grace is told so.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nobody waits")).to_be_visible()


# ---- Everything, everywhere -----------------------------------------------------------------------------------------


def test_hostile_names_are_text(page: Page, seeded: Console) -> None:
    sign_in(page, seeded, "#/hosts?q=gnp.exe+1001")
    link = page.get_by_role("link", name=f"{TAMED} 1001", exact=True)
    expect(link).to_be_visible()
    assert page.locator("img").count() == 0
    link.click()
    expect(page.get_by_role("heading", name=TAMED)).to_be_visible()
    expect(page).to_have_title(f"{TAMED} 1001 – Farhand")
    assert "\u202e" not in page.content()
    assert page.locator("img, script:not([src])").count() == 0


def test_without_a_connection_and_without_a_role(page: Page, seeded: Console) -> None:
    sign_in(page, seeded, "#/people")
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_role("link", name="Rights").click()
    expect(page.get_by_role("heading", name="No connection to the gateway")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Help desk").first).to_be_visible()
    with api(seeded) as client:
        person = client.post("/api/people", json={"name": "Nobody"}).raise_for_status().json()["id"]
        url = client.post(f"/api/people/{person}/invite", json={}).raise_for_status().json()["url"]
    page.context.clear_cookies()
    page.goto("about:blank")
    page.goto(url.replace(url.split("#")[0], seeded.address))
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_role("button", name="Use a password instead").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="This is not yours to see")).to_be_visible()
    expect(page.get_by_role("link", name="People")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_every_page_is_readable_and_fits(
    chromium: Browser, seeded: Console, problems: list[str], scheme: Any, width: int
) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 740})
    page = watched(context, problems)
    page.goto(seeded.address)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    with api(seeded) as client:
        rule = client.get("/api/rules").json()["items"][0]["id"]
        person = client.get("/api/people", params={"q": "grace"}).json()["items"][0]["id"]
    sign_in(page, seeded)
    places = ["hosts", f"hosts/{seeded.hosts[0]}", "add", "invite", "people", f"people/{person}", "rights"]
    for place in [*places, f"rights/{rule}", "approvals", "audit", "settings", "device?code=ABCD"]:
        page.goto(f"{seeded.address}#/{place}")
        expect(page.locator(".loading")).to_have_count(0)
        expect(page.locator("#main h1")).to_have_count(1)
        assert page.evaluate(CONTRAST) == [], place
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{place} is wider than the window"
        assert page.evaluate(UNLABELLED) == [], place
    context.close()
    assert problems == []


#: Fields and buttons that a screen reader has no name for.
UNLABELLED = """[...document.querySelectorAll('input,select,textarea,button,a[href]')]
  .filter((e) => e.checkVisibility() && !(e.labels?.length) && !e.ariaLabel && e.textContent.trim() === '')
  .map((e) => e.outerHTML.slice(0, 120))"""
