"""The audit for other programs: JSON Lines that prove themselves, syslog (RFC 5424), journald's export format."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from farhand.host.audit_entry import ENTRY_MAX, canonical, decode
from farhand.host.audit_log import Fault, Hex32, Reading, Verdict, moment
from farhand.host.platform.words import harmless
from farhand.protocol.merkle import HASH, Checkpoint, ProofError, Tree, verify_inclusion

Wanted = Callable[[dict[str, Any]], bool]

#: The longest line of JSON Lines: an entry and its proof.
EXPORT_LINE_MAX = ENTRY_MAX + 4096
#: RFC 5424's numbers: the log's facility is security (10), its severities are these.
_FACILITY, _NOTICE, _WARNING = 10, 5, 4
_WARNINGS = frozenset(("log-in-refused", "right-lost", "revoked", "recovered"))
#: Farhand has no enterprise number of its own: the one that RFC 5612 keeps for examples.
_ELEMENT = "farhand@32473"
_PLACED = frozenset(("t", "kind", "proof"))
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_TEXT_MAX = 1024


class ExportHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"version": "farhand_export"}):
    """The first line of JSON Lines: a checkpoint (base64), under which each line's ``proof`` proves its entry.

    ``lines`` is how many follow; ``selected``: not all entries were wanted.
    """

    version: int
    checkpoint: str
    identity: Hex32
    lines: int
    selected: bool


def json_lines(folder: Path, wanted: Wanted | None = None) -> Iterator[bytes]:
    """The log in ``folder``, or what is ``wanted`` of it: a header, then a line an entry, each with its proof.

    Raises ValueError for a log that is not sound, or does not begin with entry 0: nothing can be proved then. OSError.
    """
    reading = Reading(folder)
    tree = Tree()
    chosen: list[bytes] = []
    numbers: list[int] = []
    for entry, content in reading.entries():
        tree.append(content)
        if wanted is None or wanted(entry):
            chosen.append(content)
            numbers.append(entry["n"])
    verdict = reading.verdict
    if verdict.faults:
        raise ValueError(verdict.faults[0].text)
    if tree.root() != verdict.root or not verdict.checkpoint:
        raise ValueError("there is no entry, or there are newer ones now")
    header = ExportHeader(
        1,
        base64.b64encode(verdict.checkpoint).decode(),
        verdict.identity,
        len(chosen),
        len(chosen) != tree.size,
    )
    yield canonical(msgspec.to_builtins(header)) + b"\n"
    for number, content in zip(numbers, chosen, strict=True):
        proof = base64.b64encode(b"".join(tree.inclusion(number, tree.size))).decode()
        yield canonical({**decode(content), "proof": proof}) + b"\n"


def exported(lines: Iterable[bytes], verdict: Verdict, kept: Iterable[Checkpoint] = ()) -> Iterator[dict[str, Any]]:
    """Read such an export, yield each entry that can be read, and fill ``verdict``. Raises ValueError for no export."""
    source = iter(lines)
    header, checkpoint = _header(next(source, b""))
    verdict.host, verdict.identity = checkpoint.host_id.hex(), header.identity
    verdict.checkpoint, verdict.root, verdict.size = checkpoint.encoded, checkpoint.root, checkpoint.size
    verdict.ended = checkpoint.time
    expected, count = 0, 0
    for line in source:
        count += 1
        number, entry, problem = _entry(line, expected, checkpoint, selected=header.selected)
        if problem:
            verdict.faults.append(Fault(number, problem))
        elif number < expected:
            text = f"entry {number} is not where it belongs: entry {expected - 1} came before it"
            verdict.faults.append(Fault(number, text))
        elif number > expected and not header.selected:
            verdict.faults.append(Fault(expected, _gap(expected, number)))
        if entry is not None:
            yield entry
        expected = max(expected, number + 1)
    if not header.selected and expected < checkpoint.size and not verdict.faults:
        verdict.faults.append(Fault(expected, _gap(expected, checkpoint.size)))
    if header.selected:
        verdict.notes.append(f"a selection of {count} out of {checkpoint.size} entries: what was left out is not shown")
        if count != header.lines:
            verdict.faults.append(Fault(expected, f"there are {count} entries, and there were {header.lines}"))
    for one in kept:
        if one.size == checkpoint.size and one.root != checkpoint.root:
            verdict.faults.append(Fault(0, f"the kept checkpoint over {one.size} entries says another root"))
        elif one.size == checkpoint.size:
            verdict.checkpoints += 1
        else:
            verdict.notes.append(f"the kept checkpoint over {one.size} entries needs the log itself")
    verdict.faults.sort(key=lambda fault: fault.number)


def _header(line: bytes) -> tuple[ExportHeader, Checkpoint]:
    try:
        header = msgspec.json.decode(line[:EXPORT_LINE_MAX], type=ExportHeader)
        signed = base64.b64decode(header.checkpoint, validate=True)
        return header, Checkpoint.verify(signed, bytes.fromhex(header.identity))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error):
        raise ValueError("the first line is no header of an export") from None
    except ProofError as error:
        raise ValueError(f"the first line was changed: {error}") from None


def _entry(
    line: bytes, expected: int, checkpoint: Checkpoint, *, selected: bool
) -> tuple[int, dict[str, Any] | None, str]:
    """An exported line: the number it is about, the entry if there is one, and what is wrong."""
    changed = f"entry {expected} was changed"
    if len(line) > EXPORT_LINE_MAX:
        return expected, None, f"{changed}: the line is too long"
    try:
        entry = decode(line.removesuffix(b"\n"))
        hashes = base64.b64decode(entry.pop("proof"), validate=True)
    except (ValueError, KeyError, TypeError) as error:
        return expected, None, f"{changed}: {error}"
    number = entry["n"]
    if not 0 <= number < checkpoint.size:
        return expected, entry, f"{changed}: its number is {number}, and there are {checkpoint.size} entries"
    proof = [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]
    try:
        verify_inclusion(canonical(entry), number, checkpoint.size, proof, checkpoint.root)
    except ProofError:
        # Where every entry should be there, its place says more than the number in what was changed.
        number = number if selected else expected
        return number, entry, f"entry {number} was changed: its proof does not fit"
    return number, entry, ""


def _gap(low: int, high: int) -> str:
    return f"entry {low} is missing" if high - low == 1 else f"entries {low} to {high - 1} are missing"


def told(entry: dict[str, Any]) -> str:
    """An entry's fields in one line, for people; what everybody wants to know first comes first."""
    who = _plain(entry.get("who", ""))
    if "from" in entry:
        who = f"{who} from {_plain(entry['from'])}".lstrip()
    said = [f"{name}={_word(value)}" for name, value in _others(entry) if name not in ("n", "who", "from")]
    return "  ".join(filter(None, [who, *said]))


def kind_of(entry: dict[str, Any]) -> str:
    """What an entry is about, in harmless letters."""
    return harmless(str(entry["kind"]), 32) or "none"


def _word(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
    text = _plain(value)
    return f'"{text}"' if " " in text else text


def syslog(entry: dict[str, Any], host: str) -> bytes:
    """One message of RFC 5424, without what a transport puts before or after it."""
    priority = _FACILITY * 8 + _severity(entry)
    data = "".join(f' {name}="{_parameter(value)}"' for name, value in _others(entry))
    kind = "".join(character for character in kind_of(entry) if "!" <= character <= "~")[:32] or "-"
    head = f"<{priority}>1 {moment(entry['t'])} {host or '-'} farhand - {kind} [{_ELEMENT}{data}] "
    return head.encode() + b"\xef\xbb\xbf" + f"{kind_of(entry)} {told(entry)}".rstrip().encode() + b"\n"


def journal(entry: dict[str, Any], host: str) -> bytes:
    """One entry of journald's export format: a field a line, and an empty line at the end."""
    fields = {
        "__REALTIME_TIMESTAMP": max(0, entry["t"]) * 1000,
        "MESSAGE": f"{kind_of(entry)} {told(entry)}".rstrip(),
        "PRIORITY": _severity(entry),
        "SYSLOG_FACILITY": _FACILITY,
        "SYSLOG_IDENTIFIER": "farhand",
        "FARHAND_HOST": host,
        "FARHAND_KIND": kind_of(entry),
        **{f"FARHAND_{name.upper()}": _plain(value) for name, value in _others(entry)},
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode() + b"\n"


def _others(entry: dict[str, Any]) -> list[tuple[str, object]]:
    """The fields that have no place of their own. What was changed can be called anything: that is not passed on."""
    return [(name, value) for name, value in sorted(entry.items()) if _NAME.match(name) and name not in _PLACED]


def _severity(entry: dict[str, Any]) -> int:
    return _WARNING if entry["kind"] in _WARNINGS else _NOTICE


def _plain(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return ",".join(harmless(str(one), _TEXT_MAX) for one in value)
    # Made harmless once more: an entry that was changed can hold anything.
    return harmless(str(value), _TEXT_MAX)


def _parameter(value: object) -> str:
    text = _plain(value)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
