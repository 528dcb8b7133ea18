"""What rules come to: the least of all, under the strictest of what is needed, and never more than was asked for."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from farhand.gateway.rights.evaluate import Applied, decide, merge
from farhand.protocol.capability import ALL, Capability
from farhand.protocol.grants import AtEnd, Conditions, Window

VIEW, CONTROL, SHELL = Capability.VIEW, Capability.CONTROL, Capability.SHELL
HERE = "192.0.2.7"


def rule(name: str, rights: Mapping[Capability, int], approvers: str | None = None, **conditions) -> Applied:
    return Applied(name, rights, Conditions(**conditions), approvers)


def test_what_is_granted_is_rule_and_ceiling_and_what_was_asked() -> None:
    rules = [rule("a", {VIEW: 0, CONTROL: 60, SHELL: 0})]
    allowed = decide(rules, frozenset((VIEW, CONTROL)), frozenset((CONTROL, SHELL)), HERE)
    assert allowed is not None
    assert allowed.rights == {CONTROL: 60}
    assert decide(rules, frozenset((SHELL,)), frozenset((VIEW,)), HERE) is None
    assert decide([], ALL, ALL, HERE) is None


def test_the_longer_time_of_two_rules_counts_and_the_askers_own_bound_shortens_it() -> None:
    rules = [rule("a", {CONTROL: 60}), rule("b", {CONTROL: 300, VIEW: 0})]
    allowed = decide(rules, frozenset((CONTROL, VIEW)), ALL, HERE)
    assert allowed is not None
    assert allowed.rights == {CONTROL: 300, VIEW: 0}
    bounded = decide(rules, frozenset((CONTROL, VIEW)), ALL, HERE, 100)
    assert bounded is not None
    assert bounded.rights == {CONTROL: 100, VIEW: 100}


def test_who_asks_for_less_meets_fewer_conditions() -> None:
    rules = [
        rule("all", {VIEW: 0, CONTROL: 0}, "leads", approval=True),
        rule("view", {VIEW: 0}, reason=True),
    ]
    less = decide(rules, frozenset((VIEW,)), ALL, HERE)
    assert less is not None
    assert (less.rules, less.conditions.approval, less.conditions.reason) == (("view",), False, True)
    more = decide(rules, frozenset((VIEW, CONTROL)), ALL, HERE)
    assert more is not None
    # The rule for all of it is needed, and makes the other one needless.
    assert (more.rules, more.conditions.approval, more.conditions.reason) == (("all",), True, False)
    assert more.approvers == {"leads"}


def test_the_strictest_conditions_hold_where_two_rules_are_needed() -> None:
    rules = [
        rule("a", {VIEW: 0}, "one", approval=True, max_seconds=600, at_end=AtEnd.LOCK, networks=["192.0.0.0/8"]),
        rule("b", {CONTROL: 0}, approval=True, ask=True, idle_seconds=60, networks=["192.0.2.0/24", "2001:db8::/32"]),
    ]
    allowed = decide(rules, ALL, ALL, HERE)
    assert allowed is not None
    conditions = allowed.conditions
    assert (conditions.ask, conditions.approval, conditions.reason) == (True, True, False)
    assert (conditions.max_seconds, conditions.idle_seconds, conditions.at_end) == (600, 60, AtEnd.LOCK)
    assert conditions.networks == ["192.0.2.0/24"]
    # Somebody in the group "one" may approve the first; the second is for administrators alone.
    assert allowed.approvers == {"one", None}


def test_rules_for_other_addresses_are_none() -> None:
    rules = [rule("a", {VIEW: 0}, networks=["198.51.100.0/24"])]
    for address in (HERE, "2001:db8::1", "", "not an address"):
        assert decide(rules, ALL, ALL, address) is None
    for address in ("198.51.100.9", "::ffff:198.51.100.9"):
        assert decide(rules, ALL, ALL, address) is not None


def test_hours_that_reach_into_the_next_day_meet_those_of_the_next_day() -> None:
    night = Conditions(windows=[Window(0b1000000, 22 * 60, 6 * 60)])  # Sunday night
    monday = Conditions(windows=[Window(0b0000001, 0, 1440)])
    both = merge(night, monday)
    assert both is not None
    assert both.windows == [Window(1, 0, 360)]
    assert merge(monday, Conditions(windows=[Window(0b10, 0, 1440)])) is None
    assert merge(Conditions(networks=["10.0.0.0/8"]), Conditions(networks=["192.0.2.0/24"])) is None


capabilities = st.frozensets(st.sampled_from(list(Capability)))
rules_of_any_kind = st.lists(
    st.builds(
        Applied,
        st.uuids().map(str),
        st.dictionaries(st.sampled_from(list(Capability)), st.integers(0, 600)),
        st.builds(
            Conditions,
            networks=st.lists(st.sampled_from(["192.0.2.0/24", "10.0.0.0/8", "::/0"]), max_size=2),
            windows=st.lists(
                st.builds(Window, st.integers(1, 127), st.just(60), st.integers(0, 59) | st.integers(61, 1440)),
                max_size=2,
            ),
            ask=st.booleans(),
            reason=st.booleans(),
            approval=st.booleans(),
            max_seconds=st.integers(0, 600),
        ),
        st.sampled_from(["one", "two", None]),
    ),
    max_size=6,
)


@given(rules_of_any_kind, capabilities, capabilities)
def test_whatever_the_rules_nothing_is_granted_that_no_rule_that_is_named_grants(rules, asked, ceiling) -> None:
    allowed = decide(rules, asked, ceiling, HERE)
    by_id = {one.id: one for one in rules}
    if allowed is None:
        return
    assert allowed.rights
    assert allowed.rights.keys() <= asked & ceiling
    chosen = [by_id[name] for name in allowed.rules]
    for capability, seconds in allowed.rights.items():
        assert seconds in {one.rights[capability] for one in chosen if capability in one.rights}
    for one in chosen:
        for condition in ("ask", "reason", "approval"):
            assert getattr(allowed.conditions, condition) or not getattr(one.conditions, condition)
        if one.conditions.max_seconds:
            assert 0 < allowed.conditions.max_seconds <= one.conditions.max_seconds
        if one.conditions.approval:
            assert one.approvers in allowed.approvers
        if one.conditions.networks:
            assert allowed.conditions.networks
