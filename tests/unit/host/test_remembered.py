"""What the host keeps about devices: written whole, for its owner alone, and never thrown out to make room."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.core.config import ConfigError
from farhand.host import remembered as module
from farhand.host.remembered import Remembered

NOW = 1_790_000_000.0
DEVICE, OTHER = bytes(32), bytes([1]) * 32


def nonce(number: int) -> bytes:
    return number.to_bytes(16, "big")


async def test_it_survives_a_restart_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "remembered.json"
    first = Remembered(path)
    assert first.revoke(DEVICE)
    assert first.spend(nonce(1), int(NOW) + 300, NOW)
    await first.save()
    assert path.stat().st_mode & 0o777 == 0o600
    again = Remembered(path)
    assert again.is_revoked(DEVICE)
    assert not again.is_revoked(OTHER)
    assert not again.spend(nonce(1), int(NOW) + 300, NOW + 10), "a restart brings no grant back to life"
    assert again.spend(nonce(2), int(NOW) + 300, NOW + 10)


async def test_without_a_file_it_is_kept_in_memory() -> None:
    kept = Remembered()
    kept.revoke(DEVICE)
    await kept.save()
    assert kept.is_revoked(DEVICE)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"revoked": ["AA=="], "grants": []}', '{"revoked": [], "more": 1}'])
def test_a_damaged_file_stops_the_start_and_names_the_cure(tmp_path: Path, text: str) -> None:
    path = tmp_path / "remembered.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="revoke them again"):
        Remembered(path)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "remembered.json"
    path.write_text('{"revoked": [], "grants": []}')
    os.chmod(path, 0o666)
    with pytest.raises(ConfigError, match="others may read or write"):
        Remembered(path)


def test_a_clock_that_is_put_back_brings_no_used_grant_to_life() -> None:
    kept = Remembered()
    assert kept.spend(nonce(1), int(NOW) + 300, NOW)
    assert kept.spend(nonce(2), int(NOW) + 3900, NOW + 3600), "an hour ahead: the first one is forgotten"
    assert not kept.spend(nonce(1), int(NOW) + 300, NOW + 1)
    assert not kept.spend(nonce(3), int(NOW) + 301, NOW + 1), "nor is one of those times known to be new"


def test_at_its_limits_it_admits_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REVOKED", 2)
    monkeypatch.setattr(module, "MOST_GRANTS", 2)
    kept = Remembered()
    assert kept.revoke(DEVICE)
    assert not kept.full
    assert kept.revoke(OTHER)
    assert kept.full
    assert kept.revoke(OTHER), "it is remembered already"
    assert not kept.revoke(bytes([2]) * 32)
    assert kept.is_revoked(DEVICE)
    assert [kept.spend(nonce(n), int(NOW) + 300, NOW) for n in range(3)] == [True, True, False]
    assert kept.spend(nonce(3), int(NOW) + 900, NOW + 600), "once others have expired there is room again"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 300), st.integers(-400, 400)), max_size=30))
def test_whatever_the_clock_does_no_grant_is_used_twice(steps) -> None:
    kept, now = Remembered(), NOW
    expiries: dict[int, int] = {}
    used: set[int] = set()
    for number, life, passed in steps:
        now += passed
        expires = expiries.setdefault(number, int(now) + life)  # a grant's own end never changes
        if now <= expires and kept.spend(nonce(number), expires, now):
            assert number not in used
            used.add(number)
