"""Names for things: random ids that tell what they name."""

import base64
import re
import secrets
from collections.abc import Callable

_BYTES = 16
_ID = re.compile(r"[a-z]{2,12}_[a-z2-7]{26}")


def new_id(kind: str, entropy: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a fresh id such as `host_mfrggzdfmztwq2lknnwg23tpoa`: the kind, and 128 random bits in base32.

    The kind is 2 to 12 lower-case letters. An id is unique and cannot be guessed, yet it is a name, not a
    secret: it may stand in logs and addresses. Raises ValueError for another kind.
    """
    made = f"{kind}_{_base32(entropy(_BYTES))}"
    if not is_id(made, kind):
        raise ValueError(f"no kind of id: {kind!r}")
    return made


def is_id(text: str, kind: str) -> bool:
    """Tell whether the text is an id of this kind, in the one form that `new_id` gives it."""
    return _ID.fullmatch(text) is not None and text.startswith(f"{kind}_")


def grouped(text: str, size: int = 4, separator: str = " ") -> str:
    """Return the text in groups of `size` characters, the last one shorter where it has to be."""
    return separator.join(text[start : start + size] for start in range(0, len(text), size))


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()
