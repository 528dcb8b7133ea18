"""A TLS certificate that nobody vouches for, known by its hash, or by the hash of the key in it.

A gateway renews a certificate of its own each year, and when its addresses change, and keeps the key: a host where
nobody sits must find it again. So a pin is the SHA-256 of a certificate, as people compare it, or of its public key.
"""

import hashlib
import hmac


def matches(pin: bytes, certificate: bytes) -> bool:
    """Whether this certificate (DER) is the one that is pinned (32 bytes)."""
    if hmac.compare_digest(hashlib.sha256(certificate).digest(), pin):
        return True
    try:
        return hmac.compare_digest(key_pin(certificate), pin)
    except ValueError:
        return False


def key_pin(certificate: bytes) -> bytes:
    """The SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 5280). Raises ValueError where it is none."""
    # They take 20 ms to load: most sessions have no pin, and most pins are a certificate's own.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
