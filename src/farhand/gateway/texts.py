"""Text that others chose, made fit to store and show: it stays data wherever it goes."""

import base64
import binascii
import re

from farhand.gateway.errors import ApiError

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


def binary(text: str, what: str, size: int | None = None) -> bytes:
    """The bytes of base64 text, of either alphabet, padded or not. Raises ApiError where it is not, or not ``size``."""
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if (size is not None and len(data) != size) or bool(data) != bool(text):
        raise ApiError(422, "malformed", f"the {what} is not base64 of the right length", "send all of it")
    return data


def base64_text(data: bytes) -> str:
    """Bytes as the API gives them."""
    return base64.b64encode(data).decode()
