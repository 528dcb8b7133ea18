"""The audit's files as they are read: segments of lines, each line sealed, and what is wrong with them.

A line is JSON, a space, and 86 characters of base64: the signature of the checkpoint over all entries up to this one.
The first line of a segment says what came before it, so that a log can be read from any segment on
(docs/decisions/0012-audit-log.md).
"""

import base64
import binascii
import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec

from farhand.host.audit_entry import ENTRY_MAX, canonical, decode
from farhand.protocol.merkle import Checkpoint, Frontier, ProofError, leaf_hash

#: A space and the seal.
SEAL = 87
LINE_MAX = ENTRY_MAX + SEAL + 1
SUFFIX = ".log"
_SEGMENT = re.compile(r"[0-9]{12,16}\.log")
#: How far a number that nothing vouches for is followed.
_FOLLOWED = 1 << 20
#: The last checkpoint that the host gave away.
LAST = "last.checkpoint"

Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}\\Z")]
Hex16 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}\\Z")]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"version": "farhand_audit"}):
    """A segment's first line: ``first`` is its first entry's number, ``frontier`` the subtrees of those before it."""

    version: int
    first: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    frontier: Annotated[list[Hex32], msgspec.Meta(max_length=64)]
    host: Hex16
    identity: Hex32
    t: Annotated[int, msgspec.Meta(ge=0, le=2**53)]

    def encode(self) -> bytes:
        """Its line's JSON."""
        return canonical(msgspec.to_builtins(self))


def line_of(content: bytes, seal: bytes) -> bytes:
    """One line of a segment."""
    return content + b" " + base64.urlsafe_b64encode(seal)[:86] + b"\n"


def parts_of(line: bytes) -> tuple[bytes, bytes]:
    """A line (without its end) as content and seal; raises ValueError."""
    if len(line) <= SEAL or line[-SEAL : -SEAL + 1] != b" ":
        raise ValueError("no seal")
    text = line[-SEAL + 1 :]
    try:
        seal = base64.b64decode(text + b"==", altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("no seal") from None
    if base64.urlsafe_b64encode(seal)[:86] != text:
        raise ValueError("a seal with bits too many")
    return line[:-SEAL], seal


def segments(folder: Path) -> list[Path]:
    """The segments' files, oldest first. Raises OSError."""
    return sorted(path for path in folder.iterdir() if _SEGMENT.fullmatch(path.name))


def segment_name(first: int) -> str:
    """The name of the segment that begins with this entry."""
    return f"{first:012d}{SUFFIX}"


def read_header(line: bytes) -> tuple[Header, Frontier]:
    """Read a segment's first line and believe it only if its host sealed it. Raises ValueError, ProofError."""
    content, seal = parts_of(line)
    try:
        header = msgspec.json.decode(content, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no beginning of a segment ({error})") from None
    if header.version != 1 or header.encode() != content:
        raise ValueError("a segment of another version of Farhand")
    frontier = Frontier(header.first, map(bytes.fromhex, header.frontier))
    sealed = Checkpoint(bytes.fromhex(header.host), header.first, frontier.root(), header.t)
    Checkpoint.verify(sealed.body() + seal, bytes.fromhex(header.identity))
    return header, frontier


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with which entry: the first one that is meant."""

    number: int
    text: str


@dataclass(slots=True)
class Verdict:
    """What a reading found. ``notes`` are no faults."""

    host: str = ""
    identity: str = ""
    first: int = 0
    size: int = 0
    """Entries up to the last one, the missing ones included."""
    root: bytes = b""
    checkpoint: bytes = b""
    """The last entry's seal as a checkpoint over all of them; empty if there is none."""
    begun: int = 0
    ended: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checkpoints: int = 0
    """How many kept checkpoints were compared and agree."""


class Reading:
    """Reads a log from its first segment to its last and judges each line. Iterate ``entries``, then see ``verdict``.

    ``kept`` are checkpoints from elsewhere; ``identity`` (32 bytes) is the key the log must be sealed with, where it is
    known; ``part``: earlier segments are elsewhere.
    """

    def __init__(
        self, folder: Path, kept: Iterable[Checkpoint] = (), *, identity: bytes | None = None, part: bool = False
    ) -> None:
        self.verdict = Verdict()
        self._files = segments(folder)
        self._kept = sorted(kept, key=lambda one: one.size)
        self._identity = identity
        self._part = part
        self._frontier: Frontier | None = None
        """None while it is not known: behind a fault, until the next segment begins."""
        self._expected = 0
        self._sound = 0
        """Up to here a kept checkpoint agrees."""

    def entries(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield every entry that can be read, and its bytes, in the order of the files. Raises OSError."""
        for number, path in enumerate(self._files):
            yield from self._segment(path, number == 0, number == len(self._files) - 1)
        self._finish()

    def _segment(self, path: Path, first: bool, last: bool) -> Iterator[tuple[dict[str, Any], bytes]]:
        with path.open("rb") as file:
            line = file.readline(LINE_MAX)
            if not line.endswith(b"\n"):
                if last and len(line) < LINE_MAX:
                    self.verdict.notes.append(f"{path.name} was not finished: the host takes it away when it starts")
                    return
                self._fault(self._expected, f"{path.name} has no beginning")
                self._frontier = None
            elif not self._begin(path, line[:-1], first):
                self._frontier = None
            while line := file.readline(LINE_MAX):
                if not line.endswith(b"\n"):
                    if last and len(line) < LINE_MAX:
                        text = f"after entry {self._expected - 1} there are {len(line)} bytes of a write that was cut"
                        self.verdict.notes.append(f"{text}: the host takes them away when it starts")
                    else:
                        self._fault(self._expected, f"entry {self._expected} has no end")
                        self._frontier = None
                    # Nothing that a host wrote follows in this segment, however long it is.
                    return
                if (entry := self._line(path, line[:-1])) is not None:
                    yield entry

    def _begin(self, path: Path, line: bytes, first: bool) -> bool:
        verdict = self.verdict
        try:
            header, frontier = read_header(line)
        except (ValueError, ProofError) as error:
            self._fault(self._expected, f"the beginning of {path.name}, before entry {self._expected}: {error}")
            return False
        if path.name != segment_name(header.first):
            self._fault(header.first, f"{path.name} begins with entry {header.first}: it was given another name")
        if not verdict.host:
            verdict.host, verdict.identity, verdict.begun = header.host, header.identity, header.t
        if header.identity != (self._identity.hex() if self._identity else verdict.identity):
            self._fault(header.first, f"{path.name} is sealed by another host's key, {header.identity}")
            return False
        if first:
            verdict.first = self._sound = header.first
            if header.first and self._part:
                verdict.notes.append(f"entries 0 to {header.first - 1} are not here")
        if header.first > self._expected and not (first and self._part):
            self._fault(self._expected, _missing(self._expected, header.first))
        elif header.first < self._expected:
            self._fault(header.first, f"entry {header.first} is here twice: in {path.name} and before it")
        elif self._frontier is not None and self._frontier.root() != frontier.root():
            self._fault(header.first, f"{path.name} does not go on from the segment before it")
        self._frontier, self._expected = frontier, header.first
        self._compare()
        return True

    def _line(self, path: Path, line: bytes) -> tuple[dict[str, Any], bytes] | None:
        number = self._expected
        try:
            content, seal = parts_of(line)
            entry = decode(content)
        except ValueError as error:
            if self._frontier is not None:
                self._fault(number, f"entry {number} was changed: {error}")
                self._frontier = None
            self._expected += 1
            return None
        if self._frontier is not None:
            if entry["n"] != number:
                self._fault(number, self._out_of_order(path, number, entry["n"]))
                self._frontier = None
            else:
                self._frontier.append_hash(leaf_hash(content))
                if not self._sealed(entry["t"], seal):
                    self._fault(number, f"entry {number} was changed: its seal does not fit")
                    self._frontier = None
                else:
                    self.verdict.ended = entry["t"]
        self._expected = entry["n"] + 1 if 0 <= entry["n"] - self._expected < _FOLLOWED else self._expected + 1
        self._compare()
        return entry, content

    def _sealed(self, time: int, seal: bytes) -> bool:
        if self._frontier is None:
            return False
        verdict = self.verdict
        try:
            sealed = Checkpoint(bytes.fromhex(verdict.host), self._frontier.size, self._frontier.root(), time)
            verdict.checkpoint = sealed.body() + seal
            Checkpoint.verify(verdict.checkpoint, self._identity or bytes.fromhex(verdict.identity))
        except (ProofError, OverflowError):
            verdict.checkpoint = b""
            return False
        return True

    def _out_of_order(self, path: Path, expected: int, found: int) -> str:
        if found < expected:
            return f"entry {expected} is not where it belongs: entry {found} stands there, which came before it"
        later = {entry["n"] for entry in _plain(path)}
        if expected in later:
            return f"entry {expected} is not where it belongs: entry {found} stands before it"
        return _missing(expected, min((n for n in later if n > expected), default=found))

    def _compare(self) -> None:
        """Compare what was read with the checkpoints kept over just as much."""
        while self._kept and self._kept[0].size <= self._expected:
            kept = self._kept.pop(0)
            if kept.size < self.verdict.first:
                self.verdict.notes.append(f"the checkpoint over {kept.size} entries is about entries that are not here")
            elif kept.size < self._expected or self._frontier is None or self._frontier.size != kept.size:
                # Behind a fault, which says more than this could.
                continue
            elif kept.root == self._frontier.root():
                self.verdict.checkpoints += 1
                self._sound = kept.size
            else:
                self._fault(
                    self._sound,
                    f"among entries {self._sound} to {kept.size - 1} one is not what it was: the checkpoint kept from "
                    f"{moment(kept.time)} says so, and whoever changed it had the host's key",
                )

    def _finish(self) -> None:
        verdict = self.verdict
        verdict.size = self._expected
        if self._frontier is not None:
            verdict.root = self._frontier.root()
        for kept in self._kept:
            self._fault(
                self._expected, _missing(self._expected, kept.size) + f": a checkpoint from {moment(kept.time)} counts"
            )
        self._kept = []
        verdict.faults.sort(key=lambda fault: fault.number)

    def _fault(self, number: int, text: str) -> None:
        self.verdict.faults.append(Fault(number, text))


def _plain(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            try:
                yield decode(parts_of(line[:-1])[0])
            except ValueError:
                continue


def moment(milliseconds: int) -> str:
    """A time as RFC 3339 has it, in UTC, to the millisecond; a nonsensical one is the epoch."""
    try:
        at = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        at = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _missing(low: int, high: int) -> str:
    return f"entry {low} is missing" if high - low == 1 else f"entries {low} to {high - 1} are missing"


class Cursor:
    """Reads entries of a log that grows, and remembers where it stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = -1
        self._path = folder
        self._offset = 0

    def read(self, first: int, size: int, limit: int) -> list[bytes]:
        """The entries from ``first`` on, below ``size``, at least one if there is one, up to ``limit`` bytes.

        Raises OSError, ValueError.
        """
        found: list[bytes] = []
        total = 0
        while first < size:
            if first != self._next:
                self._seek(first)
            with self._path.open("rb") as file:
                file.seek(self._offset)
                while first < size and (line := file.readline(LINE_MAX)).endswith(b"\n"):
                    content = parts_of(line[:-1])[0]
                    if found and total + len(content) > limit:
                        return found
                    found.append(content)
                    total += len(content)
                    first += 1
                    self._next, self._offset = first, self._offset + len(line)
            if first < size and not self._moved(first):
                raise ValueError(f"entry {first} is not there")
        return found

    def _moved(self, first: int) -> bool:
        """Whether the next entry stands elsewhere than where this one stopped: in the segment that follows."""
        before = (self._path, self._offset)
        self._seek(first)
        return (self._path, self._offset) != before

    def _seek(self, first: int) -> None:
        """Find the line of an entry: its segment by name, then line by line."""
        starts = [path for path in segments(self._folder) if int(path.stem) <= first]
        if not starts:
            raise ValueError(f"entry {first} is not here any more")
        self._path = starts[-1]
        with self._path.open("rb") as file:
            for _ in range(first - int(self._path.stem) + 1):
                if not file.readline(LINE_MAX).endswith(b"\n"):
                    raise ValueError(f"entry {first} is not there")
            self._offset = file.tell()
        self._next = first
