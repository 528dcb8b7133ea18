"""Who may do what: statements signed by the organisation's root, or by a key to which it delegated that.

Three statements: a *delegation* (the root lets another key sign grants, up to a ceiling, or enrol hosts), an
*endorsement* (these are a host's keys), a *grant* (this device may do that on this host for the next minutes). Each is
a MessagePack array and an Ed25519 signature over a label and the array. Reading is strict: what does not encode to the
same bytes again is refused (spec/protocol.md, section 6). Pure: time is an argument, in Unix seconds.
"""

import base64
import binascii
import enum
import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from typing import Annotated, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from farhand.protocol import limits
from farhand.protocol.capability import ALL, Capability, CapabilityList, in_order
from farhand.protocol.envelope import Bytes32, host_id
from farhand.protocol.errors import GrantFault, GrantRefused

__all__ = [
    "AtEnd",
    "Conditions",
    "Credential",
    "Delegation",
    "Endorsement",
    "EnrolToken",
    "Grant",
    "GrantFault",
    "GrantRefused",
    "HostProof",
    "Right",
    "Signer",
    "Use",
    "Verified",
    "Window",
    "fingerprint",
    "read_delegation",
    "read_endorsement",
    "root_hash",
    "sign_delegation",
    "sign_endorsement",
    "sign_grant",
    "verify_credential",
    "verify_host",
]

VERSION = 1
_SIGNATURE = 64
_PREFIX = "fhe1."
_MINUTES = 24 * 60


class Signer(Protocol):
    """An Ed25519 private key, in memory or in something that does not give it away."""

    def sign(self, data: bytes, /) -> bytes:
        """The signature, 64 bytes."""
        ...


S = TypeVar("S", bound="Statement")
T = TypeVar("T", bound=msgspec.Struct)

Version = Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)]
Time = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=_MINUTES)]
Id16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Name = Annotated[str, msgspec.Meta(max_length=64)]
Reason = Annotated[str, msgspec.Meta(max_length=200)]
SignedDelegation = Annotated[bytes, msgspec.Meta(max_length=limits.DELEGATION)]
SignedEndorsement = Annotated[bytes, msgspec.Meta(max_length=limits.ENDORSEMENT)]
SignedGrant = Annotated[bytes, msgspec.Meta(max_length=limits.GRANT)]


class _Array(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What stands in a signed array."""


class Statement(_Array, frozen=True):
    """What is signed on its own; times are Unix seconds."""


class Use(enum.StrEnum):
    """What a delegated key may sign."""

    GRANTS = "grants"
    ENROL = "enrol"


class Delegation(Statement, frozen=True):
    """The root's word that ``key`` (Ed25519) may sign for it: grants up to ``ceiling``, or endorsements of hosts."""

    version: Version
    use: Use
    key: Bytes32
    ceiling: CapabilityList
    not_before: Time
    not_after: Time
    name: Name


class Endorsement(Statement, frozen=True):
    """The organisation's word that the host of this id has these two keys; signed by the root or an enrolment key."""

    version: Version
    host_id: Id16
    identity: Bytes32
    static: Bytes32
    name: Name
    issued: Time


class Window(_Array, frozen=True):
    """When a grant may be used: ``days`` (bit 0 = Monday) from minute ``start`` to ``end`` of the host's local day.

    ``end`` before ``start`` reaches into the next day.
    """

    days: Annotated[int, msgspec.Meta(ge=1, le=0x7F)]
    start: Minute
    end: Minute


class AtEnd(enum.StrEnum):
    """What the host does with its desktop when the session is over."""

    NOTHING = "nothing"
    LOCK = "lock"
    LOG_OFF = "log-off"


class Conditions(_Array, frozen=True):
    """Under which conditions a grant holds; the host sees to them.

    ``networks`` are CIDR in its one form (``192.0.2.0/24``, ``192.0.2.7/32``, ``2001:db8::/32``); they and ``windows``
    are empty where any will do, ``max_seconds`` and ``idle_seconds`` are 0 for no end. ``ask``: a person at the host
    must agree. ``reason``: the grant must give one. ``approval``: it must name who else agreed.
    """

    networks: Annotated[list[Annotated[str, msgspec.Meta(max_length=43)]], msgspec.Meta(max_length=8)] = []
    windows: Annotated[list[Window], msgspec.Meta(max_length=14)] = []
    ask: bool = False
    reason: bool = False
    approval: bool = False
    max_seconds: Seconds = 0
    idle_seconds: Seconds = 0
    at_end: AtEnd = AtEnd.NOTHING


class Right(_Array, frozen=True):
    """One capability, for so many seconds from its use on (0 = as long as the session)."""

    capability: Capability
    seconds: Seconds = 0


class Grant(Statement, frozen=True):
    """What the device with the identity key ``viewer`` may do on one host, if it begins before ``not_after``.

    ``person`` and ``device`` are names for people. A ``nonce`` serves once: the host remembers it until ``not_after``.
    """

    version: Version
    host_id: Id16
    viewer: Bytes32
    person: Name
    device: Name
    rights: Annotated[list[Right], msgspec.Meta(max_length=len(Capability))]
    not_before: Time
    not_after: Time
    nonce: Id16
    conditions: Conditions
    reason: Reason
    approver: Name


class Credential(_Array, frozen=True):
    """What a viewer shows a host (Request.grant): a signed grant and what lets its signer sign it, empty for the root.

    At most 2048 bytes encoded.
    """

    delegation: SignedDelegation
    grant: SignedGrant

    def encode(self) -> bytes:
        """Its bytes; raises ValueError above 2048."""
        return _bounded(self, limits.CREDENTIAL)

    @classmethod
    def decode(cls, data: bytes) -> "Credential":
        """Read its form alone, nothing is verified; raises GrantRefused."""
        return _strict(data, cls, limits.CREDENTIAL)


class HostProof(_Array, frozen=True):
    """How a viewer learns a host's keys: a signed endorsement and what lets its signer sign it, empty for the root."""

    endorsement: SignedEndorsement
    delegation: SignedDelegation

    def encode(self) -> bytes:
        """Its bytes; raises ValueError above 1040."""
        return _bounded(self, limits.HOST_PROOF)

    @classmethod
    def decode(cls, data: bytes) -> "HostProof":
        """Read its form alone, nothing is verified; raises GrantRefused."""
        return _strict(data, cls, limits.HOST_PROOF)


class Verified(msgspec.Struct, frozen=True):
    """A credential that holds: its grant, the seconds of each right (0 = as long as the session), who signed it."""

    grant: Grant
    rights: Mapping[Capability, int]
    issuer: bytes


_LABELS: dict[type[Statement], bytes] = {
    Delegation: b"farhand delegation v1",
    Endorsement: b"farhand endorsement v1",
    Grant: b"farhand grant v1",
}
_MOST: dict[type[Statement], int] = {
    Delegation: limits.DELEGATION,
    Endorsement: limits.ENDORSEMENT,
    Grant: limits.GRANT,
}
_encode: Callable[[msgspec.Struct], bytes] = msgspec.msgpack.Encoder().encode


def root_hash(root: bytes) -> bytes:
    """The 32 bytes by which an enrolment token names the organisation's root key (Ed25519, 32 bytes)."""
    return hashlib.sha256(b"farhand root v1" + root).digest()


def fingerprint(key: bytes) -> str:
    """What people compare to know a key: 160 bits of its SHA-256, base32, in eight groups of four."""
    text = base64.b32encode(hashlib.sha256(key).digest()[:20]).decode().lower()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def sign_delegation(root_private: Signer, delegation: Delegation) -> bytes:
    """The signed delegation, its ceiling put in order; raises ValueError for what no reader would accept."""
    ordered = msgspec.structs.replace(delegation, ceiling=in_order(delegation.ceiling))
    return _sign(root_private, ordered)


def sign_endorsement(private: Signer, endorsement: Endorsement) -> bytes:
    """The signed endorsement; raises ValueError for what no reader would accept."""
    return _sign(private, endorsement)


def sign_grant(private: Signer, grant: Grant) -> bytes:
    """The signed grant, its rights put in order; raises ValueError for what no reader would accept."""
    order = list(Capability)
    rights = sorted(grant.rights, key=lambda right: order.index(right.capability))
    return _sign(private, msgspec.structs.replace(grant, rights=rights))


def _sign(private: Signer, statement: Statement) -> bytes:
    body = _encode(statement)
    kind = type(statement)
    signed = body + private.sign(_LABELS[kind] + body)
    if len(signed) > _MOST[kind]:
        raise ValueError(
            f"a {kind.__name__.lower()} of {len(signed)} bytes, {_MOST[kind]} are the limit: shorten its texts"
        )
    try:
        _parse(signed, kind)
    except GrantRefused as error:
        raise ValueError(f"not to be signed: {error}") from None
    return signed


def _bounded(value: msgspec.Struct, most: int) -> bytes:
    data = _encode(value)
    if len(data) > most:
        raise ValueError(f"{type(value).__name__} of {len(data)} bytes, {most} are the limit: shorten its texts")
    return data


def read_delegation(data: bytes, *, root: bytes, use: Use, now: float) -> Delegation:
    """A delegation by this root for this use that holds now; raises GrantRefused."""
    delegation = _read(data, Delegation, root)
    if delegation.use is not use:
        raise GrantRefused(GrantFault.NOT_DELEGATED, f"the key was made to sign {delegation.use}, not {use}")
    _check_time(delegation.not_before, delegation.not_after, now, "the delegation")
    return delegation


def read_endorsement(data: bytes, *, signer: bytes) -> Endorsement:
    """An endorsement by this key (32 bytes); raises GrantRefused."""
    return _read(data, Endorsement, signer)


def verify_credential(data: bytes, *, root: bytes, host_id: bytes, viewer: bytes, now: float) -> Verified:
    """What this credential lets the device with this identity key do on this host now; raises GrantRefused.

    Its nonce is for the caller to remember, its conditions for the caller to see to.
    """
    credential = Credential.decode(data)
    issuer, ceiling = root, ALL
    if credential.delegation:
        delegation = read_delegation(credential.delegation, root=root, use=Use.GRANTS, now=now)
        issuer, ceiling = delegation.key, frozenset(delegation.ceiling)
    grant = _read(credential.grant, Grant, issuer)
    if grant.host_id != host_id:
        raise GrantRefused(GrantFault.OTHER_HOST, "the grant is for another host")
    if grant.viewer != viewer:
        raise GrantRefused(GrantFault.OTHER_VIEWER, "the grant is for another device")
    if grant.not_after - grant.not_before > limits.GRANT_SECONDS:
        raise GrantRefused(GrantFault.TOO_LONG, f"a grant may be used for {limits.GRANT_SECONDS} s at most")
    _check_time(grant.not_before, grant.not_after, now, "the grant")
    rights = {right.capability: right.seconds for right in grant.rights}
    if beyond := in_order(rights.keys() - ceiling):
        raise GrantRefused(GrantFault.CEILING, f"the signer may not give {', '.join(beyond)}")
    return Verified(grant, rights, issuer)


def verify_host(data: bytes, *, root: bytes, host_id: bytes, now: float) -> Endorsement:
    """The keys of this host, by the word of this root; raises GrantRefused.

    An enrolment key counts for what it signed while it was in force. Who keeps one longer and dates back may add a host
    of its own, never take another's place: a host's id is the hash of its identity key.
    """
    proof = HostProof.decode(data)
    signer, delegation = root, None
    if proof.delegation:
        delegation = _read(proof.delegation, Delegation, root)
        if delegation.use is not Use.ENROL:
            raise GrantRefused(GrantFault.NOT_DELEGATED, f"the key was made to sign {delegation.use}, not {Use.ENROL}")
        signer = delegation.key
    endorsement = _read(proof.endorsement, Endorsement, signer)
    if endorsement.host_id != host_id:
        raise GrantRefused(GrantFault.OTHER_HOST, "the endorsement is for another host")
    if delegation is not None:
        _check_time(delegation.not_before, delegation.not_after, endorsement.issued, "the enrolment key")
    if endorsement.issued > now + limits.EARLY_SECONDS:
        raise GrantRefused(GrantFault.NOT_YET, "the endorsement is from the future: look at this computer's clock")
    return endorsement


class EnrolToken(_Array, frozen=True):
    """What enrols a host, once: a secret for the gateway, and which root the host is to trust from then on.

    ``seed`` (32 bytes, else empty) is the private half of an enrolment key, ``delegation`` the root's word for it: with
    them the host endorses itself.
    """

    version: Version
    secret: Id16
    root_hash: Bytes32
    seed: Annotated[bytes, msgspec.Meta(max_length=32)]
    delegation: SignedDelegation

    def encode(self) -> str:
        """For people to copy: ``fhe1.`` and base64url."""
        return _PREFIX + base64.urlsafe_b64encode(_encode(self)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "EnrolToken":
        """Read what was copied, white space around it allowed; raises GrantRefused. The delegation is not checked."""
        text = text.strip()
        body = text.removeprefix(_PREFIX)
        if body == text or len(body) > limits.ENROL_TOKEN:
            raise GrantRefused(GrantFault.MALFORMED, "not an enrolment token: it begins with fhe1., copy all of it")
        try:
            data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise GrantRefused(GrantFault.MALFORMED, "the enrolment token is damaged: copy all of it") from None
        token = _strict(data, cls, limits.ENROL_TOKEN)
        if token.encode() != text or len(token.seed) not in (0, 32) or bool(token.seed) != bool(token.delegation):
            raise GrantRefused(GrantFault.MALFORMED, "the enrolment token is damaged: copy all of it")
        return token


def _check_time(not_before: int, not_after: int, now: float, what: str) -> None:
    if now < not_before:
        raise GrantRefused(GrantFault.NOT_YET, f"{what} does not hold yet: look at both clocks")
    if now > not_after:
        raise GrantRefused(GrantFault.EXPIRED, f"{what} has expired: get a new one, and look at both clocks")


def _read(data: bytes, kind: type[S], signer: bytes) -> S:
    """The statement that ``signer`` signed; the signature comes first, so that strangers reach no parser."""
    if not _SIGNATURE < len(data) <= _MOST[kind]:
        raise GrantRefused(GrantFault.MALFORMED, f"a {kind.__name__.lower()} of {len(data)} bytes")
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(data[-_SIGNATURE:], _LABELS[kind] + data[:-_SIGNATURE])
    except (InvalidSignature, ValueError):
        raise GrantRefused(GrantFault.SIGNATURE, f"the {kind.__name__.lower()} is not signed by who had to") from None
    return _parse(data, kind)


def _parse(data: bytes, kind: type[S]) -> S:
    statement = _strict(data[:-_SIGNATURE], kind, _MOST[kind] - _SIGNATURE)
    match statement:
        case Delegation(ceiling=ceiling, not_before=before, not_after=after):
            sound = ceiling == in_order(ceiling) and before <= after
        case Endorsement(host_id=name, identity=identity):
            sound = name == host_id(identity)
        case Grant(rights=rights, not_before=before, not_after=after, conditions=conditions):
            listed = [right.capability for right in rights]
            sound = (
                listed == in_order(listed)
                and before <= after
                and all(map(_is_network, conditions.networks))
                and all(window.start != window.end for window in conditions.windows)
            )
        case _:
            sound = False
    if not sound:
        raise GrantRefused(GrantFault.MALFORMED, f"a {kind.__name__.lower()} that says nothing sound")
    return statement


def _is_network(text: str) -> bool:
    """Whether ``text`` is a network in its one form, without host bits; IPv4 is never written as IPv6."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return False
    mapped = isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None
    return str(network) == text and not mapped and "%" not in text


def _strict(data: bytes, kind: type[T], most: int) -> T:
    """The one value that encodes to exactly ``data``."""
    if len(data) <= most:
        try:
            value = msgspec.msgpack.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            if _encode(value) == data:
                return value
    raise GrantRefused(GrantFault.MALFORMED, f"a {kind.__name__} that is malformed")
