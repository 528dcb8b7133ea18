"""What a stranger's text becomes before a person reads it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.host.platform.base import Answer, Presence, Question
from farhand.host.platform.words import MEANINGS, harmless, lasting, name_of, silence_note, summary, wishes
from farhand.protocol.capability import Capability


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("Anna Müller", "Anna Müller"),
        ("  two \n lines\t", "two lines"),
        ("safe\u202eevil", "safeevil"),  # right to left from here
        ("a\u200b\u200d\u2066b", "ab"),
        ("e\u0301", "é"),
        ("Z" + "\u0301" * 3 + "x", "Źx"),
        ("\x1b[31mred\x07", "[31mred"),
        ("中村 Ж", "中村 Ж"),
        ("\ue000\U000e0041", ""),
        ("x" * 100, "x" * 63 + "…"),
    ],
)
def test_harmless(given_: str, expected: str) -> None:
    assert harmless(given_) == expected


@given(st.text(max_size=300), st.integers(1, 80))
def test_always_one_bounded_line_without_controls(text: str, longest: int) -> None:
    line = harmless(text, longest)
    assert len(line) <= longest
    assert line == " ".join(line.split())
    assert all(character.isprintable() for character in line)
    assert not set(line) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_names_and_wishes() -> None:
    assert name_of("\u202e ") == "Somebody without a name"
    assert set(MEANINGS) == {str(capability) for capability in Capability}
    assert wishes(["view", "unheard\u202e of"]) == ["See the screen", "unheard of"]


def test_summaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    noon = 1_790_000_000.0 // 86_400 * 86_400 + 12 * 3600
    anna = Presence("Ann", "192.0.2.1", ("view", "control"), account="Anna Müller", since=noon)
    bob = Presence("Bob", "192.0.2.2", ("view", "clipboard"), paused=True)
    assert summary([anna], noon + 60) == "Anna Müller at 192.0.2.1, since 12:00: see, control"
    assert summary([anna], noon + 86_400) == "Anna Müller at 192.0.2.1, since 2026-09-21 12:00: see, control"
    assert summary([bob]) == "Paused: “Bob” at 192.0.2.2, by code: see, clipboard"
    both = "2 callers: Anna Müller at 192.0.2.1, since 12:00: see, control; paused: “Bob” at 192.0.2.2: see, clipboard"
    assert summary([anna, bob], noon) == both
    assert summary([bob._replace(cut=True, paused=False)]).startswith("Line cut: ")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 second"), (45, "45 seconds"), (60, "1 minute"), (90, "90 seconds"), (300, "5 minutes"), (601, "10 minutes"),
     (3600, "1 hour"), (5400, "90 minutes"), (7200, "2 hours")],
)  # fmt: skip
def test_lengths_of_time(seconds: int, text: str) -> None:
    assert lasting(seconds) == text


@pytest.mark.parametrize(
    ("silence", "capabilities", "words"),
    [
        (Answer.NO, ("view",), "refused"),
        (Answer.VIEW_ONLY, ("view", "control"), "they may see, and no more"),
        (Answer.VIEW_ONLY, ("control",), "refused"),
        (Answer.YES, ("view",), "allowed"),
    ],
)
def test_silence_is_named(silence: Answer, capabilities: tuple[str, ...], words: str) -> None:
    question = Question("a", "b", capabilities, 30, silence=silence)
    assert words in silence_note(question, 1)
    assert silence_note(question, 1).endswith("1 second.")
