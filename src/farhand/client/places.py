"""``TARGET:path`` on the command line: which host, and which path there; or a path here."""

import re
import sys

import msgspec

from farhand.core.errors import FarhandError

#: A link with its code, or a word without a slash, before the colon that the path follows.
_LINK = re.compile(r"(https?://[^\s#]+#[\d \u2010\u2013\u2014\u2212-]+):(.*)", re.DOTALL)
_WORD = re.compile(r"([^/:]+):(.*)", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:\\")
_WILD = re.compile(r"[*?\[]")


class PlaceError(FarhandError):
    """What was written names no place that this can be done with."""


class Place(msgspec.Struct, frozen=True):
    """A path at a host, or here where ``target`` is empty."""

    target: str
    path: str

    @property
    def here(self) -> bool:
        """Whether it is on this computer."""
        return not self.target

    @property
    def stream(self) -> bool:
        """Whether it is standard input or output."""
        return self.here and self.path == "-"

    @property
    def folder(self) -> bool:
        """Whether it is written as a folder."""
        return self.path == "" or self.path.endswith("/") or self.path.rpartition("/")[2] in (".", "..", "~")

    @property
    def wild(self) -> bool:
        """Whether it is a pattern."""
        return not self.here and _WILD.search(self.path) is not None


def place(text: str, *, windows: bool = sys.platform == "win32") -> Place:
    """Read it: a colon before the first slash ends a TARGET, and so does the one after a link's code.

    ``C:\\`` is a drive anywhere, ``C:`` on Windows. ``./a:b`` is a file here. Raises PlaceError.
    """
    if (link := _LINK.fullmatch(text)) is not None:
        return Place(link[1], link[2])
    if text.startswith(("http://", "https://")):
        raise PlaceError(
            "the link names no path", "put a colon and the path behind it: 'https://10.0.0.5:8443/#4821-739204615:docs'"
        )
    word = _WORD.fullmatch(text)
    if word is None or _DRIVE.match(text) or (windows and len(word[1]) == 1):
        return Place("", text)
    return Place(word[1], word[2])


def remote(text: str) -> Place:
    """The same for what is at a host: without a colon it is a TARGET, and means where relative paths begin."""
    if text.startswith(("http://", "https://")) and _LINK.fullmatch(text) is None:
        return Place(text, "")
    found = place(text)
    if not found.here:
        return found
    if "/" in text:
        raise PlaceError(f"{text!r} is a path on this computer", f"name the host, too: TARGET:{text}")
    return Place(text, "")
