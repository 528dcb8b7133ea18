"""Writes spec/vectors/merkle.json: the audit's tree, its proofs and checkpoints.

usage: script/gen_merkle_vectors.py [--check]

The leaves are those that Certificate Transparency's implementations are tested with, so that the roots can be compared
with theirs. --check writes nothing and fails if anything would change.
"""

import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farhand.protocol.envelope import host_id
from farhand.protocol.merkle import Checkpoint, Tree

TARGET = Path(__file__).parent.parent / "spec" / "vectors" / "merkle.json"
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]


def vectors() -> dict[str, Any]:
    """All of it."""
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    tree = Tree(leaves)
    inclusion = [
        {
            "leaf": LEAVES[index],
            "index": index,
            "size": size,
            "proof": [one.hex() for one in tree.inclusion(index, size)],
            "root": tree.root(size).hex(),
        }
        for index, size in ((0, 1), (0, 8), (5, 8), (7, 8), (2, 3), (1, 5), (4, 5), (6, 7))
    ]
    good = inclusion[2]
    inclusion += [
        {**good, "leaf": "40414244", "error": "ProofError", "why": "another entry"},
        {**good, "index": 4, "error": "ProofError", "why": "another place"},
        {**good, "size": 5, "error": "ProofError", "why": "another size"},
        {**good, "index": 8, "error": "ProofError", "why": "beyond the end"},
        {**good, "proof": good["proof"][::-1], "error": "ProofError", "why": "the hashes in another order"},
        {**good, "proof": good["proof"][:-1], "error": "ProofError", "why": "a hash too few"},
        {**good, "proof": [*good["proof"], "00" * 32], "error": "ProofError", "why": "a hash too many"},
        {**good, "proof": [*good["proof"][:-1], "00" * 31], "error": "ProofError", "why": "a hash too short"},
        {**good, "root": "00" * 32, "error": "ProofError", "why": "another root"},
    ]
    consistency = [
        {
            "old": old,
            "new": new,
            "proof": [one.hex() for one in tree.consistency(old, new)],
            "old_root": tree.root(old).hex(),
            "new_root": tree.root(new).hex(),
        }
        for old, new in ((0, 5), (1, 1), (1, 8), (6, 8), (2, 5), (4, 8), (3, 7), (7, 8), (8, 8))
    ]
    good = consistency[3]
    consistency += [
        {**good, "old_root": "00" * 32, "error": "ProofError", "why": "another old root"},
        {**good, "new_root": "00" * 32, "error": "ProofError", "why": "another new root"},
        {**good, "old": 5, "error": "ProofError", "why": "another old size"},
        {**good, "old": 9, "error": "ProofError", "why": "the old one is longer"},
        {**good, "proof": [], "error": "ProofError", "why": "no proof"},
        {**good, "proof": [*good["proof"], "00" * 32], "error": "ProofError", "why": "a hash too many"},
        {**consistency[1], "proof": ["00" * 32], "error": "ProofError", "why": "a proof where none belongs"},
    ]
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    identity = key.public_key().public_bytes_raw()
    whole = Checkpoint(host_id(identity), 8, tree.root(), 1_764_000_000_123)
    signed = whole.sign(key)
    told = {
        "identity": identity.hex(),
        "host_id": whole.host_id.hex(),
        "size": whole.size,
        "root": whole.root.hex(),
        "time": whole.time,
    }
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    huge = Checkpoint(whole.host_id, 2**53, whole.root, 0)

    def bad(data: bytes, why: str) -> dict[str, Any]:
        return {**told, "checkpoint": data.hex(), "error": "ProofError", "why": why}

    checkpoints = [
        {**told, "checkpoint": signed.hex()},
        bad(b"\2" + signed[1:], "version 2"),
        bad(signed[:-1] + bytes((signed[-1] ^ 1,)), "signature"),
        bad(signed[:30] + bytes((signed[30] ^ 1,)) + signed[31:], "another root"),
        bad(signed[:-1], "a byte too few"),
        bad(signed + b"\0", "a byte too many"),
        bad(whole.sign(other), "signed by somebody else"),
        bad(Checkpoint(bytes(16), 8, whole.root, 0).sign(key), "another host's id"),
        bad(huge.sign(key), "a size that no log has"),
    ]
    return {
        "leaves": LEAVES,
        "roots": [tree.root(size).hex() for size in range(len(leaves) + 1)],
        "inclusion": inclusion,
        "consistency": consistency,
        "checkpoints": checkpoints,
    }


def main() -> int:
    """Write or check; the exit code."""
    text = json.dumps(vectors(), indent=1) + "\n"
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{TARGET} would change: run script/gen_merkle_vectors.py if that is meant", file=sys.stderr)
        return 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
