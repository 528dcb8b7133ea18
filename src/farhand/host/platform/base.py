"""What a host needs of its operating system; each platform folder implements it, nothing else imports OS libraries.

Coordinates are pixels of the whole layout, from its upper left. Pixels are BGRX: uint32 arrays, little-endian
``0x??RRGGBB``. Each session opens its own source and sink, so that a fault in one never touches another.
"""

import enum
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from farhand.protocol.messages.input import Key
from farhand.protocol.messages.screen import Monitor

Pixels = NDArray[np.uint32]


class Rect(NamedTuple):
    """A rectangle: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column beyond."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row beyond."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """Its number of pixels."""
        return self.width * self.height


class PlatformError(Exception):
    """The operating system refused or lost something; the text names the cause and the cure."""


class DisplayGone(PlatformError):
    """The display vanished: the X server died or the session ended."""


class OutOfDate(PlatformError):
    """A grab met a display that has just changed its size: ask ``resized``, then grab again."""


class Cursor(NamedTuple):
    """The pointer's shape: RGBA bytes, not premultiplied; ``rgba`` empty where no pointer is shown."""

    hot_x: int
    hot_y: int
    width: int
    height: int
    rgba: bytes


class ScreenSource(Protocol):
    """Where pictures come from. Used by one thread; every method may raise DisplayGone."""

    width: int
    height: int
    monitors: Sequence[Monitor]

    def fileno(self) -> int:
        """A descriptor that becomes readable when something happened; −1 where the source must be polled."""
        ...

    def poll(self) -> bool:
        """Read what has happened without waiting; true if pixels changed since the last ``damage``."""
        ...

    def damage(self) -> list[Rect]:
        """The rectangles that may have changed since the last call, inside the layout; the list starts anew."""
        ...

    def grab(self, rects: Sequence[Rect]) -> list[Pixels]:
        """Their pixels now, (height, width) each; valid until the next call (shared memory is reused).

        The rectangles do not overlap. Raises OutOfDate where the display has shrunk meanwhile.
        """
        ...

    def resized(self) -> bool:
        """Whether the layout changed since the last call; width, height and monitors are then the new ones."""
        ...

    def cursor(self) -> Cursor | None:
        """The pointer's shape if it changed since the last call."""
        ...

    def pointer(self) -> tuple[int, int] | None:
        """Where the pointer is, if it moved since the last call and the platform can say."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class InputSink(Protocol):
    """Where a caller's input goes. Used on the event loop; must not block; may raise DisplayGone."""

    def key(self, key: Key) -> None:
        """Press or release; finds the keycode for the physical key or the intended character."""
        ...

    def text(self, text: str) -> None:
        """Type characters, whatever the layout."""
        ...

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Move there, then press and release buttons until they are as in the mask."""
        ...

    def wheel(self, dx: int, dy: int) -> None:
        """Scroll by 1/120 of notches; fractions add up."""
        ...

    def release_all(self) -> None:
        """Every key and button that this sink pressed goes up."""
        ...

    def close(self) -> None:
        """Release everything, then give back."""
        ...


class Answer(enum.StrEnum):
    """What the person at the host said."""

    YES = "yes"
    VIEW_ONLY = "view-only"
    NO = "no"
    SILENCE = "silence"


class Question(NamedTuple):
    """Who asks for what; every text comes from the other side and is data.

    ``caller`` is the caller's own word, unless ``account`` says as whom the organisation knows them. ``reason`` is what
    they gave as theirs. ``span``: for how many seconds they want it, 0 for the whole session. ``more``: they are
    connected already. ``silence`` is what follows after ``seconds`` without an answer.
    """

    caller: str
    address: str
    capabilities: tuple[str, ...]
    seconds: int
    account: str = ""
    device: str = ""
    reason: str = ""
    span: int = 0
    more: bool = False
    silence: Answer = Answer.NO


class Presence(NamedTuple):
    """One caller with rights, for the bar: ``caller`` and ``account`` as in Question.

    ``since`` is in Unix seconds; ``session`` names it towards Controls; ``cut``: the line is, and it may come back.
    """

    caller: str
    address: str
    capabilities: tuple[str, ...]
    session: str = ""
    account: str = ""
    device: str = ""
    reason: str = ""
    since: float = 0.0
    paused: bool = False
    cut: bool = False
    warning: str = ""
    """What the person here should know of what this caller did last."""
    until: tuple[float, ...] = ()
    """When each of ``capabilities`` ends by itself, in Unix seconds, 0 for never; empty if none does."""


def _nothing(*_: object) -> None:
    """What a control does that nobody listens to."""


class Controls(NamedTuple):
    """What the person at the host may do about callers, at any time; each takes effect at once."""

    end_all: Callable[[], None] = _nothing
    end: Callable[[str], None] = _nothing
    """Takes a session's id."""
    pause: Callable[[str, bool], None] = _nothing
    """Takes a session's id, and whether it is to be paused or to go on."""
    take_back: Callable[[str, str], None] = _nothing
    """Takes a session's id and a capability."""


class Person(Protocol):
    """The person at the host: asked for consent, always shown who is connected. Runs on the event loop."""

    async def ask(self, question: Question) -> Answer:
        """Put the question; SILENCE after its seconds."""
        ...

    def show(self, callers: Sequence[Presence]) -> None:
        """Show who is connected (empty: show nothing)."""
        ...

    async def close(self) -> None:
        """Take down windows."""
        ...


class Copied(NamedTuple):
    """What a program put into the clipboard: text, files as URIs, both, or neither."""

    text: str = ""
    files: Sequence[bytes] = ()
    """As the program wrote them; nothing about them is checked."""
    more: int = 0
    """Files beyond those, of which there were too many to take."""


class Clipboard(Protocol):
    """The host's clipboard. Runs on the event loop."""

    def set_text(self, text: str) -> None:
        """Own the clipboard with this text."""
        ...

    def set_files(self, uris: Sequence[bytes]) -> None:
        """Own the clipboard with these files, to be copied."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class Platform(Protocol):
    """One operating system's way to do all of it."""

    name: str

    def open_screen(self) -> ScreenSource:
        """A source of its own for one session; raises PlatformError."""
        ...

    def open_input(self) -> InputSink:
        """A sink of its own for one session; raises PlatformError."""
        ...

    def open_person(self, controls: Controls) -> Person:
        """The person's side, and what their clicks do."""
        ...

    def open_clipboard(self, changed: Callable[[Copied], Awaitable[None]]) -> Clipboard | None:
        """The clipboard, or None where there is none; ``changed`` hears of what others put into it."""
        ...

    def resize(self, width: int, height: int) -> bool:
        """Make the desktop this large if it is ours to change; false if it is not."""
        ...

    def lock(self) -> None:
        """Lock the screen, and see that it is locked; from any thread, may take seconds. Raises PlatformError."""
        ...

    def log_off(self) -> None:
        """End the desktop's session, programs and all; from any thread, may take seconds. Raises PlatformError."""
        ...
