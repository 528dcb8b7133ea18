"""What `farhand audit` does: reads logs and exports, filters, judges, prints."""

import base64
import binascii
import contextlib
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from farhand.cli.exits import CliError, Exit, nobody_reads
from farhand.core.config import Paths
from farhand.host.audit_entry import canonical
from farhand.host.audit_export import EXPORT_LINE_MAX, exported, journal, json_lines, kind_of, syslog, told
from farhand.host.audit_log import LAST, LINE_MAX, Fault, Reading, Verdict, moment, read_header, segments
from farhand.protocol.grants import fingerprint as fingerprint_of
from farhand.protocol.merkle import Checkpoint, ProofError

FORMS = {"json": None, "syslog": syslog, "journal": journal}
_AGO = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
#: A checkpoint file is this small; whatever is larger is something else.
_SMALL = 64 << 10


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; times in Unix milliseconds."""

    who: str
    host: str
    kinds: tuple[str, ...]
    since: int
    until: int

    @classmethod
    def of(cls, who: str, host: str, kinds: Sequence[str], since: str, until: str) -> "Filter":
        """Read the options. Raises CliError."""
        return cls(
            who.casefold(),
            host.lower(),
            tuple(kinds),
            _time(since, "--from") if since else 0,
            _time(until, "--to") if until else 1 << 62,
        )

    def __call__(self, entry: dict[str, Any]) -> bool:
        """Whether this entry is wanted."""
        if self.who and not any(
            self.who in str(entry.get(name, "")).casefold() for name in ("who", "device", "approver")
        ):
            return False
        return (not self.kinds or entry["kind"] in self.kinds) and self.since <= entry["t"] < self.until

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.who or self.kinds or self.since) and self.until == 1 << 62


class Log:
    """One log, a folder or an exported file. Iterate ``entries``, then see ``verdict``. Raises CliError."""

    def __init__(self, path: Path, kept: Sequence[Path] = (), *, key: str = "", part: bool = False) -> None:
        self.path = path = _within(path)
        self.verdict = Verdict()
        self._part = part
        try:
            self.identity = self._identity()
        except OSError as error:
            raise _unreadable(path, error) from error
        if key and _letters(key) != _letters(fingerprint_of(self.identity)):
            raise CliError(
                Exit.FAILED,
                f"{path} is sealed with the key {fingerprint_of(self.identity)}, not with the one you named",
                "it is another host's log, or somebody put a new one in its place",
            )
        self.notes: list[str] = []
        self._kept = list(self._checkpoints(kept))

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every entry that can be read. Raises CliError."""
        try:
            if self.path.is_dir():
                reading = Reading(self.path, self._kept, part=self._part)
                for entry, _ in reading.entries():
                    yield entry
                self.verdict = reading.verdict
            else:
                with self.path.open("rb") as file:
                    yield from exported(_lines(file), self.verdict, self._kept)
        except OSError as error:
            raise _unreadable(self.path, error) from error
        except ValueError as error:
            raise CliError(Exit.FAILED, f"{self.path}: {error}", "see `farhand audit verify --help`") from error
        self.verdict.notes += self.notes

    def _identity(self) -> bytes:
        """The key that the log names, 32 bytes."""
        if not self.path.is_dir():
            with self.path.open("rb") as file:
                return bytes.fromhex(_exported_identity(file.readline(LINE_MAX)))
        files = segments(self.path)
        if not files:
            raise CliError(Exit.SETTINGS, f"there is no audit in {self.path}", "name the folder, or run as its user")
        for path in files:
            with path.open("rb") as file, contextlib.suppress(ValueError, ProofError):
                return bytes.fromhex(read_header(file.readline(LINE_MAX)[:-1])[0].identity)
        raise CliError(Exit.FAILED, f"no segment in {self.path} has a beginning that its host sealed")

    def _checkpoints(self, kept: Sequence[Path]) -> Iterator[Checkpoint]:
        """Those of this host that were kept, and the one beside the log."""
        for path in kept:
            found = 0
            for file in sorted(path.iterdir()) if path.is_dir() else [path]:
                for data in _kept_in(file):
                    try:
                        yield Checkpoint.verify(data, self.identity)
                        found += 1
                    except ProofError as error:
                        if not path.is_dir():
                            raise CliError(
                                Exit.FAILED,
                                f"{file} holds {error} for the host with the key {fingerprint_of(self.identity)}",
                                "it is another host's, or this log was made anew with another key",
                            ) from error
            if not found:
                self.notes.append(f"{path} has no checkpoint of this host")
        if self.path.is_dir() and (self.path / LAST).is_file():
            try:
                yield Checkpoint.verify((self.path / LAST).read_bytes(), self.identity)
            except ProofError:
                self.notes.append(f"{LAST} beside the log cannot be read: it was cut, or somebody changed it")


def show(paths: Sequence[Path], wanted: Filter, *, part: bool, machine: bool) -> int:
    """Print what is wanted; the exit code. Raises CliError."""
    sound = True
    for log in _logs(paths, part=part):
        host = ""
        for entry in log.entries():
            host = host or _host(log)
            if host.startswith(wanted.host) and wanted(entry):
                _print(json.dumps({**entry, "host": host}, ensure_ascii=False) if machine else _line(entry))
        for fault in log.verdict.faults:
            sound = False
            print(f"farhand: {log.path}: {fault.text}", file=sys.stderr)
    return Exit.OK if sound else Exit.FAILED


def verify(
    paths: Sequence[Path],
    kept: Sequence[Path],
    against: Path | None,
    key: str,
    *,
    part: bool,
    machine: bool,
) -> int:
    """Judge every log; the exit code. Raises CliError."""
    sound = True
    for log in _logs(paths, kept, key=key, part=part):
        copy = _Copy(against) if against is not None else None
        count = 0
        for entry in log.entries():
            count += 1
            if copy is not None:
                copy.compare(entry)
        if copy is not None:
            copy.finish(log.verdict)
        sound = sound and not log.verdict.faults
        _print(json.dumps(_object(log, count), ensure_ascii=False) if machine else _text(log, count))
    return Exit.OK if sound else Exit.FAILED


def export(path: Path | None, form: str, wanted: Filter, *, part: bool) -> int:
    """Write what is wanted to standard output; the exit code. Raises CliError."""
    log = Log(path or _own(), part=part)
    if not log.path.is_dir():
        raise CliError(
            Exit.SETTINGS, f"{log.path} is no log's folder", "export from the host's own folder, or a copy of it"
        )
    write = FORMS[form]
    out = sys.stdout.buffer
    try:
        if write is None:
            for line in json_lines(log.path, None if wanted.everything else wanted):
                out.write(line)
            out.flush()
            return Exit.OK
        for entry in log.entries():
            if wanted(entry):
                out.write(write(entry, _host(log)))
        out.flush()
    except ValueError as error:
        raise CliError(
            Exit.FAILED,
            f"nothing can be proved about {log.path}: {error}",
            "`farhand audit verify` says more; the forms syslog and journal, and `show --json`, take what can be read",
        ) from error
    except BrokenPipeError:
        return nobody_reads()
    except OSError as error:
        raise _unreadable(log.path, error) from error
    for fault in log.verdict.faults:
        print(f"farhand: {log.path}: {fault.text}", file=sys.stderr)
    return Exit.FAILED if log.verdict.faults else Exit.OK


class _Copy:
    """Entries that were kept elsewhere, by number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[int, bytes] = {}
        self._faults: list[Fault] = []
        self._compared = 0
        try:
            with path.open("rb") as file:
                for line in _lines(file):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and type(entry.get("n")) is int:
                        self._entries[entry["n"]] = _bare(entry)
        except OSError as error:
            raise _unreadable(path, error) from error
        except ValueError as error:
            raise CliError(
                Exit.SETTINGS, f"{path} is no copy of entries ({error})", "it has one JSON object a line"
            ) from error

    def compare(self, entry: dict[str, Any]) -> None:
        """Look whether the copy says the same."""
        kept = self._entries.pop(entry["n"], None)
        if kept is None:
            return
        self._compared += 1
        if kept != _bare(entry):
            self._faults.append(Fault(entry["n"], f"entry {entry['n']} differs from the copy in {self._path}"))

    def finish(self, verdict: Verdict) -> None:
        """Add what was found."""
        for number in sorted(self._entries):
            self._faults.append(Fault(number, f"entry {number} is in the copy in {self._path}, and not here"))
        verdict.faults = sorted([*verdict.faults, *self._faults], key=lambda fault: fault.number)
        verdict.notes.append(f"{self._compared} entries were compared with {self._path}")


def _bare(entry: dict[str, Any]) -> bytes:
    """An entry's bytes without what an export or a list adds to it."""
    return canonical({name: value for name, value in entry.items() if name not in ("proof", "host")})


def _logs(paths: Sequence[Path], kept: Sequence[Path] = (), *, key: str = "", part: bool = False) -> Iterator[Log]:
    for path in paths or [_own()]:
        yield Log(path, kept, key=key, part=part)


def _within(path: Path) -> Path:
    """The log itself, where a host's data folder was named, or what it has as --home."""
    for inner in (path / "audit", path / "data" / "audit"):
        if inner.is_dir():
            return inner
    return path


def _own() -> Path:
    return Paths.default().data / "audit"


def _host(log: Log) -> str:
    from farhand.protocol.envelope import host_id

    return host_id(log.identity).hex()


def _line(entry: dict[str, Any]) -> str:
    try:
        at = datetime.fromtimestamp(entry["t"] / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        at = "?"
    return f"{entry['n']:>6}  {at}  {kind_of(entry):<15} {told(entry)}".rstrip()


def _object(log: Log, count: int) -> dict[str, Any]:
    verdict = log.verdict
    return {
        "log": str(log.path),
        "ok": not verdict.faults,
        "host": _host(log),
        "fingerprint": fingerprint_of(log.identity),
        "entries": count,
        "first": verdict.first,
        "size": verdict.size,
        "root": verdict.root.hex(),
        "until_ms": verdict.ended,
        "checkpoints": verdict.checkpoints,
        "faults": [{"entry": fault.number, "text": fault.text} for fault in verdict.faults],
        "notes": verdict.notes,
    }


def _text(log: Log, count: int) -> str:
    verdict = log.verdict
    lines = [
        f"{'SOUND' if not verdict.faults else 'NOT SOUND'}  {log.path}",
        f"  entries      {count}" + (f", the last one {moment(verdict.ended)}" if verdict.ended else ""),
        f"  host         {_host(log)}",
        f"  its key      {fingerprint_of(log.identity)}",
        f"  checkpoints  {verdict.checkpoints} kept ones agree",
    ]
    if verdict.root and not verdict.faults:
        lines.append(f"  root         {verdict.root.hex()}")
    lines += [f"  FAULT        {fault.text}" for fault in verdict.faults]
    lines += [f"  note         {note}" for note in verdict.notes]
    return "\n".join(lines)


def _kept_in(path: Path) -> Iterator[bytes]:
    """The checkpoints in a file: its bytes, or one in base64 or hexadecimal a line. Raises CliError."""
    try:
        with path.open("rb") as file:
            data = file.read(_SMALL + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    with contextlib.suppress(ProofError):
        yield Checkpoint.decode(data).encoded
        return
    found = False
    for word in data[:_SMALL].split():
        for read in (lambda text: base64.b64decode(text + b"==="[: -len(text) % 4], b"-_"), binascii.unhexlify):
            with contextlib.suppress(ProofError, ValueError):
                yield Checkpoint.decode(read(word.replace(b"+", b"-").replace(b"/", b"_"))).encoded
                found = True
                break
    if not found:
        raise CliError(Exit.SETTINGS, f"{path} holds no checkpoint", "a viewer keeps them in its folder `checkpoints`")


def _lines(file: Iterable[bytes]) -> Iterator[bytes]:
    """A file's lines, of which none is longer than an export's can be."""
    readline = file.readline  # type: ignore[attr-defined]  # a binary file
    while line := readline(EXPORT_LINE_MAX + 1):
        yield line


def _exported_identity(line: bytes) -> str:
    try:
        header = json.loads(line)
        identity = str(header["identity"])
        if re.fullmatch(r"[0-9a-f]{64}", identity):
            return identity
    except (ValueError, KeyError, TypeError):
        pass
    raise CliError(Exit.SETTINGS, "this file is no export of an audit", "`farhand audit export` writes one")


def _time(text: str, option: str) -> int:
    """A moment in Unix milliseconds: local time where no zone is given, or so long ago."""
    if match := re.fullmatch(r"(\d{1,6})([smhdw])", text):
        return int((time.time() - int(match[1]) * _AGO[match[2]]) * 1000)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise CliError(
            Exit.USAGE, f"{option}: {text!r} is no time", "as 2026-11-17, 2026-11-17T09:30, or 90m, 12h, 3d"
        ) from None


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _unreadable(path: Path, error: OSError) -> CliError:
    return CliError(
        Exit.SETTINGS,
        f"{error.filename or path} cannot be read ({error.strerror})",
        "name another, or run as its owner",
    )


def _print(text: str) -> None:
    try:
        print(text)
    except BrokenPipeError:
        raise SystemExit(nobody_reads()) from None
