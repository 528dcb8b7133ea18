"""The file manager's page over a host that is made up (viewer/tests/browser/files.ts): lists, keys, rights, looks."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.viewer_pages import Viewer, chord, serving

from farhand.gateway.viewer import viewer_app

VIEWER = Path(__file__).parents[2] / "viewer"
CONTRAST = Path(__file__).with_name("viewer_contrast.js")
HOME = "/home/ada/"
#: A name that is taken on the host, by something older.
CONFLICT = {
    "name": "a",
    "at": "host",
    "coming": {"kind": "file", "size": 2048, "modified": 1_760_000_000_000},
    "there": {"kind": "file", "size": 1024, "modified": 1_750_000_000_000},
}
#: A row is dragged and let go so far from the page's left edge, where nothing takes it; what the browser may put there.
DRAGGED = """([name, x]) => {
  const row = document.querySelector(`[aria-label="${name}"]`).closest(".row");
  const told = { dataTransfer: new DataTransfer(), bubbles: true, clientX: x, clientY: 40 };
  row.dispatchEvent(new DragEvent("dragstart", told));
  row.dispatchEvent(new DragEvent("dragend", told));
  return told.dataTransfer.getData("DownloadURL");
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is served, with the headers of the real one."""
    subprocess.run(["npm", "run", "--silent", "build:files"], cwd=VIEWER, check=True, capture_output=True)
    with serving(viewer_app(VIEWER / "node_modules" / ".files", trusted_tls=False)) as base:
        yield f"{base}tests/browser/files.html"


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A wide page with some names; the browser must not complain of anything."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    shown = context.new_page()
    shown.set_default_timeout(15_000)
    problems: list[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    shown.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    shown.goto(address)
    expect(shown).to_have_title("ready")
    yield shown
    context.close()
    assert problems == []


def put(page: Page, *names: str, **changes: object) -> None:
    """Names in the host's home."""
    page.evaluate("all => stage.put(all)", [{"path": HOME + name, **changes} for name in names])


def show(page: Page) -> None:
    """Open the manager."""
    page.evaluate("stage.manager.show('workshop')")
    expect(page.locator(".pane.host .grid")).to_be_focused()


def names(page: Page) -> list[str]:
    """The names in sight, in order."""
    rows = page.locator(".pane.host .row .name")
    found: list[str] = rows.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    return found


def selected(page: Page) -> list[str]:
    """Those of them that are selected."""
    rows = page.locator(".pane.host .row[aria-selected=true] .name")
    found: list[str] = rows.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    return found


def test_it_is_operated_by_keys_alone(page: Page) -> None:
    put(page, "a.txt", "b2.txt", "b10.txt", ".hidden")
    put(page, "docs", kind="folder")
    show(page)
    expect(page.locator(".row")).to_have_count(4)
    assert names(page) == ["docs", "a.txt", "b2.txt", "b10.txt"]
    keys = page.keyboard
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Shift+ArrowDown")
    assert selected(page) == ["a.txt", "b2.txt"]
    keys.press("Control+ArrowDown")
    keys.press("Control+Space")
    assert selected(page) == ["a.txt", "b2.txt", "b10.txt"]
    active = page.locator(".pane.host .grid").get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_attribute("aria-rowindex", "5")
    keys.press("Control+a")
    assert len(selected(page)) == 4
    keys.press("Control+h")
    expect(page.locator(".row")).to_have_count(5)
    keys.press("b")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type("10")
    expect(page.locator(".row")).to_have_count(1)
    keys.press("Enter")
    keys.press("F2")
    expect(page.get_by_label("New name")).to_be_focused()
    keys.type("renamed")
    keys.press("Enter")
    expect(page.locator(".pane.host .grid")).to_be_focused()
    page.wait_for_function("stage.files.tree.has('/home/ada/renamed.txt')")
    keys.press("/")
    keys.press("Escape")
    expect(page.locator(".row")).to_have_count(5)
    keys.press("F7")
    page.get_by_role("dialog", name="New folder").get_by_label("Name").fill("made")
    keys.press("Enter")
    expect(page.locator(".pane.host .grid")).to_be_focused()
    assert selected(page) == ["made"]
    keys.press("Delete")
    expect(page.get_by_role("dialog", name="Delete this folder?")).to_be_visible()
    keys.press("Enter")
    expect(page.locator(".pane.host .grid")).to_be_focused()
    assert "made" not in names(page)
    keys.press("Home")
    assert selected(page) == ["docs"]
    keys.press("Enter")
    expect(page.locator(".crumb[aria-current]")).to_have_text("docs")
    expect(page.get_by_text("This folder is empty")).to_be_visible()
    keys.press("Backspace")
    expect(page.locator(".crumb[aria-current]")).to_have_text("ada")
    assert selected(page) == ["docs"]
    keys.press("Escape")
    keys.press("Escape")
    expect(page.locator(".files")).to_have_count(0)
    assert page.evaluate("stage.closed") == 1


def test_hostile_names_can_be_seen_for_what_they_are(page: Page) -> None:
    put(page, "invoice\u202egpj.exe", "two\nlines", " space ", "<img src=x onerror=alert(1)>", "x" * 251)
    page.evaluate("stage.put([{path: '/home/ada/bytes\\udcff'}])")
    show(page)
    expect(page.locator(".row")).to_have_count(6)
    shown = ["invoice\\u{202e}gpj.exe", "two\\x0alines", "\\x20space\\x20", "<img src=x onerror=alert(1)>", "x" * 251]
    assert sorted(names(page)) == sorted([*shown, "bytes\\xff"])
    assert page.locator(".pane.host img").count() == 0
    assert "\u202e" not in page.locator(".pane.host").inner_text()
    assert page.locator(".row bdi").count() == 6
    widest = page.locator(".row").evaluate_all("all => Math.max(...all.map(one => one.scrollWidth - one.clientWidth))")
    assert widest <= 0, "a long name moves nothing"


def test_fifty_thousand_names_are_a_few_rows(page: Page) -> None:
    page.evaluate("stage.fill('/home/ada', 50_000)")
    show(page)
    foot = page.locator(".pane.host .foot")
    expect(foot).to_contain_text("50,000 names")
    rows = page.locator(".pane.host .row")
    assert rows.count() < 80
    page.keyboard.press("End")
    expect(page.locator(".row.cursor .name")).to_have_attribute("aria-label", re.compile("picture-49999"))
    assert rows.count() < 80
    grid = page.locator(".pane.host .grid")
    expect(grid).to_have_attribute("aria-rowcount", "50001")
    page.get_by_role("button", name="Size").click()
    expect(page.get_by_role("columnheader", name="Size")).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Tab")
    grid.focus()
    page.keyboard.type("4999")
    expect(grid).to_have_attribute("aria-rowcount", "16")
    expect(page.locator(".pane.host .row").first).to_contain_text("4999")


def test_rights_are_explained_asked_for_and_refused(page: Page) -> None:
    page.evaluate("stage.files.rights = {read: 'missing', write: 'missing', text: ''}; stage.files.grants = false")
    page.evaluate("stage.manager.show('workshop')")
    expect(page.get_by_text("Files were not part of this session")).to_be_visible()
    expect(page.get_by_label("What is it for?")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The answer was no")).to_be_visible()
    expect(page.get_by_text("The host said no.")).to_be_visible()
    page.evaluate("stage.files.grants = true")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".pane.host .grid")).to_be_visible()
    page.evaluate("stage.files.rights = {read: 'held', write: 'missing', text: ''}; stage.files.changed()")
    expect(page.get_by_text("You may fetch files, and not send or change any.")).to_be_visible()
    expect(page.get_by_role("button", name="Send files")).to_be_disabled()
    page.get_by_role("button", name="Ask to send").click()
    expect(page.get_by_role("button", name="Send files")).to_be_enabled()


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "notes.txt"])
def test_a_look_runs_nothing(page: Page, name: str) -> None:
    put(page, name, size=60)
    text = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>"
    page.evaluate(
        "text => { const bytes = new TextEncoder().encode(text);"
        " stage.files.preview = async () => ({ bytes, size: bytes.length }); }",
        text,
    )
    show(page)
    page.get_by_label(name, exact=True).dblclick()
    expect(page.locator(".look pre")).to_have_text(text)
    assert page.locator(".look :is(iframe, object, embed, img, svg, script)").count() == 0
    page.keyboard.press("Escape")
    expect(page.locator(".pane.host .grid")).to_be_focused()


def test_what_is_let_go_outside_is_fetched(page: Page) -> None:
    put(page, "a.bin", "b.bin")
    page.evaluate("stage.files.held.set('/home/ada/b.bin', new File(['b'], 'b.bin'))")
    show(page)
    addresses = [page.evaluate(DRAGGED, [name, -20]) for name in ("a.bin", "b.bin")]
    assert addresses[0] == ""
    assert re.match("application/octet-stream:b.bin:blob:http", addresses[1])
    page.evaluate(DRAGGED, ["a.bin", 40])
    assert page.evaluate("stage.files.queue.calls") == ["to the browser"] * 2
    expect(page.locator(".transfer")).to_have_count(2)


def test_what_waits_for_a_person_is_asked_and_done_in_the_queue(page: Page) -> None:
    show(page)
    infected = {"name": "infected", "text": "Malware was found in it. (EICAR)"}
    page.evaluate(
        "all => stage.transfers(all)",
        [
            {"id": "a", "state": "asking", "conflict": CONFLICT, "direction": "upload"},
            {"id": "b", "state": "running", "size": 1000, "done": 250, "speed": 100, "secondsLeft": 8},
            {"id": "c", "state": "failed", "error": infected, "direction": "upload"},
            {"id": "d", "state": "paused", "size": 10},
            {"id": "e", "state": "permission"},
        ],
    )
    question = page.get_by_role("dialog", name="This name is taken")
    coming, there = (question.locator(".versions > div").nth(at) for at in (0, 1))
    expect(coming).to_contain_text("This computer’s")
    expect(coming).to_contain_text("2,048 bytes")
    expect(coming.locator(".age")).to_have_text("Newer")
    expect(there).to_contain_text("1,024 bytes")
    expect(there.locator(".age")).to_have_text("Older")
    question.get_by_label("Replace it if it is older").check()
    question.get_by_role("button", name="Go on").click()
    expect(question).to_have_count(0)
    expect(page.get_by_role("progressbar", name="b")).to_have_attribute("aria-valuenow", "25")
    expect(page.locator(".transfer.infected")).to_contain_text("Malware was found: EICAR")
    expect(page.locator(".transfer.infected")).to_contain_text("quarantine")
    item = page.locator(".transfer[data-id=b]")
    item.get_by_role("button", name="Pause").click()
    item.get_by_role("button", name="Later").click()
    item.focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Delete")
    page.locator(".transfer[data-id=d]").get_by_role("button", name="Resume").click()
    page.locator(".transfer[data-id=e]").get_by_role("button", name="Allow").click()
    page.get_by_role("button", name="Clear done").click()
    calls = page.evaluate("stage.files.queue.calls")
    assert calls == ["answer a newer", "pause b", "move b d", "move b c", "cancel b", "resume d", "permit e", "clear"]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_texts_stand_out_from_their_ground(page: Page, colours: str) -> None:
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    put(page, "a.txt", "b\u202e.txt")
    show(page)
    page.keyboard.press("Control+a")
    page.evaluate("stage.transfers([{id: 'b', state: 'failed', error: {name: 'full', text: 'The disk is full.'}}])")
    expect(page.locator(".transfer")).to_be_visible()
    assert page.evaluate(CONTRAST.read_text()) == []


def test_keys_in_the_manager_never_reach_the_desktop(desk: Viewer) -> None:
    desk.connect(1280, 720)
    chord(desk.page)
    desk.page.keyboard.press("f")
    expect(desk.page.get_by_role("dialog", name=re.compile("Files"))).to_be_visible()
    desk.forget()
    for key in ("a", "Tab", "Enter", "F5", "ArrowDown", "Control+w"):
        desk.page.keyboard.press(key)
    desk.page.evaluate("document.activeElement.blur()")
    desk.page.keyboard.type("secret")
    assert desk.page.evaluate("window.sent.filter(one => one.kind === 'input')") == []
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_role("dialog", name=re.compile("Files"))).to_have_count(0)
    desk.page.keyboard.press("b")
    assert [one["code"] for one in desk.inputs(2)] == ["KeyB", "KeyB"]
