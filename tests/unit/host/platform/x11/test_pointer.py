"""Buttons and wheel, as fake events."""

from farhand.host.platform.base import Rect
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.pointer import MOST_NOTCHES, MOTION, Pointer


class Sent:
    def __init__(self) -> None:
        self.guard = Guard()
        self.events: list[str] = []
        self.pointer = Pointer(self._fake, self.guard)

    def _fake(self, kind: int, detail: int, x: int, y: int) -> None:
        self.events.append(f"({x},{y})" if kind == MOTION else f"{'+-'[kind - 4]}{detail}")

    def take(self) -> list[str]:
        taken, self.events = self.events, []
        return taken


def test_buttons_follow_the_mask() -> None:
    sent = Sent()
    sent.pointer.move(3, 4, 0b00001)
    sent.pointer.move(5, 6, 0b11010)
    assert sent.take() == ["(3,4)", "+1", "(5,6)", "-1", "+2", "+8", "+9"]
    sent.pointer.release()
    sent.pointer.release()
    assert sent.take() == ["-2", "-8", "-9"]
    sent.pointer.move(70_000, 1, 0)
    assert sent.take() == ["(32767,1)"]


def test_fractions_of_notches_add_up_and_turning_back_starts_afresh() -> None:
    sent = Sent()
    for _ in range(5):
        sent.pointer.scroll(0, 50)
    assert sent.take() == ["+5", "-5"] * 2
    sent.pointer.scroll(0, -119)
    assert sent.take() == []
    sent.pointer.scroll(130, -1)
    assert sent.take() == ["+7", "-7", "+4", "-4"]
    sent.pointer.scroll(-240, 0)
    assert sent.take() == ["+6", "-6"] * 2


def test_one_message_scrolls_a_bounded_way() -> None:
    sent = Sent()
    sent.pointer.scroll(0, 2**31 - 1)
    assert sent.take() == ["+5", "-5"] * MOST_NOTCHES
    sent.pointer.scroll(-(2**31), 0)
    assert sent.take() == ["+6", "-6"] * MOST_NOTCHES


def test_nothing_is_pressed_where_only_the_person_may() -> None:
    sent = Sent()
    sent.guard.protect("bar", Rect(10, 10, 5, 5))
    sent.pointer.move(12, 12, 1)
    sent.pointer.move(15, 12, 1)
    sent.pointer.move(12, 12, 0)
    assert sent.take() == ["(12,12)", "(15,12)", "+1", "(12,12)", "-1"]
    sent.guard.protect("bar", None)
    sent.guard.asking = 1
    sent.pointer.move(12, 12, 1)
    assert sent.take() == ["(12,12)"]
    sent.guard.asking = 0
    sent.pointer.move(12, 12, 1)
    assert sent.take() == ["(12,12)", "+1"]
