"""Audit checkpoints that this client kept (`checkpoints/`, 0600): neither the host nor the gateway can unsay them.

A host signs at a session's end how long its audit is and what it hashes to (spec/protocol.md, Audit). A later one has
to go on from it: of the same length it has the same root, it is never shorter, and a consistency proof, where one is
at hand, shows that a longer one begins with the older one's entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farhand.client.errors import AuditAltered
from farhand.core.config import Paths, read_private, write_private
from farhand.protocol.merkle import Checkpoint, ProofError, verify_consistency


@dataclass(frozen=True, slots=True)
class Kept:
    """A host's newest checkpoint, and the one before it, None at the first."""

    now: Checkpoint
    before: Checkpoint | None


class Checkpoints:
    """One file a host, which holds its newest checkpoint."""

    def __init__(self, paths: Paths) -> None:
        self._folder: Path = paths.data / "checkpoints"

    def last(self, identity: bytes, host_id: bytes) -> Checkpoint | None:
        """The newest one that this client kept of a host. Raises AuditAltered for a file that is damaged, OSError."""
        try:
            data = read_private(self._file(host_id))
        except FileNotFoundError:
            return None
        return _verified(data, identity, host_id, "the checkpoint that is kept here")

    def keep(self, data: bytes, identity: bytes, host_id: bytes, proof: Sequence[bytes] | None = None) -> Kept:
        """Check a checkpoint against the one before it and keep it. Raises AuditAltered; OSError, ConfigError."""
        now = _verified(data, identity, host_id, "the host's checkpoint")
        before = self.last(identity, host_id)
        if before is not None:
            check(before, now, proof)
        if before is None or now.size >= before.size:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._file(host_id), data)
        return Kept(now, before)

    def _file(self, host_id: bytes) -> Path:
        return self._folder / host_id.hex()


def check(before: Checkpoint, now: Checkpoint, proof: Sequence[bytes] | None = None) -> None:
    """Compare two checkpoints of one host. Raises AuditAltered."""
    if now.size < before.size:
        raise AuditAltered(f"it has {now.size} entries where it had {before.size}: entries were taken away")
    if now.size == before.size and now.root != before.root:
        raise AuditAltered(f"its {now.size} entries are not the ones that they were")
    if proof is not None and now.size > before.size:
        try:
            verify_consistency(before.size, now.size, proof, before.root, now.root)
        except ProofError as error:
            raise AuditAltered(f"its first {before.size} entries are not the ones that they were") from error


def _verified(data: bytes, identity: bytes, host_id: bytes, what: str) -> Checkpoint:
    try:
        checkpoint = Checkpoint.verify(data, identity)
    except ProofError as error:
        raise AuditAltered(f"{what} is not signed by the host") from error
    if checkpoint.host_id != host_id:
        raise AuditAltered(f"{what} is another host's")
    return checkpoint
