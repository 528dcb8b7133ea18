"""What is typed where a name is taken."""

import contextlib
from collections.abc import Iterator

import pytest

from farhand.cli import asking
from farhand.cli.asking import Asker, read_answer
from farhand.cli.exits import CliError
from farhand.protocol.messages.files import Conflict, Entry, EntryKind

EVERY = ("skip", "replace", "keep both", "newer", "quit")
MINE = Entry(b"a", EntryKind.FILE, 5, 10**15, 0o644, b"")
THEIRS = Entry(b"a", EntryKind.FILE, 6, 10**15 + 10**6, 0o644, b"")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("s\n", ("skip", False)),
        ("  keep   both \n", ("keep both", False)),
        ("K", ("keep both", True)),
        ("r all", ("replace", True)),
        ("Newer ALL", ("newer", True)),
        ("q", ("quit", False)),
        ("", ("", False)),
        ("all", ("", False)),
        ("yes", ("", False)),
        ("SR", ("", False)),
    ],
)
def test_a_letter_or_words(typed: str, meant: tuple[str, bool]) -> None:
    answer, rest = read_answer(typed, EVERY)
    assert (answer, rest and bool(answer)) == meant


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []

    async def line() -> str:
        return lines.pop(0)

    monkeypatch.setattr(asking, "_line", line)
    return lines


async def test_an_answer_for_all_the_rest_is_not_asked_for_again(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    hidden: list[str] = []

    @contextlib.contextmanager
    def aside() -> Iterator[None]:
        hidden.append("bar")
        yield

    asker = Asker(aside)
    typed += ["", "r", "N", "s"]
    assert [await asker("x", MINE, THEIRS) for _ in range(4)] == [
        Conflict.REPLACE,
        Conflict.NEWER,
        Conflict.NEWER,
        Conflict.NEWER,
    ]
    told = capsys.readouterr().err
    assert told.count("x is there already") == len(hidden) == 2
    assert "this:  5 bytes of" in told
    # A folder in the way cannot be replaced: that is asked all the same, and only for what can be done.
    assert await asker("x", MINE, Entry(b"a", EntryKind.FOLDER, 0, 0, 0o755, b"")) is None
    assert "[s]kip, [k]eep both, [q]uit" in capsys.readouterr().err


async def test_to_quit_ends_all_of_it(typed: list[str]) -> None:
    typed.append("q")
    with pytest.raises(CliError, match="ended as you chose"):
        await Asker()("x", MINE, THEIRS)
