import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.files.errors import BadName
from farhand.files.names import NAME_MAX, RESERVED, another, check_name, display, split


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"a\0b", b"x" * 256, RESERVED, RESERVED + b"-1"])
def test_names_that_are_refused(name: bytes) -> None:
    with pytest.raises(BadName):
        check_name(name)


@pytest.mark.parametrize("path", [b"/etc/passwd", b"a/../b", b"a//b", b"a/", b"./a", b"/"])
def test_paths_that_are_refused(path: bytes) -> None:
    with pytest.raises(BadName):
        split(path)


def test_paths_are_split() -> None:
    assert split(b"") == []
    assert split(b"a/\n/%n/...") == [b"a", b"\n", b"%n", b"..."]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"plain (1).txt", "plain (1).txt"),
        ("Grüße/文.txt".encode(), "Grüße/文.txt"),
        (b"%n\n\x1b[2J", "%n\\n\\x1b[2J"),
        ("a\u202etxt.exe".encode(), "a\\u202etxt.exe"),
        (b"\xff\xc3", "\\xff\\xc3"),
        (b"a\\nb", "a\\\\nb"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(path: bytes, shown: str) -> None:
    assert display(path) == shown


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_two_names_never_look_the_same(one: bytes, other: bytes) -> None:
    assert display(one).isprintable()
    assert (display(one) == display(other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "n", "expected"),
    [(b"a.txt", 2, b"a (2).txt"), (b".bashrc", 3, b".bashrc (3)"), (b"folder", 10, b"folder (10)")],
)
def test_another_name(name: bytes, n: int, expected: bytes) -> None:
    assert another(name, n) == expected


def test_another_name_fits_and_keeps_characters_whole() -> None:
    name = another("ü".encode() * 125 + b".html", 12)
    assert len(name) <= NAME_MAX
    assert name.decode().endswith("ü (12).html")
    assert len(another(b"\xff" * 255, 2)) <= NAME_MAX
    assert len(another(b"." + b"x" * 254, 2)) <= NAME_MAX
    assert len(another(b"a." + b"x" * 253, 2)) <= NAME_MAX
