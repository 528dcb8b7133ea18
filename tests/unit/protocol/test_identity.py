"""Keys, their file and their certificate."""

import os

import pytest

from farhand.protocol.errors import IdentityMismatch
from farhand.protocol.identity import Certificate, Keys, Kind, host_id

NOW = 1_800_000_000


def test_the_certificate_binds_both_keys() -> None:
    keys = Keys.generate(Kind.HOST, "büro", NOW, os.urandom)
    certificate = Certificate.decode(keys.certificate)
    assert (certificate.identity, certificate.static) == (keys.identity_public, keys.static_public)
    assert (certificate.kind, certificate.name) == (Kind.HOST, "büro")
    assert keys.host_id == host_id(certificate.identity)
    assert len(keys.certificate) == 210


def test_it_holds_now_and_not_for_ever() -> None:
    certificate = Certificate.decode(Keys.generate(Kind.CLIENT, "", NOW, os.urandom).certificate)
    assert certificate.valid_at(NOW)
    assert certificate.valid_at(NOW - 3600)
    assert not certificate.valid_at(NOW - 7 * 86_400)
    assert not certificate.valid_at(NOW + 20 * 365 * 86_400)


@pytest.mark.parametrize("name", ["ä" * 40, "x" * 64, "\N{GRINNING FACE}" * 16, "\ud800", ""])
def test_a_name_that_does_not_fit_is_cut_between_characters(name: str) -> None:
    certificate = Certificate.decode(Keys.generate(Kind.HOST, name, NOW, os.urandom).certificate)
    assert len(certificate.name.encode()) <= 63
    assert name.encode(errors="replace").decode().startswith(certificate.name)


def test_keys_come_back_from_their_file() -> None:
    keys = Keys.generate(Kind.HOST, "desk", NOW, os.urandom)
    again = Keys.load(keys.dump())
    assert again.dump() == keys.dump()
    assert again.static_public == keys.static_public


@pytest.mark.parametrize("at", [0, 4, 40, 68, 100, 277])
def test_a_damaged_file_is_told(at: int) -> None:
    data = bytearray(Keys.generate(Kind.HOST, "desk", NOW, os.urandom).dump())
    data[at] ^= 4
    with pytest.raises(IdentityMismatch):
        Keys.load(bytes(data))
    with pytest.raises(IdentityMismatch):
        Keys.load(bytes(data[:-1]))


def test_nothing_private_is_printed() -> None:
    keys = Keys.generate(Kind.HOST, "desk", NOW, lambda size: b"\x5a" * size)
    assert repr(keys) == "Keys()"
