"""What a stranger's text becomes before a person reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.host.platform.base import Presence
from farhand.host.platform.words import MEANINGS, harmless, name_of, summary, wishes
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


def test_summaries() -> None:
    anna = Presence("Anna", "192.0.2.1", ("view", "control"))
    bob = Presence("Bob", "192.0.2.2", ("view", "clipboard"))
    assert summary([anna]) == "Anna at 192.0.2.1 can see and control this computer"
    assert summary([bob]) == "Bob at 192.0.2.2 can see this computer"
    assert summary([anna, bob]) == "2 callers: Anna at 192.0.2.1 (see and control), Bob at 192.0.2.2 (see)"
