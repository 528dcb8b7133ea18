"""Words for the person at the host: what is asked for, who is here, and strangers' texts made harmless."""

import unicodedata
from collections.abc import Sequence

from farhand.host.platform.base import Presence

#: What each capability means to somebody who has never heard of capabilities.
MEANINGS = {
    "view": "See the screen",
    "control": "Use the keyboard and the mouse",
    "clipboard": "Read and change the clipboard",
    "files-read": "Copy files from this computer",
    "files-write": "Put files on this computer",
    "shell": "Run commands",
    "manage": "Manage programs and services",
    "record": "Record the session",
}
#: Characters of a name in a line that says more than the name.
_SHORT = 40
_HARMLESS = {"L", "N", "P", "S"}


def harmless(text: str, longest: int = 64) -> str:
    """One line of letters, digits, punctuation and symbols, at most ``longest`` characters.

    Left out are controls, directions (bidi), joiners, characters of no width, private and unassigned ones, and marks
    that stack on letters: everything by which a name could hide, reorder or overdraw what stands beside it.
    """
    kept = []
    for character in unicodedata.normalize("NFC", text[: longest * 8]):
        category = unicodedata.category(character)
        if category[0] in _HARMLESS:
            kept.append(character)
        elif category == "Zs" or character in "\t\n\r":
            kept.append(" ")
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def name_of(caller: str, longest: int = 64) -> str:
    """A caller's own word for themselves, or a word that says there is none."""
    return harmless(caller, longest) or "Somebody without a name"


def wishes(capabilities: Sequence[str]) -> list[str]:
    """What these capabilities mean, a line each; one that has no meaning here is named as it is."""
    return [MEANINGS.get(capability, harmless(capability, 32)) for capability in capabilities]


def summary(callers: Sequence[Presence]) -> str:
    """Who is connected and what they can do, in one line."""
    if len(callers) == 1:
        caller = callers[0]
        who = f"{name_of(caller.caller, _SHORT)} at {harmless(caller.address)}"
        return f"{who} can {_ability(caller)} this computer"
    who = ", ".join(f"{name_of(c.caller, _SHORT)} at {harmless(c.address)} ({_ability(c)})" for c in callers)
    return f"{len(callers)} callers: {who}"


def _ability(caller: Presence) -> str:
    return "see and control" if "control" in caller.capabilities else "see"
