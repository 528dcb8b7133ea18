"""A pin outlives a renewed certificate, and accepts no other key."""

import datetime
import hashlib
import ssl
from pathlib import Path

import pytest

from farhand.core.pins import key_pin, matches
from farhand.gateway.tls import own_certificate

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def certificate(folder: Path, *names: str, days: int = 0) -> bytes:
    tls = own_certificate(folder, names or ("localhost",), NOW + datetime.timedelta(days=days))
    return ssl.PEM_cert_to_DER_cert(tls.certificate.read_text())


def test_a_certificate_matches_by_its_own_hash_and_by_its_keys(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    assert matches(hashlib.sha256(shown).digest(), shown)
    assert matches(key_pin(shown), shown)
    assert not matches(bytes(32), shown)


@pytest.mark.parametrize(("names", "days"), [(("localhost",), 380), (("localhost", "192.0.2.7"), 1)])
def test_a_key_pin_outlives_the_certificate(tmp_path: Path, names: tuple[str, ...], days: int) -> None:
    before = certificate(tmp_path)
    after = certificate(tmp_path, *names, days=days)
    assert after != before
    assert matches(key_pin(before), after)
    assert not matches(hashlib.sha256(before).digest(), after)


def test_another_key_is_another_gateway(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert not matches(key_pin(certificate(tmp_path)), certificate(other))


@pytest.mark.parametrize("shown", [b"", b"no certificate"])
def test_what_is_no_certificate_matches_nothing(shown: bytes) -> None:
    assert not matches(bytes(32), shown)
