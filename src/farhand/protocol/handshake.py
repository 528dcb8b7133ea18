"""The handshake's cryptography: Noise XXpsk3 with ML-KEM-768 and CPace (spec/protocol.md, section 2).

Randomness is drawn in a fixed order, which the vectors rely on. Viewer: Noise ephemeral (32 bytes), ML-KEM seed (64),
CPace scalar (32, attended only). Host: Noise ephemeral (32), CPace scalar (32, attended only); ML-KEM draws its own,
so that a recorded handshake is run again with another ``encapsulate``.
"""

from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from farhand.protocol import limits
from farhand.protocol.envelope import Hello, Welcome
from farhand.protocol.errors import HandshakeFailed, IdentityMismatch
from farhand.protocol.identity import Certificate, Keys, host_id
from farhand.protocol.noise import XXPSK3, HandshakeState, public_bytes
from farhand.protocol.pairing import CPace

Entropy = Callable[[int], bytes]
#: An ML-KEM-768 encapsulation key to the shared secret and the ciphertext.
Encapsulate = Callable[[bytes], tuple[bytes, bytes]]
_KEM_PUBLIC = 1184
_KEM_CIPHERTEXT = 1088
_NO_SHARE = bytes(32)


class Opening(msgspec.Struct, frozen=True):
    """What was said in the clear, as it stood on the wire; all of it is bound into the keys."""

    hello: Hello
    welcome: Welcome

    @property
    def prologue(self) -> bytes:
        """Noise's prologue."""
        return b"farhand session v1" + self.hello.encode() + self.welcome.encode()

    def cpace(self, secret: str, scalar: bytes) -> CPace:
        """CPace over this opening."""
        return CPace(
            prs=secret.encode("ascii"),
            ci=b"farhand cpace v1" + self.welcome.host_id,
            sid=self.hello.nonce + self.welcome.nonce,
            scalar=scalar,
        )

    def psk(self, isk: bytes, kem_secret: bytes) -> bytes:
        """The psk of message 3; ``isk`` is CPace's key, empty unless attended."""
        parts = (self.hello.nonce, self.welcome.nonce, isk, kem_secret)
        keyed = b"".join(len(part).to_bytes(2, "big") + part for part in parts)
        return HKDF(algorithm=SHA256(), length=32, salt=b"farhand psk v1", info=b"").derive(keyed)


class Secrets(msgspec.Struct, frozen=True):
    """A finished handshake: keys to send and to receive with (32 bytes each) and its hash."""

    send: bytes
    receive: bytes
    handshake_hash: bytes


class ViewerHandshake:
    """The viewer's end: ``write_1``, ``read_2``, ``write_3``. ``secret`` is the code's digits, None unless attended."""

    def __init__(self, opening: Opening, static: X25519PrivateKey, secret: str | None, entropy: Entropy) -> None:
        self._opening = opening
        ephemeral = X25519PrivateKey.from_private_bytes(entropy(32))
        self._ephemeral = public_bytes(ephemeral)
        self._kem = MLKEM768PrivateKey.from_seed_bytes(entropy(64))
        self._cpace = opening.cpace(secret, entropy(32)) if secret is not None else None
        self._noise = HandshakeState(XXPSK3, initiator=True, prologue=opening.prologue, s=static, e=ephemeral)

    def write_1(self) -> bytes:
        """Message 1's body."""
        share = self._cpace.share if self._cpace else _NO_SHARE
        return self._noise.write_message(self._kem.public_key().public_bytes_raw() + share)

    def read_2(self, body: bytes) -> Certificate:
        """The host's certificate, which names its Noise key and its id. Raises HandshakeFailed, IdentityMismatch."""
        payload = self._noise.read_message(body)
        certificate = Certificate.decode(payload[: limits.CERTIFICATE])
        if (
            certificate.static != self._noise.remote_static
            or host_id(certificate.identity) != self._opening.welcome.host_id
        ):
            raise IdentityMismatch("the host's certificate is for other keys than the host has")
        at = limits.CERTIFICATE
        kem_secret = self._kem.decapsulate(payload[at : at + _KEM_CIPHERTEXT])
        at += _KEM_CIPHERTEXT
        share, feed = payload[at : at + 32], int.from_bytes(payload[at + 32 :], "big")
        if feed != self._opening.welcome.feed:
            raise HandshakeFailed("the host names two versions of its advisory feed")
        if self._cpace:
            isk = self._cpace.initiator_key(self._ephemeral, share, self._noise.remote_ephemeral)
        elif share == _NO_SHARE:
            isk = b""
        else:
            raise HandshakeFailed("a CPace share without a code")
        self._noise.psks.append(self._opening.psk(isk, kem_secret))
        return certificate

    def write_3(self, payload: bytes) -> tuple[bytes, Secrets]:
        """Message 3's body around ``payload`` (4096 bytes), and the keys."""
        body = self._noise.write_message(payload)
        send, receive = self._noise.split()
        return body, Secrets(send, receive, self._noise.handshake_hash)


class HostHandshake:
    """The host's end: ``read_1``, ``write_2``, ``read_3``. ``secret`` is the code's digits, None unless attended."""

    def __init__(
        self,
        opening: Opening,
        keys: Keys,
        secret: str | None,
        entropy: Entropy,
        encapsulate: Encapsulate,
    ) -> None:
        self._opening = opening
        self._keys = keys
        self._encapsulate = encapsulate
        ephemeral = X25519PrivateKey.from_private_bytes(entropy(32))
        self._ephemeral = public_bytes(ephemeral)
        self._cpace = opening.cpace(secret, entropy(32)) if secret is not None else None
        self._noise = HandshakeState(XXPSK3, initiator=False, prologue=opening.prologue, s=keys.static, e=ephemeral)
        self._kem_public = b""
        self._isk = b""

    def read_1(self, body: bytes) -> None:
        """Take message 1; raises HandshakeFailed."""
        payload = self._noise.read_message(body)
        self._kem_public, share = payload[:_KEM_PUBLIC], payload[_KEM_PUBLIC:]
        if self._cpace:
            self._isk = self._cpace.responder_key(share, self._noise.remote_ephemeral, self._ephemeral)
        elif share != _NO_SHARE:
            raise HandshakeFailed("a CPace share without a code")

    def write_2(self) -> bytes:
        """Message 2's body; raises HandshakeFailed for an ML-KEM key that is none."""
        kem_secret, ciphertext = self._encapsulate(self._kem_public)
        share = self._cpace.share if self._cpace else _NO_SHARE
        feed = self._opening.welcome.feed.to_bytes(8, "big")
        self._noise.psks.append(self._opening.psk(self._isk, kem_secret))
        return self._noise.write_message(self._keys.certificate + ciphertext + share + feed)

    def read_3(self, body: bytes) -> tuple[bytes, bytes, Secrets]:
        """The viewer's Noise key, message 3's payload and the keys; raises HandshakeFailed (a wrong code, too)."""
        payload = self._noise.read_message(body)
        send, receive = self._noise.split()
        return self._noise.remote_static, payload, Secrets(send, receive, self._noise.handshake_hash)


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    """ML-KEM-768 with randomness of its own; raises HandshakeFailed."""
    try:
        return MLKEM768PublicKey.from_public_bytes(public).encapsulate()
    except ValueError:
        raise HandshakeFailed("an ML-KEM key that is malformed") from None
