"""A host's keys are those of the first contact, or everything stops."""

import stat
from pathlib import Path

import pytest

from farhand.client.errors import HostKeyChanged
from farhand.client.known import KnownHosts
from farhand.core.config import ConfigError, Paths
from farhand.protocol.grants import fingerprint

GATEWAY = "https://gateway.example"
ID, OTHER_ID = bytes(16), bytes([1]) * 16
IDENTITY, STATIC, OTHER = bytes(32), bytes([2]) * 32, bytes([3]) * 32


def check(known: KnownHosts, **changed: object) -> bool:
    shown = {"gateway": GATEWAY, "name": "desk", "host_id": ID, "identity": IDENTITY, "static": STATIC} | changed
    return known.check(**shown)  # type: ignore[arg-type]  a test's own names


def test_the_first_contact_is_remembered_for_its_owner_alone(tmp_path: Path) -> None:
    known = KnownHosts(Paths.under(tmp_path))
    assert check(known)
    assert not check(known)
    path = tmp_path / "data" / "known_hosts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in KnownHosts(Paths.under(tmp_path)).all()] == ["desk"]


def test_another_key_of_the_same_host_stops_everything(tmp_path: Path) -> None:
    known = KnownHosts(Paths.under(tmp_path))
    check(known)
    with pytest.raises(HostKeyChanged) as caught:
        check(known, static=OTHER)
    assert (caught.value.before, caught.value.now) == (fingerprint(STATIC), fingerprint(OTHER))
    assert fingerprint(OTHER) in caught.value.cause
    assert "known_hosts.json" in caught.value.cure
    with pytest.raises(HostKeyChanged):
        check(known, static=OTHER)  # it was not kept by being seen


def test_a_name_that_leads_to_another_host_stops_everything(tmp_path: Path) -> None:
    known = KnownHosts(Paths.under(tmp_path))
    check(known)
    with pytest.raises(HostKeyChanged) as caught:
        check(known, host_id=OTHER_ID, identity=OTHER)
    assert (caught.value.before, caught.value.now) == (fingerprint(IDENTITY), fingerprint(OTHER))


def test_the_same_name_at_another_gateway_is_another_host(tmp_path: Path) -> None:
    known = KnownHosts(Paths.under(tmp_path))
    check(known)
    assert check(known, gateway="https://other.example", host_id=OTHER_ID, identity=OTHER)


def test_a_host_may_be_renamed(tmp_path: Path) -> None:
    known = KnownHosts(Paths.under(tmp_path))
    check(known)
    assert not check(known, name="reception")
    assert [one.name for one in known.all()] == ["reception"]


def test_a_file_that_is_damaged_or_open_to_others_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    known = KnownHosts(Paths.under(tmp_path))
    check(known)
    path = tmp_path / "data" / "known_hosts.json"
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    with pytest.raises(ConfigError, match="damaged"):
        check(known)
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        check(known)
