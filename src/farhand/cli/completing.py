"""What the shell is told at TAB where a verb for files wants a place: hosts, and names in the folders of `local`.

It is asked by the scripts of ``farhand --install-completion``, through the environment. Only `local` is asked for
names: its host takes this user's programs without a question, while any other may ask a second person, or want a
reason. It is given a second; whatever goes wrong, nothing is said. A host's names are data: those that cannot be typed
as they look are left out, and the others reach the shell quoted for it.
"""

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from farhand.cli.light import takes_value

#: Seconds for a host to answer; what a shell is told at most, in names.
_SECONDS, _MOST = 1.0, 2000
#: A single folder is looked into, so many deep, since bash would put a space behind it.
_DEEP = 5
_LOCAL = "local"
#: Verbs that take files of this computer, too.
_HERE_TOO = ("cp", "sync")
#: What bash takes words apart at, of what a place may hold.
_BREAKS = re.compile(r"[:=@]+")
_PLAIN = re.compile(r"[^\w%+=:,./@-]")
#: What means something, or ends it, between these quotes.
_WITHIN = {"'": re.compile(r"'"), '"': re.compile(r'["$`\\!]')}

#: The names in a folder of `local` that begin so, folders with a slash behind them.
List = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Word:
    """The word at the cursor, as it is meant; ``kept`` of its beginning the shell keeps, then ``quote`` is open."""

    verb: str
    text: str
    kept: str = ""
    quote: str = ""


def completion(verb: Callable[..., None], environment: Mapping[str, str]) -> str | None:
    """What to tell the shell that set this environment, None where it is no place that is being typed.

    Raises SystemExit for fish, which asks for an exit code.
    """
    shell = environment.get("_FARHAND_COMPLETE", "").removeprefix("complete_")
    word = {"bash": _of_bash, "zsh": _of_line, "fish": _of_line}[shell](verb, environment)
    if word is None:
        return None
    elsewhere = ":" not in word.text and word.text.startswith((".", "/", "~"))
    if shell == "zsh":
        return _for_zsh(word, [] if elsewhere else _found(word, list_local))
    if shell == "fish":
        if environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
            raise SystemExit(int(elsewhere))
        return "\n".join([] if elsewhere else _with_files(word, _found(word, list_local)))
    return "" if elsewhere else for_bash(word, _found(word, list_local), list_local)


def _of_bash(verb: Callable[..., None], environment: Mapping[str, str]) -> Word | None:
    words = environment.get("COMP_WORDS", "").split("\n")
    at = int(environment.get("COMP_CWORD", "0"))
    words += [""] * (at + 1 - len(words))
    first = at
    while first > 2 and (_BREAKS.fullmatch(words[first]) or _BREAKS.fullmatch(words[first - 1])):
        first -= 1
    raw, last = "".join(words[first : at + 1]), words[at]
    text, tail = unquoted(raw), "" if _BREAKS.fullmatch(last) else last
    if text is None or not _is_place(verb, words[first - 1], raw):
        return None
    meant = unquoted(tail) or ""
    quote = tail[:1] if tail[:1] in _WITHIN and (len(tail) == 1 or tail[-1] != tail[0]) else ""
    return Word(words[1], text, text.removesuffix(meant) if meant else text if first != at else "", quote)


def _of_line(verb: Callable[..., None], environment: Mapping[str, str]) -> Word | None:
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    words = next((found for tail in ("x", "x'", 'x"') if (found := _split(line + tail))), None)
    if words is None or len(words) < 3 or not _is_place(verb, words[-2], words[-1]):
        return None
    return Word(words[1], words[-1][:-1])


def _is_place(verb: Callable[..., None], before: str, word: str) -> bool:
    return not word.startswith("-") and before not in takes_value(verb)


def unquoted(raw: str) -> str | None:
    """A word as the shell reads it, also if a quote is still open; None if that cannot be said."""
    if (len(raw) - len(raw.rstrip("\\"))) % 2:
        return None
    for tail in ("", "'", '"'):
        if (found := _split(raw + tail)) is not None:
            return found[0] if len(found) == 1 else None if found else ""
    return None


def _split(line: str) -> list[str] | None:
    try:
        return shlex.split(line)
    except ValueError:
        return None


def _found(word: Word, names: List) -> list[str]:
    """What the word may become."""
    if ":" not in word.text:
        return [f"{name}:" for name in targets() if f"{name}:".startswith(word.text)]
    target, _, path = word.text.partition(":")
    return [f"{target}:{name}" for name in names(path)] if target == _LOCAL else []


def _with_files(word: Word, found: list[str]) -> list[str]:
    """The same, and this computer's files, where they may be meant and the shell would not name them."""
    if ":" in word.text or word.verb not in _HERE_TOO:
        return found
    try:
        with os.scandir() as entries:
            names = (one.name + "/" * one.is_dir() for one in entries)
            return found + [one for one in islice(names, _MOST) if _fits(one, word.text)]
    except OSError:
        return found


def for_bash(word: Word, found: list[str], names: List) -> str:
    """What bash puts in place of the word: from the last colon on, quoted as what stands there.

    Behind a single one it puts a space; what is not at its end there is shown with what follows.
    """
    for _ in range(_DEEP):
        if len(found) != 1 or not found[0].endswith(("/", ":")):
            break
        target, _, path = found[0].partition(":")
        inner = [f"{target}:{name}" for name in names(path)] if target == _LOCAL else []
        if not inner:
            found = found if path else [f"{target}:", f"{target}:~/"]
            break
        found = inner
    if found:
        found = _with_files(word, found)
    rest = [one.removeprefix(word.kept) for one in found]
    if word.quote:
        return "\n".join(one for one in rest if not _WITHIN[word.quote].search(one))
    return "\n".join(_PLAIN.sub(lambda one: "\\" + one[0], one) for one in rest)


def _for_zsh(word: Word, found: list[str]) -> str:
    """Commands, as its script runs what it gets."""
    open_ended = [one for one in found if one.endswith(("/", ":"))]
    ended = [one for one in found if not one.endswith(("/", ":"))]
    commands = [
        " ".join((command, *map(_coded, names)))
        for command, names in (("compadd -S '' --", open_ended), ("compadd --", ended))
        if names
    ]
    if ":" not in word.text and word.verb in _HERE_TOO:
        commands.append("_files")
    return "; ".join(commands) or ":"


def _coded(text: str) -> str:
    """Text for zsh of which nothing means anything to it."""
    return "$'" + "".join(chr(b) if chr(b).isalnum() and b < 128 else f"\\x{b:02x}" for b in text.encode()) + "'"


def _fits(name: str, typed: str) -> bool:
    """Whether a name continues what was typed, and can be typed as it looks."""
    hidden = name.startswith(".") and not typed.startswith(".")
    return name.startswith(typed) and name.isprintable() and not hidden and not name.startswith("-")


def targets() -> list[str]:
    """`local`, and the hosts that were reached before; nobody is asked."""
    from farhand.client.known import KnownHosts
    from farhand.core.config import Paths
    from farhand.core.errors import FarhandError

    try:
        known = [host.name for host in KnownHosts(Paths.default()).all()]
    except (FarhandError, OSError):
        known = []
    return sorted({name for name in (_LOCAL, *known) if name.isprintable() and not re.search(r"[:/]", name)})


def list_local(path: str) -> list[str]:
    """The names in a folder of `local` that begin as this path ends, as whole paths; nothing where that fails."""
    import asyncio

    from farhand.client.keys import client_keys
    from farhand.client.local import connect_here, local_host
    from farhand.core.config import Paths
    from farhand.core.errors import FarhandError
    from farhand.core.tasks import run
    from farhand.protocol.capability import Capability
    from farhand.protocol.messages.files import EntryKind

    head, slash, typed = path.rpartition("/")

    async def names() -> list[str]:
        async with asyncio.timeout(_SECONDS):
            paths = Paths.default()
            host = local_host(paths)
            if not host.key:
                return []
            session = await connect_here(host, client_keys(paths), [Capability.FILES_READ], view=False)
            try:
                entries = await session.files.list(head + slash)
            finally:
                await session.close()
        decoded = ((one.path.decode(errors="replace"), one.kind is EntryKind.FOLDER) for one in entries)
        fitting = (name + "/" * folder for name, folder in decoded if "\ufffd" not in name and _fits(name, typed))
        return [head + slash + name for name in islice(fitting, _MOST)]

    try:
        return run(names())
    except (FarhandError, OSError, TimeoutError):
        return []
