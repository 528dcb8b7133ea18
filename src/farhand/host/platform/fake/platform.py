"""The fake platform: one desktop, one person, a list of every sink and clipboard that was opened."""

from collections.abc import Awaitable, Callable

from farhand.host.platform.base import DisplayGone
from farhand.host.platform.fake.screen import FakeDesktop, FakeScreen
from farhand.host.platform.fake.sinks import FakeClipboard, FakeInput, FakePerson


class FakePlatform:
    """A Platform whose parts tests reach: ``desktop``, ``person``, ``inputs``, ``clipboards``."""

    name = "fake"

    def __init__(self, width: int = 640, height: int = 480, *, resizable: bool = True) -> None:
        self.desktop = FakeDesktop(width, height)
        self.person = FakePerson()
        self.inputs: list[FakeInput] = []
        self.clipboards: list[FakeClipboard] = []
        self.resizable = resizable

    def open_screen(self) -> FakeScreen:
        """A source of the shared desktop."""
        return FakeScreen(self.desktop)

    def open_input(self) -> FakeInput:
        """A recorder, appended to ``inputs``."""
        if self.desktop.gone:
            raise DisplayGone("the fake display is gone")
        self.inputs.append(FakeInput())
        return self.inputs[-1]

    def open_person(self, end_all: Callable[[], None]) -> FakePerson:
        """The one person; ``person.end_all()`` is their click to end."""
        self.person.end_all = end_all
        return self.person

    def open_clipboard(self, changed: Callable[[str], Awaitable[None]]) -> FakeClipboard:
        """A clipboard, appended to ``clipboards``."""
        self.clipboards.append(FakeClipboard(changed))
        return self.clipboards[-1]

    def resize(self, width: int, height: int) -> bool:
        """Resize the desktop if it was made resizable."""
        if self.resizable:
            self.desktop.resize(width, height)
        return self.resizable
