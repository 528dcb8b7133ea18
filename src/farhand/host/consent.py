"""Consent: what a caller gets, decided by the owner's rules and by the person at the host. Pure (spec/states.md).

The machine is told what happened and returns what to do. It grants only what was asked for, what the owner allows
and what the person saw in the question.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from farhand.host.platform.base import Answer
from farhand.host.settings import Silence
from farhand.protocol.capability import NONE, Capabilities, Capability

VIEW_ONLY: Capabilities = frozenset({Capability.VIEW})


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one question: the most that it may come to, whether a person is asked, what silence means."""

    allow: Capabilities
    ask: bool
    silence: Silence = Silence.NO


class State(enum.Enum):
    """Where a caller's consent stands."""

    NEW = "new"
    ASKING = "asking"
    """Nothing is granted; the person has the question before them."""
    GRANTED = "granted"
    ASKING_MORE = "asking more"
    """Something is granted and holds; the person is asked about more."""
    REFUSED = "refused"
    ENDED = "ended"


class Happening(enum.Enum):
    """What can happen to it."""

    ASKS_FORBIDDEN = "asks for nothing that is allowed"
    ASKS_FREE = "asks, and nobody needs to be asked"
    ASKS = "asks, and a person is to decide"
    YES = "the person says yes"
    VIEW_ONLY = "the person says: view only"
    VIEW_NOT_ASKED = "the person says: view only, and that was not asked for"
    NO = "the person says no"
    SILENCE = "the person says nothing"
    LOST = "some rights are taken back, given back, or their time is over"
    ALL_LOST = "the last right is"
    GONE = "the caller is gone"


class Reason(enum.StrEnum):
    """Why nothing, or nothing more, was granted: sentences for the caller."""

    FORBIDDEN = "The owner of this computer does not allow what was asked for."
    TAKEN_BACK = "The person at the computer has taken that right back."
    BUSY = "One question is being put already."
    NO = "The person at the computer said no."
    SILENCE = "Nobody at the computer answered."
    VIEW_NOT_ASKED = "The person at the computer allows viewing only, which was not asked for."


@dataclass(frozen=True, slots=True)
class Ask:
    """Put the question: may the caller have these?"""

    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Grant:
    """From now on exactly these hold; none of them: the last right was taken back."""

    granted: Capabilities


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing is granted: say why and end."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Deny:
    """Nothing more is granted; what holds goes on."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Nobody waits for the answer any more: take the question down."""


Effect = Ask | Grant | Refuse | Deny | Withdraw | None


class Consent:
    """One caller's consent."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._asked = NONE
        self._taken_back = NONE
        self.state = State.NEW
        self.granted = NONE
        self.won = NONE
        """What the newest Grant gave, be it held before or not."""

    def ask(self, capabilities: Capabilities, policy: Policy | None = None, timed: Capabilities = NONE) -> Effect:
        """The caller asks for these, at the start or for more later on.

        Later a new grant may bring a ``policy`` of its own. ``timed`` are the rights held now that end before the
        session does: they may be asked for again.
        """
        policy = policy or self.policy
        possible = (capabilities & policy.allow) - (self.granted - timed)
        if not policy.ask and (taken := possible & self._taken_back):
            possible -= taken  # what someone took back, only someone gives again
            if not possible and self.state is State.GRANTED:
                return Deny(Reason.TAKEN_BACK)
        if not possible:
            return self._step(Happening.ASKS_FORBIDDEN) or self._busy()
        happening = Happening.ASKS if policy.ask else Happening.ASKS_FREE
        if (self.state, happening) not in TABLE:
            return self._busy()
        self.policy = policy
        self._asked = possible
        return self._step(happening)

    def answer(self, answer: Answer) -> Effect:
        """The person answered the question, or did not: then the owner's rule for silence does."""
        if silent := answer is Answer.SILENCE:
            answer = _SILENCES[self.policy.silence]
        if answer is Answer.VIEW_ONLY and Capability.VIEW not in self._asked | self.granted:
            return self._step(Happening.SILENCE if silent else Happening.VIEW_NOT_ASKED)
        return self._step(_ANSWERS[answer])

    def take_back(self, capabilities: Capabilities) -> Effect:
        """The person takes these rights back: they are not had again but by the person."""
        self._taken_back |= self.granted & capabilities
        return self.lose(capabilities)

    def lose(self, capabilities: Capabilities) -> Effect:
        """The caller gave these rights back, or their time is over."""
        held = self.granted & capabilities
        if not held:
            return None
        self.granted -= held
        return self._step(Happening.LOST if self.granted else Happening.ALL_LOST)

    def gone(self) -> Effect:
        """The caller is gone for good."""
        return self._step(Happening.GONE)

    def _step(self, happening: Happening) -> Effect:
        if (self.state, happening) not in TABLE:
            return None
        self.state, act = TABLE[self.state, happening]
        return act(self)

    def _busy(self) -> Effect:
        return Deny(Reason.BUSY) if self.state is State.ASKING_MORE else None

    def _put_question(self) -> Effect:
        return Ask(self._asked)

    def _grant_asked(self) -> Effect:
        self.won = self._asked
        self.granted |= self.won
        self._taken_back -= self.granted
        return Grant(self.granted)

    def _grant_view(self) -> Effect:
        self._asked &= VIEW_ONLY
        return self._grant_asked()

    def _keep(self) -> Effect:
        return Grant(self.granted)

    def _withdraw(self) -> Effect:
        self.granted = NONE
        return Withdraw()

    def _end(self) -> Effect:
        self.granted = NONE
        return None


def _refuse(reason: Reason) -> Callable[[Consent], Effect]:
    return lambda _: Refuse(reason)


def _deny(reason: Reason) -> Callable[[Consent], Effect]:
    return lambda _: Deny(reason)


_S, _H, _C, _R = State, Happening, Consent, Reason

#: Every transition there is, with what it does. What is not in here changes nothing: an answer that comes too late,
#: a second question while one is being put.
TABLE: dict[tuple[State, Happening], tuple[State, Callable[[Consent], Effect]]] = {
    (_S.NEW, _H.ASKS_FORBIDDEN): (_S.REFUSED, _refuse(_R.FORBIDDEN)),
    (_S.NEW, _H.ASKS_FREE): (_S.GRANTED, _C._grant_asked),
    (_S.NEW, _H.ASKS): (_S.ASKING, _C._put_question),
    (_S.NEW, _H.GONE): (_S.ENDED, _C._end),
    (_S.ASKING, _H.YES): (_S.GRANTED, _C._grant_asked),
    (_S.ASKING, _H.VIEW_ONLY): (_S.GRANTED, _C._grant_view),
    (_S.ASKING, _H.VIEW_NOT_ASKED): (_S.REFUSED, _refuse(_R.VIEW_NOT_ASKED)),
    (_S.ASKING, _H.NO): (_S.REFUSED, _refuse(_R.NO)),
    (_S.ASKING, _H.SILENCE): (_S.REFUSED, _refuse(_R.SILENCE)),
    (_S.ASKING, _H.GONE): (_S.ENDED, _C._withdraw),
    (_S.GRANTED, _H.ASKS_FORBIDDEN): (_S.GRANTED, _deny(_R.FORBIDDEN)),
    (_S.GRANTED, _H.ASKS_FREE): (_S.GRANTED, _C._grant_asked),
    (_S.GRANTED, _H.ASKS): (_S.ASKING_MORE, _C._put_question),
    (_S.GRANTED, _H.LOST): (_S.GRANTED, _C._keep),
    (_S.GRANTED, _H.ALL_LOST): (_S.ENDED, _C._keep),
    (_S.GRANTED, _H.GONE): (_S.ENDED, _C._end),
    (_S.ASKING_MORE, _H.YES): (_S.GRANTED, _C._grant_asked),
    (_S.ASKING_MORE, _H.VIEW_ONLY): (_S.GRANTED, _C._grant_view),
    (_S.ASKING_MORE, _H.VIEW_NOT_ASKED): (_S.GRANTED, _deny(_R.VIEW_NOT_ASKED)),
    (_S.ASKING_MORE, _H.NO): (_S.GRANTED, _deny(_R.NO)),
    (_S.ASKING_MORE, _H.SILENCE): (_S.GRANTED, _deny(_R.SILENCE)),
    (_S.ASKING_MORE, _H.LOST): (_S.ASKING_MORE, _C._keep),
    (_S.ASKING_MORE, _H.ALL_LOST): (_S.ENDED, _C._withdraw),
    (_S.ASKING_MORE, _H.GONE): (_S.ENDED, _C._withdraw),
}

_ANSWERS = {
    Answer.YES: Happening.YES,
    Answer.VIEW_ONLY: Happening.VIEW_ONLY,
    Answer.NO: Happening.NO,
    Answer.SILENCE: Happening.SILENCE,
}

_SILENCES = {Silence.NO: Answer.SILENCE, Silence.VIEW: Answer.VIEW_ONLY, Silence.YES: Answer.YES}
