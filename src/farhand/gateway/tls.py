"""The gateway's own certificate: made here, trusted by nobody but whoever compares its fingerprint.

The session is end-to-end encrypted whatever carries it; TLS is there because browsers give a page WebCrypto and
WebCodecs in a secure context only.
"""

import datetime
import hashlib
import ipaddress
import ssl
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from farhand.core.config import read_private, write_private
from farhand.core.errors import FarhandError
from farhand.gateway.settings import Tls

#: Browsers refuse certificates that hold for longer than 398 days.
_LIFETIME = datetime.timedelta(days=397)
_RENEW_BEFORE = datetime.timedelta(days=30)
_EARLY = datetime.timedelta(days=1)
_NAMES_MAX = 64


class TlsError(FarhandError):
    """A certificate or key cannot be used."""


def own_certificate(folder: Path, names: Iterable[str], now: datetime.datetime) -> Tls:
    """Return a certificate of this machine's own for these host names and addresses, kept in the folder (0600).

    It is made when there is none, renewed 30 days before its end or when a name is missing; the key stays, so that
    its fingerprint does. Raises TlsError, OSError.
    """
    wanted = list(dict.fromkeys(names))[:_NAMES_MAX]
    certificate_path, key_path = folder / "gateway.crt", folder / "gateway.key"
    try:
        key = serialization.load_pem_private_key(read_private(key_path), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TlsError(f"{key_path} holds another kind of key", "move it away, and a new one is made")
    except FileNotFoundError:
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(
            key_path,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    except ValueError as error:
        raise TlsError(f"{key_path} is damaged", "move it away, and a new one is made") from error
    if not _holds(certificate_path, key, wanted, now):
        write_private(certificate_path, _make(key, wanted, now).public_bytes(serialization.Encoding.PEM))
    return Tls(certificate_path, key_path)


def given_certificate(certificate: Path, key: Path) -> Tls:
    """Check the files that the owner gave; browsers are taken to trust them. Raises TlsError."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    except FileNotFoundError as error:
        raise TlsError(f"{certificate} or {key} does not exist", "name the PEM files with --cert and --key") from error
    except PermissionError as error:
        raise TlsError(f"{certificate} or {key} may not be read", "let this user read both") from error
    except ssl.SSLError as error:
        raise TlsError(
            f"{certificate} and {key} do not go together ({error.reason})",
            "both are PEM; the certificate comes first in its file, then its chain; the key has no password",
        ) from error
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    return Tls(certificate, key, trusted=loaded.issuer != loaded.subject)


def certificate_fingerprint(tls: Tls) -> str:
    """The SHA-256 of the certificate as browsers show it: hexadecimal pairs with colons."""
    loaded = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    return hashlib.sha256(loaded.public_bytes(serialization.Encoding.DER)).digest().hex(":").upper()


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _holds(path: Path, key: ec.EllipticCurvePrivateKey, wanted: list[str], now: datetime.datetime) -> bool:
    try:
        loaded = x509.load_pem_x509_certificate(read_private(path))
        names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    return (
        loaded.not_valid_before_utc <= now < loaded.not_valid_after_utc - _RENEW_BEFORE
        and loaded.public_key() == key.public_key()
        and {_general(name) for name in wanted} <= set(names)
    )


def _make(key: ec.EllipticCurvePrivateKey, names: list[str], now: datetime.datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Farhand on this computer")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now - _EARLY + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
