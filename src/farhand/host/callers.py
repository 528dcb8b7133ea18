"""Who has rights here: each caller's, for as long as they hold, through cuts, pauses and the limits of its time.

A caller outlives its connections. Whatever takes a right away ends up in ``_lose``: the person's click, the caller's
own word, time, a revocation.
"""

import asyncio
import enum
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.audit import AuditSink, Kind, Value
from farhand.host.consent import Consent
from farhand.host.events import (
    AgentEvent,
    CallerConnected,
    CallerCut,
    CallerEnded,
    CallerInfo,
    FileStopped,
    RightsChanged,
)
from farhand.host.lease import HostTime, Lease
from farhand.protocol.capability import Capabilities, Capability, in_order
from farhand.protocol.certificate import Certificate
from farhand.protocol.errors import ByeCode
from farhand.protocol.grants import AtEnd
from farhand.protocol.messages.screen import Want

_log = get_logger(__name__)

_ENDS = list(AtEnd)


class Line(Protocol):
    """A caller's connection, as far as its rights are concerned."""

    def end(self, code: ByeCode, text: str = "") -> None:
        """End the session with a word to the caller."""
        ...

    async def rights(self, reason: str) -> None:
        """Make what the caller holds now hold here as well, and tell it."""
        ...

    async def paused(self, on: bool) -> None:
        """Stop everything, or go on, and tell the caller."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a caller is: ``name`` is its own word; the rest is a grant's, empty where a code let it in.

    ``viewer`` is its identity key, empty where it showed none.
    """

    name: str
    address: str
    viewer: bytes = b""
    account: str = ""
    device: str = ""
    reason: str = ""
    key: str = ""
    """The identity key's fingerprint, for people."""

    def at(self, address: str) -> "Identity":
        """The same one, elsewhere."""
        return replace(self, address=address)

    @property
    def own(self) -> bytes:
        """What tells this caller's things from another's: its account and key, or without them its word."""
        if self.viewer or self.account:
            return b"%b/%b" % (self.viewer, self.account.encode())
        return b"/" + self.name.encode()

    @property
    def who(self) -> str:
        """The account, or the caller's own word."""
        return self.account or self.name


@dataclass(eq=False)
class Caller:
    """Someone with rights, for as long as they hold: it outlives connections that are cut."""

    session: bytes
    static: bytes = field(repr=False)
    identity: Identity
    consent: Consent
    lease: Lease
    certificate: Certificate | None = None
    """What it showed when it first came."""
    at_end: AtEnd = AtEnd.NOTHING
    networks: list[tuple[str, ...]] = field(default_factory=list)
    """Of each of its grants: where it may be."""
    want: Want | None = None
    line: Line | None = None
    """The connection; None while it is cut."""
    paused: bool = False
    warning: str = ""
    """What the person here should know of what it did."""
    used: set[Capability] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)
    """How often which message came without its right."""
    refusals: int = 0
    """Questions for more that came to nothing."""
    ask_again: float = 0.0
    """Until then, by the loop's clock, nobody is asked for more."""
    grace: asyncio.TimerHandle | None = None
    timer: asyncio.TimerHandle | None = None
    closed: bool = False
    """Whether its end was written down."""

    @property
    def granted(self) -> Capabilities:
        """The rights that hold."""
        return self.consent.granted

    def info(self) -> CallerInfo:
        """What others are told about it."""
        who = self.identity
        return CallerInfo(
            self.session.hex(), who.name, who.address, tuple(in_order(self.granted)),
            who.account, who.device, who.reason, self.lease.began, self.paused,
        )  # fmt: skip


class Lost(enum.StrEnum):
    """How a right is lost."""

    TAKEN_BACK = "taken back at the computer"
    LET_GO = "given back by the caller"
    LAPSED = "its time is over"


class Callers:
    """All callers with rights, here or cut, by session id. Everything happens on one event loop.

    ``changed`` is called whenever what the person sees may be another; ``left`` when a caller is gone for good.
    """

    def __init__(
        self,
        time: HostTime,
        audit: AuditSink,
        emit: Callable[[AgentEvent], None],
        changed: Callable[[], None],
        left: Callable[[Caller], None],
    ) -> None:
        self.time = time
        self._audit = audit
        self._emit = emit
        self._changed = changed
        self._left = left
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks("callers")
        self._all: dict[bytes, Caller] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Caller]:
        return iter(list(self._all.values()))

    def watched(self) -> bool:
        """Whether somebody sees the screen now."""
        return any(
            caller.line is not None and not caller.paused and Capability.VIEW in caller.granted
            for caller in self._all.values()
        )

    def find(self, session: bytes) -> Caller | None:
        """The caller of this session."""
        return self._all.get(session)

    def arrived(self, caller: Caller, *, again: bool) -> None:
        """A caller is attached; ``again``: it came back after a cut."""
        if caller.grace is not None:
            caller.grace.cancel()
            caller.grace = None
        self._all[caller.session] = caller
        self._arm(caller)
        info = caller.info()
        _log.info(
            "caller returned" if again else "caller attached",
            session=info.session,
            caller=info.name,
            account=info.account,
            address=info.address,
            capabilities=info.capabilities,
        )
        self._emit(CallerConnected(info, again))
        self._changed()

    def cut(self, caller: Caller, seconds: int) -> None:
        """Its line is cut: it may come back for so many seconds."""
        caller.line = None
        if caller.grace is not None:
            caller.grace.cancel()
        caller.grace = self._loop.call_later(seconds, self.forget, caller, "did not come back in time")
        info = caller.info()
        _log.info("caller cut", session=info.session, caller=info.name, grace=seconds)
        self._emit(CallerCut(info, seconds))
        self._changed()

    def forget(self, caller: Caller, why: str) -> None:
        """It is gone for good; safe to call twice."""
        if self._all.pop(caller.session, None) is None:
            return
        for timer in (caller.grace, caller.timer):
            if timer is not None:
                timer.cancel()
        self.close(caller, why)
        info = caller.info()
        caller.consent.gone()
        _log.info("caller gone", session=info.session, caller=info.name, why=why)
        self._emit(CallerEnded(info, why))
        self._left(caller)
        self._changed()

    def close(self, caller: Caller, why: str) -> None:
        """Write its end down, once: before the last checkpoint goes out to it."""
        if caller.closed:
            return
        caller.closed = True
        self._audit.record(
            Kind.SESSION_END,
            **self.about(caller),
            why=why,
            seconds=int(self.time.now() - caller.lease.began),
            used=in_order(caller.used),
            refused=[f"{message}: {count}" for message, count in sorted(caller.refused.items())],
        )

    def end(self, caller: Caller, code: ByeCode, text: str) -> None:
        """End its session, cut or not."""
        if caller.line is not None:
            caller.line.end(code, text)
        else:
            self.forget(caller, text)

    # ---- Rights ---------------------------------------------------------------------------------------------------

    def added(self, caller: Caller, won: Capabilities, reason: str) -> Awaitable[None]:
        """More was granted: its service starts, the caller is told."""
        self._audit.record(Kind.RIGHT_ADDED, **self.about(caller), rights=in_order(won), why=reason)
        _log.info("rights added", session=caller.session.hex(), rights=in_order(won))
        return self._tell(caller, reason)

    async def lose(self, caller: Caller, capabilities: Capabilities, how: Lost, reason: str = "") -> None:
        """These hold no longer, from this moment on; losing the last one ends the session."""
        held = caller.granted & capabilities
        caller.lease.drop(capabilities)
        effect = caller.consent.take_back(held) if how is Lost.TAKEN_BACK else caller.consent.lose(held)
        if effect is None:
            return
        text = reason or f"{', '.join(in_order(held))}: {how}"
        _log.info("rights lost", session=caller.session.hex(), lost=in_order(held), how=how.name.lower())
        self._audit.record(Kind.RIGHT_LOST, **self.about(caller), rights=in_order(held), why=str(how))
        await self._tell(caller, text)
        if not caller.granted:
            self.end(caller, ByeCode.EXPIRED if how is Lost.LAPSED else ByeCode.RIGHTS, text)

    async def _tell(self, caller: Caller, reason: str) -> None:
        self._arm(caller)
        self._emit(RightsChanged(caller.info(), reason))
        self._changed()
        if caller.line is not None:
            await caller.line.rights(reason)

    async def pause(self, caller: Caller, on: bool) -> None:
        """Nothing is shown to it and nothing accepted from it, until it goes on."""
        if caller.paused is on:
            return
        caller.paused = on
        why = "paused at the computer" if on else "goes on"
        _log.info("caller paused" if on else "caller goes on", session=caller.session.hex())
        self._audit.record(Kind.PAUSED, **self.about(caller), on=on)
        self._emit(RightsChanged(caller.info(), why))
        self._changed()
        if caller.line is not None:
            await caller.line.paused(on)

    def revoke(self, viewer: bytes) -> int:
        """End every session of the device with this identity key; returns how many there were."""
        theirs = [caller for caller in self._all.values() if viewer and caller.identity.viewer == viewer]
        for caller in theirs:
            line = caller.line
            self.end(caller, ByeCode.REVOKED, "this device was revoked")
            if line is not None:
                self.forget(caller, "revoked")  # at once: its line may take its time to close
        return len(theirs)

    def noted(self, caller: Caller, needs: Capabilities) -> None:
        """It did something by these rights: the first time is written down, each time counts against idleness."""
        for capability in needs - caller.used:
            caller.used.add(capability)
            self._audit.record(Kind.RIGHT_USED, **self.about(caller), rights=[capability])

    def denied(self, caller: Caller, message: str, missing: Capabilities) -> None:
        """A message came without its right: the first of a kind is written down, all are counted."""
        caller.refused[message] = caller.refused.get(message, 0) + 1
        if caller.refused[message] == 1:
            self._audit.record(
                Kind.RIGHT_USED, **self.about(caller), rights=in_order(missing), message=message, refused=True
            )

    def did(self, about: Mapping[str, str], kind: str, /, **fields: Value) -> None:
        """A caller did something; ``about`` is what ``about`` said of it."""
        self._audit.record(kind, **{**about, **fields})
        caller = self._all.get(bytes.fromhex(about["session"]))
        if kind == Kind.MALWARE and caller is not None:
            path, why = str(fields.get("path", "")), str(fields.get("why", ""))
            caller.warning = f"{path}: {why}"
            self._emit(FileStopped(caller.info(), path, why))
            self._changed()

    def about(self, caller: Caller) -> dict[str, str]:
        """What every entry about it begins with."""
        who = caller.identity
        return {
            "who": who.who,
            "from_": who.address,
            "device": who.key,
            "session": caller.session.hex(),
            "reason": who.reason,
        }

    # ---- Time -----------------------------------------------------------------------------------------------------

    def _arm(self, caller: Caller) -> None:
        if caller.timer is not None:
            caller.timer.cancel()
            caller.timer = None
        due = caller.lease.next_timer()
        if due is not None:
            caller.timer = self._loop.call_later(max(0.0, due - self.time.now()), self._fire, caller)

    def _fire(self, caller: Caller) -> None:
        caller.timer = None
        if caller.session not in self._all:
            return
        now = self.time.now()
        if (code := caller.lease.over(now)) is not None:
            self.end(caller, code, _OVER[code])
            return
        lapsed = caller.lease.lapsed(now)
        if lapsed:
            self._tasks.start(self.lose(caller, lapsed, Lost.LAPSED), "lapse")
        else:
            self._arm(caller)

    async def shutdown(self) -> None:
        """Forget everyone."""
        for caller in list(self._all.values()):
            self.forget(caller, "the host shuts down")
        await self._tasks.close()


_OVER = {
    ByeCode.EXPIRED: "the time of this session is over",
    ByeCode.IDLE: "nothing was done for as long as the rule allows",
}


def strictest(one: AtEnd, other: AtEnd) -> AtEnd:
    """What does more."""
    return max(one, other, key=_ENDS.index)
