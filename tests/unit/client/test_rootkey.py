"""The root key's file: for its owner, opened by its passphrase, and by nothing else."""

import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from farhand.client.rootkey import RootKey, RootKeyFile, WrongPassphrase
from farhand.core.config import ConfigError
from farhand.core.errors import FarhandError

PASSPHRASE = "correct horse battery"
CHEAP = 64


@pytest.fixture
def file(tmp_path: Path) -> RootKeyFile:
    file = RootKeyFile(tmp_path / "org.key")
    file.make("Example", PASSPHRASE, memory_kib=CHEAP)
    return file


def test_what_is_made_is_opened_again_and_signs(file: RootKeyFile) -> None:
    key: RootKey = file.open(PASSPHRASE)
    assert file.public == key.public
    assert file.organisation == "Example"
    Ed25519PublicKey.from_public_bytes(key.public).verify(key.sign(b"text"), b"text")


def test_it_is_its_owners_alone_and_says_nothing_of_the_key(file: RootKeyFile) -> None:
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    key = file.open(PASSPHRASE)
    assert key._private.private_bytes_raw() not in file.content()
    assert repr(key).count("0x") == 1  # an address, and no content
    file.path.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read"):
        file.open(PASSPHRASE)


@pytest.mark.parametrize("passphrase", ["", "correct horse batterz", "correct horse battery "])
def test_another_passphrase_opens_nothing(file: RootKeyFile, passphrase: str) -> None:
    with pytest.raises(WrongPassphrase):
        file.open(passphrase)


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    file = RootKeyFile(tmp_path / "org.key")
    with pytest.raises(FarhandError, match="9 characters"):
        file.make("", "x" * 9, memory_kib=CHEAP)
    assert not file.path.exists()


def test_a_key_is_never_made_in_anothers_place(file: RootKeyFile) -> None:
    before = file.content()
    with pytest.raises(ConfigError, match="already"):
        file.make("Other", PASSPHRASE, memory_kib=CHEAP)
    assert file.content() == before


@pytest.mark.parametrize("field", ["organisation", "made", "public", "nonce", "sealed"])
def test_whatever_is_altered_does_not_open(file: RootKeyFile, field: str) -> None:
    content = msgspec.json.decode(file.content())
    value = content[field]
    content[field] = ("B" if value[0] == "A" else "A") + value[1:]
    file.path.write_bytes(msgspec.json.encode(content))
    with pytest.raises(WrongPassphrase):
        file.open(PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        {"memory_kib": 1 << 40},
        {"iterations": 10_000},
        {"lanes": 1000},
        {"name": "none"},
        {"salt": ""},
    ],
)
def test_a_file_cannot_ask_for_more_than_a_computer_has(file: RootKeyFile, change: dict[str, object]) -> None:
    content = msgspec.json.decode(file.content())
    content["derivation"] |= change
    file.path.write_bytes(msgspec.json.encode(content))
    with pytest.raises(ConfigError, match="no root key file"):
        file.open(PASSPHRASE)


def test_where_there_is_none_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="farhand org init"):
        _ = RootKeyFile(tmp_path / "org.key").public
