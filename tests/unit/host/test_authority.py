"""What a grant comes to on this host: every condition in its row, the ceilings, one use."""

import dataclasses
import itertools
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.loopback.grants_kit import HOST_ID, Organisation

from farhand.host.authority import (
    CONDITIONS,
    AccessDenied,
    Authority,
    Denial,
    Visit,
    asks,
    ceiling,
    closing,
    in_networks,
    in_windows,
)
from farhand.host.remembered import Remembered
from farhand.host.settings import BrowserSettings, HostSettings
from farhand.protocol.capability import ALL, NONE, Capability
from farhand.protocol.certificate import Certificate, Kind
from farhand.protocol.errors import GrantFault
from farhand.protocol.grants import AtEnd, Conditions, Window
from farhand.protocol.identity import Keys

VIEW, CONTROL, CLIPBOARD, SHELL = Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD, Capability.SHELL
NOW = float(int(time.time()))
KEYS = {kind: Keys.generate(kind, "laptop", NOW, secrets.token_bytes) for kind in Kind}
ORG = Organisation(NOW)
EVERYTHING = HostSettings(allow=ALL, browser=BrowserSettings(allow=ALL, ask=False))
#: Monday, 2026-11-23, 09:30 UTC.
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC).timestamp()


def authority(settings: HostSettings = EVERYTHING, remembered: Remembered | None = None) -> Authority:
    return Authority(ORG.root_public, HOST_ID, settings, remembered or Remembered(), UTC)


def visit(kind: Kind = Kind.CLIENT, **changes: Any) -> Visit:
    given_ = Visit(Certificate.decode(KEYS[kind].certificate), "192.0.2.7", NOW)
    return dataclasses.replace(given_, **changes)


def credential(kind: Kind = Kind.CLIENT, **changes: Any) -> bytes:
    return ORG.credential(KEYS[kind].identity_public, **changes)


def why(act: Callable[[], object]) -> Denial | GrantFault:
    with pytest.raises(AccessDenied) as caught:
        act()
    assert caught.value.cause, "every refusal says why"
    return caught.value.why


def test_a_grant_becomes_rights_terms_and_an_end() -> None:
    conditions = Conditions(max_seconds=600, idle_seconds=60, at_end=AtEnd.LOCK)
    data = credential(rights={VIEW: 0, CONTROL: 300}, conditions=conditions, reason="the printer")
    admission = authority().admit(data, visit())
    assert (admission.person, admission.device, admission.reason) == ("Anna Müller", "laptop", "the printer")
    assert admission.rights == {VIEW: 0, CONTROL: 300}
    assert (admission.terms.max_seconds, admission.terms.idle_seconds, admission.at_end) == (600, 60, AtEnd.LOCK)
    assert admission.ask is False
    assert admission.issuer == ORG.gateway_public


def test_a_grant_is_used_once() -> None:
    host, data = authority(), credential()
    host.admit(data, visit())
    assert why(lambda: host.admit(data, visit())) is GrantFault.REPLAYED
    host.admit(credential(), visit())


def test_a_refused_grant_is_not_used_up() -> None:
    host = authority()
    data = credential(conditions=Conditions(networks=["192.0.2.0/24"]))
    assert why(lambda: host.admit(data, visit(address="203.0.113.1"))) is Denial.NETWORK
    host.admit(data, visit())


@pytest.mark.parametrize(
    ("fault", "act"),
    [
        (Denial.NOT_ENROLLED, lambda: Authority(None, HOST_ID, EVERYTHING, Remembered()).admit(credential(), visit())),
        (Denial.NO_CERTIFICATE, lambda: authority().admit(credential(), visit(certificate=None))),
        (Denial.NO_CERTIFICATE, lambda: authority().admit(credential(Kind.HOST), visit(Kind.HOST))),
        (Denial.CERTIFICATE_DATES, lambda: authority().admit(credential(), visit(now=NOW + 20 * 365 * 86400))),
        (Denial.CERTIFICATE_DATES, lambda: authority().admit(credential(), visit(now=NOW - 3 * 86400))),
        (GrantFault.OTHER_VIEWER, lambda: authority().admit(credential(Kind.BROWSER), visit())),
        (GrantFault.OTHER_HOST, lambda: authority().admit(credential(host_id=bytes(16)), visit())),
        (GrantFault.EXPIRED, lambda: authority().admit(credential(), visit(now=NOW + 400))),
        (GrantFault.NOT_YET, lambda: authority().admit(credential(), visit(now=NOW - 400))),
        (GrantFault.CEILING, lambda: authority().admit(credential(rights={Capability.RECORD: 0}), visit())),
        (GrantFault.SIGNATURE, lambda: authority().admit(ORG.forged(KEYS[Kind.CLIENT].identity_public), visit())),
        (GrantFault.MALFORMED, lambda: authority().admit(b"", visit())),
        (GrantFault.MALFORMED, lambda: authority().admit(credential() + b"\0", visit())),
        (Denial.REASON, lambda: authority().admit(credential(conditions=Conditions(reason=True)), visit())),
        (Denial.APPROVAL, lambda: authority().admit(credential(conditions=Conditions(approval=True)), visit())),
    ],
)
def test_what_does_not_let_in(fault: Denial | GrantFault, act: Callable[[], object]) -> None:
    assert why(act) is fault


def test_a_revoked_device_stays_out_whatever_it_shows() -> None:
    remembered = Remembered()
    remembered.revoke(KEYS[Kind.CLIENT].identity_public)
    assert why(lambda: authority(remembered=remembered).admit(credential(), visit())) is Denial.REVOKED
    authority(remembered=remembered).admit(credential(Kind.BROWSER), visit(Kind.BROWSER))


@pytest.mark.parametrize("reason", ["", "   ", "…", "-"])
def test_a_reason_says_something(reason: str) -> None:
    data = credential(conditions=Conditions(reason=True), reason=reason)
    assert why(lambda: authority().admit(data, visit())) is Denial.REASON
    authority().admit(credential(conditions=Conditions(reason=True), reason="Drucker"), visit())


@pytest.mark.parametrize("approver", ["", "  ", "Anna Müller", " anna müller"])
def test_who_approves_is_somebody_else(approver: str) -> None:
    data = credential(conditions=Conditions(approval=True), approver=approver)
    assert why(lambda: authority().admit(data, visit())) is Denial.APPROVAL
    authority().admit(credential(conditions=Conditions(approval=True), approver="Bob"), visit())


# ---- Classes and ceilings -----------------------------------------------------------------------------------------


def test_a_viewer_that_a_gateway_served_gets_less_and_somebody_is_asked() -> None:
    settings = HostSettings(allow=ALL)
    wanted = {VIEW: 0, CONTROL: 0, CLIPBOARD: 0, SHELL: 0, Capability.MANAGE: 0, Capability.FILES_WRITE: 0}
    trusted = authority(settings).admit(credential(rights=wanted), visit())
    assert (set(trusted.rights), trusted.ask) == (set(wanted), False)
    served = authority(settings).admit(credential(Kind.BROWSER, rights=wanted), visit(Kind.BROWSER))
    assert (set(served.rights), served.ask) == ({VIEW, CONTROL, CLIPBOARD}, True)
    data = credential(Kind.BROWSER, rights={SHELL: 0})
    assert why(lambda: authority(settings).admit(data, visit(Kind.BROWSER))) is Denial.NOTHING_LEFT


def test_the_owner_may_say_otherwise_about_browsers() -> None:
    served = authority().admit(credential(Kind.BROWSER, rights={SHELL: 0}), visit(Kind.BROWSER))
    assert (set(served.rights), served.ask) == ({SHELL}, False)


SETS = st.frozensets(st.sampled_from(Capability))


@given(allow=SETS, browser=SETS, ask=st.booleans())
def test_no_class_gets_more_than_the_owner_allows(allow, browser, ask) -> None:
    settings = HostSettings(allow=allow, browser=BrowserSettings(browser, ask))
    assert ceiling(Kind.CLIENT, settings) == allow
    assert ceiling(Kind.BROWSER, settings) == ceiling(None, settings) == allow & browser
    assert ceiling(Kind.HOST, settings) == NONE
    assert asks(Kind.BROWSER, settings) is ask
    assert asks(Kind.CLIENT, settings) is False


@given(allow=SETS, browser=SETS, given_=SETS, kind=st.sampled_from([Kind.CLIENT, Kind.BROWSER]))
def test_what_comes_out_is_never_more_than_grant_owner_and_class(allow, browser, given_, kind) -> None:
    given_ -= {Capability.RECORD}
    settings = HostSettings(allow=allow, browser=BrowserSettings(browser))
    left = given_ & ceiling(kind, settings)
    data = credential(kind, rights=dict.fromkeys(given_, 0))
    host = authority(settings)
    if left:
        assert set(host.admit(data, visit(kind)).rights) == left
    else:
        assert why(lambda: host.admit(data, visit(kind))) is Denial.NOTHING_LEFT


def test_conditions_hold_in_any_combination_only_if_each_holds() -> None:
    """One row each: broken alone and together with others, the first broken row in the table's order is named."""
    broken = {
        Denial.NETWORK: {"networks": ["198.51.100.0/24"]},
        Denial.HOURS: {"windows": [_window_without(NOW)]},
        Denial.REASON: {"reason": True},
        Denial.APPROVAL: {"approval": True},
    }
    assert [denial for denial, _ in CONDITIONS] == list(broken)
    for count in range(1, 5):
        for some in itertools.combinations(broken, count):
            conditions = Conditions(**{key: value for denial in some for key, value in broken[denial].items()})
            data = credential(conditions=conditions)
            assert why(lambda data=data: authority().admit(data, visit())) is some[0]


def _window_without(now: float) -> Window:
    day = datetime.fromtimestamp(now, UTC).weekday()
    return Window(1 << (day + 3) % 7, 0, 60)


# ---- Networks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("192.0.2.7", [], True),
        ("what", [], True),
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.3.7", ["192.0.2.0/24"], False),
        ("192.0.3.7", ["192.0.2.0/24", "192.0.3.0/24"], True),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("2001:db8::7", ["2001:db8::/32"], True),
        ("2001:db9::7", ["2001:db8::/32"], False),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("192.0.2.7", ["2001:db8::/32"], False),
        ("", ["0.0.0.0/0"], False),
        ("192.0.2.7, 10.0.0.1", ["0.0.0.0/0"], False),
        ("localhost", ["127.0.0.0/8"], False),
    ],
)
def test_networks(address: str, networks: list[str], inside: bool) -> None:
    assert in_networks(address, networks) is inside


# ---- Hours --------------------------------------------------------------------------------------------------------

WEEKDAYS = 0b0011111


def at(day: int, hour: int, minute: int = 0) -> float:
    """That day of the week of MONDAY, 0 = Monday."""
    return datetime(2026, 11, 23 + day, hour, minute, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("window", "now", "inside"),
    [
        (Window(WEEKDAYS, 540, 1020), at(0, 9), True),
        (Window(WEEKDAYS, 540, 1020), at(0, 8, 59), False),
        (Window(WEEKDAYS, 540, 1020), at(0, 16, 59), True),
        (Window(WEEKDAYS, 540, 1020), at(0, 17), False),
        (Window(WEEKDAYS, 540, 1020), at(5, 12), False),
        (Window(0b1000000, 0, 1440), at(6, 23, 59), True),
        (Window(0b0010000, 1320, 360), at(4, 23), True),  # Friday night
        (Window(0b0010000, 1320, 360), at(5, 5, 59), True),
        (Window(0b0010000, 1320, 360), at(5, 6), False),
        (Window(0b0010000, 1320, 360), at(4, 5), False),
        (Window(0b1000000, 1320, 360), at(0, 3), True),  # Sunday night reaches into Monday
    ],
)
def test_hours(window: Window, now: float, inside: bool) -> None:
    assert in_windows([window], now, UTC) is inside
    assert in_windows([window, Window(0b0000001, 570, 571)], MONDAY, UTC), "one of several is enough"


def test_hours_are_the_hosts_own() -> None:
    nine_to_five = [Window(0b1111111, 540, 1020)]
    assert in_windows(nine_to_five, at(0, 8, 30), ZoneInfo("Europe/Berlin"))
    assert not in_windows(nine_to_five, at(0, 8, 30), UTC)


def test_a_session_ends_with_its_hours() -> None:
    assert closing(Conditions(windows=[Window(WEEKDAYS, 540, 1020)]), at(0, 9, 30), UTC) == at(0, 17)
    night = Conditions(windows=[Window(0b0010000, 1320, 360)])
    assert closing(night, at(4, 23), UTC) == at(5, 6)
    assert closing(night, at(5, 2), UTC) == at(5, 6)
    meeting = Conditions(windows=[Window(1, 540, 720), Window(1, 720, 1020)])
    assert closing(meeting, at(0, 10), UTC) == at(0, 17), "windows that meet are one"
    assert closing(Conditions(windows=[Window(127, 0, 1440)]), at(0, 10), UTC) is None
    assert closing(Conditions(), MONDAY, UTC) is None


MINUTES = st.integers(0, 1440)
WINDOWS = st.lists(st.builds(Window, st.integers(1, 127), MINUTES, MINUTES), min_size=1, max_size=4)


@given(windows=WINDOWS, minute=st.integers(0, 7 * 1440 - 1))
def test_until_the_hours_end_it_is_always_within_them(windows, minute) -> None:
    now = at(0, 0) + minute * 60
    end = closing(Conditions(windows=windows), now, UTC)
    if not in_windows(windows, now, UTC):
        return
    if end is None:
        assert all(in_windows(windows, now + step * 60, UTC) for step in range(0, 8 * 1440, 60))
    else:
        assert not in_windows(windows, end, UTC)
        assert all(in_windows(windows, when, UTC) for when in _minutes(now, end))


def _minutes(start: float, end: float) -> list[float]:
    return [start + 60 * step for step in range(0, int((end - start) // 60), 7)] + [end - 60]


# ---- Altered ------------------------------------------------------------------------------------------------------


@given(position=st.integers(0, 2000), bit=st.integers(0, 7))
def test_no_bit_of_a_credential_can_be_changed(position: int, bit: int) -> None:
    data = bytearray(credential())
    data[position % len(data)] ^= 1 << bit
    assert why(lambda: authority().admit(bytes(data), visit())) in set(GrantFault)


def test_another_root_is_nobody() -> None:
    other = Authority(
        Ed25519PrivateKey.generate().public_key().public_bytes_raw(), HOST_ID, EVERYTHING, Remembered(), UTC
    )
    assert why(lambda: other.admit(credential(), visit())) is GrantFault.SIGNATURE


def test_settings_read_from_a_file() -> None:
    text = b'silence = "view"\n[browser]\nallow = ["view"]\nask = false\n'
    settings = msgspec.toml.decode(text, type=HostSettings)
    assert settings.browser == BrowserSettings(frozenset({VIEW}), False)
    assert settings.silence.value == "view"
