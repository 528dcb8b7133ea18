"""Log-ins, client keys, and addresses."""

import stat
from pathlib import Path

import pytest

from farhand.client.errors import NotLoggedIn
from farhand.client.gateways import Gateways, Login, tidy_url
from farhand.client.keys import client_keys, key_file
from farhand.client.texts import plain
from farhand.core.config import ConfigError, Paths
from farhand.core.errors import FarhandError
from farhand.protocol.certificate import Certificate, Kind


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("gateway.example", "https://gateway.example"),
        ("https://Gateway.example:443/", "https://gateway.example"),
        ("https://gateway.example:8443", "https://gateway.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_address_has_one_form(text: str, tidy: str) -> None:
    assert tidy_url(text) == tidy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://x",
        "https://",
        "https://user@x",
        "https://x/path",
        "https://x?q",
        "https://x:99999",
        "http://gw.example",
    ],
)
def test_what_is_no_address_of_a_gateway_is_refused(text: str) -> None:
    with pytest.raises(FarhandError):
        tidy_url(text)


def test_log_ins_are_kept_for_their_owner_alone(tmp_path: Path) -> None:
    gateways = Gateways(Paths.under(tmp_path))
    with pytest.raises(NotLoggedIn, match="farhand login"):
        gateways.chosen()
    gateways.keep(Login("https://a.example", "one"))
    gateways.keep(Login("https://b.example", "two"))
    gateways.keep(Login("https://a.example", "three"))
    assert [one.token for one in gateways.all()] == ["three", "two"]
    assert stat.S_IMODE((tmp_path / "data" / "gateways.json").stat().st_mode) == 0o600
    with pytest.raises(NotLoggedIn, match=r"c\.example"):
        gateways.chosen("c.example")
    gateways.forget("a.example")
    assert [one.url for one in gateways.all()] == ["https://b.example"]


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    keys = client_keys(paths)
    assert client_keys(paths).identity_public == keys.identity_public
    assert stat.S_IMODE(key_file(paths).stat().st_mode) == 0o600
    certificate = Certificate.decode(keys.certificate)
    assert certificate.kind is Kind.CLIENT
    assert certificate.static == keys.static_public


def test_damaged_or_open_keys_are_not_replaced_unasked(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    client_keys(paths)
    path = key_file(paths)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(ConfigError, match="damaged"):
        client_keys(paths)
    path.write_bytes(content)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read"):
        client_keys(paths)


def test_names_reach_a_terminal_without_their_tricks() -> None:
    assert plain("desk\x1b]0;owned\x07\r\n\u202eksed\u200b") == "desk ]0;owned ksed"
    assert len(plain("x" * 1000)) == 200
