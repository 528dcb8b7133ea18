"""Names of files: which are refused, how they are shown, what a second file of the same name is called.

Names are bytes, as POSIX has them: newlines, ``%n`` and bidi marks are legal on disk and made visible for people.
"""

import os

from farhand.files.errors import BadName

#: Names that begin so are the engine's own: never listed, opened or written by a name from the other end.
RESERVED = b".farhand-incoming"
#: The longest name in bytes (NAME_MAX).
NAME_MAX = 255


def check_name(part: bytes) -> None:
    """Refuse what is not one plain name; raises BadName."""
    if not part:
        raise BadName("a name is empty")
    if part in (b".", b".."):
        raise BadName(f"a name is {display(part)}")
    if b"/" in part or b"\0" in part:
        raise BadName("a name holds a slash or a zero byte")
    if len(part) > NAME_MAX:
        raise BadName(f"a name is longer than {NAME_MAX} bytes")
    if part.startswith(RESERVED):
        raise BadName(f"names that begin with {display(RESERVED)} are Farhand's own")


def split(path: bytes) -> list[bytes]:
    """Give a relative path's names, none for the empty path; raises BadName, also for an absolute path."""
    parts = path.split(b"/") if path else []
    for part in parts:
        check_name(part)
    return parts


def check_target(target: bytes) -> None:
    """Refuse what no symbolic link can hold; wherever it points is allowed. Raises BadName."""
    if not target or b"\0" in target:
        raise BadName("a link's target is empty or holds a zero byte")


def display(path: bytes) -> str:
    """Show a path to a person: control characters, bidi marks, undecodable bytes and backslashes as escapes."""
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(c if c.isprintable() and c != "\\" else _escape(c) for c in text)


def another(name: bytes, n: int) -> bytes:
    """Name the ``n``-th file of that name: ``a (2).txt``; a stem that would make it too long is cut short."""
    stem, suffix = os.path.splitext(name)
    mark = b" (%d)" % n
    suffix = suffix[: NAME_MAX // 2]
    room = NAME_MAX - len(mark) - len(suffix)
    if len(stem) > room:
        stem = stem[:room].decode("utf-8", "ignore").encode() or stem[:room]
    return stem + mark + suffix


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
