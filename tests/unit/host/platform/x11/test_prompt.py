"""What keys and clicks answer, and that everything fits, without a display."""

import itertools

import pytest
from xcffib import keysymdef as k

from farhand.host.platform.base import Answer, Presence, Question, Rect
from farhand.host.platform.words import MEANINGS
from farhand.host.platform.x11 import canvas as canvas_module
from farhand.host.platform.x11 import indicator, panel
from farhand.host.platform.x11.canvas import Canvas, fit, text_width, wrap
from farhand.host.platform.x11.prompt import SETTLING, Choice, lay_out, paint

QUESTION = Question("Anna", "192.0.2.1", ("view", "control"), 30)
SHOWN = 2**32 - 100  # the server's clock turns over meanwhile
LATER = (SHOWN + SETTLING) & 0xFFFFFFFF


def choice(question: Question = QUESTION) -> Choice:
    choice = Choice(lay_out(question).buttons)
    choice.shown(SHOWN)
    return choice


def middle(choice: Choice, answer: Answer) -> tuple[int, int]:
    rect = next(button.rect for button in choice.buttons if button.answer is answer)
    return rect.x + rect.width // 2, rect.y + rect.height // 2


def test_the_first_choice_is_to_refuse() -> None:
    for keysym in (k.XK_Return, k.XK_KP_Enter, k.XK_space):
        assert choice().key(keysym, LATER) is Answer.NO


def test_tab_walks_through_the_answers() -> None:
    asked = choice()
    seen = []
    for _ in range(4):
        assert asked.key(k.XK_Tab, LATER) is None
        seen.append(asked.key(k.XK_Return, LATER))
    assert seen == [Answer.VIEW_ONLY, Answer.YES, Answer.NO, Answer.VIEW_ONLY]
    assert asked.key(k.XK_ISO_Left_Tab, LATER) is None
    assert asked.key(k.XK_space, LATER) is Answer.NO


@pytest.mark.parametrize("now", [SHOWN, LATER - 1, SHOWN - 5000])
def test_nothing_accepts_before_it_has_settled_but_escape_refuses(now: int) -> None:
    asked = choice()
    asked.key(k.XK_Tab, now & 0xFFFFFFFF)
    assert asked.key(k.XK_Return, now & 0xFFFFFFFF) is None
    assert asked.click(*middle(asked, Answer.YES), True, now & 0xFFFFFFFF) is None
    assert asked.click(*middle(asked, Answer.YES), False, LATER) is None
    assert asked.key(k.XK_Escape, now & 0xFFFFFFFF) is Answer.NO
    assert Choice(lay_out(QUESTION).buttons).key(k.XK_Return, LATER) is None, "never seen, never answered"


def test_a_click_is_a_press_and_a_release_on_one_button() -> None:
    asked = choice()
    yes, no = middle(asked, Answer.YES), middle(asked, Answer.NO)
    asked.click(*yes, True, LATER)
    assert asked.click(*no, False, LATER) is None
    assert asked.click(*yes, False, LATER) is None
    asked.click(1, 1, True, LATER)
    assert asked.click(*yes, False, LATER) is None
    asked.click(*yes, True, LATER)
    assert asked.click(*yes, False, LATER) is Answer.YES


def test_view_only_is_offered_where_there_is_more_to_refuse() -> None:
    offered = [button.answer for button in choice(QUESTION._replace(capabilities=("view",))).buttons]
    assert offered == [Answer.NO, Answer.YES]


@pytest.mark.parametrize("reason", ["", "short", "w " * 100, "W" * 200])
@pytest.mark.parametrize("capabilities", [("view",), ("view", "control"), tuple(MEANINGS)])
def test_everything_has_its_place(capabilities: tuple[str, ...], reason: str) -> None:
    address = "2001:db8:1111:2222:3333:4444:5555:6666"
    question = Question("W" * 64, address, capabilities, 30, account="W" * 64, device="W" * 64, reason=reason, span=300)
    layout = lay_out(question)
    picture = paint(question, layout, 0, 12.0)
    assert (picture.height, picture.width) == (layout.height, 520)
    for button in layout.buttons:
        assert button.rect.x > 0
        assert button.rect.right < 520
        assert button.rect.bottom < layout.height
    for one, other in zip(layout.buttons, layout.buttons[1:], strict=False):
        assert one.rect.right < other.rect.x


@pytest.mark.parametrize("capabilities", [("view",), tuple(MEANINGS)])
@pytest.mark.parametrize("reason", ["", "w " * 100])
@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("paused", [False, True])
def test_the_panel_has_room_for_everything(
    capabilities: tuple[str, ...], reason: str, count: int, paused: bool
) -> None:
    caller = Presence(
        "W" * 64, "2001:db8:1111:2222:3333:4444:5555:6666", capabilities, "a", "W" * 64, "W" * 64, reason, 1.0,
        paused, not paused, tuple(9e9 for _ in capabilities),
    )  # fmt: skip
    layout = panel.lay_out(caller, count)
    picture = panel.paint(caller, count, count, layout)
    assert (picture.width, picture.height) == (panel.WIDTH, layout.height)
    verbs = [button.what for button in layout.buttons]
    assert len(verbs) == len(set(verbs))
    assert {what for what in verbs if what[0] == "take"} == {("take", capability) for capability in capabilities}
    assert {what[0] for what in verbs} - {"turn"} == {"close", "take", "go" if paused else "pause", "end"}
    for one, other in itertools.combinations((button.rect for button in layout.buttons), 2):
        apart = one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y
        assert apart, "no click means two things"


def test_text_is_broken_at_spaces_and_cut_at_its_end() -> None:
    lines = wrap("one two three " * 20, 200, 13, 2)
    assert len(lines) == 2
    assert all(text_width(line, 13) <= 200 for line in lines)
    assert lines[1].endswith("…")
    assert wrap("short", 200, 13, 2) == ["short"]
    assert wrap("W" * 100, 200, 13, 2)[0].endswith("…")


def test_text_is_cut_to_its_room() -> None:
    assert fit("short", 500, 14) == "short"
    cut = fit("W" * 100, 200, 14)
    assert cut.endswith("…")
    assert text_width(cut, 14) <= 200
    assert fit("W", 0, 14) == "…"


def test_drawing_stays_inside_the_picture() -> None:
    canvas = Canvas(20, 10, 0x000000)
    canvas.box(Rect(-5, -5, 100, 100), 0x102030, 3)
    canvas.disc(0, 0, 30, 0xFFFFFF)
    canvas.text(-10, 5, "Wide text that runs over both edges", 14, 0xFF0000)
    canvas.box(Rect(50, 50, 3, 3), 0x102030)
    assert canvas.pixels().shape == (10, 20)


def test_without_fonts_the_server_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas_module, "fonts", lambda bold: None)
    picture = paint(QUESTION, lay_out(QUESTION), 0, 30.0)
    assert "Allow" in [label.text for label in picture.labels]


def test_the_bar_is_as_high_as_promised_at_any_width() -> None:
    for width in (100, 320, 1280, 7680):
        callers = [Presence("W" * 64, "2001:db8:0:0:0:0:0:1", ("view", "control"))] * 3
        picture = indicator.paint(callers, width, width - 76)
        assert (picture.width, picture.height) == (width, 24)
