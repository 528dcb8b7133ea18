"""A session from the caller's side, for programs: what tests, the command line and scripts operate a host with."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence

from farhand.client.errors import AccessRefused, ConnectFailed, SessionOver
from farhand.client.picture import Picture, PictureError
from farhand.client.video import CODECS
from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Mode
from farhand.protocol.errors import ByeCode, SessionEnded
from farhand.protocol.events import Authenticated, Ended, Event, Failed, MessageReceived
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipText
from farhand.protocol.messages.control import (
    Asking,
    Decision,
    HostStats,
    Notice,
    Request,
    Rights,
    Watch,
)
from farhand.protocol.messages.cursor import Hidden, Moved, Shape
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel
from farhand.protocol.messages.screen import Layout, Quality, Refresh, Resize, Shown, Update, Want
from farhand.protocol.pairing import parse_code
from farhand.protocol.session import ViewerSession
from farhand.transports.base import Transport
from farhand.transports.pump import Pump
from farhand.transports.websocket import connect as open_websocket
from farhand.transports.websocket import leg_url

_log = get_logger(__name__)

DEFAULT_CAPABILITIES = (Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD)
#: Notices and clipboard texts that are kept, the newest.
KEPT = 100


async def connect(
    to: Transport | str,
    code: str,
    *,
    name: str = "",
    capabilities: Sequence[Capability] = DEFAULT_CAPABILITIES,
    view: bool = True,
) -> "Session":
    """Call a host by its one-time code and return the session once something is granted.

    ``to`` is a transport that leads to the host, or a gateway's address (``https://…``). ``name`` is what the person
    at the host reads. With ``view`` false no pictures are asked for until ``want``. The code is never tried twice.
    Raises CodeError, Unreachable, ConnectFailed, AccessRefused, SessionOver when the line is cut meanwhile.
    """
    parse_code(code)  # before a line is opened for it
    session = prepare(await _transport(to), code, name=name, capabilities=capabilities, view=view)
    await session.open()
    return session


def prepare(
    transport: Transport,
    code: str,
    *,
    name: str = "",
    capabilities: Sequence[Capability] = DEFAULT_CAPABILITIES,
    view: bool = True,
) -> "Session":
    """Return the session that ``connect`` opens, not yet opened: ``asking`` can then be watched meanwhile.

    Raises CodeError.
    """
    route, secret = parse_code(code)
    keys = Keys.generate(Kind.CLIENT, name, time.time(), secrets.token_bytes)
    request = Request(name, "farhand client", list(capabilities), b"")
    return Session(transport, keys, Mode.ATTENDED, route, secret, None, request, view=view)


async def _transport(to: Transport | str) -> Transport:
    return await open_websocket(leg_url(to, "/v1/viewer")) if isinstance(to, str) else to


class Session:
    """One connection to one host. Made by ``connect`` and ``rejoin``."""

    def __init__(
        self,
        transport: Transport,
        keys: Keys,
        mode: Mode,
        route: str | bytes,
        secret: str | None,
        pin: bytes | None,
        request: Request,
        *,
        view: bool,
    ) -> None:
        self.picture = Picture()
        self.granted: frozenset[Capability] = frozenset()
        self.asking: int | None = None
        """While a person is being asked: the seconds after which silence means no."""
        self.decision: Decision | None = None
        self.notices: list[Notice] = []
        self.cursor: Shape | None = None
        self.pointer: tuple[int, int] | None = None
        self.clipboard: list[str] = []
        """Texts that the host's clipboard held, oldest first."""
        self.stats: HostStats | None = None
        self.end: Ended | Failed | None = None
        self.over = False
        self._keys = keys
        self._request = request
        self._view = view
        self._seq = 0
        self._authenticated: Authenticated | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks("session")
        self._session = ViewerSession(
            keys=keys,
            mode=mode,
            route=route,
            secret=secret,
            pin=pin,
            request=request,
            entropy=secrets.token_bytes,
            now=self._loop.time(),
        )
        self._pump = Pump(self._session, transport, self._handle)

    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Run the session until the host has decided; ``connect`` and ``rejoin`` call it."""
        self._tasks.start(self._run(), "run")
        try:
            await self.wait(lambda session: session.decision is not None, None)
        except SessionOver:
            await self._tasks.close()
            if isinstance(self.end, Failed):
                raise ConnectFailed(self.end.failure, self.end.retry) from None
            if self.decision is None:
                raise
        except BaseException:
            await self._tasks.close()
            raise
        if self.decision is not None and not self.granted:
            await self.close()
            raise AccessRefused(self.decision.reason)

    async def rejoin(self, to: Transport | str, *, view: bool = True) -> "Session":
        """Take this session, whose line was cut, up again over a new one; raises as ``connect`` does."""
        if self._authenticated is None or self.decision is None:
            raise SessionOver(self.end)
        request = Request(
            self._request.name, self._request.agent, self._request.capabilities, b"", rejoin=self.decision.session
        )
        session = Session(
            await _transport(to),
            self._keys,
            Mode.REJOIN,
            self._authenticated.host_id,
            None,
            self._authenticated.peer_static,
            request,
            view=view,
        )
        await session.open()
        return session

    async def wait(self, until: Callable[["Session"], bool], seconds: float | None = 10.0) -> None:
        """Return once ``until(self)`` holds, looked at after everything that arrives.

        Raises SessionOver if the session ends before that, TimeoutError after ``seconds``.
        """
        async with asyncio.timeout(seconds):
            while not until(self):
                if self.over:
                    raise SessionOver(self.end)
                waiter: asyncio.Future[None] = self._loop.create_future()
                self._waiters.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiters.discard(waiter)

    async def closed(self) -> Ended | Failed | None:
        """Wait for the session's end and return its last event, None for a line that was cut."""
        with contextlib.suppress(SessionOver):
            await self.wait(lambda session: session.over, None)
        return self.end

    async def close(self) -> None:
        """End the session and return when the line is closed."""
        self._session.bye(ByeCode.ENDED)
        self._pump.ended()
        await self.closed()
        await self._tasks.close()

    def send(self, channel: Channel, message: Message) -> None:
        """Send any message, granted or not. Raises SessionOver."""
        if self.over:
            raise SessionOver(self.end)
        try:
            self._session.send(channel, message)
        except SessionEnded:
            raise SessionOver(self.end) from None
        self._pump.flush()

    def want(self, quality: Quality = Quality.AUTOMATIC, *, visible: bool = True, video: bool = True) -> None:
        """Say what pictures are wanted; ``video`` false: exact tiles only."""
        self.send(Channel.SCREEN, Want(quality, list(CODECS) if video else [], visible, 60))

    def refresh(self) -> None:
        """Have the whole picture sent again."""
        self.send(Channel.SCREEN, Refresh())

    def resize(self, width: int, height: int) -> None:
        """Ask for a desktop of this size."""
        self.send(Channel.SCREEN, Resize(width, height))

    def watch(self, on: bool = True) -> None:
        """Have ``stats`` brought up to date once a second."""
        self.send(Channel.CONTROL, Watch(on))

    def key(self, code: str, key: str, *, down: bool, modifiers: int = 0) -> int:
        """Press or release a key; returns its number, which comes back as ``picture.input_seq``."""
        seq = self._next_seq()
        self.send(Channel.INPUT, Key(down, code, key, modifiers, False, seq))
        return seq

    def press(self, code: str, key: str, modifiers: int = 0) -> int:
        """Press and release a key."""
        self.key(code, key, down=True, modifiers=modifiers)
        return self.key(code, key, down=False, modifiers=modifiers)

    def type(self, text: str) -> int:
        """Type characters, whatever the host's layout; at most 2000."""
        seq = self._next_seq()
        self.send(Channel.INPUT, TypedText(text, seq))
        return seq

    def move(self, x: int, y: int, buttons: int = 0) -> int:
        """Put the pointer somewhere, with these buttons down (a bit each)."""
        seq = self._next_seq()
        self.send(Channel.INPUT, Pointer(x, y, buttons, seq))
        return seq

    def click(self, x: int, y: int, buttons: int = 1) -> int:
        """Move there, press, release."""
        self.move(x, y)
        self.move(x, y, buttons)
        return self.move(x, y)

    def wheel(self, dx: int, dy: int) -> int:
        """Scroll by 1/120 of notches."""
        seq = self._next_seq()
        self.send(Channel.INPUT, Wheel(dx, dy, seq))
        return seq

    def release_all(self) -> None:
        """Every key and button up."""
        self.send(Channel.INPUT, ReleaseAll())

    def copy(self, text: str) -> None:
        """Put text into the host's clipboard."""
        self.send(Channel.CLIPBOARD, ClipText(text))

    async def _run(self) -> None:
        try:
            self.end = await self._pump.run()
        finally:
            self.over = True
            self._tell()
            await self._pump.close()

    async def _handle(self, event: Event) -> None:
        match event:
            case Authenticated():
                self._authenticated = event
            case MessageReceived(message=message):
                try:
                    self._take(message)
                except PictureError as error:
                    _log.warning("picture refused", why=str(error))
                    self._session.bye(ByeCode.PROTOCOL, str(error)[:200])
                    self._pump.ended()
        self._tell()

    def _take(self, message: Message) -> None:
        match message:
            case Update():
                began = time.perf_counter()
                self.picture.apply(message)
                took = int((time.perf_counter() - began) * 1e6)
                self._pump.send(Channel.SCREEN, Shown(message.seq, min(took, 0xFFFFFFFF), 0))
            case Layout():
                self.picture.lay_out(message)
            case Asking(seconds):
                self.asking = seconds
            case Decision():
                self._decided(message)
            case Rights(granted):
                self.granted = frozenset(granted)
            case Notice():
                self.notices = [*self.notices[1 - KEPT :], message]
            case HostStats():
                self.stats = message
            case Shape():
                self.cursor = message
            case Hidden():
                self.cursor = None
            case Moved(x, y):
                self.pointer = (x, y)
            case ClipText(text):
                self.clipboard = [*self.clipboard[1 - KEPT :], text]
            case _:
                self._session.bye(ByeCode.PROTOCOL, "a message that only viewers send")
                self._pump.ended()

    def _decided(self, decision: Decision) -> None:
        self.decision = decision
        self.asking = None
        self.granted = frozenset(decision.granted)
        if self.granted:
            self._pump.watch()
        if self._view and Capability.VIEW in self.granted:
            self.want()

    def _tell(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _next_seq(self) -> int:
        self._seq = (self._seq + 1) & 0xFFFFFFFF
        return self._seq
