"""One attached caller: which message needs which right, which right runs which service, what follows a fault.

Every message is checked here, whatever the viewer's user interface hides. What is denied is counted, logged and
answered (both at a bounded rate), and changes nothing.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.consent import Capabilities, in_order
from farhand.host.platform.base import DisplayGone, Platform
from farhand.host.recovery import Recovery
from farhand.host.services.base import Service, ServiceFactory
from farhand.host.services.screen import ScreenService
from farhand.protocol.capability import Capability
from farhand.protocol.errors import ByeCode
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipText
from farhand.protocol.messages.control import Notice, NoticeCode, Rights, Watch
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel
from farhand.protocol.messages.screen import Refresh, Resize, Shown, Want
from farhand.transports.pump import Pump

_log = get_logger(__name__)

#: Seconds between two notices of one code, and between two log lines about one kind of denied message.
NOTICE_SECONDS = 1.0
#: Seconds between two HostStats.
STATS_SECONDS = 1.0
#: What may wait for a caller on one channel, in bytes: beyond it, the line carries nothing and counts as cut.
QUEUE_MAX = 4 << 20
SCREEN_QUEUE_MAX = 64 << 20
#: Seconds that a service may take to give everything back.
CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Rule:
    """What a message from the viewer needs, and whose service acts on it (None: the session itself)."""

    needs: Capabilities
    service: Capability | None


_VIEW = Rule(frozenset({Capability.VIEW}), Capability.VIEW)
_CONTROL = Rule(frozenset({Capability.CONTROL}), Capability.CONTROL)

#: Every message that a viewer may send once it is attached; Ping and Pong need no right and end in the pump. Any
#: other is one that only hosts send: a protocol error.
RULES: dict[type[Message], Rule] = {
    Watch: Rule(frozenset({Capability.VIEW}), None),
    Key: _CONTROL,
    TypedText: _CONTROL,
    Pointer: _CONTROL,
    Wheel: _CONTROL,
    ReleaseAll: _CONTROL,
    Shown: _VIEW,
    Want: _VIEW,
    Refresh: _VIEW,
    Resize: Rule(frozenset({Capability.VIEW, Capability.CONTROL}), Capability.VIEW),
    ClipText: Rule(frozenset({Capability.CLIPBOARD}), Capability.CLIPBOARD),
}

#: What a fault of a service is called towards the caller, where it is not the display's.
_FAULTS = {Capability.VIEW: NoticeCode.ENCODER_FAILED, Capability.CONTROL: NoticeCode.INPUT_BLOCKED}


class Attached:
    """A caller who has rights, for as long as the connection lasts.

    ``end`` is called to end the session from here. ``want`` is what the viewer last asked of the picture, kept for
    the next connection.
    """

    def __init__(
        self,
        *,
        platform: Platform,
        services: Mapping[Capability, ServiceFactory],
        granted: Capabilities,
        pump: Pump,
        end: Callable[[ByeCode, str], None],
        display_seconds: float,
        want: Want | None = None,
    ) -> None:
        self.platform = platform
        self.granted = granted
        self.want = want
        self.input_seq = 0
        self.denied: Counter[str] = Counter()
        self._services = services
        self._pump = pump
        self._end = end
        self._display_seconds = display_seconds
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._slots: dict[Capability, _Slot] = {}
        self._closings = Tasks("closing services")
        self._dark: set[Capability] = set()
        self._noticed: dict[NoticeCode, float] = {}
        self._denied_logged: dict[str, float] = {}
        self._ticker: asyncio.TimerHandle | None = None
        self._closed = False

    def start(self) -> None:
        """Start the services of the rights that hold."""
        for capability in in_order(self.granted):
            self._open(capability)

    async def handle(self, message: Message) -> None:
        """Act on one message of the viewer, if its right holds."""
        rule = RULES.get(type(message))
        if rule is None:
            _log.warning("message that only hosts send", message=type(message).__name__)
            self._end(ByeCode.PROTOCOL, "a message that only hosts send")
            return
        if not rule.needs <= self.granted:
            self._deny(type(message).__name__, rule.needs - self.granted)
            return
        match message:
            case Watch(on):
                self._watch(on)
            case Want():
                self.want = message
        if rule.service is not None and (slot := self._slots.get(rule.service)) is not None:
            await slot.handle(message)

    async def set_rights(self, granted: Capabilities, reason: str = "") -> None:
        """Make exactly these hold: services end and start, and the caller is told."""
        lost, won = self.granted - granted, granted - self.granted
        self.granted = granted
        self.send(Channel.CONTROL, Rights(in_order(granted), [], reason))
        for capability in in_order(lost):
            self._dark.discard(capability)
            if (slot := self._slots.pop(capability, None)) is not None:
                await slot.close()
        if Capability.VIEW in lost:
            self._watch(False)
        for capability in in_order(won):
            self._open(capability)

    async def close(self) -> None:
        """End every service: first the ones that hold keys down, last the picture."""
        self._closed = True
        self._watch(False)
        slots, self._slots = self._slots, {}
        for capability in sorted(slots, key=lambda capability: capability is Capability.VIEW):
            await slots[capability].close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._closings.wait()
        await self._closings.close()
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
                self._end(ByeCode.INTERNAL, "the display did not come back" if self._dark else "the picture failed")
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

    def _open(self, capability: Capability) -> None:
        factory = self._services.get(capability)
        if factory is None or capability in self._slots or self._closed:
            return
        slot = _Slot(self, capability, factory, Recovery(self._display_seconds), self._closings)
        self._slots[capability] = slot
        slot.open()

    def _deny(self, name: str, missing: Capabilities) -> None:
        self.denied[name] += 1
        now = self._loop.time()
        if now - self._denied_logged.get(name, -NOTICE_SECONDS) >= NOTICE_SECONDS:
            self._denied_logged[name] = now
            _log.warning("message denied", message=name, missing=in_order(missing), count=self.denied[name])
        self.notice(NoticeCode.DENIED, f"{name} needs the right to {' and '.join(in_order(missing))}.")

    def _tell(self, code: NoticeCode, text: str) -> None:
        self.send(Channel.CONTROL, Notice(code, text))

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


class _Port:
    """What one service sees of the session (SessionPort); of no effect once another has taken its place."""

    def __init__(self, attached: Attached, slot: "_Slot") -> None:
        self._attached = attached
        self._slot = slot
        self.service: Service | None = None
        self.tasks = Tasks(f"service {slot.capability}", on_failure=lambda _, error: self.fail(error))

    @property
    def platform(self) -> Platform:
        return self._attached.platform

    @property
    def granted(self) -> Capabilities:
        return self._attached.granted

    @property
    def input_seq(self) -> int:
        return self._attached.input_seq

    @input_seq.setter
    def input_seq(self, seq: int) -> None:
        self._attached.input_seq = seq

    def send(self, channel: Channel, message: Message) -> None:
        if self._slot.port is self:
            self._attached.send(channel, message)

    def flush(self) -> None:
        self._attached.flush()

    def notice(self, code: NoticeCode, text: str = "") -> None:
        if self._slot.port is self:
            self._attached.notice(code, text)

    def alive(self) -> None:
        if self._slot.port is self:
            self._slot.alive()

    def fail(self, error: Exception) -> None:
        if self._slot.port is self:
            self._slot.fault(error)

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self.tasks.start(coroutine, name)

    async def close(self) -> None:
        """End the service and what it started; whatever it raises is logged and goes no further."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                if self.service is not None:
                    await self.service.close()
        except Exception as error:
            _log.warning("service did not close in order", service=self._slot.capability.value, why=repr(error))
        finally:
            await self.tasks.close()


class _Slot:
    """One capability's place: a service that runs, or the next attempt at one."""

    def __init__(
        self, attached: Attached, capability: Capability, factory: ServiceFactory, recovery: Recovery, closings: Tasks
    ) -> None:
        self.capability = capability
        self.port: _Port | None = None
        self._attached = attached
        self._factory = factory
        self._recovery = recovery
        self._closings = closings
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None

    @property
    def service(self) -> Service | None:
        return None if self.port is None else self.port.service

    def open(self) -> None:
        self._retry = None
        if self._attached.waits(self.capability):
            return
        port = self.port = _Port(self._attached, self)
        try:
            port.service = self._factory(port)
        except Exception as error:
            self.fault(error)
            return
        if self.capability is Capability.VIEW:
            port.start(self._repeat_want(), "want")

    async def handle(self, message: Message) -> None:
        port = self.port
        if port is None or port.service is None:
            return  # it failed and is tried again; what was meant for it is lost
        turn = time.perf_counter()
        try:
            await port.service.handle(message)
        except Exception as error:
            port.fail(error)
        if (took := time.perf_counter() - turn) > 0.1:
            _log.warning("slow message", message=type(message).__name__, seconds=round(took, 3))

    def alive(self) -> None:
        self._recovery.alive(self._loop.time())
        self._attached.works(self.capability)

    def fault(self, error: Exception) -> None:
        port, self.port = self.port, None
        if port is not None:
            self._closings.start(port.close(), "close")
        delay = self._recovery.failed(self._loop.time())
        if delay is not None:
            self._retry = self._loop.call_later(delay, self.open)
        self._attached.fault(self.capability, error, delay)

    def renew(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        port, self.port = self.port, None
        if port is not None:
            self._closings.start(port.close(), "close")
        self.open()

    async def _repeat_want(self) -> None:
        if self._attached.want is not None:
            await self.handle(self._attached.want)

    async def close(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        port, self.port = self.port, None
        if port is not None:
            await port.close()
