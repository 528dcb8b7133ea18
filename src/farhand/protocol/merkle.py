"""The audit's Merkle tree: RFC 6962's hashing and proofs, and signed checkpoints over it.

Nothing here reads a file or a clock. Hashes are SHA-256, 32 bytes; a leaf is the bytes of one entry.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from farhand.protocol.envelope import host_id
from farhand.protocol.errors import ProtocolError

HASH = 32
#: The root of a tree without leaves.
EMPTY_ROOT = hashlib.sha256().digest()
_LABEL = b"farhand checkpoint v1"
_BODY = 65
_CHECKPOINT = _BODY + 64
#: A proof has at most one hash a level, and one more for consistency.
PROOF_MAX = 65


class ProofError(ProtocolError):
    """A proof or a checkpoint does not show what it should: an entry was altered, dropped or moved."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one entry (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that grows and remembers only what its root needs: the hashes of its whole subtrees, largest first.

    32 bytes a level instead of 64 a leaf: what a host keeps in memory. Raises ProofError if ``hashes`` cannot be those
    of ``size`` leaves.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count() or any(len(one) != HASH for one in self._hashes):
            raise ProofError(f"not the subtrees of {size} leaves")

    def append(self, leaf: bytes) -> None:
        """Add an entry."""
        self.append_hash(leaf_hash(leaf))

    def append_hash(self, hashed: bytes) -> None:
        """Add an entry of which the leaf's hash is known."""
        below = self.size
        while below & 1:
            hashed = node_hash(self._hashes.pop(), hashed)
            below >>= 1
        self._hashes.append(hashed)
        self.size += 1

    @property
    def hashes(self) -> list[bytes]:
        """What it remembers: give it back to ``Frontier`` with the size."""
        return list(self._hashes)

    def root(self) -> bytes:
        """The root of all entries so far."""
        return _fold(self._hashes)

    def copy(self) -> "Frontier":
        """One that grows on its own."""
        return Frontier(self.size, self._hashes)


class Tree:
    """A tree that remembers every hash, 64 bytes a leaf, and proves what it holds."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        #: Level 0: the leaves' hashes; level k: those of the whole subtrees of 2**k leaves.
        self._levels = [bytearray()]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many entries it holds."""
        return len(self._levels[0]) // HASH

    def append(self, leaf: bytes) -> None:
        """Add an entry."""
        hashed = leaf_hash(leaf)
        for number, level in enumerate(self._levels):
            level += hashed
            if len(level) % (2 * HASH):
                return
            hashed = node_hash(bytes(level[-2 * HASH : -HASH]), bytes(level[-HASH:]))
            if number + 1 == len(self._levels):
                self._levels.append(bytearray(hashed))
                return

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` entries, of all if not given. Raises ValueError if there are fewer."""
        size = self._known(self.size if size is None else size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that entry ``index`` (from 0) is among the first ``size`` (RFC 6962, 2.1.1). Raises ValueError."""
        if not 0 <= index < self._known(size):
            raise ValueError(f"entry {index} is not among the first {size}")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first ``new`` entries begin with the first ``old`` (RFC 6962, 2.1.2). Raises ValueError.

        Empty for an old tree without entries, and for one that is the new one.
        """
        if not 0 <= old <= self._known(new):
            raise ValueError(f"{old} entries are not the beginning of {new}")
        if old in (0, new):
            return []
        path: list[bytes] = []
        low, high, whole = 0, new, True
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(self._range(low, high))
        return path[::-1]

    def _known(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ValueError(f"a tree of {self.size} entries was asked about {size}")
        return size

    def _range(self, low: int, high: int) -> bytes:
        """The root over leaves ``low`` to ``high``; ``low`` is a multiple of a power of 2 no less than their count."""
        hashes: list[bytes] = []
        while low < high:
            level = (high - low).bit_length() - 1
            at = (low >> level) * HASH
            hashes.append(bytes(self._levels[level][at : at + HASH]))
            low += 1 << level
        return _fold(hashes)


def _split(count: int) -> int:
    """The largest power of 2 below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over whole subtrees, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` is entry ``index`` of the ``size`` under ``root`` (RFC 9162, 2.1.3.2). Raises ProofError."""
    _check_proof(proof)
    if not 0 <= index < size:
        raise ProofError(f"entry {index} of {size}")
    first, last = index, size - 1
    hashed = leaf_hash(leaf)
    for sibling in proof:
        if not last:
            raise ProofError("a proof that is too long")
        if first & 1 or first == last:
            hashed = node_hash(sibling, hashed)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        first, last = first >> 1, last >> 1
    if last or hashed != root:
        raise ProofError(f"entry {index} is not what the root says")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of ``new`` entries begins with that of ``old`` (RFC 9162, 2.1.4.2). Raises ProofError."""
    _check_proof(proof)
    if not 0 <= old <= new:
        raise ProofError(f"{old} entries are not the beginning of {new}")
    if old in (0, new):
        if proof or (old_root != EMPTY_ROOT if not old else old_root != new_root):
            raise ProofError("the two roots differ")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofError("a proof that is too short")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if not last:
            raise ProofError("a proof that is too long")
        if first & 1 or first == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        first, last = first >> 1, last >> 1
    if last or from_old != old_root or from_new != new_root:
        raise ProofError("the newer tree does not begin with the older one")


def _check_proof(proof: Sequence[bytes]) -> None:
    if len(proof) > PROOF_MAX or any(len(one) != HASH for one in proof):
        raise ProofError("a proof that is malformed")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A host's word that its audit held ``size`` entries with this root at ``time`` (Unix milliseconds).

    129 bytes: version 1, host id, size, root and time (numbers in 8 bytes, big endian), Ed25519 signature by the
    host's identity key over a label and what is before.
    """

    host_id: bytes
    size: int
    root: bytes
    time: int
    encoded: bytes = field(default=b"", repr=False, compare=False)

    def body(self) -> bytes:
        """What is signed, 65 bytes, without the label."""
        return b"\1" + self.host_id + self.size.to_bytes(8, "big") + self.root + self.time.to_bytes(8, "big")

    def sign(self, identity: Ed25519PrivateKey) -> bytes:
        """Its 129 bytes."""
        return self.body() + self.signature(identity)

    def signature(self, identity: Ed25519PrivateKey) -> bytes:
        """The signature alone, 64 bytes."""
        return identity.sign(_LABEL + self.body())

    @classmethod
    def decode(cls, data: bytes) -> "Checkpoint":
        """Read it without believing it, to learn whose key to ask. Raises ProofError."""
        if len(data) != _CHECKPOINT or data[0] != 1:
            raise ProofError("not a checkpoint")
        size, time = int.from_bytes(data[17:25], "big"), int.from_bytes(data[57:65], "big")
        if max(size, time) > 2**53 - 1:
            raise ProofError("a checkpoint with numbers that no log has")
        return cls(data[1:17], size, data[25:57], time, bytes(data))

    @classmethod
    def verify(cls, data: bytes, identity: bytes) -> "Checkpoint":
        """Read it and check that the host with this identity key (32 bytes) signed it. Raises ProofError."""
        checkpoint = cls.decode(data)
        if checkpoint.host_id != host_id(identity):
            raise ProofError("a checkpoint of another host")
        try:
            Ed25519PublicKey.from_public_bytes(identity).verify(data[_BODY:], _LABEL + data[:_BODY])
        except (InvalidSignature, ValueError):
            raise ProofError("a checkpoint with a wrong signature") from None
        return checkpoint
