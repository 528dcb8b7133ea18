"""The person at the host and their desktop: asked one question at a time, shown who is there, left as it should be."""

import asyncio
from collections.abc import Callable, Iterable

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.audit import Kind
from farhand.host.callers import Caller, strictest
from farhand.host.events import AgentEvent, DesktopNotLeft
from farhand.host.ledger import Ledger
from farhand.host.platform.base import Answer, Controls, Person, Platform, Presence, Question
from farhand.protocol.capability import in_order
from farhand.protocol.grants import AtEnd

_log = get_logger(__name__)

#: Seconds beyond a question's own after which a person's side that does not answer counts as silent.
ANSWER_SLACK = 2.0
#: Seconds that locking or logging off may take when the host shuts down.
LEAVE_SECONDS = 60.0


class Household:
    """One platform's person and desktop; ``controls`` is what the person can do. Used on one event loop."""

    def __init__(
        self, platform: Platform, ledger: Ledger, controls: Controls, emit: Callable[[AgentEvent], None]
    ) -> None:
        self._platform = platform
        self._ledger = ledger
        self._controls = controls
        self._emit = emit
        self._person: Person | None = None
        self._one_question = asyncio.Lock()
        self.questions = 0
        """How many questions are before the person or waiting for them."""
        self._at_end = AtEnd.NOTHING
        self._leaving = Tasks("leaving the desktop")
        self._closing = False

    async def ask(self, question: Question) -> Answer:
        """Put a question to the person, one at a time; trouble on that side counts as silence."""
        self.questions += 1
        try:
            async with self._one_question, asyncio.timeout(question.seconds + ANSWER_SLACK):
                person = self._open()
                answer = Answer.SILENCE if person is None else await person.ask(question)
        except TimeoutError:
            answer = Answer.SILENCE
        except Exception as error:
            _log.error("nobody can be asked", exc_info=error)
            answer = Answer.SILENCE
        finally:
            self.questions -= 1
        who = question.account or question.caller
        _log.info("consent", caller=who, address=question.address, asked=question.capabilities, answer=answer.value)
        self._ledger.record(
            Kind.CONSENT,
            who=who,
            from_=question.address,
            reason=question.reason,
            rights=question.capabilities,
            answer=answer.value,
            silence=question.silence.value if answer is Answer.SILENCE else "",
        )
        return answer

    def show(self, callers: Iterable[Caller]) -> None:
        """Keep the person informed; a person's side that fails must not take a session down, nor go unnoticed."""
        present = [_presence(caller) for caller in callers]
        try:
            person = self._open() if present else self._person
            if person is not None:
                person.show(present)
        except Exception as error:
            _log.error("the person here cannot be shown who is connected", exc_info=error)

    def left(self, caller: Caller, others: int) -> None:
        """A caller is gone for good: after the last, what the strictest of them asked for is done with the desktop."""
        self._at_end = strictest(self._at_end, caller.at_end)
        if not others and self._at_end is not AtEnd.NOTHING:
            what, self._at_end = self._at_end, AtEnd.NOTHING
            self._leaving.start(self._leave(what), what.value)

    async def close(self) -> None:
        """Take the windows down, once the desktop is left as it should be."""
        self._closing = True
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._leaving.wait()
        except TimeoutError:
            _log.error("the desktop was not left in time")
        await self._leaving.close()
        if self._person is not None:
            await self._person.close()
            self._person = None

    def _open(self) -> Person | None:
        if self._person is None and not self._closing:
            self._person = self._platform.open_person(self._controls)
        return self._person

    async def _leave(self, what: AtEnd) -> None:
        act = self._platform.lock if what is AtEnd.LOCK else self._platform.log_off
        why = ""
        try:
            await asyncio.to_thread(act)
        except Exception as error:
            why = str(error) or repr(error)
            _log.error("the desktop was not left as it should be", what=what.value, why=why)
            self._emit(DesktopNotLeft(what, why))
        else:
            _log.info("the desktop was left", what=what.value)
        self._ledger.record(Kind.SESSION_END, desktop=what.value, failed=bool(why), why=why)


def _presence(caller: Caller) -> Presence:
    who, granted = caller.identity, in_order(caller.granted)
    return Presence(
        who.name,
        who.address,
        tuple(str(capability) for capability in granted),
        session=caller.session.hex(),
        account=who.account,
        device=who.device,
        reason=who.reason,
        since=caller.lease.began,
        paused=caller.paused,
        cut=caller.line is None,
        warning=caller.warning,
        until=tuple(when / 1000 for when in caller.lease.until(granted)),
    )
