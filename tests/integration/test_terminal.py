"""The question at a terminal: a real pseudo-terminal, and a process that has it as its own."""

import os
import pty
import select
import signal
import sys
from collections.abc import Iterator

import pytest

from farhand.host.platform.base import Answer, Question
from farhand.host.platform.terminal import TerminalPerson

QUESTION = Question("Anna\x1b[2J\u202e", "192.0.2.1", ("view", "control"), 20)

CHILD = """
import asyncio, sys
from farhand.host.platform.base import Presence, Question
from farhand.host.platform.terminal import TerminalPerson
async def main():
    person = TerminalPerson()
    person.show([Presence("Bob", "192.0.2.9", ("view",))])
    wishes, seconds = tuple(sys.argv[1].split(",")), int(sys.argv[2])
    answer = await person.ask(Question("Anna\\x1b[2J\\u202e", "192.0.2.1", wishes, seconds))
    print("ANSWER", answer.name, flush=True)
asyncio.run(main())
"""


class Session:
    """A process with a terminal of its own, and who sits at it."""

    def __init__(self, capabilities: str = "view,control", seconds: int = 20) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(sys.executable, [sys.executable, "-c", CHILD, capabilities, str(seconds)])
        self.seen = ""

    def until(self, text: str) -> str:
        while text not in self.seen:
            assert select.select([self.fd], [], [], 20)[0], f"{text!r} never came: {self.seen!r}"
            try:
                piece = os.read(self.fd, 4096)
            except OSError:
                piece = b""
            assert piece, f"ended without {text!r}: {self.seen!r}"
            self.seen += piece.decode()
        return self.seen

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())


@pytest.fixture
def sessions() -> Iterator[list[Session]]:
    made: list[Session] = []
    yield made
    for session in made:
        os.kill(session.pid, signal.SIGKILL)
        os.close(session.fd)
        os.waitpid(session.pid, 0)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("a\n", "YES"),
        ("Allow\n", "YES"),
        ("v\n", "VIEW_ONLY"),
        ("r\n", "NO"),
        ("what\n\nr\n", "NO"),
        ("\x04", "SILENCE"),
    ],
)
def test_a_line_answers(sessions: list[Session], typed: str, answer: str) -> None:
    session = Session()
    sessions.append(session)
    shown = session.until("\n> ")
    assert "“Bob” at 192.0.2.9, by code: see." in shown
    assert "Anna[2J   (their own word, not verified)" in shown
    assert "Use the keyboard and the mouse" in shown
    session.type(typed)
    session.until(f"ANSWER {answer}")


def test_silence_refuses(sessions: list[Session]) -> None:
    session = Session(seconds=1)
    sessions.append(session)
    assert "Nobody answered: refused." in session.until("ANSWER SILENCE")


def test_view_only_is_no_answer_to_a_wish_to_view(sessions: list[Session]) -> None:
    session = Session("view")
    sessions.append(session)
    assert "[v]" not in session.until("\n> ")
    session.type("v\n")
    session.until("Please type a")
    session.type("r\n")
    session.until("ANSWER NO")


async def test_nobody_answers_where_there_is_no_terminal(tmp_path: object) -> None:
    assert await TerminalPerson("/dev/null").ask(QUESTION) is Answer.SILENCE
    assert await TerminalPerson(f"{tmp_path}/none").ask(QUESTION) is Answer.SILENCE
    person = TerminalPerson("/dev/null")
    person.show([])
    await person.close()
