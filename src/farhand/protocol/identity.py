"""Who a device is: its two keys and the certificate that binds them."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from farhand.protocol import limits
from farhand.protocol.envelope import host_id
from farhand.protocol.errors import IdentityMismatch

__all__ = ["Certificate", "Keys", "Kind", "host_id"]

_SIGNED = limits.CERTIFICATE - 64
_LABEL = b"farhand certificate v1"
_MAGIC = b"FHK1"
_LIFETIME = 10 * 365 * 86400
#: Clocks of two machines differ; a new certificate counts from so many seconds before its making.
_EARLY = 86400


class Kind(enum.IntEnum):
    """What sort of device holds the keys."""

    HOST = 1
    CLIENT = 2
    BROWSER = 3


@dataclass(frozen=True, slots=True)
class Certificate:
    """A device's own word, signed by ``identity`` (Ed25519), that ``static`` (X25519) is its Noise key.

    Times are Unix seconds. ``encoded`` is what was signed and its signature, 210 bytes.
    """

    kind: Kind
    identity: bytes
    static: bytes
    not_before: int
    not_after: int
    name: str
    encoded: bytes = field(repr=False)

    def valid_at(self, unix: float) -> bool:
        """Whether it holds at this time, in Unix seconds."""
        return self.not_before <= unix <= self.not_after

    @classmethod
    def decode(cls, data: bytes) -> "Certificate":
        """Read and verify; raises IdentityMismatch."""
        if len(data) != limits.CERTIFICATE:
            raise IdentityMismatch(f"a certificate of {len(data)} bytes")
        length = data[82]
        try:
            kind = Kind(data[1])
            name = data[83 : 83 + length].decode()
            Ed25519PublicKey.from_public_bytes(data[2:34]).verify(data[_SIGNED:], _LABEL + data[:_SIGNED])
        except InvalidSignature:
            raise IdentityMismatch("a certificate with a wrong signature") from None
        except ValueError:
            raise IdentityMismatch("a certificate that is malformed") from None
        if data[0] != 1 or length > 63 or any(data[83 + length : _SIGNED]):
            raise IdentityMismatch("a certificate that is malformed")
        before, after = int.from_bytes(data[66:74], "big"), int.from_bytes(data[74:82], "big")
        return cls(kind, data[2:34], data[34:66], before, after, name, data)


@dataclass(frozen=True, slots=True)
class Keys:
    """A device's private keys and its certificate (210 bytes)."""

    identity: Ed25519PrivateKey = field(repr=False)
    static: X25519PrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)

    @classmethod
    def generate(cls, kind: Kind, name: str, now: float, entropy: Callable[[int], bytes]) -> "Keys":
        """Make both keys (32 bytes of ``entropy`` each, identity first); ``now`` in Unix seconds.

        ``name`` is cut to 63 bytes of UTF-8.
        """
        identity = Ed25519PrivateKey.from_private_bytes(entropy(32))
        static = X25519PrivateKey.from_private_bytes(entropy(32))
        short = name.encode(errors="replace")[:63].decode(errors="ignore").encode()
        signed = b"".join(
            (
                bytes((1, kind)),
                identity.public_key().public_bytes_raw(),
                static.public_key().public_bytes_raw(),
                max(0, int(now) - _EARLY).to_bytes(8, "big"),
                (int(now) + _LIFETIME).to_bytes(8, "big"),
                bytes((len(short),)),
                short.ljust(63, b"\0"),
            )
        )
        return cls(identity, static, signed + identity.sign(_LABEL + signed))

    @property
    def identity_public(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""
        return self.identity.public_key().public_bytes_raw()

    @property
    def static_public(self) -> bytes:
        """The X25519 public key, 32 bytes."""
        return self.static.public_key().public_bytes_raw()

    @property
    def host_id(self) -> bytes:
        """The host's id, 16 bytes."""
        return host_id(self.identity_public)

    def dump(self) -> bytes:
        """All of it for a file that its owner alone can read."""
        return _MAGIC + self.identity.private_bytes_raw() + self.static.private_bytes_raw() + self.certificate

    @classmethod
    def load(cls, data: bytes) -> "Keys":
        """Read ``dump``'s bytes; raises IdentityMismatch if they are damaged."""
        if len(data) != 4 + 64 + limits.CERTIFICATE or data[:4] != _MAGIC:
            raise IdentityMismatch("the key file is damaged: move it away, and new keys are made")
        keys = cls(
            Ed25519PrivateKey.from_private_bytes(data[4:36]),
            X25519PrivateKey.from_private_bytes(data[36:68]),
            data[68:],
        )
        certificate = Certificate.decode(keys.certificate)
        if (certificate.identity, certificate.static) != (keys.identity_public, keys.static_public):
            raise IdentityMismatch("the key file's certificate is not its keys': move it away, and new keys are made")
        return keys
