"""One entry of the audit as bytes: canonical JSON on one line, strangers' text made harmless, no secret in it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from farhand.core.log_lines import HIDDEN, hide_secrets
from farhand.host.platform.words import harmless

#: The longest entry in bytes.
ENTRY_MAX = 4096
#: The longest text in characters, by field; what a list holds and every other field have _OTHER.
_LONGEST = {"path": 512, "to": 512, "files": 512, "command": 512, "reason": 256, "why": 256}
_OTHER = 128
_FIELDS_MAX = 24
#: The most that a list holds.
LIST_MAX = 32
_NUMBER_MAX = 2**53 - 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
#: What was done, by whom: a stranger's long words in other fields must not make these vanish.
_ABOUT = frozenset(("action", "blake3", "files", "path", "session", "size", "who"))
_OWN = frozenset(("n", "t", "kind"))
#: Tokens of ours, by how they begin.
_TOKEN = re.compile(r"\bfh[a-z0-9]{1,4}[._-][A-Za-z0-9_.-]{8,}")
#: What only a key, a signature or a grant looks like: a long run of hexadecimal digits or of base64.
_RUN = re.compile(
    r"\b[0-9a-fA-F]{48,}\b"
    r"|(?<![\w+/-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+/-]{43,}={0,2}"
)
#: Fields in which such a run is no secret: a file's hash, a tree's root, names that files have.
_PUBLIC = frozenset(("path", "to", "files", "blake3", "sha256", "root", "host"))


def encode(number: int, time: int, kind: str, fields: Mapping[str, object]) -> bytes:
    """The entry's bytes, at most ENTRY_MAX: sorted keys, no spaces, UTF-8. ``time`` in Unix milliseconds.

    Fields with a name that is none, and what is too much, are left out; whatever is handed over, this returns.
    """
    told = {}
    for name, value in list(fields.items())[:_FIELDS_MAX]:
        plain = name.rstrip("_")
        if _NAME.match(plain) and plain not in _OWN and (tamed := _tame(plain, value)) not in (None, "", []):
            told[plain] = tamed
    own = {"n": number, "t": time, "kind": harmless(str(kind), 32) or "none"}
    while len(line := canonical({**told, **own})) > ENTRY_MAX:
        # Rather an entry that says less than none: the longest field goes, what was done last of all.
        del told[max(told, key=lambda name: (name not in _ABOUT, len(canonical(told[name]))))]
        own["cut"] = True
    return line


def canonical(value: object) -> bytes:
    """The one JSON text of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode(line: bytes) -> dict[str, Any]:
    """Read an entry; raises ValueError if it is none, or not the canonical text of one."""
    try:
        entry = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no JSON ({error})") from None
    if not isinstance(entry, dict) or not all(type(entry.get(name)) is int for name in ("n", "t")):
        raise ValueError("no entry")
    if type(entry.get("kind")) is not str:
        raise ValueError("an entry without a kind")
    try:
        same = canonical(entry) == line
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise ValueError("written in another way than the host does")
    return entry


def _tame(name: str, value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    # By its name first: what is secret is so in whatever form it comes.
    if hide_secrets(None, "", {name: ""})[name] == HIDDEN:
        return HIDDEN
    match value:
        case int():
            return int(value) if abs(value) <= _NUMBER_MAX else "beyond all numbers"
        case float():
            return int(value) if abs(value) <= _NUMBER_MAX else "beyond all numbers"
        case str():
            return _text(name, str(value))
        case list() | tuple():
            return _texts(name, [str(one) for one in value[:LIST_MAX]])
        case set() | frozenset():
            return sorted(_text(name, str(one)) for one in list(value)[:LIST_MAX])
    # Bytes, and whatever else might show more of itself than it should.
    return HIDDEN


def _text(name: str, text: str) -> str:
    longest = _LONGEST.get(name, _OTHER)
    # Cut first: a stranger's megabyte is not searched through. Then hidden, before a cut can make a key look short.
    return harmless(_hidden(name, text[: longest * 8]), longest)


def _texts(name: str, texts: list[str]) -> list[str]:
    """Many at once, searched as one text where that is the same: nothing that is hidden goes over a line's end."""
    longest = _LONGEST.get(name, _OTHER)
    lines = [text[: longest * 8] for text in texts]
    whole = "\n".join(lines)
    if whole.count("\n") != len(lines) - 1:
        return [_text(name, text) for text in texts]
    found = _hidden(name, whole).split("\n")
    return [harmless(line, longest) for line in found]


def _hidden(name: str, text: str) -> str:
    text = str(hide_secrets(None, "", {"said": text})["said"])
    text = _TOKEN.sub(HIDDEN, text)
    return text if name in _PUBLIC else _RUN.sub(HIDDEN, text)
