"""Text that others chose, made fit to store and show: it stays data wherever it goes."""

import re

#: Control characters, line ends, NUL, and what turns the direction of text round or hides in it.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def shown(text: str, limit: int) -> str:
    """The text with a replacement character (U+FFFD) for each that no name needs, cut to ``limit`` characters."""
    return _UNFIT.sub("\ufffd", text[:limit])


def is_shown(text: str) -> bool:
    """Whether ``shown`` would leave it as it is, its length aside."""
    return _UNFIT.search(text) is None
