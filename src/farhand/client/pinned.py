"""TLS to a gateway whose certificate nobody vouches for: one certificate is accepted, by its SHA-256."""

import asyncio
import hashlib
import ssl
from typing import Any
from urllib.parse import urlsplit

from farhand.client.errors import CertificateChanged
from farhand.core.ids import grouped
from farhand.core.pins import matches

_SECONDS = 10.0


class OtherCertificate(ssl.SSLCertVerificationError):
    """What the handshake fails with; `told` is what a person is to read."""

    def __init__(self, pinned: bytes, shown: bytes) -> None:
        super().__init__("another certificate than the pinned one")
        self.told = CertificateChanged(shown_certificate(pinned), shown_certificate(shown))


def tls_context(fingerprint: bytes | None) -> ssl.SSLContext:
    """The system's judgement, or, with a pin (core/pins.py), that certificate or key and no other."""
    context = ssl.create_default_context()
    if fingerprint is not None:
        pinned = fingerprint
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE

        class Pinned(ssl.SSLObject):
            """Compares right after the handshake, before a byte of the request is written."""

            def do_handshake(self) -> None:
                super().do_handshake()
                shown = self.getpeercert(binary_form=True) or b""
                if not matches(pinned, shown):
                    raise OtherCertificate(pinned, hashlib.sha256(shown).digest())

        context.sslobject_class = Pinned
    return context


def shown_certificate(digest: bytes) -> str:
    """A certificate's SHA-256 as `farhand gateway` prints it."""
    return grouped(digest.hex(), 8)


async def untrusted_certificate(url: str) -> bytes | None:
    """The SHA-256 of the certificate that this https:// address shows; None where the system trusts it.

    Raises OSError, TimeoutError.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    try:
        await _certificate(parts.hostname, parts.port or 443, ssl.create_default_context())
    except ssl.SSLCertVerificationError:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return await _certificate(parts.hostname, parts.port or 443, context)
    return None


async def _certificate(host: str, port: int, context: ssl.SSLContext) -> bytes:
    async with asyncio.timeout(_SECONDS):
        _reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        tls: Any = writer.get_extra_info("ssl_object")
        return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").digest()
    finally:
        writer.transport.abort()
