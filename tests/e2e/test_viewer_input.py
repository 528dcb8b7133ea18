"""Clicks on exact pixels at every scale, keys, text and fingers, in a real browser with a played worker."""

import itertools

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.viewer_pages import Viewer, at_rest, choose, chord, held, put_away, viewer

# ---- The pointer ----------------------------------------------------------------------------------------------------

SCALES = {
    "1:1": ({"width": 1280, "height": 720}, (1280, 720), 1.0),
    "fit, smaller": ({"width": 1000, "height": 700}, (1280, 720), 1.0),
    "fit, much smaller": ({"width": 640, "height": 400}, (1920, 1080), 1.0),
    "fine screen": ({"width": 800, "height": 480}, (1920, 1080), 1.5),
}


@pytest.mark.parametrize("name", SCALES)
def test_a_click_lands_on_the_pixel_that_was_clicked(chromium: Browser, viewer_address: str, name: str) -> None:
    viewport, (width, height), ratio = SCALES[name]
    with viewer(chromium, viewer_address, viewport=viewport, device_scale_factor=ratio) as shown:
        shown.connect(width, height)
        put_away(shown)
        check_clicks(shown, width, height)


def test_it_does_so_enlarged(desk: Viewer) -> None:
    desk.connect(301, 169)
    choose(desk, "Size of the picture", "Scale")
    at_rest(desk)
    check_clicks(desk, 301, 169)


def test_it_does_so_where_only_a_part_is_seen(chromium: Browser, viewer_address: str) -> None:
    with viewer(chromium, viewer_address, viewport={"width": 640, "height": 400}) as shown:
        shown.connect(1280, 720)
        choose(shown, "Size of the picture", "1:1")
        at_rest(shown)
        shown.page.mouse.move(639, 399)
        shown.until("document.querySelector('.picture').style.left === '-640px'")
        shown.until("document.querySelector('.picture').style.top === '-320px'")
        shown.forget()
        shown.page.mouse.click(600, 300)
        shown.until("window.sent.some(o => o.kind === 'input' && o.message.buttons === 1)")
        assert next(one for one in shown.inputs() if one["type"] == "Pointer" and one["buttons"])["x"] == 1240


def check_clicks(shown: Viewer, width: int, height: int) -> None:
    """Click the middle of some host pixels, where the picture's element says they are."""
    box = shown.page.locator(".picture").bounding_box()
    assert box is not None
    for x, y in itertools.product((0, 1, width // 3, width - 1), (0, height // 2, height - 1)):
        shown.forget()
        left = box["x"] + (x + 0.5) * box["width"] / width
        top = box["y"] + (y + 0.5) * box["height"] / height
        shown.page.mouse.click(left, top)
        shown.until("window.sent.filter(o => o.kind === 'input').at(-1)?.message.buttons === 0")
        pressed = [one for one in shown.inputs() if one["type"] == "Pointer" and one["buttons"] == 1]
        slack = 0 if box["width"] >= width else int(width / box["width"]) + 1
        assert pressed, f"the click on {x},{y} arrived"
        assert abs(pressed[0]["x"] - x) <= slack, f"{x},{y}: {pressed[0]}"
        assert abs(pressed[0]["y"] - y) <= slack, f"{x},{y}: {pressed[0]}"


def test_buttons_and_the_wheel(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    desk.page.mouse.move(300, 300)
    desk.forget()
    desk.page.mouse.click(300, 300, button="right")
    desk.page.mouse.click(300, 300, button="middle")
    desk.page.mouse.down(button="left")
    desk.page.mouse.down(button="right")
    desk.page.mouse.up(button="left")
    desk.page.mouse.up(button="right")
    desk.page.mouse.wheel(0, 120)
    desk.until("window.sent.some(o => o.message?.type === 'Wheel')")
    inputs = desk.inputs()
    assert [one["buttons"] for one in inputs if one["type"] == "Pointer"] == [4, 0, 2, 0, 1, 5, 4, 0]
    [wheel] = [one for one in inputs if one["type"] == "Wheel"]
    assert wheel["dy"] > 0
    assert wheel["dx"] == 0
    seqs = [one["seq"] for one in inputs if "seq" in one]
    assert seqs == sorted(set(seqs))


# ---- Keys -----------------------------------------------------------------------------------------------------------


def test_keys_go_to_the_host_and_do_nothing_here(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    for key in ("a", "F5", "Control+w", "Tab", "Escape", "Alt+ArrowLeft"):
        desk.page.keyboard.press(key)
    said = [(one["down"], one["code"], one["key"], one["modifiers"]) for one in desk.inputs(16)]
    assert said[:6] == [
        (True, "KeyA", "a", 0),
        (False, "KeyA", "a", 0),
        (True, "F5", "F5", 0),
        (False, "F5", "F5", 0),
        (True, "ControlLeft", "Control", 2),
        (True, "KeyW", "w", 2),
    ]
    assert {code for _, code, _, _ in said} >= {"Tab", "Escape", "ArrowLeft", "AltLeft"}
    expect(desk.page.locator(".stages")).to_be_visible()


def test_composed_text_arrives_as_text(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    desk.page.keyboard.insert_text("né 漢字 😀")
    [text] = desk.inputs()
    assert (text["type"], text["text"]) == ("TypedText", "né 漢字 😀")
    desk.forget()
    session = desk.page.context.new_cdp_session(desk.page)
    session.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.insertText", {"text": "你"})
    [text] = desk.inputs()
    assert (text["type"], text["text"]) == ("TypedText", "你")
    assert desk.page.evaluate("document.querySelector('.typing').value") == ""


def test_everything_is_let_go_when_the_focus_is_lost(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    desk.page.keyboard.down("Shift")
    desk.forget()
    desk.page.evaluate("window.dispatchEvent(new Event('blur'))")
    assert desk.inputs()[0]["type"] == "ReleaseAll"


def test_the_chord_leads_to_the_bar_and_escape_back(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    chord(desk.page)
    expect(desk.page.locator(".bar .tool").first).to_be_focused()
    desk.forget()
    for _ in range(3):
        desk.page.keyboard.press("ArrowRight")
    expect(desk.page.get_by_role("button", name="Keys")).to_be_focused()
    desk.page.keyboard.press("ArrowDown")
    expect(desk.page.get_by_role("menuitem").first).to_be_focused()
    desk.page.keyboard.press("End")
    expect(desk.page.get_by_role("menuitem").last).to_be_focused()
    desk.page.keyboard.press("Home")
    assert desk.page.evaluate("window.sent.filter(o => o.kind === 'input').length") == 0
    desk.page.keyboard.press("Enter")
    keys = [(one["down"], one["key"]) for one in desk.inputs(6)]
    names = ["Control", "Alt", "Delete"]
    assert keys == [(True, one) for one in names] + [(False, one) for one in reversed(names)]
    at_rest(desk)
    chord(desk.page)
    desk.page.keyboard.press("Escape")
    at_rest(desk)
    desk.forget()
    desk.page.keyboard.press("x")
    assert desk.inputs(2)[0]["key"] == "x"


def test_a_paste_brings_the_clipboard_first(chromium: Browser, viewer_address: str) -> None:
    with viewer(chromium, viewer_address, permissions=["clipboard-read", "clipboard-write"]) as shown:
        shown.connect(1280, 720)
        shown.page.evaluate("navigator.clipboard.writeText('grüße')")
        shown.page.keyboard.press("Control+v")
        shown.until("window.sent.filter(o => o.kind === 'input').length >= 4")
        kinds = [
            one.get("text") or one["message"]["key"]
            for one in shown.page.evaluate("window.sent.filter(o => o.kind === 'input' || o.kind === 'clipboard')")
        ]
        assert kinds == ["Control", "grüße", "v", "v", "Control"]
        shown.order({"kind": "clipboard", "text": "from the host"})
        shown.until("navigator.clipboard.readText().then(text => text === 'from the host')")


def test_looking_only_sends_nothing(desk: Viewer) -> None:
    desk.connect(1280, 720, rights=held("view"))
    expect(desk.page.locator(".badge")).to_have_text("View only")
    desk.page.keyboard.press("a")
    desk.page.mouse.click(300, 300)
    at_rest(desk)
    assert desk.page.evaluate("window.sent.filter(o => o.kind === 'input').length") == 0
    desk.order({"kind": "rights", "rights": held("view", "control"), "reason": ""})
    expect(desk.page.locator(".toast", has_text="granted control")).to_be_visible()
    desk.page.keyboard.press("a")
    desk.inputs(2)


# ---- Fingers ------------------------------------------------------------------------------------


def test_a_phone_operates_it_by_touch(phone: Viewer) -> None:
    phone.connect(720, 405)
    put_away(phone)
    box = phone.page.locator(".picture").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (360, 202.5)
    middle = (180.0, box["y"] + 101.0)
    cdp = phone.page.context.new_cdp_session(phone.page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        cdp.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]},
        )

    def buttons(count: int) -> list[int]:
        phone.until(f"window.sent.filter(o => o.message?.type === 'Pointer').length >= {count}")
        return [one["buttons"] for one in phone.inputs() if one["type"] == "Pointer"]

    phone.forget()
    fingers("touchStart", middle)
    fingers("touchEnd")
    assert buttons(3) == [0, 1, 0]
    tap = phone.inputs()[0]
    assert (tap["x"], tap["y"]) == (360, 202)

    phone.forget()
    fingers("touchStart", (100, middle[1]))
    assert buttons(3)[-3:] == [0, 4, 0], "held: a right click"
    fingers("touchEnd")

    phone.forget()
    two = [(120.0, middle[1]), (240.0, middle[1])]
    fingers("touchStart", *two)
    for step in range(1, 6):
        fingers("touchMove", *[(x, y - step * 12) for x, y in two])
    fingers("touchEnd")
    wheel = [one for one in phone.inputs() if one["type"] == "Wheel"]
    assert sum(one["dy"] for one in wheel) > 60
    assert all(one["dx"] == 0 for one in wheel)

    fingers("touchStart", *two)
    for step in range(1, 6):
        fingers("touchMove", (120 - step * 20, middle[1]), (240 + step * 20, middle[1]))
    fingers("touchEnd")
    larger = phone.page.locator(".picture").bounding_box()
    assert larger is not None
    assert larger["width"] > 600, "pinched: enlarged"


def test_a_phone_has_the_keys_that_it_lacks(phone: Viewer) -> None:
    phone.connect(720, 405)
    phone.page.get_by_role("button", name="Keys and keyboard").tap()
    keys = phone.page.get_by_role("toolbar", name="Keys")
    phone.forget()
    keys.get_by_role("button", name="Ctrl").tap()
    expect(keys.get_by_role("button", name="Ctrl, for the next key")).to_have_attribute("aria-pressed", "true")
    phone.page.keyboard.insert_text("c")
    said = [(one["down"], one["key"], one["modifiers"]) for one in phone.inputs(4)]
    assert said == [(True, "Control", 2), (True, "c", 2), (False, "c", 2), (False, "Control", 0)]
    phone.forget()
    keys.get_by_role("button", name="Fn").tap()
    keys.get_by_role("button", name="F12").tap()
    assert [one["code"] for one in phone.inputs(2)] == ["F12", "F12"]
    phone.forget()
    phone.page.keyboard.insert_text("hé")
    assert phone.inputs()[0]["text"] == "hé"
    phone.page.keyboard.press("Backspace")
    assert [one["key"] for one in phone.inputs(3)[1:]] == ["Backspace", "Backspace"]


def test_the_bar_comes_to_a_finger_on_its_handle(phone: Viewer) -> None:
    phone.connect(720, 405)
    put_away(phone)
    phone.page.get_by_role("button", name="Show the bar").tap()
    expect(phone.page.locator(".bar")).to_be_visible()
    phone.page.get_by_role("button", name="Hide the bar").tap()
    at_rest(phone)
