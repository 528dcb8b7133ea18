"""A session from the caller's side, for programs: what tests, the command line and scripts operate a host with."""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from farhand.client.errors import AccessRefused, AuditAltered, ConnectFailed, PictureError, SessionOver
from farhand.client.files import FilesClient
from farhand.core.errors import FarhandError
from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.protocol.capability import Capability, in_order
from farhand.protocol.envelope import Mode
from farhand.protocol.errors import ByeCode, SessionEnded
from farhand.protocol.events import Authenticated, Ended, Event, Failed, MessageReceived
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipFiles, ClipText, FilesOffered, OfferFiles
from farhand.protocol.messages.control import (
    Asking,
    AskMore,
    Checkpoint,
    Decision,
    HostStats,
    LetGo,
    Notice,
    NoticeCode,
    Paused,
    Request,
    Rights,
    Watch,
)
from farhand.protocol.messages.cursor import Hidden, Moved, Shape
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel
from farhand.protocol.messages.screen import Layout, Quality, Refresh, Resize, Shown, Update, Want
from farhand.protocol.pairing import parse_code
from farhand.protocol.session import ViewerSession
from farhand.transports.base import Transport, TransportClosed
from farhand.transports.pump import Pump

if TYPE_CHECKING:
    from farhand.client.picture import Picture

_log = get_logger(__name__)

DEFAULT_CAPABILITIES = (Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD)
#: Notices and clipboard texts that are kept, the newest.
KEPT = 100
#: How long a host gets to end a session whose rights were given back.
GOODBYE_SECONDS = 3.0


def prepare(
    transport: Transport,
    code: str,
    *,
    name: str = "",
    capabilities: Sequence[Capability] = DEFAULT_CAPABILITIES,
    view: bool = True,
) -> "Session":
    """Return the session that ``connect`` opens by a code, not yet opened: ``asking`` can then be watched meanwhile.

    Raises CodeError.
    """
    route, secret = parse_code(code)
    keys = Keys.generate(Kind.CLIENT, name, time.time(), secrets.token_bytes)
    request = Request(name, "farhand client", list(capabilities), keys.certificate)
    return Session(transport, keys, Mode.ATTENDED, route, secret, None, request, view=view)


def prepare_unattended(
    transport: Transport,
    keys: Keys,
    host_id: bytes,
    pin: bytes,
    credential: bytes,
    *,
    name: str = "",
    capabilities: Sequence[Capability] = DEFAULT_CAPABILITIES,
    reason: str = "",
    view: bool = True,
    keep: "Keep | None" = None,
    more: "More | None" = None,
) -> "Session":
    """Return a session with a host whose Noise key is ``pin``, not yet opened; a grant stands for the person there.

    ``keep`` checks and keeps the host's audit checkpoint, by its identity key; ``more`` gets grants for ``ask_more``.
    """
    request = Request(name, "farhand client", list(capabilities), keys.certificate, credential, None, reason)
    session = Session(transport, keys, Mode.UNATTENDED, host_id, None, pin, request, view=view)
    session.keep, session.more = keep, more
    return session


async def open_line(to: Transport | str, fingerprint: bytes | None = None) -> Transport:
    """The transport itself, or a line to the gateway at this address; ``fingerprint`` as in websocket.connect."""
    if not isinstance(to, str):
        return to
    # A line on this computer needs no library for WebSockets.
    from farhand.transports.websocket import connect, leg_url

    return await connect(leg_url(to, "/v1/viewer"), fingerprint=fingerprint)


#: Checks and keeps a checkpoint: (its bytes, the host's identity key). Raises AuditAltered, FarhandError, OSError.
Keep = Callable[[bytes, bytes], object]
#: Gets a credential for more rights: (capabilities, seconds, reason). Raises FarhandError.
More = Callable[[Sequence[Capability], int, str], Awaitable[bytes]]


class _FilesPort:
    """What the files of a session need of it."""

    def __init__(self, session: "Session", pump: Pump) -> None:
        self._session, self._pump = session, pump

    @property
    def granted(self) -> frozenset[Capability]:
        """The rights that hold now."""
        return self._session.granted

    @property
    def host_id(self) -> bytes:
        """Which host it is."""
        return self._session.host_id

    def send(self, message: Message) -> None:
        """Send one. Raises SessionOver."""
        self._session.send(Channel.FILES, message)

    async def room(self) -> None:
        """Return once little waits to be sent. Raises SessionOver."""
        try:
            await self._pump.room(Channel.FILES)
        except TransportClosed:
            raise SessionOver(self._session.end) from None

    def withhold(self, on: bool) -> None:
        """Give no more credit for what the host sends, or go on."""
        self._pump.withhold(Channel.FILES, on)


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
        self.granted: frozenset[Capability] = frozenset()
        self.until: dict[Capability, float] = {}
        """When a right ends by itself, in Unix seconds by the host's clock; those without an end are not in here."""
        self.paused: str | None = None
        """While the person at the host has paused the session: their words, which may be empty."""
        self.checkpoint: bytes | None = None
        """The host's audit checkpoint, which comes at the end."""
        self.audit_altered: AuditAltered | None = None
        """What is wrong with it, if it does not go on from the one that was kept before."""
        self.asking: int | None = None
        """While a person is being asked: the seconds after which silence means no."""
        self.decision: Decision | None = None
        self.notices: list[Notice] = []
        self.cursor: Shape | None = None
        self.pointer: tuple[int, int] | None = None
        self.clipboard: list[str] = []
        """Texts that the host's clipboard held, oldest first."""
        self.copied: ClipFiles | None = None
        """Files that stand copied on the host: ``files.get`` takes their paths. Only with files-read and clipboard."""
        self.stats: HostStats | None = None
        self.end: Ended | Failed | None = None
        self.over = False
        self._keys = keys
        self._request = request
        self.keep: Keep | None = None
        self.more: More | None = None
        self._view = view
        self._seq = 0
        self._answers = 0
        self._offered: list[FilesOffered] = []
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
        self.files = FilesClient(_FilesPort(self, self._pump))
        """The host's files."""

    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @cached_property
    def picture(self) -> "Picture":
        """The host's picture; loaded where one is looked at, for files need none."""
        from farhand.client.picture import Picture

        return Picture()

    @property
    def host_id(self) -> bytes:
        """Which host it is: the hash of its identity key; empty before it has proved that."""
        return self._authenticated.host_id if self._authenticated is not None else b""

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

    async def rejoin(self, to: Transport | str, *, view: bool = True, fingerprint: bytes | None = None) -> "Session":
        """Take this session, whose line was cut, up again over a new one; raises as ``connect`` does."""
        if self._authenticated is None or self.decision is None:
            raise SessionOver(self.end)
        request = Request(
            self._request.name,
            self._request.agent,
            self._request.capabilities,
            self._request.certificate,
            rejoin=self.decision.session,
        )
        session = Session(
            await open_line(to, fingerprint),
            self._keys,
            Mode.REJOIN,
            self._authenticated.host_id,
            None,
            self._authenticated.peer_static,
            request,
            view=view,
        )
        session.keep, session.more = self.keep, self.more
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
        """End the session and return when the line is closed.

        A host says a checkpoint of its audit before it ends a session, not after this end did: so a session that keeps
        those gives back its rights, and lets the host end it.
        """
        if self.keep is not None and self.granted and not self.over:
            with contextlib.suppress(SessionOver, TimeoutError):
                self.let_go(in_order(self.granted))
                await self.wait(lambda session: session.over, GOODBYE_SECONDS)
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

    async def ask_more(
        self, capabilities: Sequence[Capability], *, seconds: int = 0, reason: str = "", wait: float = 60.0
    ) -> frozenset[Capability]:
        """Ask for more rights, for so many seconds (0: as long as the session), and return those that hold then.

        A session that a grant opened gets a new one for it, which a second person may have to approve; otherwise the
        person at the host is asked. Raises AccessRefused if the answer is no, TimeoutError, SessionOver, FarhandError.
        """
        credential = await self.more(capabilities, seconds, reason) if self.more is not None else b""
        before, told = self._answers, len(self.notices)
        self.send(Channel.CONTROL, AskMore(list(capabilities), seconds, reason, credential))

        def refusal() -> Notice | None:
            return next((one for one in self.notices[told:] if one.code is NoticeCode.DENIED), None)

        await self.wait(lambda session: session._answers > before or refusal() is not None, wait)
        if not frozenset(capabilities) <= self.granted:
            found = refusal()
            raise AccessRefused(found.text if found is not None else "the host gave less than was asked for")
        return self.granted

    def let_go(self, capabilities: Sequence[Capability]) -> None:
        """Give rights back."""
        self.send(Channel.CONTROL, LetGo(list(capabilities)))

    def want(self, quality: Quality = Quality.AUTOMATIC, *, visible: bool = True, video: bool = True) -> None:
        """Say what pictures are wanted; ``video`` false: exact tiles only."""
        from farhand.client.video import CODECS

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

    async def copy_files(self, paths: Sequence[str | bytes], *, wait: float = 30.0) -> FilesOffered:
        """Put files that are on the host into its clipboard, for its programs to paste; returns how many it took.

        Needs clipboard and files-write. Raises AccessRefused, TimeoutError, SessionOver.
        """
        need = {Capability.CLIPBOARD, Capability.FILES_WRITE}
        if not need <= self.granted:
            raise AccessRefused(f"it needs the right to {' and '.join(in_order(frozenset(need - self.granted)))}")
        self._offered.clear()
        self.send(Channel.CLIPBOARD, OfferFiles([os.fsencode(path) for path in paths]))
        await self.wait(lambda session: bool(session._offered), wait)
        return self._offered[-1]

    async def _run(self) -> None:
        try:
            self.end = await self._pump.run()
        finally:
            self.over = True
            self.files.end(SessionOver(self.end))
            self._tell()
            await self._pump.close()

    async def _handle(self, event: Event) -> None:
        match event:
            case Authenticated():
                self._authenticated = event
            case MessageReceived(channel=Channel.FILES, message=message):
                self.files.take(message)
                return
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
            case Rights():
                self._hold(message.granted, message.until)
                self._answers += 1
            case Paused(on, text):
                self.paused = text if on else None
            case Checkpoint(data):
                self._keep(data)
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
            case ClipFiles(files, left_out):
                self.copied = message if files or left_out else None
            case FilesOffered():
                self._offered = [message]
            case _:
                self._session.bye(ByeCode.PROTOCOL, "a message that only viewers send")
                self._pump.ended()

    def _decided(self, decision: Decision) -> None:
        self.decision = decision
        self.asking = None
        self._hold(decision.granted, decision.until)
        if self.granted:
            self._pump.watch()
        if self._view and Capability.VIEW in self.granted:
            self.want()

    def _hold(self, granted: Sequence[Capability], until: Sequence[int]) -> None:
        self.granted = frozenset(granted)
        if not self.granted >= {Capability.CLIPBOARD, Capability.FILES_READ}:
            self.copied = None
        self.until = {one: end / 1000 for one, end in zip(granted, until, strict=False) if end}

    def _keep(self, data: bytes) -> None:
        """An audit that was altered ends nothing that is over anyway; it is remembered, and said loudly."""
        self.checkpoint = data
        host = self._authenticated.certificate if self._authenticated is not None else None
        if self.keep is None or host is None:
            return
        try:
            self.keep(data, host.identity)
        except AuditAltered as error:
            self.audit_altered = error
            _log.error("the host's audit was altered", reason=error.cause)
        except (FarhandError, OSError) as error:
            _log.error("the host's audit checkpoint could not be kept", reason=str(error))

    def _tell(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _next_seq(self) -> int:
        self._seq = (self._seq + 1) & 0xFFFFFFFF
        return self._seq
