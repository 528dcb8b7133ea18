"""The page in a real browser: every state, exact pictures, exact clicks, keys, fingers; with the gateway's headers."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.viewer_pages import (
    CONNECTED,
    DIST,
    HOST,
    Viewer,
    at_rest,
    choose,
    chord,
    pixels,
    places,
    put_away,
    viewer,
)

BRIDGE_REASONS = [
    "ended-by-host", "ended-by-viewer", "wrong-code", "unknown-code", "locked", "refused", "no-answer", "host-gone",
    "unreachable", "version", "busy", "policy", "rejoin-refused", "replaced", "protocol", "timeout",
    "revoked", "expired", "idle", "identity",
]  # fmt: skip


# ---- The code -------------------------------------------------------------------------------------------------------


def test_a_link_connects_at_once_and_leaves_the_address(desk: Viewer) -> None:
    desk.open("#4821-739204615")
    [connect] = desk.sent("connect")
    host = desk.address.removeprefix("http://")
    assert connect["target"] == {
        "url": f"ws://{host}v1/viewer",
        "name": "",
        "reason": "",
        "capabilities": ["view", "control", "clipboard"],
        "by": {"route": "4821", "secret": "739204615"},
    }
    assert desk.page.url == desk.address
    assert "739204615" not in desk.page.content()
    desk.page.reload()
    expect(desk.page.locator("h1")).to_have_text("Connect to a computer")


def test_a_code_is_typed_or_pasted_as_people_do(desk: Viewer) -> None:
    desk.open()
    code = desk.page.get_by_label("Code", exact=True)
    expect(code).to_be_focused()
    code.fill("4821-73")
    code.press("Enter")
    expect(desk.page.locator("#code-hint")).to_contain_text("6 digits here")
    expect(code).to_have_attribute("aria-invalid", "true")
    code.fill("https://gateway.example/#4821-739204615")
    code.blur()
    expect(code).to_have_value("4821-739 204 615")
    desk.page.get_by_label("Your name").fill(" Ada ")
    desk.page.get_by_role("button", name="Connect").click()
    [connect] = desk.sent("connect")
    assert connect["target"]["by"] == {"route": "4821", "secret": "739204615"}
    assert connect["target"]["name"] == "Ada"
    desk.open()
    expect(desk.page.get_by_label("Your name")).to_have_value("Ada")
    expect(desk.page.get_by_label("Code", exact=True)).to_have_value("")


def test_a_broken_link_says_so(desk: Viewer) -> None:
    desk.open("#4821-7392")
    expect(desk.page.locator("#code-hint")).to_contain_text("That link holds no whole code")
    assert desk.page.url == desk.address


# ---- States ---------------------------------------------------------------------------------------------------------


def test_the_wait_counts_down_and_can_be_given_up(desk: Viewer) -> None:
    desk.open("#4821-739204615")
    expect(desk.page.locator("h1")).to_have_text("Looking for the host")
    desk.state("securing")
    expect(desk.page.locator("h1")).to_have_text("Agreeing on keys")
    desk.state("asking", seconds=30)
    expect(desk.page.locator("h1")).to_have_text("Waiting for a yes")
    expect(desk.page.locator("h1")).to_be_focused()
    expect(desk.page.get_by_role("status")).to_contain_text("30 seconds")
    expect(desk.page.locator(".ring text")).to_have_text("28", timeout=4000)
    desk.page.get_by_role("button", name="Cancel").click()
    desk.sent("end")
    expect(desk.page.locator("h1")).to_have_text("Connect to a computer")


@pytest.mark.parametrize("reason", BRIDGE_REASONS)
def test_every_end_has_its_page(desk: Viewer, reason: str) -> None:
    desk.open("#4821-739204615")
    desk.sent("connect")
    desk.state("over", reason=reason, text="<b>no</b> \u202egnp.exe", retrySeconds=0)
    title = desk.page.locator("h1")
    expect(title).to_be_focused()
    expect(title).not_to_have_text("Looking for the host")
    expect(desk.page.locator(".cure")).to_be_visible()
    expect(desk.page).to_have_title(re.compile("Farhand$"))
    if reason == "identity":  # nothing is the host's own word, and nothing leads on
        expect(desk.page.locator("blockquote")).to_have_count(0)
        expect(desk.page.get_by_role("button")).to_have_count(0)
        return
    expect(desk.page.locator("blockquote")).to_have_text("The host says: <b>no</b> gnp.exe")
    desk.page.get_by_role("button", name="Enter a code").click()
    expect(desk.page.get_by_label("Code", exact=True)).to_be_focused()


def test_the_reasons_are_the_bridges() -> None:
    source = (DIST.parent / "src" / "app" / "bridge.ts").read_text()
    declared = re.search(r"type EndReason =([^;]*);", source)
    assert declared is not None
    assert re.findall(r'"([a-z-]+)"', declared[1]) == BRIDGE_REASONS


def test_a_cut_line_says_what_is_tried_over_the_greyed_picture(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    desk.page.keyboard.down("a")
    desk.state("cut", attempt=2, nextTryMs=9000, graceLeftMs=98000)
    panel = desk.page.get_by_role("alertdialog", name="The line is cut")
    expect(panel).to_contain_text("Attempt 2 in 9 s")
    expect(panel).to_contain_text("1:38 min more")
    shown = pixels(desk.page, x=20, y=20, width=200, height=200).astype(int)
    assert np.ptp(shown, axis=2).max() <= 2, "the last picture is grey"
    desk.page.get_by_role("button", name="Try now").click()
    desk.sent("online")
    desk.forget()
    desk.page.keyboard.up("a")
    desk.order({"kind": "state", "state": CONNECTED})
    expect(panel).to_be_hidden()
    expect(desk.page.locator(".toast")).to_have_text("The line is back.")
    desk.page.keyboard.press("b")
    assert [one["code"] for one in desk.inputs(2)] == ["KeyB", "KeyB"]


def test_a_display_that_is_gone_and_comes_back(desk: Viewer) -> None:
    desk.connect(1280, 720)
    desk.order({"kind": "notice", "code": "display-gone", "text": "The X server <i>ended</i>."})
    panel = desk.page.get_by_role("alertdialog", name="There is no picture")
    expect(panel).to_contain_text("The X server <i>ended</i>.")
    desk.order({"kind": "notice", "code": "display-back", "text": ""})
    expect(panel).to_be_hidden()


def test_the_person_ends_it(desk: Viewer) -> None:
    desk.connect(1280, 720)
    desk.page.get_by_role("button", name="End", exact=True).click()
    desk.page.get_by_role("menuitem", name="End the session").click()
    desk.sent("end")
    expect(desk.page.locator("h1")).to_have_text("You ended the session")
    assert desk.page.locator("canvas").count() == 0


def test_a_browser_without_webcrypto_names_those_that_have_it(chromium: Browser, viewer_address: str) -> None:
    with viewer(chromium, viewer_address) as shown:
        shown.page.add_init_script("if (globalThis.SubtleCrypto) delete SubtleCrypto.prototype.generateKey")
        shown.open("#4821-739204615")
        expect(shown.page.locator("h1")).to_have_text("This browser is too old")
        expect(shown.page.locator("main")).to_contain_text("Firefox 115 or later")
        assert shown.page.url == shown.address


def test_an_insecure_address_says_how_to_cure_it(chromium: Browser, viewer_address: str) -> None:
    with viewer(chromium, viewer_address.replace("localhost", "farhand.example")) as shown:
        shown.open("#4821-739204615")
        expect(shown.page.locator("h1")).to_have_text("This address is not secure enough")
        expect(shown.page.locator("main")).to_contain_text("https://")
        expect(shown.page.locator("footer")).to_contain_text("served by the gateway farhand.example")


def test_without_webcodecs_it_works_and_says_so(desk: Viewer) -> None:
    desk.page.add_init_script("delete globalThis.VideoDecoder")
    desk.connect(1280, 720)
    desk.page.get_by_role("button", name="Statistics").click()
    expect(desk.page.get_by_role("complementary", name="Statistics")).to_contain_text("has no WebCodecs")


# ---- The picture ----------------------------------------------------------------------------------------------------


def test_a_picture_as_large_as_the_window_is_exact(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    assert np.array_equal(pixels(desk.page), places(1280, 720))
    assert desk.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        1280,
        720,
    ]


@pytest.mark.parametrize("ratio", [1.25, 2])
def test_it_is_exact_on_fine_screens(chromium: Browser, viewer_address: str, ratio: float) -> None:
    with viewer(chromium, viewer_address, viewport={"width": 800, "height": 480}, device_scale_factor=ratio) as shown:
        width, height = round(800 * ratio), round(480 * ratio)
        shown.connect(width, height)
        put_away(shown)
        assert np.array_equal(pixels(shown.page), places(width, height))


def test_a_smaller_picture_is_not_enlarged_unless_wanted(desk: Viewer) -> None:
    desk.connect(640, 360)
    put_away(desk)
    middle = pixels(desk.page, x=320, y=180, width=640, height=360)
    assert np.array_equal(middle, places(640, 360))
    choose(desk, "Size of the picture", "Scale")
    at_rest(desk)
    doubled = places(640, 360).repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(pixels(desk.page), doubled)


def test_video_layers_stand_exactly_and_go_without_a_trace(desk: Viewer) -> None:
    desk.connect(1280, 720)
    [surfaces] = desk.sent("surfaces")
    assert surfaces["videos"] == 4
    put_away(desk)
    desk.order({"kind": "layer", "layer": 2, "rect": [100, 50, 320, 180]})
    for _ in range(3):
        desk.order({"film": [2, 320, 180, 0xFF2040C0]})
    desk.until("document.querySelectorAll('video')[2].videoWidth === 320")
    desk.order({"film": [2, 320, 180, 0xFF2040C0]})
    desk.until("getComputedStyle(document.querySelectorAll('video')[2]).opacity === '1'")
    shown = pixels(desk.page).astype(int)
    expected = places(1280, 720).astype(int)
    expected[50:230, 100:420] = (0x20, 0x40, 0xC0)
    assert np.abs(shown - expected).max() <= 3
    expected[50:230, 100:420] = shown[50:230, 100:420]
    assert np.array_equal(shown, expected), "nothing but the layer's rectangle is covered"
    desk.order({"kind": "layer", "layer": 2, "rect": None})
    desk.until("getComputedStyle(document.querySelectorAll('video')[2]).opacity === '0'")
    assert np.array_equal(pixels(desk.page), places(1280, 720))


def test_the_hosts_pointer_is_the_browsers(desk: Viewer) -> None:
    desk.connect(1280, 720)
    shape = {"kind": "cursor", "hotX": 3, "hotY": 5, "width": 8, "height": 8}
    desk.order(shape | {"rgba": [255, 0, 0, 255] * 64})
    desk.until("document.querySelector('.stage').style.cursor.includes('png')")
    assert desk.page.evaluate("document.querySelector('.stage').style.cursor").endswith(") 3 5, default")
    desk.order(shape | {"rgba": None})
    desk.until("document.querySelector('.stage').style.cursor === 'none'")
    desk.order(shape | {"width": 300, "rgba": [0] * 16})
    desk.until("document.querySelector('.stage').style.cursor === 'default'")


# ---- The bar --------------------------------------------------------------------------------------------------------


def test_the_bar_comes_to_a_mouse_at_the_top_edge(desk: Viewer) -> None:
    desk.connect(1280, 720)
    at_rest(desk)
    desk.page.mouse.move(640, 100)
    desk.page.mouse.move(640, 0)
    assert desk.inputs(2)[-1]["y"] == 0, "the place of the bar is the desktop's while it is away"
    expect(desk.page.locator(".bar")).to_be_visible()
    desk.page.mouse.move(640, 300)
    at_rest(desk)


def test_what_is_chosen_goes_to_the_host(desk: Viewer) -> None:
    desk.connect(1280, 720)
    assert desk.sent("want")[0]["quality"] == "automatic"
    choose(desk, "Quality", "Sharp")
    desk.until("window.sent.filter(o => o.kind === 'want').at(-1).quality === 'sharp'")
    chord(desk.page)
    desk.page.get_by_role("button", name="Match window").click()
    assert desk.sent("resize")[0] | {"kind": ""} == {"kind": "", "width": 1280, "height": 720}
    desk.page.set_viewport_size({"width": 900, "height": 600})
    assert desk.sent("resize", 2)[1] | {"kind": ""} == {"kind": "", "width": 900, "height": 600}


def test_statistics_are_asked_for_only_while_they_are_seen(desk: Viewer) -> None:
    desk.connect(1280, 720)
    assert [one["on"] for one in desk.sent("watch")] == [False]
    chord(desk.page)
    desk.page.get_by_role("button", name="Statistics").click()
    assert [one["on"] for one in desk.sent("watch", 2)] == [False, True]
    desk.order(
        {
            "kind": "statistics",
            "statistics": {
                "roundTripMs": 12.3,
                "pressToPictureMs": {"p50": 17.6, "p95": 31, "count": 20},
                "framesPerSecond": 58.6,
                "kilobitPerSecond": 4200,
                "regions": [{"kind": "video", "rect": [0, 0, 640, 360], "codec": "avc1.42c01f"}],
                "host": {"grabUs": 900, "encodeUs": 3600, "queueUs": 200, "videoKbit": 5000},
            },
        }
    )
    panel = desk.page.get_by_role("complementary", name="Statistics")
    for text in ("18 ms", "95 % within 31 ms", "12 ms", "59/s", "4.2 Mbit/s", "video 640 × 360", "encode 3.6 ms"):
        expect(panel).to_contain_text(text)
    expect(panel).to_contain_text("This page comes from this computer itself")
    desk.page.get_by_role("button", name="Close the statistics").click()
    assert [one["on"] for one in desk.sent("watch", 3)][-1] is False


# ---- Narrow screens -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone_and_everything_has_a_name(
    chromium: Browser, viewer_address: str, scheme: Any
) -> None:
    with viewer(chromium, viewer_address, viewport={"width": 360, "height": 640}, color_scheme=scheme) as shown:
        shown.open()
        check_page(shown.page)
        shown.open("#4821-739204615")
        for state in (
            {"state": "asking", "seconds": 30},
            {"state": "over", "reason": "host-gone", "text": "x" * 900, "retrySeconds": 9},
        ):
            shown.order({"kind": "state", "state": state})
            shown.page.wait_for_selector(".actions")
            check_page(shown.page)
        shown.connect(1280, 720, host=HOST | {"name": "a-host-with-a-name-that-is-far-too-long-for-any-bar-on-earth"})
        shown.page.get_by_role("button", name="Statistics").click()
        check_page(shown.page)
        shown.state("cut", attempt=12, nextTryMs=4000, graceLeftMs=60000)
        check_page(shown.page)
        assert shown.problems == []


def check_page(page: Page) -> None:
    """No sideways scrolling, every control named, every text readable on its ground (WCAG AA)."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, input')].filter(e => e.checkVisibility()
           && !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate(Path(__file__).with_name("viewer_contrast.js").read_text()) == []
