"""The fake platform: one desktop, one person, a list of every sink and clipboard that was opened."""

from collections.abc import Awaitable, Callable

from farhand.host.platform.base import Controls, Copied, DisplayGone, PlatformError
from farhand.host.platform.fake.screen import FakeDesktop, FakeScreen
from farhand.host.platform.fake.sinks import FakeClipboard, FakeInput, FakePerson


class FakePlatform:
    """A Platform whose parts tests reach: ``desktop``, ``person``, ``inputs``, ``clipboards``, ``locked``."""

    name = "fake"

    def __init__(self, width: int = 640, height: int = 480, *, resizable: bool = True) -> None:
        self.desktop = FakeDesktop(width, height)
        self.person = FakePerson()
        self.inputs: list[FakeInput] = []
        self.clipboards: list[FakeClipboard] = []
        self.resizable = resizable
        self.locked = self.logged_off = 0
        self.lockable = True

    def open_screen(self) -> FakeScreen:
        """A source of the shared desktop."""
        return FakeScreen(self.desktop)

    def open_input(self) -> FakeInput:
        """A recorder, appended to ``inputs``."""
        if self.desktop.gone:
            raise DisplayGone("the fake display is gone")
        self.inputs.append(FakeInput())
        return self.inputs[-1]

    def open_person(self, controls: Controls) -> FakePerson:
        """The one person; ``person.controls`` is what they can do."""
        self.person.controls = controls
        return self.person

    def open_clipboard(self, changed: Callable[[Copied], Awaitable[None]]) -> FakeClipboard:
        """A clipboard, appended to ``clipboards``."""
        self.clipboards.append(FakeClipboard(changed))
        return self.clipboards[-1]

    def resize(self, width: int, height: int) -> bool:
        """Resize the desktop if it was made resizable."""
        if self.resizable:
            self.desktop.resize(width, height)
        return self.resizable

    def lock(self) -> None:
        """Count it in ``locked``; raises PlatformError unless ``lockable``."""
        if not self.lockable:
            raise PlatformError("the fake desktop has no lock: there is no cure")
        self.locked += 1

    def log_off(self) -> None:
        """Count it in ``logged_off``."""
        self.logged_off += 1
