"""What our own origin is."""

import pytest

from farhand.gateway.origin import UrlError, canonical, domain, parse_url


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Gateway.Example", "https://gateway.example"),
        ("https://gateway.example:443/", "https://gateway.example"),
        ("http://localhost:8443", "http://localhost:8443"),
        ("https://[2001:DB8::1]:08443", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_address_is_read_as_browsers_write_it(url: str, origin: str) -> None:
    assert parse_url(url) == origin


@pytest.mark.parametrize(
    "url",
    ["", "gateway", "ftp://x", "https://x/path", "https://u@x", "https://x?y", "https://x y", "https://-", "https://"],
)
def test_what_is_no_address_of_a_gateway_is_refused(url: str) -> None:
    with pytest.raises(UrlError):
        parse_url(url)


def test_a_host_that_is_none_has_no_origin() -> None:
    for host in ("", "a b", "a/b", "a@b", "x:y", "a\r\nb"):
        assert canonical("https", host) == ""


def test_only_names_have_passkeys() -> None:
    assert domain("https://gateway.example:8443") == "gateway.example"
    assert domain("http://127.0.0.1:80") == ""
    assert domain("https://[::1]") == ""
    assert domain("http://localhost") == "localhost"
