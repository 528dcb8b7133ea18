"""By which addresses others reach this computer."""

import ipaddress

import pytest

from farhand.cli import addresses
from farhand.cli.addresses import base_url, certificate_names, reachable_at


@pytest.mark.parametrize(
    ("host", "port", "plain", "url"),
    [
        ("192.0.2.1", 8443, False, "https://192.0.2.1:8443"),
        ("192.0.2.1", 443, False, "https://192.0.2.1"),
        ("2001:db8::1", 80, True, "http://[2001:db8::1]"),
        ("localhost", 443, True, "http://localhost:443"),
    ],
)
def test_addresses_of_pages(host: str, port: int, plain: bool, url: str) -> None:
    assert base_url(host, port, plain=plain) == url


def test_a_listener_on_every_address_is_reached_by_the_outward_one_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "local_addresses", lambda: ["2001:db8::1", "192.0.2.1", "10.0.0.1"])
    assert reachable_at("0.0.0.0") == ["192.0.2.1", "10.0.0.1"]
    assert reachable_at("::") == ["2001:db8::1", "192.0.2.1", "10.0.0.1"]
    assert reachable_at("10.0.0.1") == ["10.0.0.1"]
    monkeypatch.setattr(addresses, "local_addresses", list)
    assert reachable_at("0.0.0.0") == ["127.0.0.1"]


def test_this_computers_addresses_are_usable_elsewhere() -> None:
    for text in addresses.local_addresses():
        parsed = ipaddress.ip_address(text)
        assert not parsed.is_loopback
        assert not parsed.is_link_local


def test_a_certificate_names_localhost_and_the_address_listened_on() -> None:
    assert {"localhost", "127.0.0.1", "::1", "10.77.0.1"} <= set(certificate_names("10.77.0.1"))
