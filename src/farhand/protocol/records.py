"""Records: sealed pieces of the stream after the handshake (spec/protocol.md, section 3)."""

import enum
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farhand.protocol import limits
from farhand.protocol.envelope import FrameType
from farhand.protocol.errors import MuxError, RecordError

_NONCE = struct.Struct(">4xQ").pack
_HEADER = struct.Struct(">BH").pack
_REKEY_NONCE = _NONCE(2**64 - 1)


class Kind(enum.IntEnum):
    """The first byte of a record's plaintext."""

    DATA = 0
    REKEY = 1
    BYE = 2


#: A rekey record's plaintext: as long as the smallest padded one, so that it does not stand out.
REKEY = bytes((Kind.REKEY,)).ljust(limits.SMALL_PADDING, b"\0")
_BYE_TEXT = 200
#: What a record is longer than its plaintext, in bytes.
OVERHEAD = limits.FRAME_HEADER + limits.TAG
#: Records from this size on are opened into one buffer for all.
_LARGE = 16 << 10

Buffer = bytes | bytearray | memoryview


def padme(length: int) -> int:
    """PADMÉ: the length to pad to so that only O(log log length) bits of it leak (Nikitin et al., 2019)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def padded(length: int, small: bool, most: int) -> int:
    """The length of a plaintext of ``length`` bytes once padded, at most ``most``."""
    target = (length + limits.SMALL_PADDING - 1) // limits.SMALL_PADDING * limits.SMALL_PADDING
    return min(target if small else padme(length), most)


def encode_bye(code: int, text: str) -> bytes:
    """A bye's plaintext; ``text`` is cut to 200 bytes of UTF-8."""
    raw = text.encode(errors="replace")[:_BYE_TEXT].decode(errors="ignore").encode()
    return (bytes((Kind.BYE, code, len(raw))) + raw).ljust(limits.SMALL_PADDING, b"\0")


def decode_bye(plaintext: bytes) -> tuple[int, str]:
    """The code and text of a bye; raises MuxError."""
    if len(plaintext) < 3:
        raise MuxError("a bye without a code")
    length = plaintext[2]
    end = 3 + length
    if length > _BYE_TEXT or end > len(plaintext) or plaintext.count(0, end) != len(plaintext) - end:
        raise MuxError("a bye that is malformed")
    try:
        return plaintext[1], plaintext[3:end].decode()
    except UnicodeDecodeError:
        raise MuxError("a bye that is no text") from None


class Sealer:
    """Makes one direction's records. ``now`` in seconds of any steady clock."""

    def __init__(self, key: bytes, now: float) -> None:
        self._aead = AESGCM(key)
        self._counter = 0
        self._under_key = 0
        self._since = now

    @property
    def rekey_at(self) -> float:
        """When the key is too old."""
        return self._since + limits.REKEY_SECONDS

    def rekey_due(self, now: float) -> bool:
        """Whether the next record must be a rekey."""
        return self._under_key >= limits.REKEY_RECORDS - 1 or now >= self.rekey_at

    def seal(self, plaintext: Buffer) -> bytes:
        """The record."""
        record = bytearray(len(plaintext) + OVERHEAD)
        self.seal_into(plaintext, memoryview(record))
        return bytes(record)

    def seal_into(self, plaintext: Buffer, record: memoryview) -> None:
        """Write the record to where there is room for it: OVERHEAD bytes more than ``plaintext``."""
        header = _HEADER(FrameType.RECORD, len(plaintext) + limits.TAG)
        record[: limits.FRAME_HEADER] = header
        self._aead.encrypt_into(_NONCE(self._counter), plaintext, header, record[limits.FRAME_HEADER :])
        self._counter += 1
        self._under_key += 1

    def rekey(self, now: float) -> bytes:
        """The last record under this key; the next one comes under the new key."""
        record = self.seal(REKEY)
        self._aead = AESGCM(next_key(self._aead))
        self._under_key = 0
        self._since = now
        return record


class Opener:
    """Opens the other direction's records."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._counter = 0
        self._under_key = 0
        #: Where the plaintexts of large records are, one after the other.
        self._room: memoryview | None = None

    def open(self, header: Buffer, body: Buffer) -> bytes | memoryview:
        """The plaintext, never empty and good until the next call; raises RecordError.

        A rekey has taken effect when it returns (check its kind).
        """
        if self._under_key >= limits.REKEY_RECORDS:
            raise RecordError("a key was used for more records than are allowed")
        try:
            plaintext = self._decrypt(_NONCE(self._counter), header, body)
        except InvalidTag:
            raise RecordError("a record that does not open") from None
        self._counter += 1
        self._under_key += 1
        if plaintext[0] == Kind.REKEY:
            if bytes(plaintext).count(0) != len(plaintext) - 1:
                raise MuxError("a rekey with bytes where zeros belong")
            self._aead = AESGCM(next_key(self._aead))
            self._under_key = 0
        return plaintext

    def _decrypt(self, nonce: bytes, header: Buffer, body: Buffer) -> bytes | memoryview:
        if len(body) < _LARGE:
            return self._aead.decrypt(nonce, body, header)
        if self._room is None:
            self._room = memoryview(bytearray(limits.PLAINTEXT_MAX))
        plaintext = self._room[: len(body) - limits.TAG]
        self._aead.decrypt_into(nonce, body, header, plaintext)
        return plaintext


def next_key(aead: AESGCM) -> bytes:
    """Noise's REKEY(k), section 4.2: the 32 bytes that follow the key of ``aead``."""
    return aead.encrypt(_REKEY_NONCE, bytes(32), b"")[:32]
