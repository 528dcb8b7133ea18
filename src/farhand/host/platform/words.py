"""Words for the person at the host: what is asked for, who is here, and strangers' texts made harmless."""

import time
import unicodedata
from collections.abc import Sequence

from farhand.host.platform.base import Answer, Presence, Question

#: What each capability means to somebody who has never heard of capabilities.
MEANINGS = {
    "view": "See the screen",
    "control": "Use the keyboard and the mouse",
    "clipboard": "Read and change the clipboard",
    "files-read": "See and copy files of this computer",
    "files-write": "Put, change and delete files on this computer",
    "shell": "Run commands",
    "manage": "Manage programs and services",
    "record": "Record the session",
}
_SHORT_MEANINGS = {
    "view": "see",
    "control": "control",
    "clipboard": "clipboard",
    "files-read": "take files",
    "files-write": "put files",
    "shell": "commands",
    "manage": "manage",
    "record": "record",
}
#: Characters of a name in a line that says more than the name.
_SHORT = 40
_HARMLESS = {"L", "N", "P", "S"}


def harmless(text: str, longest: int = 64) -> str:
    """One line of letters, digits, punctuation and symbols, at most ``longest`` characters.

    Left out are controls, directions (bidi), joiners, characters of no width, private and unassigned ones, and marks
    that stack on letters: everything by which a name could hide, reorder or overdraw what stands beside it.
    """
    if text.isascii() and text.isprintable():
        return _cut(text[: longest * 8], longest)
    kept = []
    for character in unicodedata.normalize("NFC", text[: longest * 8]):
        category = unicodedata.category(character)
        if category[0] in _HARMLESS:
            kept.append(character)
        elif category == "Zs" or character in "\t\n\r":
            kept.append(" ")
    return _cut("".join(kept), longest)


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def name_of(caller: str, longest: int = 64) -> str:
    """A caller's own word for themselves, or a word that says there is none."""
    return harmless(caller, longest) or "Somebody without a name"


def wishes(capabilities: Sequence[str]) -> list[str]:
    """What these capabilities mean, a line each; one that has no meaning here is named as it is."""
    return [MEANINGS.get(capability, harmless(capability, 32)) for capability in capabilities]


def shorts(capabilities: Sequence[str]) -> str:
    """The capabilities in a word each."""
    return ", ".join(_SHORT_MEANINGS.get(capability, harmless(capability, 16)) for capability in capabilities)


def who(account: str, caller: str, longest: int = _SHORT) -> str:
    """A caller: as the organisation knows them, or in quotation marks what they call themselves."""
    return name_of(account, longest) if account else f"“{name_of(caller, longest)}”"


def clock(since: float, now: float) -> str:
    """A time of day here, with the date where that is not today's; both in Unix seconds."""
    then, today = time.localtime(since), time.localtime(now)
    return time.strftime("%H:%M" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)


def lasting(seconds: int) -> str:
    """A length of time in the unit that says it best."""
    size, unit = next(
        ((size, unit) for size, unit in ((3600, "hour"), (60, "minute")) if seconds and not seconds % size),
        (60, "minute") if seconds > 600 else (1, "second"),
    )
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"


def silence_note(question: Question, seconds: int) -> str:
    """What follows if nobody answers in so many seconds."""
    left = f"{seconds} second{'' if seconds == 1 else 's'}"
    match question.silence:
        case Answer.YES:
            return f"Without an answer it is allowed in {left}."
        case Answer.VIEW_ONLY if "view" in question.capabilities:
            return f"Without an answer they may see, and no more, in {left}."
        case _:
            return f"Without an answer it is refused in {left}."


def offers_view(question: Question) -> bool:
    """Whether seeing is less than what is asked for, so that it can be the answer."""
    return "view" in question.capabilities and "control" in question.capabilities


def summary(callers: Sequence[Presence], now: float | None = None) -> str:
    """Who is connected, since when and with which rights, in one line; ``now`` in Unix seconds."""
    now = time.time() if now is None else now
    each = [_one(caller, now, brief=len(callers) > 1) for caller in callers]
    return each[0] if len(each) == 1 else f"{len(each)} callers: {'; '.join(each)}"


def _one(caller: Presence, now: float, *, brief: bool) -> str:
    state = "paused: " if caller.paused else "line cut: " if caller.cut else ""
    how = "" if caller.account or brief else ", by code"
    since = f", since {clock(caller.since, now)}" if caller.since else ""
    name = who(caller.account, caller.caller)
    warning = f" — STOPPED {harmless(caller.warning, 120)}" if caller.warning else ""
    line = f"{state}{name} at {harmless(caller.address)}{how}{since}: {shorts(caller.capabilities)}{warning}"
    return line if brief else line[:1].upper() + line[1:]
