"""One attached caller: every message is checked, each right runs its service, a fault has its consequence.

Every message is checked here by the table in ``rules``, whatever the viewer's user interface hides. What is denied is
counted, logged, written down and answered (at a bounded rate), and changes nothing.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import msgspec

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.audit import Value
from farhand.host.files.opened import OpenedFolders
from farhand.host.platform.base import DisplayGone, Platform
from farhand.host.recovery import Recovery
from farhand.host.rules import RULES
from farhand.host.services.base import ServiceFactory
from farhand.host.services.screen import ScreenService
from farhand.host.slots import CLOSE_SECONDS, Slot
from farhand.protocol.capability import Capabilities, Capability, in_order
from farhand.protocol.errors import ByeCode
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import AskMore, LetGo, Notice, NoticeCode, Paused, Rights, Watch
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll
from farhand.protocol.messages.screen import Want
from farhand.transports.pump import Pump

T = TypeVar("T")

_log = get_logger(__name__)

#: Threads of one session for what may wait for a disk: one waits, one works.
THREADS = 2
#: Seconds between two notices of one code, and between two log lines about one kind of denied message.
NOTICE_SECONDS = 1.0
#: Seconds between two HostStats.
STATS_SECONDS = 1.0
#: What may wait for a caller on one channel, in bytes: beyond it, the line carries nothing and counts as cut.
QUEUE_MAX = 4 << 20
SCREEN_QUEUE_MAX = 64 << 20
#: What the caller reads when the session is paused, and when it asks for something meanwhile.
PAUSED = "The person at the computer has paused the session."

#: What a fault of a service is called towards the caller, where it is not the display's.
_FAULTS = {Capability.VIEW: NoticeCode.ENCODER_FAILED, Capability.CONTROL: NoticeCode.INPUT_BLOCKED}


class Owner(Protocol):
    """Who an attached session belongs to: its call."""

    def end(self, code: ByeCode, text: str = "") -> None:
        """End the session."""
        ...

    def asks(self, message: AskMore) -> None:
        """The caller asks for more rights."""
        ...

    def lets_go(self, capabilities: Capabilities) -> None:
        """The caller gives rights back."""
        ...

    def noted(self, needs: Capabilities, active: bool) -> None:
        """The caller did something by these rights."""
        ...

    def denied(self, message: str, missing: Capabilities) -> None:
        """The caller tried something without these rights."""
        ...

    def did(self, kind: str, /, **fields: Value) -> None:
        """Write down what the caller did."""
        ...


class Held:
    """Which keys and buttons the caller holds down, by its own messages."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._buttons = 0

    def take(self, message: Message) -> None:
        """Note what it changes."""
        match message:
            case Key(down=down, code=code, key=key):
                (self._keys.add if down else self._keys.discard)(code or key.casefold())
            case Pointer(buttons=buttons):
                self._buttons = buttons
            case ReleaseAll():
                self.clear()

    def clear(self) -> None:
        """Nothing is down."""
        self._keys.clear()
        self._buttons = 0

    def __bool__(self) -> bool:
        return bool(self._keys or self._buttons)


class Attached:
    """A caller who has rights, for as long as the connection lasts.

    ``want`` is what the viewer last asked of the picture, kept for the next connection.
    """

    def __init__(
        self,
        *,
        platform: Platform,
        files: OpenedFolders,
        caller: bytes,
        about: Mapping[str, str],
        watched: Callable[[], bool],
        services: Mapping[Capability, ServiceFactory],
        granted: Capabilities,
        pump: Pump,
        owner: Owner,
        display_seconds: float,
        want: Want | None = None,
        paused: bool = False,
    ) -> None:
        self.platform = platform
        self.files = files
        self.caller = caller
        self.about = about
        self.watched = watched
        self.granted = granted
        self.want = want
        self.input_seq = 0
        self.denied: Counter[str] = Counter()
        self.paused = paused
        self._services = services
        self._pump = pump
        self._owner = owner
        self._display_seconds = display_seconds
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._slots: dict[Capability, Slot] = {}
        self._closings = Tasks("closing services")
        self._threads: ThreadPoolExecutor | None = None
        self._dark: set[Capability] = set()
        self._noticed: dict[NoticeCode, float] = {}
        self._denied_logged: dict[str, float] = {}
        self._held = Held()
        self._watched = False
        self._ticker: asyncio.TimerHandle | None = None
        self._closed = False

    def start(self) -> None:
        """Start the services of the rights that hold, unless the session is paused."""
        if self.paused:
            self._tell_paused()
        else:
            self._open_all()

    async def handle(self, message: Message) -> None:
        """Act on one message of the viewer, if its right holds."""
        rule = RULES.get(type(message))
        if rule is None:
            _log.warning("message that only hosts send", message=type(message).__name__)
            self._owner.end(ByeCode.PROTOCOL, "a message that only hosts send")
            return
        if not rule.needs <= self.granted:
            self._deny(type(message).__name__, rule.needs - self.granted)
            return
        match message:
            case LetGo(capabilities):
                self._owner.lets_go(frozenset(capabilities))
            case AskMore():
                self._owner.asks(message)
            case Want():
                self.want = message
        if self.paused:
            return
        self._owner.noted(rule.needs, rule.active)
        if isinstance(message, Watch):
            self._watch(message.on)
        if rule.service is Capability.CONTROL:
            self._held.take(message)
            self._pump.hold(bool(self._held))
        if rule.service is not None and (slot := self._slots.get(rule.service)) is not None:
            await slot.handle(message)

    async def set_rights(self, granted: Capabilities, until: Sequence[int], reason: str = "") -> None:
        """Make exactly these hold: services end and start, and the caller is told."""
        lost, won = self.granted - granted, granted - self.granted
        self.granted = granted
        self.send(Channel.CONTROL, Rights(in_order(granted), list(until), reason))
        if not self.paused:
            for capability in in_order(won):
                self._open(capability)
        await self._close_slots(lost)
        for slot in list(self._slots.values()):
            slot.rights()

    async def pause(self, on: bool) -> None:
        """Stop every service and accept nothing, or go on with what holds."""
        if on is self.paused or self._closed:
            return
        self.paused = on
        self._tell_paused()
        if on:
            self._watched = self._ticker is not None
            await self._close_slots(frozenset(self._slots))
        else:
            self._open_all()
            self._watch(self._watched and Capability.VIEW in self.granted)

    async def close(self) -> None:
        """End every service: first the ones that hold keys down, last the picture."""
        self._closed = True
        self._watch(False)
        await self._close_slots(frozenset(self._slots))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._closings.wait()
        await self._closings.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False)
        if self.denied:
            _log.info("messages denied", counts=dict(self.denied))

    def send(self, channel: Channel, message: Message) -> None:
        """Queue a message for the caller.

        Pictures keep to the pace of what was shown, so a queue grows only for a caller who says so and reads nothing.
        """
        self._pump.send(channel, message)
        if self._pump.pending(channel) > (SCREEN_QUEUE_MAX if channel is Channel.SCREEN else QUEUE_MAX):
            _log.warning("caller reads nothing", channel=channel.name)
            self._pump.cut()

    async def room(self, channel: Channel) -> None:
        """Wait for room to queue more of a channel's bulk. Raises TransportClosed at the end."""
        await self._pump.room(channel)

    def withhold(self, channel: Channel, on: bool) -> None:
        """Take no more of a channel from the caller than it has credit for, or go on."""
        self._pump.withhold(channel, on)

    def allow(self, channel: Channel, amount: int) -> None:
        """Take so many bytes more of a channel that is withheld."""
        self._pump.allow(channel, amount)

    def work(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Do it in one of the session's threads."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "session")
        return self._loop.run_in_executor(self._threads, call)

    def record(self, kind: str, /, **fields: Value) -> None:
        """Write down what the caller did."""
        self._owner.did(kind, **fields)

    def flush(self) -> None:
        """Wake the writer."""
        self._pump.flush()

    def notice(self, code: NoticeCode, text: str = "") -> None:
        """Tell the caller, at most once a NOTICE_SECONDS for each code."""
        now = self._loop.time()
        if now - self._noticed.get(code, -NOTICE_SECONDS) >= NOTICE_SECONDS:
            self._noticed[code] = now
            self._tell(code, text)

    def fault(self, capability: Capability, error: Exception, delay: float | None) -> None:
        """Tell the caller of a service's fault; with no further attempt (``delay`` None), draw the consequence."""
        if isinstance(error, DisplayGone):
            if not self._dark:
                self._tell(NoticeCode.DISPLAY_GONE, "The display of this computer is gone; waiting for it.")
            self._dark.add(capability)
        elif code := _FAULTS.get(capability):
            self.notice(code, "A part of the session failed on this computer and is started again.")
        _log.warning("service failed", service=capability.value, why=repr(error), retry_in=delay)
        if delay is None:
            if capability is Capability.VIEW or isinstance(error, DisplayGone):
                text = "the display did not come back" if self._dark else "the picture failed"
                self._owner.end(ByeCode.INTERNAL, text)
            else:
                _log.error("service given up", service=capability.value)

    def works(self, capability: Capability) -> None:
        """Note that a service works; if it was the last one in the dark, tell the caller that the display is back."""
        if capability not in self._dark:
            return
        self._dark.discard(capability)
        if capability is Capability.VIEW:
            # The others' connections died with the display, whether they have noticed or not.
            for slot in list(self._slots.values()):
                if slot.capability is not Capability.VIEW:
                    slot.renew()
        if not self._dark:
            self._tell(NoticeCode.DISPLAY_BACK, "")

    def waits(self, capability: Capability) -> bool:
        """Whether this service is left alone until the picture is back, whose thread may wait for a display."""
        return capability is not Capability.VIEW and Capability.VIEW in self._dark

    def _open_all(self) -> None:
        for capability in in_order(self.granted):
            self._open(capability)

    def _open(self, capability: Capability) -> None:
        factory = self._services.get(capability)
        if factory is None or capability in self._slots or self._closed:
            return
        slot = Slot(self, capability, factory, Recovery(self._display_seconds), self._closings)
        self._slots[capability] = slot
        slot.open()

    async def _close_slots(self, capabilities: Capabilities) -> None:
        """End these services, the one that holds keys down first, and the picture last."""
        slots = [self._slots.pop(capability) for capability in in_order(capabilities) if capability in self._slots]
        slots.sort(key=lambda slot: slot.capability is Capability.VIEW)
        ports = [slot.retire() for slot in slots]  # from here on none of them has any effect
        self._dark -= capabilities
        if Capability.CONTROL in capabilities:
            self._held.clear()
            self._pump.hold(False)
        if Capability.VIEW in capabilities:
            self._watch(False)
        for port in ports:
            if port is not None:
                await port.close()

    def _deny(self, name: str, missing: Capabilities) -> None:
        self.denied[name] += 1
        self._owner.denied(name, missing)
        now = self._loop.time()
        if now - self._denied_logged.get(name, -NOTICE_SECONDS) >= NOTICE_SECONDS:
            self._denied_logged[name] = now
            _log.warning("message denied", message=name, missing=in_order(missing), count=self.denied[name])
        self.notice(NoticeCode.DENIED, f"{name} needs the right to {' and '.join(in_order(missing))}.")

    def _tell(self, code: NoticeCode, text: str) -> None:
        self.send(Channel.CONTROL, Notice(code, text))

    def _tell_paused(self) -> None:
        self.send(Channel.CONTROL, Paused(self.paused, PAUSED if self.paused else ""))

    def _watch(self, on: bool) -> None:
        if not on and self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        elif on and self._ticker is None and not self._closed:
            self._tick()

    def _tick(self) -> None:
        self._ticker = self._loop.call_later(STATS_SECONDS, self._tick)
        self._pump.ping()
        slot = self._slots.get(Capability.VIEW)
        if slot is None or not isinstance(slot.service, ScreenService):
            return
        stats = slot.service.stats()
        rtt = stats.rtt_us if self._pump.rtt is None else min(0xFFFFFFFF, int(self._pump.rtt * 1e6))
        uptime = int((self._loop.time() - self._began) * 1000)
        self.send(Channel.CONTROL, msgspec.structs.replace(stats, rtt_us=rtt, uptime_ms=uptime))
