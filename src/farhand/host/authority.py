"""Unattended calls: what a signed grant lets a device do here, now. Pure: time and zone are arguments.

A grant is checked twice: by its signatures (protocol/grants.py), and by its conditions, one row of CONDITIONS each.
What comes out is never more than the grant's rights, the owner's ``allow`` and the ceiling of the viewer's class.
"""

import enum
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from farhand.core.errors import FarhandError
from farhand.host.lease import Terms
from farhand.host.remembered import Remembered
from farhand.host.settings import SEEN, HostSettings
from farhand.protocol.capability import NONE, Capabilities, Capability
from farhand.protocol.certificate import Certificate, Kind
from farhand.protocol.errors import GrantFault, GrantRefused
from farhand.protocol.grants import AtEnd, Conditions, Grant, Verified, Window, verify_credential

#: Days ahead in which hours are looked for that end: a week, and the night after it.
_DAYS_AHEAD = 9


class Denial(enum.StrEnum):
    """Why this host lets a caller in no further, whose code or signatures are right."""

    NOT_ENROLLED = "not-enrolled"
    NO_CERTIFICATE = "no-certificate"
    CERTIFICATE_DATES = "certificate-dates"
    REVOKED = "revoked"
    NETWORK = "network"
    HOURS = "hours"
    REASON = "reason"
    APPROVAL = "approval"
    NOTHING_LEFT = "nothing-left"
    OTHER_PERSON = "other-person"
    NOT_KEPT = "not-kept"
    NOT_WRITTEN = "not-written"
    FULL = "full"


#: What the caller reads: the cause and the cure.
_SENTENCES: dict[Denial, tuple[str, str]] = {
    Denial.NOT_ENROLLED: (
        "this computer belongs to no organisation",
        "its owner enrols it, or gives you a one-time code",
    ),
    Denial.NO_CERTIFICATE: ("the device showed no certificate", "use the viewer of this version"),
    Denial.CERTIFICATE_DATES: (
        "the device's certificate does not hold now",
        "open the viewer again, and look at both clocks",
    ),
    Denial.REVOKED: ("this device was revoked", "ask whoever looks after devices to admit a new one"),
    Denial.NETWORK: ("your address is not one that the rule allows", "connect from one of its networks"),
    Denial.HOURS: ("the rule does not allow it at this hour", "try again within its hours, by this computer's clock"),
    Denial.REASON: ("the rule wants a reason", "say why you connect"),
    Denial.APPROVAL: ("the rule wants a second person's approval", "have somebody else approve it"),
    Denial.NOTHING_LEFT: (
        "the owner of this computer allows this kind of viewer none of that",
        "use the installed viewer (farhand view), or ask the owner",
    ),
    Denial.OTHER_PERSON: ("the new grant names another person", "end the session, and connect as that person"),
    Denial.NOT_KEPT: (
        "this computer cannot write down that the grant was used",
        "its owner looks at the free space of its disk",
    ),
    Denial.NOT_WRITTEN: ("this computer cannot write its audit", "its owner looks at the free space of its disk"),
    Denial.FULL: ("this computer serves as many callers as it may", "try again later"),
}


class AccessDenied(FarhandError):
    """A caller gets nothing, or nothing more; ``why`` is a short word for logs."""

    def __init__(self, why: Denial | GrantFault, cause: str = "", cure: str = "") -> None:
        if isinstance(why, Denial):
            cause, cure = _SENTENCES[why]
        super().__init__(cause, cure)
        self.why = why


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a caller beside its grant; ``now`` in Unix seconds."""

    certificate: Certificate | None
    address: str
    now: float


@dataclass(frozen=True, slots=True)
class Admission:
    """What a grant comes to here: rights with their seconds (0 = as long as the session), and on which terms."""

    person: str
    device: str
    reason: str
    approver: str
    issuer: bytes
    rights: Mapping[Capability, int]
    ask: bool
    terms: Terms
    at_end: AtEnd
    networks: tuple[str, ...]
    """Where the caller may be, also when it comes back after a cut; empty: anywhere."""


class Authority:
    """Who may come in without a code. ``root`` is the organisation's key (32 bytes), pinned when the host enrolled.

    ``own`` is the key that this host made for its own user's programs on this computer, for as long as it runs.
    ``zone`` is the host's: None for the computer's own local time.
    """

    def __init__(
        self,
        root: bytes | None,
        host_id: bytes,
        settings: HostSettings,
        remembered: Remembered,
        zone: tzinfo | None = None,
    ) -> None:
        self.root = root
        self.own: bytes | None = None
        self._host_id = host_id
        self._settings = settings
        self._remembered = remembered
        self._zone = zone

    def admit(self, credential: bytes, visit: Visit) -> Admission:
        """What this credential lets this caller do; uses it up. Raises AccessDenied.

        ``Remembered.save`` has to follow before anything is granted.
        """
        if self._remembered.full:
            raise AccessDenied(Denial.NOT_KEPT)
        certificate = self._check_device(visit)
        verified = self._verify(credential, certificate, visit.now)
        grant = verified.grant
        for denial, holds in CONDITIONS:
            if not holds(grant, visit, self._zone):
                raise AccessDenied(denial)
        most = ceiling(certificate.kind, self._settings)
        rights = {capability: seconds for capability, seconds in verified.rights.items() if capability in most}
        if not rights:
            raise AccessDenied(Denial.NOTHING_LEFT)
        if not self._remembered.spend(grant.nonce, grant.not_after, visit.now):
            raise AccessDenied(GrantFault.REPLAYED, "the grant was used before", "ask for a new one")
        conditions = grant.conditions
        return Admission(
            person=grant.person,
            device=grant.device,
            reason=grant.reason,
            approver=grant.approver,
            issuer=verified.issuer,
            rights=rights,
            ask=conditions.ask or asks(certificate.kind, self._settings),
            terms=Terms(conditions.max_seconds, conditions.idle_seconds, closing(conditions, visit.now, self._zone)),
            at_end=conditions.at_end,
            networks=tuple(conditions.networks),
        )

    def _verify(self, credential: bytes, certificate: Certificate, now: float) -> Verified:
        refusal = AccessDenied(Denial.NOT_ENROLLED)
        for root in (self.own, self.root):
            if root is None:
                continue
            try:
                return verify_credential(
                    credential, root=root, host_id=self._host_id, viewer=certificate.identity, now=now
                )
            except GrantRefused as error:
                refusal = AccessDenied(error.why, str(error))
        raise refusal

    def _check_device(self, visit: Visit) -> Certificate:
        certificate = visit.certificate
        if certificate is None or certificate.kind is Kind.HOST:
            raise AccessDenied(Denial.NO_CERTIFICATE)
        if not certificate.valid_at(visit.now):
            raise AccessDenied(Denial.CERTIFICATE_DATES)
        if self._remembered.is_revoked(certificate.identity):
            raise AccessDenied(Denial.REVOKED)
        return certificate


def ceiling(kind: Kind | None, settings: HostSettings) -> Capabilities:
    """The most that a viewer of this class gets; None: it showed no certificate, and counts as served by a gateway."""
    match kind:
        case Kind.CLIENT:
            return settings.allow
        case Kind.BROWSER | None:
            return settings.allow & (SEEN if settings.browser.allow is None else settings.browser.allow)
        case _:
            return NONE


def asks(kind: Kind, settings: HostSettings) -> bool:
    """Whether a person is asked about every viewer of this class, whatever its grant says."""
    return kind is not Kind.CLIENT and settings.browser.ask


# ---- Conditions ---------------------------------------------------------------------------------------------------


def in_networks(address: str, networks: Sequence[str]) -> bool:
    """Whether the address is in one of these networks (CIDR); none of them: any address, known or not.

    An IPv4 address within IPv6 counts as the IPv4 one.
    """
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(network) for network in networks)


def in_windows(windows: Sequence[Window], now: float, zone: tzinfo | None) -> bool:
    """Whether local time at ``now`` lies in one of these windows; none of them: at any time."""
    if not windows:
        return True
    local = datetime.fromtimestamp(now, zone)
    return any(_inside(window, local.weekday(), local.hour * 60 + local.minute) for window in windows)


def _inside(window: Window, day: int, minute: int) -> bool:
    """``end`` at or before ``start`` is the next day's, and belongs to the day on which the window began."""
    today, yesterday = window.days >> day & 1, window.days >> (day - 1) % 7 & 1
    if window.start < window.end:
        return bool(today) and window.start <= minute < window.end
    return bool(today and minute >= window.start) or bool(yesterday and minute < window.end)


def closing(conditions: Conditions, now: float, zone: tzinfo | None) -> float | None:
    """When the hours end that hold now, in Unix seconds; None if they never do. Windows that meet count as one."""
    if not conditions.windows:
        return None
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    ends = {
        (today + timedelta(days=day, minutes=window.end)).timestamp()
        for window in conditions.windows
        for day in range(_DAYS_AHEAD)
    }
    return min((end for end in ends if end > now and not in_windows(conditions.windows, end, zone)), default=None)


def _reason_given(grant: Grant) -> bool:
    return not grant.conditions.reason or any(character.isalnum() for character in grant.reason)


def _approved(grant: Grant) -> bool:
    """Whether a second person, not the one who comes, agreed."""
    if not grant.conditions.approval:
        return True
    approver = grant.approver.strip().casefold()
    return bool(approver) and approver != grant.person.strip().casefold()


#: What a grant may ask of a call, each with whether it holds; asking the person here is the call's own business.
CONDITIONS: tuple[tuple[Denial, Callable[[Grant, Visit, tzinfo | None], bool]], ...] = (
    (Denial.NETWORK, lambda grant, visit, _: in_networks(visit.address, grant.conditions.networks)),
    (Denial.HOURS, lambda grant, visit, zone: in_windows(grant.conditions.windows, visit.now, zone)),
    (Denial.REASON, lambda grant, _, __: _reason_given(grant)),
    (Denial.APPROVAL, lambda grant, _, __: _approved(grant)),
)
