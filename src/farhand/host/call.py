"""One connection to the host, from the caller's hello to its end: whatever a caller does, the fault stays in here."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from typing import Protocol

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.audit import Value
from farhand.host.authority import AccessDenied
from farhand.host.callers import Caller, Callers, Lost, strictest
from farhand.host.consent import Ask, Consent, Deny, Grant, Reason, Refuse
from farhand.host.entry import Entry, tame
from farhand.host.files.opened import OpenedFolders
from farhand.host.lease import Lease, shorter
from farhand.host.platform.base import Answer, Platform, Question
from farhand.host.services.base import ServiceFactory
from farhand.host.session import PAUSED, Attached
from farhand.host.settings import HostSettings, Silence
from farhand.protocol.capability import Capabilities, Capability, in_order
from farhand.protocol.envelope import Hello, Mode
from farhand.protocol.errors import ByeCode, FailureCode, Refused, SessionEnded
from farhand.protocol.events import Authenticated, Ended, Event, Failed, HelloReceived, MessageReceived
from farhand.protocol.identity import Keys
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Asking, AskMore, Checkpoint, Decision, Notice, NoticeCode, Request
from farhand.protocol.session import HostSession, State
from farhand.transports.base import Transport
from farhand.transports.pump import Pump

_log = get_logger(__name__)

#: Version of the advisory feed that this host has read; there is none yet.
FEED = 0
#: Messages that a caller without a decision may send in vain before the connection ends.
EARLY_MESSAGES = 100
#: After a question for more that came to nothing nobody is asked again for so many seconds, doubled each time.
ASK_AGAIN_SECONDS = 5.0
_ASK_AGAIN_MOST = 600.0

_SILENCE = {Silence.NO: Answer.NO, Silence.VIEW: Answer.VIEW_ONLY, Silence.YES: Answer.YES}


class Desk(Protocol):
    """What a call needs of the agent: everything that outlives one connection."""

    platform: Platform
    files: OpenedFolders
    keys: Keys
    settings: HostSettings
    services: Mapping[Capability, ServiceFactory]
    register: Callers
    host_name: str
    system: str

    def modes(self) -> frozenset[Mode]:
        """Ways to call that this host knows."""
        ...

    def admit(self, call: "Call", hello: Hello) -> None:
        """Let a stranger begin; raises Refused."""
        ...

    def take_code(self, call: "Call", route: str) -> str | None:
        """Consume a code; raises Refused."""
        ...

    def wrong_code(self, call: "Call") -> int:
        """The code that it took met a wrong secret; returns the seconds that attended mode is locked for, else 0."""
        ...

    def find_rejoin(self, session: bytes) -> bytes | None:
        """The Noise key of a caller who may come back."""
        ...

    def known(self, call: "Call") -> None:
        """The call is authenticated."""
        ...

    async def enter(self, call: "Call", event: Authenticated) -> Entry:
        """The most that an authenticated caller may get; raises AccessDenied."""
        ...

    async def more(self, caller: Caller, call: "Call", message: AskMore) -> Entry:
        """The most that a caller who asks for more may get; raises AccessDenied."""
        ...

    async def ask(self, call: "Call", question: Question) -> Answer:
        """Put a question to the person."""
        ...

    def questions(self) -> int:
        """How many questions are waiting for the person."""
        ...

    def claim(self, call: "Call", session: bytes) -> Caller | None:
        """Take over a caller who came back; raises AccessDenied if it may not from here."""
        ...

    def arrived(self, caller: Caller, entry: Entry | None) -> None:
        """A caller is attached: by this entry, or again."""
        ...

    def refused(self, call: "Call", name: str, reason: str, why: str) -> None:
        """A caller was granted nothing."""
        ...

    def closing(self, caller: Caller, why: str) -> bytes:
        """A caller's session is about to end by this side's word; returns the checkpoint that goes before it."""
        ...

    def left(self, call: "Call", end: Ended | Failed | None) -> None:
        """The connection is over; None: it was cut."""
        ...


class Call:
    """One connection. Run it once."""

    def __init__(self, desk: Desk, transport: Transport, address: str) -> None:
        self.address = address
        self.caller: Caller | None = None
        self._desk = desk
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks("call", on_failure=self._task_failed)
        self._attached: Attached | None = None
        self._detaching: asyncio.Task[None] | None = None
        self.event: Authenticated | None = None
        self._over = False
        self._early = 0
        self._about: Mapping[str, str] = {}
        self.session = HostSession(
            keys=desk.keys,
            take_code=lambda route: desk.take_code(self, route),
            find_rejoin=desk.find_rejoin,
            wrong_code=lambda: desk.wrong_code(self),
            feed=FEED,
            entropy=secrets.token_bytes,
            now=self._loop.time(),
            modes=desk.modes(),
        )
        self._pump = Pump(
            self.session,
            transport,
            self._handle,
            ping_after=desk.settings.ping_after,
            cut_after=desk.settings.cut_after,
        )

    @property
    def authenticated(self) -> bool:
        """Whether the handshake came to its end."""
        return self.event is not None

    async def run(self) -> None:
        """Serve the connection until it is over; raises nothing but cancellation."""
        end: Ended | Failed | None = None
        try:
            end = await self._pump.run()
        finally:
            self._over = True
            try:
                await self._detach()
                await self._tasks.close()
            finally:
                self._desk.left(self, end)
                await self._pump.close()

    def end(self, code: ByeCode, text: str = "") -> None:
        """End the session with a word to the caller, nothing of it in effect from here on; a stranger is refused."""
        with contextlib.suppress(SessionEnded):
            if not self.authenticated:
                self.session.refuse(FailureCode.HOST_GONE if code is ByeCode.SHUTDOWN else FailureCode.POLICY)
            else:
                if self.caller is not None and self.session.state is State.OPEN:
                    self._say_checkpoint(self._desk.closing(self.caller, text))
                self.session.bye(code, text)
                self._start_detaching()
            self._pump.ended()

    def refuse(self, code: FailureCode, retry: int = 0) -> None:
        """Turn a stranger away."""
        with contextlib.suppress(SessionEnded):
            self.session.refuse(code, retry)
            self._pump.ended()

    async def replace(self) -> None:
        """Make way for the same caller's new connection: rights and keys are let go before this returns."""
        self.caller = None
        self.end(ByeCode.REPLACED, "taken over by a newer connection")
        await self._detach()

    # ---- What the register of callers asks of a line ---------------------------------------------------------------

    async def rights(self, reason: str) -> None:
        """Make what the caller holds now hold here as well."""
        if self._attached is not None and self.caller is not None:
            granted = self.caller.granted
            await self._attached.set_rights(granted, self.caller.lease.until(in_order(granted)), reason)

    async def paused(self, on: bool) -> None:
        """Stop everything, or go on."""
        if self._attached is not None:
            await self._attached.pause(on)

    # ---- What the attached session asks of its owner ---------------------------------------------------------------

    def asks(self, message: AskMore) -> None:
        """The caller asks for more: answered meanwhile."""
        if not self._over:
            self._tasks.start(self._ask_more(message), "ask more")

    def lets_go(self, capabilities: Capabilities) -> None:
        """The caller gives rights back."""
        if self.caller is not None and not self._over:
            self._tasks.start(self._desk.register.lose(self.caller, capabilities, Lost.LET_GO), "let go")

    def noted(self, needs: Capabilities, active: bool) -> None:
        """The caller did something by these rights."""
        if (caller := self.caller) is not None:
            if not needs <= caller.used:
                self._desk.register.noted(caller, needs)
            if active:
                caller.lease.used(self._desk.register.time.now())

    def denied(self, message: str, missing: Capabilities) -> None:
        """The caller tried something without these rights."""
        if self.caller is not None:
            self._desk.register.denied(self.caller, message, missing)

    def did(self, kind: str, /, **fields: Value) -> None:
        """The caller did something worth an entry of its own, which may come to its end after the line has."""
        self._desk.register.did(self._about, kind, **fields)

    # ---- From the hello to the decision ----------------------------------------------------------------------------

    async def _handle(self, event: Event) -> None:
        try:
            match event:
                case MessageReceived(message=message):
                    if self._attached is not None:
                        await self._attached.handle(message)
                    else:
                        self._too_early(message)
                case HelloReceived(hello):
                    self._desk.admit(self, hello)
                case Authenticated():
                    self.event = event
                    self._desk.known(self)
                    if event.mode is Mode.REJOIN:
                        await self._rejoin(event.request)
                    else:
                        self._tasks.start(self._decide(event), "consent")
        except Refused as refused:
            self.refuse(refused.code, refused.retry)
        except Exception as error:
            _log.error("call failed", address=self.address, exc_info=error)
            self.end(ByeCode.INTERNAL, "an error in the host; its log has more")

    async def _decide(self, event: Authenticated) -> None:
        name = tame(event.request.name, "someone")
        try:
            entry = await self._desk.enter(self, event)
        except AccessDenied as denied:
            self._refuse(name, _sentence(denied), denied.why.value)
            return
        consent = Consent(entry.policy)
        effect = consent.ask(frozenset(event.request.capabilities))
        if isinstance(effect, Ask):
            seconds = self._desk.settings.consent_seconds
            # One question at a time: the caller is told the longest that it can take.
            self._pump.send(Channel.CONTROL, Asking(min(0xFFFF, seconds * (1 + self._desk.questions()))))
            effect = consent.answer(await self._put(entry, effect.capabilities))
        match effect:
            case Grant(granted):
                now = self._desk.register.time.now()
                lease = Lease(entry.terms, now)
                lease.hold({capability: entry.rights[capability] for capability in granted}, now)
                caller = Caller(
                    secrets.token_bytes(16),
                    event.peer_static,
                    entry.identity,
                    consent,
                    lease,
                    entry.certificate,
                    entry.at_end,
                    [entry.networks],
                    line=self,
                )
                self._attach(caller, entry)
            case Refuse(reason):
                self._refuse(name, reason, reason.name.lower())

    async def _put(self, entry: Entry, asked: Capabilities, *, span: int = 0, more: bool = False) -> Answer:
        """Put the question to the person; what they say, or SILENCE."""
        identity, settings = entry.identity, self._desk.settings
        return await self._desk.ask(
            self,
            Question(
                identity.name,
                self.address,
                tuple(str(capability) for capability in in_order(asked)),
                settings.consent_seconds,
                account=identity.account,
                device=identity.device,
                reason=identity.reason,
                span=span,
                more=more,
                silence=_SILENCE[entry.policy.silence],
            ),
        )

    async def _rejoin(self, request: Request) -> None:
        try:
            caller = self._desk.claim(self, request.rejoin or b"")
        except AccessDenied as denied:
            self._refuse(tame(request.name, "someone"), _sentence(denied), denied.why.value)
            return
        if caller is None:
            self._refuse(tame(request.name, "someone"), "The session that was cut is over.", "over")
            return
        old, caller.line = caller.line, self
        self.caller = caller  # from here on it is cut if this line is
        if isinstance(old, Call):
            await old.replace()
        if caller.line is self and not self._over:
            caller.identity = caller.identity.at(self.address)
            self._attach(caller, None)

    def _attach(self, caller: Caller, entry: Entry | None) -> None:
        if self._over or self.session.state is not State.OPEN:
            return  # it was ended meanwhile
        desk = self._desk
        self.caller = caller
        granted = in_order(caller.granted)
        self._pump.send(
            Channel.CONTROL,
            Decision(
                granted=granted,
                session=caller.session,
                host_name=desk.host_name,
                system=desk.system,
                grace_seconds=desk.settings.grace_seconds,
                until=caller.lease.until(granted),
                person=caller.identity.account,
            ),
        )
        self._about = desk.register.about(caller)
        self._attached = Attached(
            platform=desk.platform,
            files=desk.files,
            caller=caller.identity.own,
            about=self._about,
            watched=desk.register.watched,
            services=desk.services,
            granted=caller.granted,
            pump=self._pump,
            owner=self,
            display_seconds=desk.settings.display_seconds,
            want=caller.want,
            paused=caller.paused,
        )
        self._attached.start()
        self._pump.watch()
        desk.arrived(caller, entry)

    def _refuse(self, name: str, reason: str, why: str) -> None:
        decision = Decision([], bytes(16), self._desk.host_name, self._desk.system, 0, reason)
        self._pump.send(Channel.CONTROL, decision)
        self._desk.refused(self, name, reason, why)
        self.end(ByeCode.ENDED)

    # ---- More rights -----------------------------------------------------------------------------------------------

    async def _ask_more(self, message: AskMore) -> None:
        caller = self.caller
        if caller is None:
            return
        if caller.paused or self._loop.time() < caller.ask_again:
            if self._attached is not None:
                text = PAUSED if caller.paused else "You asked a short while ago: wait a little before you ask again."
                self._attached.notice(NoticeCode.DENIED, text)
            return
        try:
            entry = await self._desk.more(caller, self, message)
        except AccessDenied as denied:
            self._denied_more(caller, _sentence(denied), penalty=True)
            return
        consent = caller.consent
        effect = consent.ask(frozenset(message.capabilities), entry.policy, caller.lease.timed)
        if isinstance(effect, Ask):
            try:
                answer = await self._put(entry, effect.capabilities, span=message.seconds, more=True)
            except asyncio.CancelledError:
                consent.answer(Answer.NO)  # the line is gone, and the question with it
                raise
            effect = consent.answer(answer)
        match effect:
            case Grant() if consent.won:
                caller.refusals = 0
                now = self._desk.register.time.now()
                caller.lease.tighten(entry.terms, now)
                caller.networks.append(entry.networks)
                caller.at_end = strictest(caller.at_end, entry.at_end)
                rights = {capability: shorter(entry.rights[capability], message.seconds) for capability in consent.won}
                caller.lease.hold(rights, now)
                await self._desk.register.added(caller, consent.won, entry.identity.reason)
            case Grant():
                self._denied_more(caller, Reason.VIEW_NOT_ASKED, penalty=True)
            case Deny(reason):
                self._denied_more(caller, reason, penalty=reason is not Reason.BUSY)

    def _denied_more(self, caller: Caller, text: str, *, penalty: bool) -> None:
        if penalty:
            wait = min(_ASK_AGAIN_MOST, ASK_AGAIN_SECONDS * 2.0 ** min(caller.refusals, 20))
            caller.refusals += 1
            caller.ask_again = self._loop.time() + wait
        if self._attached is None:
            return
        if penalty:
            self._attached.send(Channel.CONTROL, Notice(NoticeCode.DENIED, text))
        else:
            self._attached.notice(NoticeCode.DENIED, text)

    # ---- The end ---------------------------------------------------------------------------------------------------

    def _too_early(self, message: Message) -> None:
        if self._detaching is not None:
            return  # it was on its way when the session was ended
        self._early += 1
        if self._early == 1:
            _log.warning("message before the decision", message=type(message).__name__, address=self.address)
        if self._early > EARLY_MESSAGES:
            self.end(ByeCode.PROTOCOL, "wait for the decision")

    def _say_checkpoint(self, data: bytes) -> None:
        if data:
            self._pump.send(Channel.CONTROL, Checkpoint(data))

    def _start_detaching(self) -> None:
        attached, self._attached = self._attached, None
        if attached is not None:
            if self.caller is not None:
                self.caller.want = attached.want
            self._detaching = self._tasks.start(attached.close(), "detach")

    async def _detach(self) -> None:
        self._start_detaching()
        if self._detaching is not None:
            await self._detaching

    def _task_failed(self, _name: str, _error: Exception) -> None:
        self.end(ByeCode.INTERNAL, "an error in the host; its log has more")


def _sentence(denied: AccessDenied) -> str:
    """Cause and cure as a caller reads them."""
    cause = denied.cause[:1].upper() + denied.cause[1:]
    return f"{cause}: {denied.cure}." if denied.cure else f"{cause}."
