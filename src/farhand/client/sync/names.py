"""Names for what is kept of a conflict, and which names a system takes for the same."""

import unicodedata
from collections.abc import Callable

#: Bytes that a name may have, on every usual file system.
LONGEST = 255


def conflict_name(path: bytes, label: str, taken: Callable[[bytes], bool]) -> bytes:
    """Return ``folder/name (conflict LABEL).txt``, with a number where that is ``taken`` too.

    A name that would be too long loses the end of its stem, never half of a character.
    """
    folder, slash, name = path.rpartition(b"/")
    dot = name.rfind(b".")
    stem, suffix = (name[:dot], name[dot:]) if dot > 0 and len(name) - dot <= 32 else (name, b"")
    number = 1
    while True:
        mark = f" (conflict {label}{f' {number}' if number > 1 else ''})".encode()
        found = folder + slash + _shortened(stem, LONGEST - len(mark) - len(suffix)) + mark + suffix
        if not taken(found):
            return found
        number += 1


def folded(path: bytes) -> str:
    """What a system that ignores case makes of a path: two paths with one such form are the same name there."""
    return unicodedata.normalize("NFC", path.decode("utf-8", "surrogateescape")).casefold()


def _shortened(stem: bytes, room: int) -> bytes:
    if len(stem) <= room:
        return stem
    end = room
    while end > 0 and stem[end] & 0xC0 == 0x80:
        end -= 1
    return stem[: end or room]
