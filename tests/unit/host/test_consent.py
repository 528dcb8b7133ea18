"""Consent: every transition, and the invariants over any order of happenings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.host.consent import (
    TABLE,
    Ask,
    Consent,
    Deny,
    Grant,
    Happening,
    Policy,
    Reason,
    Refuse,
    State,
    Withdraw,
)
from farhand.host.platform.base import Answer
from farhand.host.settings import Silence
from farhand.protocol.capability import NONE, Capability

VIEW, CONTROL, CLIPBOARD, SHELL = Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD, Capability.SHELL
ASKING = Policy(frozenset({VIEW, CONTROL, CLIPBOARD}), ask=True)
FREE = Policy(frozenset({VIEW, CONTROL, CLIPBOARD}), ask=False)


def asked(*capabilities: Capability, policy: Policy = ASKING) -> Consent:
    consent = Consent(policy)
    consent.ask(frozenset(capabilities))
    return consent


def test_only_what_is_asked_and_allowed_is_put_to_the_person() -> None:
    assert Consent(ASKING).ask(frozenset({VIEW, SHELL})) == Ask(frozenset({VIEW}))


def test_nothing_allowed_is_refused_without_asking_anyone() -> None:
    consent = Consent(ASKING)
    assert consent.ask(frozenset({SHELL})) == Refuse(Reason.FORBIDDEN)
    assert consent.state is State.REFUSED


def test_without_asking_it_is_granted_at_once() -> None:
    assert Consent(FREE).ask(frozenset({VIEW, CONTROL, SHELL})) == Grant(frozenset({VIEW, CONTROL}))


@pytest.mark.parametrize(
    ("answer", "effect"),
    [
        (Answer.YES, Grant(frozenset({VIEW, CONTROL}))),
        (Answer.VIEW_ONLY, Grant(frozenset({VIEW}))),
        (Answer.NO, Refuse(Reason.NO)),
        (Answer.SILENCE, Refuse(Reason.SILENCE)),
    ],
)
def test_the_person_decides(answer: Answer, effect: Grant | Refuse) -> None:
    consent = asked(VIEW, CONTROL)
    assert consent.answer(answer) == effect
    assert consent.granted == (effect.granted if isinstance(effect, Grant) else NONE)


def test_view_only_where_view_was_not_asked_for_is_a_no() -> None:
    assert asked(CONTROL).answer(Answer.VIEW_ONLY) == Refuse(Reason.VIEW_NOT_ASKED)


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    consent = asked(VIEW)
    assert consent.gone() == Withdraw()
    assert consent.answer(Answer.YES) is None
    assert consent.granted == NONE


def test_more_is_asked_for_later() -> None:
    consent = asked(VIEW)
    consent.answer(Answer.YES)
    assert consent.ask(frozenset({VIEW, CONTROL})) == Ask(frozenset({CONTROL}))
    assert consent.granted == {VIEW}
    assert consent.ask(frozenset({CLIPBOARD})) == Deny(Reason.BUSY)
    assert consent.answer(Answer.YES) == Grant(frozenset({VIEW, CONTROL}))


@pytest.mark.parametrize(
    ("answer", "effect"),
    [
        (Answer.NO, Deny(Reason.NO)),
        (Answer.SILENCE, Deny(Reason.SILENCE)),
        (Answer.VIEW_ONLY, Grant(frozenset({VIEW}))),
    ],
)
def test_what_holds_goes_on_when_more_is_denied(answer: Answer, effect: Deny | Grant) -> None:
    consent = asked(VIEW)
    consent.answer(Answer.YES)
    consent.ask(frozenset({CONTROL}))
    assert consent.answer(answer) == effect
    assert consent.granted == {VIEW}
    assert consent.state is State.GRANTED


def test_asking_later_for_what_is_forbidden_is_denied() -> None:
    consent = asked(VIEW, policy=FREE)
    assert consent.ask(frozenset({SHELL})) == Deny(Reason.FORBIDDEN)
    assert consent.ask(frozenset({CONTROL})) == Grant(frozenset({VIEW, CONTROL}))


def test_view_only_to_a_later_question_where_view_never_held() -> None:
    consent = asked(CLIPBOARD)
    consent.answer(Answer.YES)
    consent.ask(frozenset({CONTROL}))
    assert consent.answer(Answer.VIEW_ONLY) == Deny(Reason.VIEW_NOT_ASKED)
    assert consent.granted == {CLIPBOARD}


def test_rights_are_taken_back_one_by_one_and_the_last_one_ends_it() -> None:
    consent = asked(VIEW, CONTROL, policy=FREE)
    assert consent.take_back(frozenset({CLIPBOARD})) is None
    assert consent.take_back(frozenset({CONTROL})) == Grant(frozenset({VIEW}))
    assert consent.take_back(frozenset({VIEW})) == Grant(NONE)
    assert consent.state is State.ENDED


def test_what_was_taken_back_is_not_had_again_for_the_asking() -> None:
    consent = asked(VIEW, CONTROL, policy=FREE)
    consent.take_back(frozenset({CONTROL}))
    assert consent.ask(frozenset({CONTROL})) == Deny(Reason.TAKEN_BACK)
    asked_about = Policy(FREE.allow, ask=True)
    assert consent.ask(frozenset({CONTROL}), asked_about) == Ask(frozenset({CONTROL})), "but a person may give it again"


def test_what_was_given_back_or_lapsed_may_be_had_again() -> None:
    consent = asked(VIEW, CONTROL, policy=FREE)
    assert consent.lose(frozenset({CONTROL})) == Grant(frozenset({VIEW}))
    assert consent.ask(frozenset({CONTROL})) == Grant(frozenset({VIEW, CONTROL}))
    assert consent.won == {CONTROL}


def test_a_right_that_ends_before_the_session_may_be_asked_for_anew() -> None:
    consent = asked(VIEW, CONTROL)
    consent.answer(Answer.YES)
    assert consent.ask(frozenset({CONTROL})) == Deny(Reason.FORBIDDEN)
    assert consent.ask(frozenset({VIEW, CONTROL}), timed=frozenset({CONTROL})) == Ask(frozenset({CONTROL}))
    assert consent.answer(Answer.YES) == Grant(frozenset({VIEW, CONTROL}))
    assert consent.won == {CONTROL}


def test_a_new_grant_brings_rules_of_its_own() -> None:
    consent = asked(VIEW, policy=Policy(frozenset({VIEW}), ask=False))
    wider = Policy(frozenset({VIEW, SHELL}), ask=False)
    assert consent.ask(frozenset({SHELL, CONTROL}), wider) == Grant(frozenset({VIEW, SHELL}))


@pytest.mark.parametrize(
    ("silence", "wanted", "effect"),
    [
        (Silence.NO, {VIEW, CONTROL}, Refuse(Reason.SILENCE)),
        (Silence.VIEW, {VIEW, CONTROL}, Grant(frozenset({VIEW}))),
        (Silence.VIEW, {CONTROL}, Refuse(Reason.SILENCE)),
        (Silence.YES, {VIEW, CONTROL}, Grant(frozenset({VIEW, CONTROL}))),
    ],
)
def test_the_owner_says_what_silence_means(silence: Silence, wanted: set[Capability], effect: Grant | Refuse) -> None:
    policy = Policy(ASKING.allow, True, silence)
    assert asked(*wanted, policy=policy).answer(Answer.SILENCE) == effect
    assert asked(*wanted, policy=policy).answer(Answer.NO) == Refuse(Reason.NO), "a no stays one"


def test_what_is_taken_back_while_more_is_asked_about() -> None:
    consent = asked(VIEW, CLIPBOARD)
    consent.answer(Answer.YES)
    consent.ask(frozenset({CONTROL}))
    assert consent.take_back(frozenset({CLIPBOARD})) == Grant(frozenset({VIEW}))
    assert consent.take_back(frozenset({VIEW})) == Withdraw()
    assert consent.granted == NONE
    assert consent.answer(Answer.YES) is None


def test_every_state_but_the_final_ones_ends_when_the_caller_is_gone() -> None:
    left = {state for state in State if (state, Happening.GONE) in TABLE}
    assert left == set(State) - {State.REFUSED, State.ENDED}


SETS = st.frozensets(st.sampled_from(Capability))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), SETS),
        st.tuples(st.just("answer"), st.sampled_from(Answer)),
        st.tuples(st.just("take_back"), SETS),
        st.tuples(st.just("lose"), SETS),
        st.tuples(st.just("gone")),
    ),
    max_size=12,
)


@given(allow=SETS, ask=st.booleans(), silence=st.sampled_from(Silence), steps=STEPS)
def test_in_any_order_nothing_is_granted_that_was_not_asked_allowed_and_seen(allow, ask, silence, steps) -> None:
    consent = Consent(Policy(allow, ask, silence))
    wanted: frozenset[Capability] = NONE
    seen: frozenset[Capability] = NONE
    for name, *arguments in steps:
        if name == "ask":
            wanted |= arguments[0]
        before = consent.granted
        effect = getattr(consent, name)(*arguments)
        if isinstance(effect, Ask):
            seen = effect.capabilities
        assert consent.granted <= wanted & allow
        if ask:
            assert consent.granted - before <= seen
        if isinstance(effect, Grant):
            assert effect.granted == consent.granted
        if consent.state in (State.NEW, State.ASKING, State.REFUSED, State.ENDED):
            assert consent.granted == NONE
