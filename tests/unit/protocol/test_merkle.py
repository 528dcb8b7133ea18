"""The audit's tree: against RFC 6962's own definition, known values, and whoever edits a proof."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from farhand.protocol.envelope import host_id
from farhand.protocol.merkle import (
    EMPTY_ROOT,
    Checkpoint,
    Frontier,
    ProofError,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

ROOT = Path(__file__).parents[3]
VECTORS = json.loads((ROOT / "spec" / "vectors" / "merkle.json").read_text())
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
IDENTITY = KEY.public_key().public_bytes_raw()


def naive(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962, 2.1, writes it."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH as RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*naive_path(index, leaves[:k]), naive(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive(leaves[:k])]


def naive_proof(old: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF as RFC 6962, 2.1.2."""
    if old == len(leaves):
        return [] if whole else [naive(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*naive_proof(old, leaves[:k], whole), naive(leaves[k:])]
    return [*naive_proof(old - k, leaves[k:], False), naive(leaves[:k])]


leaf_lists = st.lists(st.binary(max_size=8), max_size=70)


@given(leaf_lists)
def test_roots_are_rfc_6962_s(leaves: list[bytes]) -> None:
    tree, frontier = Tree(), Frontier()
    for leaf in leaves:
        tree.append(leaf)
        frontier.append(leaf)
    assert tree.root() == frontier.root() == naive(leaves)
    assert tree.size == frontier.size == len(leaves)
    assert all(tree.root(size) == naive(leaves[:size]) for size in range(len(leaves) + 1))
    again = Frontier(frontier.size, frontier.hashes)
    again.append(b"one more")
    assert again.root() == naive([*leaves, b"one more"])


@given(st.data(), leaf_lists.filter(bool))
def test_inclusion(data: st.DataObject, leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index, size)
    assert proof == naive_path(index, leaves[:size])
    verify_inclusion(leaves[index], index, size, proof, tree.root(size))
    with pytest.raises(ProofError):
        verify_inclusion(leaves[index] + b"!", index, size, proof, tree.root(size))
    with pytest.raises(ProofError):
        verify_inclusion(leaves[index], index, size, [*proof, bytes(32)], tree.root(size))
    if proof:
        with pytest.raises(ProofError):
            verify_inclusion(leaves[index], index, size, proof[:-1], tree.root(size))


@given(st.data(), leaf_lists.filter(bool))
def test_consistency(data: st.DataObject, leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    new = data.draw(st.integers(1, len(leaves)))
    old = data.draw(st.integers(1, new))
    proof = tree.consistency(old, new)
    assert proof == naive_proof(old, leaves[:new])
    verify_consistency(old, new, proof, tree.root(old), tree.root(new))
    with pytest.raises(ProofError):
        verify_consistency(old, new, proof, leaf_hash(b"another"), tree.root(new))
    with pytest.raises(ProofError):
        verify_consistency(old, new, [*proof, bytes(32)], tree.root(old), tree.root(new))


@given(st.data(), st.integers(2, 40))
def test_an_older_tree_with_another_entry_has_no_proof(data: st.DataObject, size: int) -> None:
    leaves = [bytes((number,)) for number in range(size)]
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    forged = Tree([*leaves[:changed], b"forged", *leaves[changed + 1 :]])
    with pytest.raises(ProofError):
        verify_consistency(old, size, forged.consistency(old, size), Tree(leaves).root(old), forged.root(size))


def test_nothing_is_proved_about_what_is_not_there() -> None:
    tree = Tree([b"a", b"b"])
    for wrong in (lambda: tree.inclusion(2, 2), lambda: tree.consistency(3, 2), lambda: tree.root(3)):
        with pytest.raises(ValueError):
            wrong()
    with pytest.raises(ProofError):
        verify_inclusion(b"a", 0, 0, [], EMPTY_ROOT)
    with pytest.raises(ProofError):
        verify_inclusion(b"a", 0, 2, [b"short"], tree.root())
    with pytest.raises(ProofError):
        verify_consistency(2, 1, [], tree.root(), tree.root(1))
    with pytest.raises(ProofError):
        verify_inclusion(b"a", 0, 2, [bytes(32)] * 1000, tree.root())
    with pytest.raises(ProofError):
        Frontier(3, [bytes(32)])


def test_a_node_is_never_taken_for_an_entry() -> None:
    """Hashes of leaves and nodes begin differently: else two entries could be passed off as one."""
    tree = Tree([b"a", b"b"])
    assert leaf_hash(leaf_hash(b"a") + leaf_hash(b"b")) != tree.root() == node_hash(leaf_hash(b"a"), leaf_hash(b"b"))


class TestCheckpoint:
    signed = Checkpoint(host_id(IDENTITY), 5, bytes(32), 1_700_000_000_000).sign(KEY)

    def test_what_was_signed_comes_back(self) -> None:
        checkpoint = Checkpoint.verify(self.signed, IDENTITY)
        assert (checkpoint.size, checkpoint.root, checkpoint.time) == (5, bytes(32), 1_700_000_000_000)
        assert checkpoint.encoded == self.signed
        assert len(self.signed) == 129

    @pytest.mark.parametrize("at", range(129))
    def test_every_byte_counts(self, at: int) -> None:
        with pytest.raises(ProofError):
            Checkpoint.verify(self.signed[:at] + bytes((self.signed[at] ^ 1,)) + self.signed[at + 1 :], IDENTITY)

    def test_no_other_host_s_and_no_other_length(self) -> None:
        other = Ed25519PrivateKey.from_private_bytes(bytes(32))
        for forged in (
            Checkpoint(host_id(IDENTITY), 5, bytes(32), 0).sign(other),
            Checkpoint(bytes(16), 5, bytes(32), 0).sign(KEY),
            self.signed + b"\0",
            self.signed[:-1],
            b"",
        ):
            with pytest.raises(ProofError):
                Checkpoint.verify(forged, IDENTITY)
        with pytest.raises(ProofError):
            Checkpoint.verify(self.signed, bytes(31))


RUN: dict[str, Callable[[dict[str, Any]], None]] = {
    "inclusion": lambda v: verify_inclusion(
        v["leaf"], v["index"], v["size"], v["proof"], v["root"]
    ),
    "consistency": lambda v: verify_consistency(v["old"], v["new"], v["proof"], v["old_root"], v["new_root"]),
    "checkpoints": lambda v: _same_checkpoint(v, Checkpoint.verify(v["checkpoint"], v["identity"])),
}  # fmt: skip


def _same_checkpoint(vector: dict[str, Any], read: Checkpoint) -> None:
    for name in ("host_id", "size", "root", "time"):
        assert getattr(read, name) == vector[name]


def _bytes(value: Any) -> Any:
    match value:
        case str():
            return bytes.fromhex(value)
        case list():
            return [_bytes(one) for one in value]
    return value


@pytest.mark.parametrize(
    ("kind", "vector"), [(kind, vector) for kind in RUN for vector in VECTORS[kind]], ids=lambda one: str(one)[:60]
)
def test_vector(kind: str, vector: dict[str, Any]) -> None:
    values = {name: _bytes(value) for name, value in vector.items() if name not in ("error", "why", "size", "time")}
    values.update({name: vector[name] for name in ("size", "time") if name in vector})
    if "error" in vector:
        with pytest.raises(ProofError):
            RUN[kind](values)
    else:
        RUN[kind](values)


def test_roots_of_the_vectors() -> None:
    leaves = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]
    tree = Tree(leaves)
    assert [tree.root(size).hex() for size in range(len(leaves) + 1)] == VECTORS["roots"]
    # The values that Certificate Transparency's own implementations are tested with.
    assert VECTORS["roots"][8] == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert VECTORS["roots"][3] == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"


def test_the_vectors_are_what_the_script_writes() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "script" / "gen_merkle_vectors.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
