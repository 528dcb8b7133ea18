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


COMMANDED = """
import asyncio, sys
from farhand.host.platform.base import Answer, Controls, Presence, Question
from farhand.host.platform.terminal import TerminalPerson
def say(*what): print("DID", *what, flush=True)
async def main():
    person = TerminalPerson(controls=Controls(
        lambda: say("end all"), lambda session: say("end", session),
        lambda session, on: say("pause", session, on), lambda session, right: say("take", session, right)))
    bob = Presence("Bob\\x1b[2J", "192.0.2.9", ("view", "control"), session="b")
    anna = Presence(
        "Ann", "192.0.2.8", ("view",), session="a", account="Anna Müller", device="laptop", reason="printer")
    person.show([bob, anna])
    line = asyncio.Event()
    asyncio.get_running_loop().call_later(60, line.set)
    answer = asyncio.ensure_future(person.ask(Question("Eve", "192.0.2.7", ("view",), 60)))
    print("ANSWER", (await answer).name, flush=True)
    print("READY", flush=True)
    await line.wait()
asyncio.run(main())
"""


class Session:
    """A process with a terminal of its own, and who sits at it."""

    def __init__(self, capabilities: str = "view,control", seconds: int = 20, child: str = CHILD) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(sys.executable, [sys.executable, "-c", child, capabilities, str(seconds)])
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


def test_while_somebody_is_connected_lines_are_commands_and_a_question_comes_first(sessions: list[Session]) -> None:
    session = Session(child=COMMANDED)
    sessions.append(session)
    shown = session.until("\n> ")
    assert "2 callers: “Bob[2J” at 192.0.2.9: see, control; Anna Müller at 192.0.2.8: see." in shown
    assert "Type w (who)" in shown
    session.type("p\n")  # no answer to the question, and no command while it is open
    session.until("Please type a")
    session.type("r\n")
    assert "DID" not in session.until("READY")
    for typed, did in [
        ("p 2", "DID pause a True"),
        ("g 2", "DID pause a False"),
        ("t control", "DID take b control"),
        ("e 2", "DID end a"),
        ("w", "2  Anna Müller at 192.0.2.8, on laptop, reason: printer: see"),
        ("t control 2", "Type w (who)"),
        ("p 3", "Type w (who)"),
        ("e all", "DID end all"),
    ]:
        session.seen = ""
        session.type(f"{typed}\n")
        session.until(did)


async def test_nobody_answers_where_there_is_no_terminal(tmp_path: object) -> None:
    assert await TerminalPerson("/dev/null").ask(QUESTION) is Answer.SILENCE
    assert await TerminalPerson(f"{tmp_path}/none").ask(QUESTION) is Answer.SILENCE
    person = TerminalPerson("/dev/null")
    person.show([])
    await person.close()
