"""What rules come to: which of them cover what was asked for, and the strictest of their conditions.

Pure: rules go in, a decision comes out. The host checks every condition again; here they are checked only to say no
early, and to ask for a reason or a second person before a grant is signed.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farhand.protocol.capability import Capabilities, Capability
from farhand.protocol.grants import AtEnd, Conditions, Window

_DAY = 24 * 60
#: What one grant may name (protocol/grants.py).
_NETWORKS_MAX, _WINDOWS_MAX = 8, 14
#: What happens at the end, from the mildest to the strictest.
_SEVERITY = (AtEnd.NOTHING, AtEnd.LOCK, AtEnd.LOG_OFF)


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that names this person and this host."""

    id: str
    """The rule's."""
    rights: Mapping[Capability, int]
    """Seconds for each capability, 0 for as long as the session."""
    conditions: Conditions
    """Its conditions."""
    approvers: str | None = None
    """The group of people who may approve, besides administrators."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be granted, and on which conditions."""

    rights: Mapping[Capability, int]
    conditions: Conditions
    rules: tuple[str, ...]
    approvers: frozenset[str | None]
    """Who approves is in every one of these groups, or an administrator; None stands for administrators alone."""


def decide(
    rules: Iterable[Applied], asked: Capabilities, ceiling: Capabilities, address: str, seconds: int = 0
) -> Allowed | None:
    """What ``rules`` allow of ``asked`` within ``ceiling`` to someone at ``address``; None where that is nothing.

    The mildest rules that cover most are taken: who asks for less meets fewer conditions. ``seconds`` is the
    asker's own bound on each capability, 0 for none.
    """
    wanted = asked & ceiling
    chosen, merged = _choose([rule for rule in rules if _reaches(rule.conditions.networks, address)], wanted)
    if merged is None:
        return None
    rights: dict[Capability, int] = {}
    for rule in chosen:
        for capability, limit in rule.rights.items():
            if capability in wanted and (capability not in rights or _longer(limit, rights[capability])):
                rights[capability] = limit
    bounded = {capability: shorter(limit, seconds) for capability, limit in rights.items()}
    approvers = {rule.approvers for rule in chosen if rule.conditions.approval}
    return Allowed(bounded, merged, tuple(rule.id for rule in chosen), frozenset(approvers))


def _choose(usable: list[Applied], wanted: Capabilities) -> tuple[list[Applied], Conditions | None]:
    """The mildest rules that together cover as much as can be covered, without those that the others make needless."""
    left = set(wanted)
    chosen: list[Applied] = []
    merged: Conditions | None = None
    for rule in sorted(usable, key=lambda rule: (*_strictness(rule.conditions), -len(left & rule.rights.keys()))):
        if not left & rule.rights.keys():
            continue
        together = rule.conditions if merged is None else merge(merged, rule.conditions)
        if together is None:
            continue  # never both at once: what the second would add is left out
        merged = together
        chosen.append(rule)
        left -= rule.rights.keys()
    covered = wanted - left
    for rule in tuple(chosen):
        others = [other for other in chosen if other is not rule]
        if covered <= {capability for other in others for capability in other.rights}:
            chosen = others
    merged = None
    for rule in chosen:
        merged = rule.conditions if merged is None else merge(merged, rule.conditions)
    return chosen, merged


def shorter(one: int, other: int) -> int:
    """The shorter of two times in seconds, of which 0 means no bound."""
    return min(one, other) if one and other else one or other


def merge(one: Conditions, other: Conditions) -> Conditions | None:
    """Conditions that fulfil both; None where no address or no hour does."""
    networks = _intersect_networks(one.networks, other.networks)
    windows = _intersect_windows(one.windows, other.windows)
    if networks is None or windows is None:
        return None
    return Conditions(
        networks=networks,
        windows=windows,
        ask=one.ask or other.ask,
        reason=one.reason or other.reason,
        approval=one.approval or other.approval,
        max_seconds=shorter(one.max_seconds, other.max_seconds),
        idle_seconds=shorter(one.idle_seconds, other.idle_seconds),
        at_end=max(one.at_end, other.at_end, key=_SEVERITY.index),
    )


def _longer(one: int, other: int) -> bool:
    return other != 0 and (one == 0 or one > other)


def _strictness(conditions: Conditions) -> tuple[bool, bool, bool]:
    return (conditions.approval, conditions.ask, conditions.reason)


def _reaches(networks: Sequence[str], address: str) -> bool:
    if not networks:
        return True
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in ipaddress.ip_network(network, strict=False) for network in networks)


def _intersect_networks(one: list[str], other: list[str]) -> list[str] | None:
    if not one or not other:
        return one or other
    found = set()
    for a in map(ipaddress.ip_network, one):
        for b in map(ipaddress.ip_network, other):
            if a.version == b.version and a.overlaps(b):
                found.add(str(max(a, b, key=lambda network: network.prefixlen)))
    return sorted(found) if 0 < len(found) <= _NETWORKS_MAX else None


def _intersect_windows(one: list[Window], other: list[Window]) -> list[Window] | None:
    if not one or not other:
        return one or other
    found = {
        (a_days & b_days, max(a_start, b_start), min(a_end, b_end))
        for a_days, a_start, a_end in _within_days(one)
        for b_days, b_start, b_end in _within_days(other)
        if a_days & b_days and max(a_start, b_start) < min(a_end, b_end)
    }
    return [Window(*window) for window in sorted(found)] if 0 < len(found) <= _WINDOWS_MAX else None


def _within_days(windows: list[Window]) -> list[tuple[int, int, int]]:
    """The same windows, those that reach into the next day cut at midnight."""
    found = []
    for window in windows:
        if window.start < window.end:
            found.append((window.days, window.start, window.end))
        else:
            next_days = (window.days << 1 | window.days >> 6) & 0x7F
            found += [(window.days, window.start, _DAY), (next_days, 0, window.end)]
    return [part for part in found if part[1] < part[2]]
