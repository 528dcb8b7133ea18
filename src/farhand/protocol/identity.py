"""Who a device is: its two keys and the certificate that binds them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from farhand.protocol import limits
from farhand.protocol.certificate import LABEL, Certificate, Kind
from farhand.protocol.envelope import host_id
from farhand.protocol.errors import IdentityMismatch

__all__ = ["Certificate", "Keys", "Kind", "host_id"]

_MAGIC = b"FHK1"
_LIFETIME = 10 * 365 * 86400
#: Clocks of two machines differ; a new certificate counts from so many seconds before its making.
_EARLY = 86400
#: The same for a certificate that lives for minutes or hours.
_EARLY_SHORT = 300


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
        times = int(now) - _EARLY, int(now) + _LIFETIME
        return cls(identity, static, _certificate(identity, static.public_key().public_bytes_raw(), kind, name, times))

    def certify(self, static_public: bytes, kind: Kind, name: str, now: float, lifetime: int) -> bytes:
        """A certificate (210 bytes) by this identity for a Noise key made elsewhere, whose private half stays there.

        ``static_public`` has 32 bytes; ``now`` is in Unix seconds, ``lifetime`` in seconds; ``name`` is cut to 63
        bytes.
        """
        times = int(now) - _EARLY_SHORT, int(now) + lifetime
        return _certificate(self.identity, static_public, kind, name, times)

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


def _certificate(
    identity: Ed25519PrivateKey, static_public: bytes, kind: Kind, name: str, times: tuple[int, int]
) -> bytes:
    short = name.encode(errors="replace")[:63].decode(errors="ignore").encode()
    signed = b"".join(
        (
            bytes((1, kind)),
            identity.public_key().public_bytes_raw(),
            static_public,
            max(0, times[0]).to_bytes(8, "big"),
            times[1].to_bytes(8, "big"),
            bytes((len(short),)),
            short.ljust(63, b"\0"),
        )
    )
    return signed + identity.sign(LABEL + signed)
