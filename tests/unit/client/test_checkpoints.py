"""A client keeps a host's audit checkpoints, and sees when a later one unsays an earlier one."""

import os
from pathlib import Path

import pytest

from farhand.client.checkpoints import Checkpoints, check
from farhand.client.errors import AuditAltered
from farhand.core.config import Paths
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.merkle import Checkpoint, Tree

HOST = Keys.generate(Kind.HOST, "desk", 1_800_000_000, os.urandom)
OTHER = Keys.generate(Kind.HOST, "other", 1_800_000_000, os.urandom)


def tree(size: int, altered: int | None = None) -> Tree:
    return Tree(b"altered" if number == altered else b"%d" % number for number in range(size))


def signed(made: Tree, keys: Keys = HOST) -> bytes:
    return Checkpoint(keys.host_id, made.size, made.root(), 1_800_000_000_000).sign(keys.identity)


def keep(kept: Checkpoints, data: bytes) -> int:
    return kept.keep(data, HOST.identity_public, HOST.host_id).now.size


def test_each_goes_on_from_the_one_before(tmp_path: Path) -> None:
    kept = Checkpoints(Paths.under(tmp_path))
    assert [keep(kept, signed(tree(size))) for size in (3, 3, 7)] == [3, 3, 7]
    last = kept.last(HOST.identity_public, HOST.host_id)
    assert last is not None
    assert last.size == 7


def test_an_entry_that_was_altered_at_the_same_length_is_seen(tmp_path: Path) -> None:
    kept = Checkpoints(Paths.under(tmp_path))
    keep(kept, signed(tree(5)))
    with pytest.raises(AuditAltered, match="not the ones"):
        keep(kept, signed(tree(5, altered=2)))
    assert keep(kept, signed(tree(5))) == 5  # the false one was not kept


def test_entries_that_were_taken_away_are_seen(tmp_path: Path) -> None:
    kept = Checkpoints(Paths.under(tmp_path))
    keep(kept, signed(tree(5)))
    with pytest.raises(AuditAltered, match="taken away"):
        keep(kept, signed(tree(4)))


def test_a_consistency_proof_shows_an_altered_beginning() -> None:
    before = Checkpoint.decode(signed(tree(5)))
    honest, false = tree(9), tree(9, altered=1)
    check(before, Checkpoint.decode(signed(honest)), honest.consistency(5, 9))
    with pytest.raises(AuditAltered):
        check(before, Checkpoint.decode(signed(false)), false.consistency(5, 9))


@pytest.mark.parametrize("data", [b"", signed(tree(2), OTHER), signed(tree(2))[:-1] + b"x"])
def test_what_the_host_did_not_sign_is_not_kept(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(AuditAltered):
        keep(Checkpoints(Paths.under(tmp_path)), data)
