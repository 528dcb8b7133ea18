"""The host: who may call, who is here, who may come back. What one caller does is its call's matter."""

import asyncio
import platform as computer
import socket
from collections.abc import Callable, Mapping, Sequence

from farhand.core.logging import get_logger
from farhand.host.call import Call, Caller
from farhand.host.codes import Code, Codes
from farhand.host.consent import Capabilities, in_order
from farhand.host.events import (
    AgentEvent,
    CallerConnected,
    CallerCut,
    CallerEnded,
    CallerInfo,
    CallerRefused,
    CodeClosed,
    CodeEnd,
    Locked,
    Unlocked,
)
from farhand.host.platform.base import Answer, Person, Platform, Presence, Question
from farhand.host.services.base import ServiceFactory
from farhand.host.services.clipboard import ClipboardService
from farhand.host.services.input import InputService
from farhand.host.services.screen import ScreenService
from farhand.host.settings import HostSettings
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Hello, Mode
from farhand.protocol.errors import ByeCode, FailureCode, Refused
from farhand.protocol.events import Ended, Failed
from farhand.protocol.identity import Keys
from farhand.transports.base import Transport

_log = get_logger(__name__)

#: Which right runs which service.
SERVICES: Mapping[Capability, ServiceFactory] = {
    Capability.VIEW: ScreenService,
    Capability.CONTROL: InputService,
    Capability.CLIPBOARD: ClipboardService,
}

_REFUSED_LOGINS = {
    FailureCode.UNKNOWN_ROUTE,
    FailureCode.WRONG_CODE,
    FailureCode.LOCKED,
    FailureCode.REJOIN_REFUSED,
    FailureCode.POLICY,
}
#: Seconds beyond a question's own after which a person's side that does not answer counts as silent.
ANSWER_SLACK = 2.0
#: Seconds for the last bytes of every call when the host shuts down.
SHUTDOWN_SECONDS = 5.0


class Agent:
    """One host. Make it, and use it, on one event loop; ``on_event`` hears what happens and must not block."""

    def __init__(
        self,
        platform: Platform,
        keys: Keys,
        settings: HostSettings | None = None,
        *,
        services: Mapping[Capability, ServiceFactory] = SERVICES,
        on_event: Callable[[AgentEvent], None] = lambda _: None,
    ) -> None:
        self.platform = platform
        self.keys = keys
        self.settings = settings or HostSettings()
        self.services = services
        self.host_name = (self.settings.name or socket.gethostname())[:64]
        self.system = f"{computer.system()} {computer.release()}"[:64]
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._codes = Codes(self.settings.codes)
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        self._taken: dict[Call, str] = {}
        self._calls: set[Call] = set()
        self._strangers: dict[Call, None] = {}
        self._deciding: set[Call] = set()
        self._callers: dict[bytes, Caller] = {}
        self._person: Person | None = None
        self._one_question = asyncio.Lock()
        self._questions = 0
        self._closing = False
        self._quiet = asyncio.Event()

    @property
    def host_id(self) -> bytes:
        """The 16 bytes under which callers who were cut find this host again."""
        return self.keys.host_id

    @property
    def callers(self) -> tuple[CallerInfo, ...]:
        """Who has rights now, the ones included whose line is cut and who may come back."""
        return tuple(_info(caller) for caller in self._callers.values())

    def new_code(self, route: str) -> Code:
        """Open a one-time code under a route that the gateway gave; raises CodesLocked, CodeRefused."""
        code = self._codes.issue(route, self._loop.time())
        self._forget_expiry(route)
        self._expiries[route] = self._loop.call_at(code.expires, self._code_expired, route)
        return code

    def withdraw_code(self, route: str) -> None:
        """Close a code that nobody used."""
        self._forget_expiry(route)
        self._codes.withdraw(route)

    def locked(self) -> int:
        """For how many more seconds attended mode is locked; 0 if it is not."""
        return self._codes.locked(self._loop.time())

    async def call(self, transport: Transport, address: str) -> None:
        """Serve one connection until it is over; ``address`` is the caller's, for people. Raises only cancellation."""
        if self._closing:
            await transport.close()
            return
        call = Call(self, transport, address)
        self._calls.add(call)
        self._strangers[call] = None
        if len(self._strangers) > self.settings.max_handshakes:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.refuse(FailureCode.BUSY, 1)
        try:
            await call.run()
        except Exception as error:
            _log.error("call failed", address=address, exc_info=error)

    def end_all(self, text: str = "ended at the computer") -> None:
        """End every session, the ones that were cut too: what the person's click does."""
        for call in [*self._deciding, *(caller.call for caller in self._callers.values() if caller.call is not None)]:
            call.end(ByeCode.ENDED, text)
        for caller in list(self._callers.values()):
            if caller.call is None:
                self._forget(caller, text)

    def end(self, session: str, text: str = "ended at the computer") -> None:
        """End one session, by the id in its CallerInfo; does nothing if it is over."""
        caller = self._callers.get(bytes.fromhex(session))
        if caller is not None and caller.call is not None:
            caller.call.end(ByeCode.ENDED, text)
        elif caller is not None:
            self._forget(caller, text)

    async def take_back(self, session: str, capabilities: Capabilities, reason: str = "") -> None:
        """Take rights back in mid-session; taking the last one ends it."""
        caller = self._callers.get(bytes.fromhex(session))
        if caller is None or caller.consent.take_back(capabilities) is None:
            return
        left = caller.consent.granted
        _log.info("rights taken back", session=session, left=in_order(left))
        if caller.call is not None:
            await caller.call.set_rights(left, reason)
            if not left:
                caller.call.end(ByeCode.RIGHTS, reason)
        elif not left:
            self._forget(caller, reason)
        self._show()

    async def shutdown(self) -> None:
        """Say goodbye to everyone and return when all is given back; calls that come later are closed at once."""
        self._closing = True
        for call in list(self._calls):
            call.end(ByeCode.SHUTDOWN, "the host shuts down")
        if self._calls:
            self._quiet.clear()
            try:
                async with asyncio.timeout(SHUTDOWN_SECONDS):
                    await self._quiet.wait()
            except TimeoutError:
                _log.warning("calls still open at shutdown", count=len(self._calls))
        for caller in list(self._callers.values()):
            self._forget(caller, "the host shuts down")
        for route in list(self._expiries):
            self.withdraw_code(route)
        if self._person is not None:
            await self._person.close()
            self._person = None

    # What calls ask of their desk.

    def admit(self, call: Call, hello: Hello) -> None:
        """Let a stranger begin; raises Refused while attended mode is locked or every place is taken."""
        if hello.mode is not Mode.ATTENDED:
            return
        if retry := self.locked():
            raise Refused(FailureCode.LOCKED, retry)
        if self._full():
            raise Refused(FailureCode.BUSY, 10)

    def take_code(self, call: Call, route: str) -> str | None:
        """Consume the code of this route; raises Refused while attended mode is locked."""
        now = self._loop.time()
        if retry := self._codes.locked(now):
            raise Refused(FailureCode.LOCKED, retry)
        secret = self._codes.take(route, now)
        if secret is not None:
            self._forget_expiry(route)
            self._taken[call] = route
        return secret

    def find_rejoin(self, session: bytes) -> bytes | None:
        """The Noise key of a caller who may come back under this session id."""
        caller = self._callers.get(session)
        return None if caller is None else caller.static

    def known(self, call: Call) -> bool:
        """Note that a call is authenticated: its code is used up; false if every place is taken."""
        self._strangers.pop(call, None)
        route = self._taken.pop(call, None)
        if route is None:
            return True
        self._codes.used()
        _log.info("code used", route=route, address=call.address)
        self._emit(CodeClosed(route, CodeEnd.USED))
        if self._full():
            return False
        self._deciding.add(call)
        return True

    async def ask(self, call: Call, question: Question) -> Answer:
        """Put a question to the person, one at a time; trouble on that side counts as silence."""
        self._questions += 1
        try:
            async with self._one_question, asyncio.timeout(question.seconds + ANSWER_SLACK):
                person = self._open_person()
                answer = Answer.SILENCE if person is None else await person.ask(question)
        except TimeoutError:
            answer = Answer.SILENCE
        except Exception as error:
            _log.error("nobody can be asked", exc_info=error)
            answer = Answer.SILENCE
        finally:
            self._questions -= 1
        _log.info(
            "consent", caller=question.caller, address=call.address, asked=question.capabilities, answer=answer.value
        )
        return answer

    def questions(self) -> int:
        """How many questions are before the person or waiting for them."""
        return self._questions

    def claim(self, call: Call, session: bytes) -> Caller | None:
        """Hand a caller who came back to its new connection; None if its time is over."""
        caller = self._callers.get(session)
        if caller is not None and caller.grace is not None:
            caller.grace.cancel()
            caller.grace = None
        return caller

    def arrived(self, caller: Caller, *, again: bool) -> None:
        """Note that a caller is attached."""
        if caller.call is not None:
            self._deciding.discard(caller.call)
        self._callers[caller.session] = caller
        info = _info(caller)
        _log.info(
            "caller returned" if again else "caller attached",
            session=info.session,
            caller=info.name,
            address=info.address,
            capabilities=info.capabilities,
        )
        self._emit(CallerConnected(info, again))
        self._show()

    def refused(self, call: Call, name: str, reason: str) -> None:
        """Note that a caller was granted nothing."""
        self._deciding.discard(call)
        _log.info("caller refused", caller=name, address=call.address, why=reason)
        self._emit(CallerRefused(name, call.address, reason))

    def left(self, call: Call, end: Ended | Failed | None) -> None:
        """Note that a connection is over: close its code, keep or forget its caller."""
        self._calls.discard(call)
        self._strangers.pop(call, None)
        self._deciding.discard(call)
        if not self._calls:
            self._quiet.set()
        self._settle_code(call, end)
        if not call.authenticated and isinstance(end, Failed):
            # Garbage and half-open lines come by the thousand; refused log-ins are what an owner must be able to see.
            tell = _log.warning if end.failure in _REFUSED_LOGINS else _log.debug
            tell("log-in refused", why=end.failure.name.lower(), address=call.address)
        caller = call.caller
        if caller is None or caller.call is not call:
            return
        caller.call = None
        if end is None and self.settings.grace_seconds and not self._closing:
            seconds = self.settings.grace_seconds
            caller.grace = self._loop.call_later(seconds, self._forget, caller, "did not come back in time")
            info = _info(caller)
            _log.info("caller cut", session=info.session, caller=info.name, grace=seconds)
            self._emit(CallerCut(info, seconds))
            self._show()
        else:
            self._forget(caller, _why(end))

    def _full(self) -> bool:
        """Whether callers, here or cut, and the ones whose consent is pending leave no place for another."""
        return len(self._callers) + len(self._deciding) >= self.settings.max_calls

    def _settle_code(self, call: Call, end: Ended | Failed | None) -> None:
        route = self._taken.pop(call, None)
        if route is None:
            return
        if not (isinstance(end, Failed) and end.failure is FailureCode.WRONG_CODE and not end.by_peer):
            _log.info("code abandoned", route=route, address=call.address)
            self._emit(CodeClosed(route, CodeEnd.ABANDONED))
            return
        now = self._loop.time()
        before, closing = self._codes.locked(now), self._codes.open(now)
        seconds = self._codes.burnt(now)
        _log.warning("code burnt", route=route, address=call.address)
        self._emit(CodeClosed(route, CodeEnd.BURNT))
        if seconds and seconds != before:
            _log.warning("attended mode locked", seconds=seconds)
            for code in closing:
                self._forget_expiry(code.route)
                self._emit(CodeClosed(code.route, CodeEnd.LOCKED))
            self._emit(Locked(seconds))
            self._loop.call_later(seconds, self._unlock)

    def _unlock(self) -> None:
        if not self.locked() and not self._closing:
            _log.info("attended mode unlocked")
            self._emit(Unlocked())

    def _code_expired(self, route: str) -> None:
        del self._expiries[route]
        self._codes.withdraw(route)
        self._emit(CodeClosed(route, CodeEnd.EXPIRED))

    def _forget_expiry(self, route: str) -> None:
        if (timer := self._expiries.pop(route, None)) is not None:
            timer.cancel()

    def _forget(self, caller: Caller, why: str) -> None:
        if self._callers.pop(caller.session, None) is None:
            return
        if caller.grace is not None:
            caller.grace.cancel()
        info = _info(caller)
        caller.consent.gone()
        _log.info("caller gone", session=info.session, caller=info.name, why=why)
        self._emit(CallerEnded(info, why))
        self._show()

    def _open_person(self) -> Person | None:
        if self._person is None and not self._closing:
            self._person = self.platform.open_person(self.end_all)
        return self._person

    def _show(self) -> None:
        """Keep the person informed; a person's side that fails must not take a session down, nor go unnoticed."""
        present: Sequence[Presence] = [
            Presence(
                caller.name,
                caller.address if caller.call is not None else f"{caller.address}, line cut",
                tuple(str(capability) for capability in in_order(caller.consent.granted)),
            )
            for caller in self._callers.values()
        ]
        try:
            person = self._open_person() if present else self._person
            if person is not None:
                person.show(present)
        except Exception as error:
            _log.error("the person here cannot be shown who is connected", exc_info=error)

    def _emit(self, event: AgentEvent) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            _log.error("a listener failed", heard=type(event).__name__, exc_info=error)


def _info(caller: Caller) -> CallerInfo:
    return CallerInfo(caller.session.hex(), caller.name, caller.address, tuple(in_order(caller.consent.granted)))


def _why(end: Ended | Failed | None) -> str:
    match end:
        case Ended(by_peer=by_peer, code=code, text=text):
            side = "by the caller" if by_peer else "by the host"
            return f"ended {side} ({code.name.lower()})" if by_peer or not text else f"ended {side}: {text}"
        case Failed(reason=reason):
            return f"failed: {reason}"
        case None:
            return "line cut"
