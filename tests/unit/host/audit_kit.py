"""What the audit's tests share."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from farhand.host.audit import Audit
from farhand.host.audit_log import Reading, Verdict
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.merkle import Checkpoint

KEYS = Keys.generate(Kind.HOST, "office", 1_700_000_000, lambda size: bytes(range(size)))
NOW = 1_700_000_000.0


def opened(folder: Path, **options: object) -> Audit:
    return Audit.open(folder, KEYS, **{"now": lambda: NOW, **options})  # type: ignore[arg-type]  # a test's options


def written(folder: Path, count: int, **options: object) -> None:
    """A log with so many entries, closed."""
    audit = opened(folder, **options)
    for number in range(audit.size, count):
        audit.record("log-in", who=f"person {number}", from_="192.0.2.1")
    audit.close()


def judged(folder: Path, *kept: Checkpoint, part: bool = False) -> Verdict:
    reading = Reading(folder, kept, identity=KEYS.identity_public, part=part)
    for _ in reading.entries():
        pass
    return reading.verdict


def lines_of(folder: Path) -> list[bytes]:
    """All segments' lines."""
    return [line for path in sorted(folder.glob("*.log")) for line in path.read_bytes().splitlines(keepends=True)]


@contextlib.contextmanager
def in_memory() -> Iterator[Path]:
    """A folder in memory where there is such a place: syncing it hundreds of times takes no time."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)
