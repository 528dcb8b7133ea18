"""The certificate that binds a device's two keys: read and verified without any private key at hand."""

import enum
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from farhand.protocol import limits
from farhand.protocol.errors import IdentityMismatch

SIGNED = limits.CERTIFICATE - 64
LABEL = b"farhand certificate v1"


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
            Ed25519PublicKey.from_public_bytes(data[2:34]).verify(data[SIGNED:], LABEL + data[:SIGNED])
        except InvalidSignature:
            raise IdentityMismatch("a certificate with a wrong signature") from None
        except ValueError:
            raise IdentityMismatch("a certificate that is malformed") from None
        if data[0] != 1 or length > 63 or any(data[83 + length : SIGNED]):
            raise IdentityMismatch("a certificate that is malformed")
        before, after = int.from_bytes(data[66:74], "big"), int.from_bytes(data[74:82], "big")
        return cls(kind, data[2:34], data[34:66], before, after, name, data)
