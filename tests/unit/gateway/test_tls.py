"""The gateway's own certificate."""

import datetime
import ipaddress
import stat
from pathlib import Path

import pytest
from cryptography import x509

from farhand.core.config import ConfigError
from farhand.gateway.tls import TlsError, certificate_fingerprint, given_certificate, own_certificate

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
NAMES = ["localhost", "192.0.2.7", "2001:db8::1"]


def test_it_names_what_it_is_reached_by_and_its_key_is_private(tmp_path: Path) -> None:
    tls = own_certificate(tmp_path, NAMES, NOW)
    loaded = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address(name) for name in NAMES[1:]]
    assert loaded.not_valid_after_utc - loaded.not_valid_before_utc <= datetime.timedelta(days=398)
    assert stat.S_IMODE(tls.key.stat().st_mode) == 0o600
    assert not tls.trusted


def test_it_is_kept_while_it_holds(tmp_path: Path) -> None:
    first = certificate_fingerprint(own_certificate(tmp_path, NAMES, NOW))
    later = NOW + datetime.timedelta(days=300)
    assert certificate_fingerprint(own_certificate(tmp_path, NAMES[:1], later)) == first


@pytest.mark.parametrize(("days", "names"), [(380, NAMES), (1, [*NAMES, "192.0.2.8"])])
def test_it_is_renewed_in_time_and_for_new_names_with_the_same_key(tmp_path: Path, days: int, names: list[str]) -> None:
    tls = own_certificate(tmp_path, NAMES, NOW)
    before = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    own_certificate(tmp_path, names, NOW + datetime.timedelta(days=days))
    after = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    assert after.serial_number != before.serial_number
    assert after.public_key() == before.public_key()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    tls = own_certificate(tmp_path, NAMES, NOW)
    tls.key.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        own_certificate(tmp_path, NAMES, NOW)


def test_a_given_pair_is_checked(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = (own_certificate(tmp_path / name, NAMES, NOW) for name in "ab")
    assert not given_certificate(one.certificate, one.key).trusted
    with pytest.raises(TlsError, match="do not go together"):
        given_certificate(one.certificate, other.key)
    with pytest.raises(TlsError, match="does not exist"):
        given_certificate(tmp_path / "nowhere", one.key)
