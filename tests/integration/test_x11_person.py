"""The prompt and the bar on a real X server, answered by xdotool as by a person's mouse and keyboard."""

import asyncio
import select
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest
from tests.integration.x11_server import Probe, probing, program, run, window_named, window_of, x_server
from xcffib import xproto

from farhand.host.platform.base import Answer, Controls, Presence, Question, Rect
from farhand.host.platform.x11 import panel
from farhand.host.platform.x11.capture import X11Screen
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.indicator import HEIGHT
from farhand.host.platform.x11.input import X11Input
from farhand.host.platform.x11.person import X11Person
from farhand.host.platform.x11.prompt import NAME, SETTLING, lay_out
from farhand.host.platform.x11.virtual import set_size
from farhand.protocol.messages.input import Key

WIDTH, DEPTH = 1000, 700
QUESTION = Question("Anna \u202eMüller", "192.0.2.1", ("view", "control"), 30)
ANNA = Presence("Anna", "192.0.2.1", ("view", "control"), session="a1", account="Anna Müller", device="laptop")
BOB = Presence("Bob", "192.0.2.2", ("view",), session="b2", reason="the printer")
END = ("mousemove", str(WIDTH - 40), str(DEPTH - 10))


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server(WIDTH, DEPTH) as name:
        yield name


@pytest.fixture
def probe(display: str) -> Iterator[Probe]:
    with probing(display) as probe:
        probe.fill(0x446688)
        yield probe


class At:
    """Somebody at the display, and what they ended."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.guard = Guard()
        self.ended = asyncio.Event()
        self.did: list[tuple[object, ...]] = []
        self.person = X11Person(
            display,
            self.guard,
            Controls(
                self.ended.set,
                lambda session: self.did.append(("end", session)),
                lambda session, on: self.did.append(("pause", session, on)),
                lambda session, right: self.did.append(("take", session, right)),
            ),
        )

    def do(self, *arguments: str) -> None:
        run(self.display, "xdotool", *arguments)

    async def asked(self, question: Question = QUESTION) -> "asyncio.Future[Answer]":
        """Ask; return when the window is there and has been for as long as it takes to settle."""
        answer = asyncio.ensure_future(self.person.ask(question))
        await asyncio.to_thread(window_named, self.display, NAME)
        await asyncio.sleep(SETTLING / 1000 + 0.1)  # what this waits for is a span of time
        return answer

    def button(self, wanted: Answer, question: Question = QUESTION) -> tuple[str, str]:
        """The middle of the button that gives this answer, in pixels of the screen."""
        layout = lay_out(question)
        rect = next(button.rect for button in layout.buttons if button.answer is wanted)
        left, top = (WIDTH - 520) // 2, (DEPTH - layout.height) // 3
        return str(left + rect.x + rect.width // 2), str(top + rect.y + rect.height // 2)


@pytest.fixture
async def at(display: str) -> AsyncIterator[At]:
    at = At(display)
    yield at
    await at.person.close()


async def soon(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def bar(screen: X11Screen) -> bool:
    """Whether the bar is whole on the screen's last rows."""
    (rows,) = screen.grab([Rect(0, DEPTH - HEIGHT, WIDTH, HEIGHT)])
    return bool(np.all(rows[1, : WIDTH - 170] & 0xFFFFFF == 0x1C2128)) and len(np.unique(rows & 0xFFFFFF)) > 20


@pytest.mark.parametrize("answer", [Answer.YES, Answer.VIEW_ONLY, Answer.NO])
async def test_a_click_answers(at: At, answer: Answer) -> None:
    asked = await at.asked()
    at.do("mousemove", *at.button(answer), "click", "1")
    assert await asked is answer


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["Escape"], Answer.NO),
        (["Return"], Answer.NO),
        (["space"], Answer.NO),
        (["Tab", "Return"], Answer.VIEW_ONLY),
        (["Tab", "Tab", "KP_Enter"], Answer.YES),
        (["shift+Tab", "space"], Answer.YES),
        (["Right", "Right", "Left", "Return"], Answer.VIEW_ONLY),
    ],
)
async def test_keys_answer(at: At, keys: list[str], answer: Answer) -> None:
    asked = await at.asked()
    at.do("key", *keys)
    assert await asked is answer


async def test_what_was_typed_or_clicked_for_something_else_admits_nobody(at: At, probe: Probe) -> None:
    probe.x.core.ChangeWindowAttributes(probe.root, xproto.CW.EventMask, [xproto.EventMask.SubstructureNotify])
    probe.sync()
    answer = asyncio.ensure_future(at.person.ask(QUESTION))
    await soon(lambda: bool(probe.events((xproto.MapNotifyEvent,))))
    await asyncio.sleep(0)  # the prompt takes the focus
    tab, enter, space = 23, 36, 65
    probe.tap(tab, tab, enter, space)
    probe.click(*map(int, at.button(Answer.YES)))
    await soon(lambda: probe.keys_down() == [])
    assert not answer.done()
    at.do("key", "Escape")
    assert await answer is Answer.NO


async def test_silence_refuses(at: At) -> None:
    assert await at.person.ask(QUESTION._replace(seconds=1)) is Answer.SILENCE


async def test_questions_come_one_at_a_time_and_a_caller_who_hangs_up_takes_theirs_along(at: At, probe: Probe) -> None:
    first = await at.asked()
    second = asyncio.ensure_future(at.person.ask(QUESTION))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.to_thread(window_named, at.display, NAME)
    assert at.guard.asking == 1
    at.do("key", "Escape")
    assert await second is Answer.NO
    assert at.guard.asking == 0


async def test_the_keyboards_focus_goes_back(at: At, probe: Probe) -> None:
    window = probe.window((0, 0, 50, 50))
    probe.x.core.SetInputFocus(1, window, 0)
    probe.sync()
    asked = await at.asked()
    assert probe.x.core.GetInputFocus().reply().focus != window
    at.do("key", "Escape")
    await asked
    assert probe.x.core.GetInputFocus().reply().focus == window
    probe.x.core.DestroyWindow(window)
    probe.sync()


async def test_a_caller_in_control_can_neither_answer_nor_end(at: At, probe: Probe) -> None:
    sink = X11Input(at.display, at.guard)
    at.person.show([ANNA])
    asked = await at.asked()
    x, y = map(int, at.button(Answer.YES))
    sink.pointer(x, y, 0)
    sink.pointer(x, y, 1)
    sink.pointer(x, y, 0)
    for key in ("Tab", "Enter", "Escape"):
        sink.key(Key(True, key, key, 0, False, 1))
        sink.key(Key(False, key, key, 0, False, 1))
    await soon(lambda: probe.pointer() == (x, y))
    assert not asked.done()
    at.do("key", "Escape")
    assert await asked is Answer.NO
    sink.pointer(WIDTH - 40, DEPTH - 10, 1)
    sink.pointer(WIDTH - 40, DEPTH - 10, 0)
    await soon(lambda: probe.pointer() == (WIDTH - 40, DEPTH - 10))
    assert not at.ended.is_set()
    sink.close()
    at.do(*END, "click", "1")
    await asyncio.wait_for(at.ended.wait(), 10)


async def test_the_bar_shows_ends_and_goes(at: At, display: str, probe: Probe) -> None:
    focus = probe.x.core.GetInputFocus().reply().focus
    screen = X11Screen(display)
    at.person.show([ANNA])
    await soon(lambda: bar(screen))
    assert probe.x.core.GetInputFocus().reply().focus == focus
    at.do(
        "mousemove",
        "20",
        str(DEPTH - 10),
        "click",
        "1",
        *END,
        "mousedown",
        "1",
        "mousemove",
        "20",
        "20",
        "mouseup",
        "1",
    )
    at.do("mousemove", "20", str(DEPTH - 10), "mousedown", "1", *END, "mouseup", "1")
    at.do(*END, "click", "3")
    assert not at.ended.is_set()
    assert at.did == []
    at.do(*END, "click", "1")
    await asyncio.wait_for(at.ended.wait(), 10)
    at.person.show([ANNA, BOB])
    await soon(lambda: bar(screen))
    at.person.show([])
    await soon(lambda: not bar(screen))
    screen.close()


async def test_the_bar_is_quiet(at: At, display: str) -> None:
    screen = X11Screen(display)
    at.person.show([ANNA])
    await soon(lambda: bar(screen))
    while screen.poll():
        screen.damage()
    at.person.show([ANNA])
    # For as long as a blinking or ticking bar would need to betray itself, nothing on the whole screen changes.
    ready, _, _ = await asyncio.to_thread(select.select, [screen.fileno()], [], [], 1.5)
    assert not ready
    screen.close()


async def test_the_bar_comes_back_to_the_top_and_makes_no_storm(at: At, display: str, probe: Probe) -> None:
    screen = X11Screen(display)
    at.person.show([ANNA])
    await soon(lambda: bar(screen))
    covers = [probe.window((0, DEPTH - 100 - n, WIDTH, 100 + n)) for n in range(5)]
    assert not bar(screen)
    await soon(lambda: bar(screen))
    for window in covers:
        probe.x.core.ConfigureWindow(window, 0x40, [0])  # above again
    probe.sync()
    await soon(lambda: bar(screen))
    for window in covers:
        probe.x.core.DestroyWindow(window)
    probe.sync()
    screen.close()


async def test_the_bar_stays_above_maximised_windows_and_follows_the_screens_size(at: At) -> None:
    with x_server(800, 600) as name, probing(name) as probe, program(name, "openbox"):
        await soon(probe.managed)
        person = X11Person(name, Guard(), Controls())
        person.show([ANNA])
        screen = X11Screen(name)

        def whole(width: int, height: int) -> bool:
            screen.poll()
            if screen.resized() or (screen.width, screen.height) != (width, height):
                return False
            rows = screen.grab([Rect(0, height - HEIGHT, width, HEIGHT)])[0] & 0xFFFFFF
            return bool(np.all(rows[1, : width - 170] == 0x1C2128))

        await soon(lambda: whole(800, 600))
        with program(name, "xterm", "-maximized"):
            await asyncio.to_thread(window_of, name, "--class", "xterm")
            await soon(lambda: whole(800, 600))
        set_size(name, 640, 400)
        await soon(lambda: whole(640, 400))
        screen.close()
        await person.close()


class Opened:
    """The panel, opened by a click on the bar, and where its buttons are."""

    def __init__(self, at: At, *callers: Presence) -> None:
        self.at = at
        self.callers = callers

    async def open(self) -> None:
        self.at.person.show(self.callers)
        screen = X11Screen(self.at.display)
        await soon(lambda: bar(screen))
        screen.close()
        self.at.do("mousemove", "100", str(DEPTH - 10), "click", "1")
        await asyncio.to_thread(window_named, self.at.display, panel.NAME)

    def place(self, what: tuple[str, str], caller: Presence) -> tuple[str, str]:
        layout = panel.lay_out(caller, len(self.callers))
        rect = next(button.rect for button in layout.buttons if button.what == what)
        left, top = WIDTH - panel.WIDTH - panel.MARGIN, DEPTH - HEIGHT - panel.MARGIN - layout.height
        return str(left + rect.x + rect.width // 2), str(top + rect.y + rect.height // 2)

    def click(self, what: tuple[str, str], caller: Presence) -> None:
        self.at.do("mousemove", *self.place(what, caller), "click", "1")


async def test_the_panel_takes_one_right_away_pauses_and_ends(at: At, probe: Probe) -> None:
    focus = probe.x.core.GetInputFocus().reply().focus
    opened = Opened(at, ANNA, BOB)
    await opened.open()
    assert probe.x.core.GetInputFocus().reply().focus == focus
    opened.click(("take", "control"), ANNA)
    await soon(lambda: at.did == [("take", "a1", "control")])
    opened.click(("turn", "+1"), ANNA)
    opened.click(("pause", ""), BOB)
    await soon(lambda: at.did[1:] == [("pause", "b2", True)])
    resting = BOB._replace(paused=True)
    at.person.show([ANNA, resting])
    opened.click(("go", ""), resting)
    await soon(lambda: at.did[2:] == [("pause", "b2", False)])
    opened.click(("end", ""), resting)
    await soon(lambda: at.did[3:] == [("end", "b2")])
    at.person.show([ANNA])
    opened.callers = (ANNA,)
    opened.click(("close", ""), ANNA)
    await soon(lambda: at.person._panel is None)
    assert not at.ended.is_set()
    at.do("mousemove", "100", str(DEPTH - 10), "click", "1")
    await soon(lambda: at.person._panel is not None)
    at.person.show([])
    await soon(lambda: at.person._panel is None)


async def test_a_caller_in_control_can_use_neither_bar_nor_panel(at: At, probe: Probe) -> None:
    sink = X11Input(at.display, at.guard)
    opened = Opened(at, ANNA)
    at.person.show([ANNA])
    for x, y in [(100, DEPTH - 10), (WIDTH - 120, DEPTH - 10)]:
        sink.pointer(x, y, 1)
        sink.pointer(x, y, 0)
    await soon(lambda: probe.pointer() == (WIDTH - 120, DEPTH - 10))
    assert at.person._panel is None
    await opened.open()
    for what in (("take", "view"), ("pause", ""), ("end", ""), ("close", "")):
        x, y = map(int, opened.place(what, ANNA))
        sink.pointer(x, y, 0)
        sink.pointer(x, y, 1)
        sink.pointer(x, y, 0)
        await soon(lambda x=x, y=y: probe.pointer() == (x, y))
    assert at.did == []
    assert at.person._panel is not None
    sink.close()


async def test_a_display_that_dies_leaves_nobody_to_ask(at: At) -> None:
    with x_server() as name:
        person = X11Person(name, Guard(), Controls())
        person.show([ANNA])
        asked = asyncio.ensure_future(person.ask(QUESTION))
        await asyncio.to_thread(window_named, name, NAME)
    assert await asyncio.wait_for(asked, 10) is Answer.SILENCE
    person.show([ANNA, BOB])
    assert await person.ask(QUESTION) is Answer.SILENCE
    await person.close()
