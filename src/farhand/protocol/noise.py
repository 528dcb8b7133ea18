"""The Noise Protocol Framework, revision 34, for 25519, AESGCM and SHA256 (noiseprotocol.org/noise.html).

The names are the specification's. Keys and randomness are arguments; nothing is drawn here.
"""

import hashlib
import hmac
import struct
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farhand.protocol.errors import HandshakeFailed

DHLEN = 32
TAGLEN = 16
MAX_NONCE = 2**64 - 1
_pack_nonce = struct.Struct(">4xQ").pack


class Pattern(msgspec.Struct, frozen=True):
    """A handshake pattern: its name, what each end knows of the other beforehand, and the tokens of each message."""

    name: str
    messages: tuple[tuple[str, ...], ...]
    before_initiator: tuple[str, ...] = ()
    before_responder: tuple[str, ...] = ()

    @property
    def protocol_name(self) -> bytes:
        """What h starts from."""
        return f"Noise_{self.name}_25519_AESGCM_SHA256".encode()


#: The one pattern that Farhand uses.
XXPSK3 = Pattern("XXpsk3", (("e",), ("e", "ee", "s", "es"), ("s", "se", "psk")))


def hkdf(chaining_key: bytes, input_key: bytes, outputs: int) -> tuple[bytes, ...]:
    """HKDF of section 4.3: two or three outputs of 32 bytes."""
    temp = hmac.digest(chaining_key, input_key, "sha256")
    out: list[bytes] = []
    last = b""
    for n in range(1, outputs + 1):
        last = hmac.digest(temp, last + bytes((n,)), "sha256")
        out.append(last)
    return tuple(out)


def dh(private: X25519PrivateKey, public: bytes) -> bytes:
    """X25519; raises HandshakeFailed for a low-order point (RFC 7748, section 6.1)."""
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise HandshakeFailed("a public key that is a low-order point") from None


def public_bytes(private: X25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return private.public_key().public_bytes_raw()


class CipherState:
    """A key and its counter (section 5.1)."""

    def __init__(self, key: bytes | None = None) -> None:
        self.nonce = 0
        self._aead: AESGCM | None = None
        if key is not None:
            self.initialize_key(key)

    def initialize_key(self, key: bytes) -> None:
        """Take a key and count from 0."""
        self._aead = AESGCM(key)
        self.nonce = 0

    def has_key(self) -> bool:
        """Whether there is a key yet."""
        return self._aead is not None

    def encrypt_with_ad(self, ad: bytes | memoryview, plaintext: bytes | bytearray | memoryview) -> bytes:
        """Encrypt, or pass on where there is no key yet."""
        if self._aead is None:
            return bytes(plaintext)
        out = self._aead.encrypt(self._next(), plaintext, ad)
        self.nonce += 1
        return out

    def decrypt_with_ad(self, ad: bytes | memoryview, ciphertext: bytes | bytearray | memoryview) -> bytes:
        """Decrypt; raises HandshakeFailed and does not count where the tag is wrong."""
        if self._aead is None:
            return bytes(ciphertext)
        try:
            out = self._aead.decrypt(self._next(), ciphertext, ad)
        except InvalidTag:
            raise HandshakeFailed("a ciphertext that does not open") from None
        self.nonce += 1
        return out

    def rekey(self) -> None:
        """REKEY(k), the default of section 4.2; the counter goes on."""
        if self._aead is None:
            raise ValueError("no key to renew")
        self._aead = AESGCM(self._aead.encrypt(_pack_nonce(MAX_NONCE), bytes(32), b"")[:32])

    def _next(self) -> bytes:
        if self.nonce >= MAX_NONCE:
            raise HandshakeFailed("a key was used up")
        return _pack_nonce(self.nonce)


class SymmetricState:
    """The chaining key and the hash of all that was said (section 5.2)."""

    def __init__(self, protocol_name: bytes) -> None:
        padded = protocol_name.ljust(32, b"\0")
        self.h = padded if len(padded) == 32 else hashlib.sha256(protocol_name).digest()
        self.ck = self.h
        self.cipher = CipherState()

    def mix_key(self, input_key: bytes) -> None:
        """MixKey."""
        self.ck, key = hkdf(self.ck, input_key, 2)
        self.cipher.initialize_key(key)

    def mix_hash(self, data: bytes) -> None:
        """MixHash."""
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key_and_hash(self, input_key: bytes) -> None:
        """MixKeyAndHash, for psks."""
        self.ck, mixed, key = hkdf(self.ck, input_key, 3)
        self.mix_hash(mixed)
        self.cipher.initialize_key(key)

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        """EncryptAndHash."""
        out = self.cipher.encrypt_with_ad(self.h, plaintext)
        self.mix_hash(out)
        return out

    def decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        """DecryptAndHash; raises HandshakeFailed."""
        out = self.cipher.decrypt_with_ad(self.h, ciphertext)
        self.mix_hash(ciphertext)
        return out

    def split(self) -> tuple[bytes, bytes]:
        """The two directions' keys: the initiator's first."""
        first, second = hkdf(self.ck, b"", 2)
        return first, second


class HandshakeState:
    """One end of a handshake (section 5.3).

    ``s`` and ``e`` are this end's keys, ``rs`` and ``re`` the other's as far as known beforehand. ``e`` must be fresh:
    it is an argument only because nothing is drawn here. ``psks`` are in the order in which the messages use them and
    may be added before the message that needs them (``psks.append``).
    """

    def __init__(
        self,
        pattern: Pattern,
        *,
        initiator: bool,
        prologue: bytes,
        s: X25519PrivateKey | None = None,
        e: X25519PrivateKey | None = None,
        rs: bytes | None = None,
        re: bytes | None = None,
        psks: Sequence[bytes] = (),
    ) -> None:
        self.initiator = initiator
        self.s, self.e, self.rs, self.re = s, e, rs, re
        self.psks = list(psks)
        self._uses_psk = any("psk" in tokens for tokens in pattern.messages)
        self._left = list(pattern.messages)
        self.symmetric = SymmetricState(pattern.protocol_name)
        self.symmetric.mix_hash(prologue)
        for ours, tokens in ((initiator, pattern.before_initiator), (not initiator, pattern.before_responder)):
            for token in tokens:
                self.symmetric.mix_hash(self._known(token, ours))

    @property
    def finished(self) -> bool:
        """Whether all messages have passed."""
        return not self._left

    @property
    def handshake_hash(self) -> bytes:
        """h: unique to the session once it is finished (section 11.2)."""
        return self.symmetric.h

    @property
    def remote_ephemeral(self) -> bytes:
        """The other end's ephemeral key, 32 bytes, once it has been read."""
        return self._known("e", False)

    @property
    def remote_static(self) -> bytes:
        """The other end's static key, 32 bytes, once it has been read."""
        return self._known("s", False)

    def write_message(self, payload: bytes) -> bytes:
        """The next message, with ``payload``; raises HandshakeFailed for a low-order key of the other end."""
        out = bytearray()
        for step in self._left.pop(0):
            if step == "e":
                public = self._known("e", True)
                out += public
                self._mix_e(public)
            elif step == "s":
                out += self.symmetric.encrypt_and_hash(self._known("s", True))
            else:
                self._mix(step)
        out += self.symmetric.encrypt_and_hash(payload)
        return bytes(out)

    def read_message(self, message: bytes) -> bytes:
        """The payload of the other end's next message; raises HandshakeFailed."""
        at = 0
        for step in self._left.pop(0):
            if step == "e":
                self.re = _take(message, at, DHLEN)
                at += DHLEN
                self._mix_e(self.re)
            elif step == "s":
                size = DHLEN + TAGLEN * self.symmetric.cipher.has_key()
                self.rs = self.symmetric.decrypt_and_hash(_take(message, at, size))
                at += size
            else:
                self._mix(step)
        return self.symmetric.decrypt_and_hash(message[at:])

    def split(self) -> tuple[bytes, bytes]:
        """Keys to send and to receive with; only once finished."""
        if self._left:
            raise ValueError("the handshake is not over")
        first, second = self.symmetric.split()
        return (first, second) if self.initiator else (second, first)

    def _mix_e(self, public: bytes) -> None:
        self.symmetric.mix_hash(public)
        if self._uses_psk:
            self.symmetric.mix_key(public)

    def _mix(self, step: str) -> None:
        if step == "psk":
            self.symmetric.mix_key_and_hash(self.psks.pop(0))
            return
        ours, theirs = (step[0], step[1]) if self.initiator else (step[1], step[0])
        private = self.e if ours == "e" else self.s
        public = self.re if theirs == "e" else self.rs
        if private is None or public is None:
            raise ValueError(f"no key for {step}")
        self.symmetric.mix_key(dh(private, public))

    def _known(self, step: str, ours: bool) -> bytes:
        if ours:
            private = self.e if step == "e" else self.s
            public = None if private is None else public_bytes(private)
        else:
            public = self.re if step == "e" else self.rs
        if public is None:
            raise ValueError(f"no key for {step}")
        return public


def _take(message: bytes, at: int, size: int) -> bytes:
    part = message[at : at + size]
    if len(part) != size:
        raise HandshakeFailed("a handshake message that is too short")
    return part
