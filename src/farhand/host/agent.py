"""The host: who may call, who is asked, who is told. What one caller does is its call's matter, its rights Callers'."""

import asyncio
import platform as computer
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from farhand.core.config import Paths
from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.audit import AuditSink, Kind, NoAudit
from farhand.host.authority import AccessDenied, Authority, Denial, Visit, in_networks
from farhand.host.call import Call
from farhand.host.callers import Caller, Callers, Lost
from farhand.host.codebook import Codebook
from farhand.host.codes import Code
from farhand.host.entry import Entry, by_code, by_grant
from farhand.host.events import (
    AgentEvent,
    CallerInfo,
    CallerRefused,
)
from farhand.host.files.opened import OpenedFolders
from farhand.host.household import Household
from farhand.host.lease import HostTime
from farhand.host.ledger import Ledger
from farhand.host.platform.base import Answer, Controls, Platform, Question
from farhand.host.remembered import Remembered
from farhand.host.services.base import ServiceFactory
from farhand.host.services.clipboard import ClipboardService
from farhand.host.services.files_read import FilesReadService
from farhand.host.services.files_write import FilesWriteService
from farhand.host.services.input import InputService
from farhand.host.services.screen import ScreenService
from farhand.host.settings import HostSettings
from farhand.protocol.capability import Capabilities, Capability, in_order
from farhand.protocol.envelope import Hello, Mode
from farhand.protocol.errors import ByeCode, FailureCode, Refused
from farhand.protocol.events import Authenticated, Ended, Failed
from farhand.protocol.grants import fingerprint
from farhand.protocol.identity import Keys
from farhand.protocol.messages.control import AskMore
from farhand.transports.base import Transport

_log = get_logger(__name__)

#: Which right runs which service.
SERVICES: Mapping[Capability, ServiceFactory] = {
    Capability.VIEW: ScreenService,
    Capability.CONTROL: InputService,
    Capability.CLIPBOARD: ClipboardService,
    Capability.FILES_READ: FilesReadService,
    Capability.FILES_WRITE: FilesWriteService,
}

_REFUSED_LOGINS = {
    FailureCode.UNKNOWN_ROUTE,
    FailureCode.WRONG_CODE,
    FailureCode.LOCKED,
    FailureCode.REJOIN_REFUSED,
    FailureCode.POLICY,
}
#: Seconds for the last bytes of every call when the host shuts down.
SHUTDOWN_SECONDS = 5.0


class Agent:
    """One host. Make it, and use it, on one event loop; ``on_event`` hears what happens and must not block.

    ``root`` is the organisation's key (32 bytes), by whose grants callers come in without a code; ``remembered`` knows
    revoked devices and used grants. ``clock`` gives Unix seconds.
    """

    def __init__(
        self,
        platform: Platform,
        keys: Keys,
        settings: HostSettings | None = None,
        *,
        services: Mapping[Capability, ServiceFactory] = SERVICES,
        on_event: Callable[[AgentEvent], None] = lambda _: None,
        root: bytes | None = None,
        remembered: Remembered | None = None,
        audit: AuditSink | None = None,
        files: OpenedFolders | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.platform = platform
        self.keys = keys
        self.settings = settings or HostSettings()
        self.services = services
        self.files = files or OpenedFolders(self.settings.files, Paths.default().data)
        self.host_name = (self.settings.name or socket.gethostname())[:64]
        self.system = f"{computer.system()} {computer.release()}"[:64]
        self._on_event = on_event
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._remembered = remembered or Remembered()
        self._authority = Authority(root, keys.host_id, self.settings, self._remembered)
        self._ledger = Ledger(audit or NoAudit(), self._loop.time, self._cannot_write)
        self.register = Callers(
            HostTime(self._loop.time, clock), self._ledger, self._emit, self._show, self._left_for_good
        )
        self._codes = Codebook(self.settings.codes, self._ledger, self._emit)
        self._household = Household(platform, self._ledger, self._controls(), self._emit)
        self._calls: set[Call] = set()
        self._strangers: dict[Call, None] = {}
        self._deciding: set[Call] = set()
        self._closing = False
        self._quiet = asyncio.Event()
        self._tasks = Tasks("agent")

    @property
    def host_id(self) -> bytes:
        """The 16 bytes under which callers who were cut find this host again."""
        return self.keys.host_id

    @property
    def callers(self) -> tuple[CallerInfo, ...]:
        """Who has rights now, the ones included whose line is cut and who may come back."""
        return tuple(caller.info() for caller in self.register)

    def trust(self, root: bytes | None) -> None:
        """From now on this organisation's grants are accepted; None: nobody's."""
        self._authority.root = root

    def trust_own(self, key: bytes | None) -> None:
        """From now on grants by this key are accepted as well, which only this user's programs here can use."""
        self._authority.own = key

    def new_code(self, route: str) -> Code:
        """Open a one-time code under a route that the gateway gave; raises CodesLocked, CodeRefused."""
        return self._codes.new(route)

    def withdraw_code(self, route: str) -> None:
        """Close a code that nobody used."""
        self._codes.withdraw(route)

    def locked(self) -> int:
        """For how many more seconds attended mode is locked; 0 if it is not."""
        return self._codes.locked()

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

    # What the owner and the person here can do about callers.

    def end_all(self, text: str = "ended at the computer") -> None:
        """End every session, the ones that were cut too, and whoever waits for an answer."""
        for call in list(self._deciding):
            call.end(ByeCode.ENDED, text)
        for caller in self.register:
            self.register.end(caller, ByeCode.ENDED, text)

    def end(self, session: str, text: str = "ended at the computer") -> None:
        """End one session, by the id in its CallerInfo; does nothing if it is over."""
        if (caller := self._caller(session)) is not None:
            self.register.end(caller, ByeCode.ENDED, text)

    async def take_back(self, session: str, capabilities: Capabilities, reason: str = "") -> None:
        """Take rights back in mid-session; taking the last one ends it."""
        if (caller := self._caller(session)) is not None:
            await self.register.lose(caller, capabilities, Lost.TAKEN_BACK, reason)

    async def pause(self, session: str, on: bool) -> None:
        """Show a caller nothing, and accept nothing from it, until it may go on."""
        if (caller := self._caller(session)) is not None:
            await self.register.pause(caller, on)

    async def revoke(self, viewer: bytes) -> None:
        """Shut the device with this identity key out: its sessions end at once, and none begins again.

        Where that cannot be kept on disk it is logged, and holds until this program ends.
        """
        kept = self._remembered.revoke(viewer)
        ended = self.register.revoke(viewer)
        for call in [call for call in self._deciding if _viewer(call) == viewer]:
            call.end(ByeCode.REVOKED, "this device was revoked")
        _log.warning("device revoked", device=fingerprint(viewer), sessions=ended)
        self._ledger.record(Kind.REVOKED, device=fingerprint(viewer), sessions=ended)
        if not kept:
            _log.error("too many revoked devices: no grant is accepted any more")
        try:
            await self._remembered.save()
        except OSError as error:
            _log.error("a revoked device cannot be written down", why=str(error))

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
        await self.register.shutdown()
        self._codes.close()
        await self._tasks.close()
        await self._household.close()

    def _caller(self, session: str) -> Caller | None:
        try:
            return self.register.find(bytes.fromhex(session))
        except ValueError:
            return None

    # What calls ask of their desk.

    def modes(self) -> frozenset[Mode]:
        """Ways to call: where nobody's grants are accepted, nobody comes in by one, and nobody may try."""
        signed = self._authority.root is not None or self._authority.own is not None
        return frozenset(Mode) if signed else frozenset(Mode) - {Mode.UNATTENDED}

    def admit(self, call: Call, hello: Hello) -> None:
        """Let a stranger begin; raises Refused while attended mode is locked or every place is taken."""
        if hello.mode is Mode.REJOIN:
            return
        if hello.mode is Mode.ATTENDED and (retry := self.locked()):
            raise Refused(FailureCode.LOCKED, retry)
        if self._full():
            raise Refused(FailureCode.BUSY, 10)

    def take_code(self, call: Call, route: str) -> str | None:
        """Consume the code of this route; raises Refused while attended mode is locked."""
        return self._codes.take(call, route)

    def wrong_code(self, call: Call) -> int:
        """Note a wrong secret; returns the seconds that attended mode is locked for from now on, else 0."""
        return self._codes.wrong(call, call.address)

    def find_rejoin(self, session: bytes) -> bytes | None:
        """The Noise key of a caller who may come back under this session id."""
        caller = self.register.find(session)
        return None if caller is None else caller.static

    def known(self, call: Call) -> None:
        """Note that a call is authenticated: its code is used up."""
        self._strangers.pop(call, None)
        self._codes.used(call, call.address)

    async def enter(self, call: Call, event: Authenticated) -> Entry:
        """The most that an authenticated caller may get. Raises AccessDenied."""
        certificate, request = event.certificate, event.request
        if event.mode is Mode.UNATTENDED:
            if certificate is None:
                raise AccessDenied(Denial.NO_CERTIFICATE)
            visit = Visit(certificate, call.address, self._clock())
            admission = self._authority.admit(request.grant, visit)
            await self._save()
            entry = by_grant(admission, request, certificate, call.address, self.settings)
            self._ledger.record(
                Kind.GRANT,
                who=entry.identity.who,
                from_=call.address,
                device=entry.identity.key,
                reason=entry.identity.reason,
                rights=in_order(entry.rights),
                approver=admission.approver,
                signer=fingerprint(admission.issuer),
            )
        else:
            entry = by_code(request, certificate, call.address, self.settings)
        # After everything that took time: a device may have been revoked meanwhile.
        if certificate is not None and self._remembered.is_revoked(certificate.identity):
            raise AccessDenied(Denial.REVOKED)
        if why := self._ledger.refusal():
            _log.error("no session begins: the audit cannot be written", why=why)
            raise AccessDenied(Denial.NOT_WRITTEN)
        if self._full():
            raise AccessDenied(Denial.FULL)
        self._deciding.add(call)
        return entry

    async def more(self, caller: Caller, call: Call, message: AskMore) -> Entry:
        """The most that a caller who asks for more may get; raises AccessDenied."""
        event = call.event
        if event is None:
            raise AccessDenied(Denial.NO_CERTIFICATE)
        request, certificate = event.request, caller.certificate
        if not caller.identity.account:
            entry = by_code(request, certificate, call.address, self.settings)
            return entry.with_reason(message.reason)
        if certificate is None:
            raise AccessDenied(Denial.NO_CERTIFICATE)
        admission = self._authority.admit(message.grant, Visit(certificate, call.address, self._clock()))
        await self._save()
        entry = by_grant(admission, request, certificate, call.address, self.settings).with_reason(message.reason)
        if entry.identity.account != caller.identity.account:
            raise AccessDenied(Denial.OTHER_PERSON)
        about = {**self.register.about(caller), "reason": entry.identity.reason}
        self._ledger.record(
            Kind.GRANT,
            **about,
            rights=in_order(entry.rights),
            approver=admission.approver,
            signer=fingerprint(admission.issuer),
        )
        return entry

    async def ask(self, call: Call, question: Question) -> Answer:
        """Put a question to the person, one at a time; trouble on that side counts as silence."""
        return await self._household.ask(question)

    def questions(self) -> int:
        """How many questions are before the person or waiting for them."""
        return self._household.questions

    def claim(self, call: Call, session: bytes) -> Caller | None:
        """Hand a caller who came back to its new connection; None if its time is over.

        Raises AccessDenied if its grants do not hold where it comes from now.
        """
        caller = None if self._ledger.refusal() else self.register.find(session)
        if caller is not None and not all(in_networks(call.address, networks) for networks in caller.networks):
            raise AccessDenied(Denial.NETWORK)
        return caller

    def arrived(self, caller: Caller, entry: Entry | None) -> None:
        """Note that a caller is attached, by this entry or again."""
        if isinstance(caller.line, Call):
            self._deciding.discard(caller.line)
        self.register.arrived(caller, again=entry is None)
        self._ledger.record(
            Kind.LOG_IN,
            **self.register.about(caller),
            by="rejoin" if entry is None else "grant" if caller.identity.account else "code",
            name=caller.identity.name,
            rights=in_order(caller.granted),
        )

    def refused(self, call: Call, name: str, reason: str, why: str) -> None:
        """Note that a caller was granted nothing."""
        self._deciding.discard(call)
        _log.info("caller refused", caller=name, address=call.address, why=why, told=reason)
        viewer = _viewer(call)
        self._ledger.stranger(
            Kind.LOG_IN_REFUSED, who=name, from_=call.address, device=fingerprint(viewer) if viewer else "", why=why
        )
        self._emit(CallerRefused(name, call.address, reason))

    def closing(self, caller: Caller, why: str) -> bytes:
        """Write down a session's end before it is said; returns the checkpoint that goes before it."""
        self.register.close(caller, f"ended by the host: {why}")
        return self._ledger.checkpoint()

    def left(self, call: Call, end: Ended | Failed | None) -> None:
        """Note that a connection is over: close its code, keep or forget its caller."""
        self._calls.discard(call)
        self._strangers.pop(call, None)
        self._deciding.discard(call)
        if not self._calls:
            self._quiet.set()
        self._codes.abandoned(call, call.address)
        if isinstance(end, Failed):
            self._failed(call, end)
        caller = call.caller
        if caller is None or caller.line is not call or self.register.find(caller.session) is not caller:
            return
        caller.line = None
        if end is None and self.settings.grace_seconds and not self._closing:
            self.register.cut(caller, self.settings.grace_seconds)
        else:
            self.register.forget(caller, _why(end))

    def _failed(self, call: Call, end: Failed) -> None:
        why = end.failure.name.lower()
        if call.authenticated:
            _log.warning("caller broke the protocol", why=why, reason=end.reason, address=call.address)
            return
        # Garbage and half-open lines come by the thousand; refused log-ins are what an owner must be able to see.
        if end.failure not in _REFUSED_LOGINS:
            _log.debug("log-in refused", why=why, address=call.address)
            return
        _log.warning("log-in refused", why=why, address=call.address)
        self._ledger.stranger(Kind.LOG_IN_REFUSED, from_=call.address, why=why)

    def _full(self) -> bool:
        """Whether callers, here or cut, and the ones whose consent is pending leave no place for another."""
        return len(self.register) + len(self._deciding) >= self.settings.max_calls

    async def _save(self) -> None:
        try:
            await self._remembered.save()
        except OSError as error:
            _log.error("used grants cannot be written down", why=str(error))
            raise AccessDenied(Denial.NOT_KEPT) from None

    # The person here, and the desktop that is left to them.

    def _controls(self) -> Controls:
        return Controls(
            end_all=self.end_all,
            end=self.end,
            pause=lambda session, on: self._start(self.pause(session, on), "pause"),
            take_back=lambda session, capability: self._start(
                self.take_back(session, frozenset({Capability(capability)})), "take back"
            ),
        )

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        if self._closing:
            work.close()
        else:
            self._tasks.start(work, name)

    def _show(self) -> None:
        self._household.show(self.register)

    def _left_for_good(self, caller: Caller) -> None:
        self._household.left(caller, len(self.register))

    def _cannot_write(self, why: str) -> None:
        """The owner wants every session written down, and that is not possible."""
        _log.error("every session ends: the audit cannot be written", why=why)
        self._loop.call_soon(self.end_all, "this computer cannot write its audit")

    def _emit(self, event: AgentEvent) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            _log.error("a listener failed", heard=type(event).__name__, exc_info=error)


def _viewer(call: Call) -> bytes:
    """The identity key that a call's handshake proved; empty if none was shown."""
    certificate = None if call.event is None else call.event.certificate
    return b"" if certificate is None else certificate.identity


def _why(end: Ended | Failed | None) -> str:
    match end:
        case Ended(by_peer=by_peer, code=code, text=text):
            side = "by the caller" if by_peer else "by the host"
            return f"ended {side} ({code.name.lower()})" if by_peer or not text else f"ended {side}: {text}"
        case Failed(reason=reason):
            return f"failed: {reason}"
        case None:
            return "line cut"
