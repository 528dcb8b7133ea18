"""The keys beside the database."""

import os
import stat
from pathlib import Path

import pytest

from farhand.core.config import ConfigError
from farhand.gateway.vault import Vault, VaultError, open_vault


def test_what_is_sealed_opens_with_the_same_key_and_for_the_same_purpose() -> None:
    key = os.urandom(32)
    sealed = Vault(key).seal(b"secret", "totp a")
    assert b"secret" not in sealed
    assert Vault(key).open(sealed, "totp a") == b"secret"
    assert Vault(key).seal(b"secret", "totp a") != sealed
    for vault, data, purpose in (
        (Vault(key), sealed, "totp b"),
        (Vault(os.urandom(32)), sealed, "totp a"),
        (Vault(key), sealed[:-1] + bytes([sealed[-1] ^ 1]), "totp a"),
        (Vault(key), b"", "totp a"),
    ):
        with pytest.raises(VaultError):
            vault.open(data, purpose)


def test_a_hash_is_of_one_purpose_and_one_key() -> None:
    key = os.urandom(32)
    hashes = {Vault(key).hash("a", "x"), Vault(key).hash("a", "y"), Vault(os.urandom(32)).hash("a", "x")}
    assert len(hashes) == 3
    assert Vault(key).hash("a", "x") in hashes


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    sealed = open_vault(tmp_path).seal(b"x", "y")
    assert open_vault(tmp_path).open(sealed, "y") == b"x"
    path = tmp_path / "gateway.secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(ConfigError):
        open_vault(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(VaultError):
        open_vault(tmp_path)
