"""One-time codes: their form, and CPace, which turns one guess into at most one session.

CPACE-X25519-SHA512 of draft-irtf-cfrg-cpace (initiator and responder), with RFC 9380's Elligator 2. The map works on
Python integers and takes a time that depends on them; a code answers one guess and is dead, so that one measurement of
one map is all that it leaks.
"""

import hashlib
import re
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from farhand.protocol.errors import CodeError
from farhand.protocol.noise import dh

SECRET_DIGITS = 9

_P = 2**255 - 19
_A = 486662
_DSI = b"CPace255"
_BLOCK = 128
_CODE = re.compile(r"[0-9]{13,18}\Z")
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—]+")


def new_secret(entropy: Callable[[int], bytes]) -> str:
    """Nine digits, every one of the 10⁹ as likely as the others."""
    while True:
        number = int.from_bytes(entropy(4), "big")
        if number < 4 * 10**SECRET_DIGITS:
            return f"{number % 10**SECRET_DIGITS:09d}"


def format_code(route: str, secret: str) -> str:
    """For people: ``4821-739 204 615``."""
    return f"{route}-{' '.join(secret[at : at + 3] for at in range(0, len(secret), 3))}"


def parse_code(text: str) -> tuple[str, str]:
    """Route and secret out of what a person typed or a link holds; raises CodeError.

    The last nine digits are the secret, so that spaces and dashes may stand anywhere or be missing.
    """
    digits = _SEPARATORS.sub("", text)
    if not _CODE.match(digits):
        raise CodeError("a code has 13 to 18 digits, as 4821-739 204 615: look at it again")
    return digits[:-SECRET_DIGITS], digits[-SECRET_DIGITS:]


def prepend_len(data: bytes) -> bytes:
    """The length in unsigned LEB128, then ``data``."""
    length, out = len(data), bytearray()
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    out.append(length)
    return bytes(out) + data


def lv_cat(*parts: bytes) -> bytes:
    """All parts, each after its length."""
    return b"".join(map(prepend_len, parts))


def generator_string(prs: bytes, ci: bytes, sid: bytes) -> bytes:
    """The draft's generator_string: the password and the padding fill the hash's first block."""
    pad = max(0, _BLOCK - 1 - len(prepend_len(prs)) - len(prepend_len(_DSI)))
    return lv_cat(_DSI, prs, bytes(pad), ci, sid)


def calculate_generator(prs: bytes, ci: bytes, sid: bytes) -> bytes:
    """The generator that only who knows ``prs`` finds: a u-coordinate of 32 bytes."""
    digest = hashlib.sha512(generator_string(prs, ci, sid)).digest()[:32]
    return elligator2(int.from_bytes(digest, "little") & (2**255 - 1)).to_bytes(32, "little")


def elligator2(r: int) -> int:
    """RFC 9380's map_to_curve_elligator2_curve25519, u-coordinate only."""
    v = -_A * pow(1 + 2 * r * r, -1, _P) % _P
    w = (v * v * v + _A * v * v + v) % _P
    return v if pow(w, (_P - 1) // 2, _P) == 1 else (-v - _A) % _P


class CPace:
    """One end of one exchange. ``scalar`` is 32 fresh random bytes, used once."""

    def __init__(self, *, prs: bytes, ci: bytes, sid: bytes, scalar: bytes) -> None:
        self._private = X25519PrivateKey.from_private_bytes(scalar)
        self._sid = sid
        self.share = dh(self._private, calculate_generator(prs, ci, sid))

    def initiator_key(self, ada: bytes, yb: bytes, adb: bytes) -> bytes:
        """The initiator's ISK (64 bytes); raises HandshakeFailed if ``yb`` is a low-order point."""
        return self._isk(yb, lv_cat(self.share, ada) + lv_cat(yb, adb))

    def responder_key(self, ya: bytes, ada: bytes, adb: bytes) -> bytes:
        """The responder's ISK (64 bytes); raises HandshakeFailed if ``ya`` is a low-order point."""
        return self._isk(ya, lv_cat(ya, ada) + lv_cat(self.share, adb))

    def _isk(self, theirs: bytes, transcript: bytes) -> bytes:
        point = dh(self._private, theirs)
        return hashlib.sha512(lv_cat(_DSI + b"_ISK", self._sid, point) + transcript).digest()
