"""What a fake platform does with input, questions and the clipboard: it writes them down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from farhand.host.platform.base import Answer, Controls, Copied, Presence, Question
from farhand.protocol.messages.input import Key

Event = tuple[Any, ...]


class FakeInput:
    """An InputSink that records: ``("key", code, down)``, ``("text", …)``, ``("pointer", x, y, buttons)``,
    ``("wheel", dx, dy)``, ``("release_all",)``, ``("close",)``, in ``events``."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.keys: list[Key] = []
        self.down: set[str] = set()
        self.buttons = 0
        self.closed = False
        self.fail: Exception | None = None

    def key(self, key: Key) -> None:
        """Record; ``down`` holds the keys (by code, else key) that are down."""
        self._record("key", key.code or key.key, key.down)
        self.keys.append(key)
        (self.down.add if key.down else self.down.discard)(key.code or key.key)

    def text(self, text: str) -> None:
        """Record."""
        self._record("text", text)

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Record."""
        self._record("pointer", x, y, buttons)
        self.buttons = buttons

    def wheel(self, dx: int, dy: int) -> None:
        """Record."""
        self._record("wheel", dx, dy)

    def release_all(self) -> None:
        """Record; nothing is down afterwards."""
        self._record("release_all")
        self.down.clear()
        self.buttons = 0

    def close(self) -> None:
        """Record; nothing is down afterwards."""
        self.events.append(("close",))
        self.down.clear()
        self.buttons = 0
        self.closed = True

    def _record(self, *event: Any) -> None:
        if self.fail is not None:
            raise self.fail
        self.events.append(event)


class FakePerson:
    """A Person whose answers a test gives: ``answers`` in order, then ``answer``; None keeps them silent."""

    def __init__(self, answer: Answer | None = Answer.YES) -> None:
        self.answer = answer
        self.answers: list[Answer | None] = []
        self.questions: list[Question] = []
        self.shown: list[Presence] = []
        self.shows = 0
        self.closed = False
        self.controls = Controls()

    async def ask(self, question: Question) -> Answer:
        """Record; a None waits the question's seconds, then SILENCE."""
        self.questions.append(question)
        answer = self.answers.pop(0) if self.answers else self.answer
        if answer is None:
            await asyncio.sleep(question.seconds)
            return Answer.SILENCE
        return answer

    def show(self, callers: Sequence[Presence]) -> None:
        """Record."""
        self.shown = list(callers)
        self.shows += 1

    async def close(self) -> None:
        """Record."""
        self.closed = True


class FakeClipboard:
    """A Clipboard in memory; a test calls ``copy`` as the person at the host would."""

    def __init__(self, changed: Callable[[Copied], Awaitable[None]]) -> None:
        self._changed = changed
        self.text = ""
        self.files: Sequence[bytes] = ()
        self.closed = False

    def set_text(self, text: str) -> None:
        """Hold the text."""
        self.text, self.files = text, ()

    def set_files(self, uris: Sequence[bytes]) -> None:
        """Hold the files."""
        self.text, self.files = "", uris

    async def copy(self, text: str = "", files: Sequence[bytes] = (), more: int = 0) -> None:
        """The person at the host copies this text, or these files."""
        self.text, self.files = text, files
        await self._changed(Copied(text, files, more))

    def close(self) -> None:
        """Record."""
        self.closed = True
