"""How callers come in: what a code, or a grant, lets someone have at most. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from farhand.host.authority import Admission, ceiling
from farhand.host.callers import Identity, strictest
from farhand.host.consent import Policy
from farhand.host.lease import Terms
from farhand.host.settings import HostSettings
from farhand.protocol.capability import Capability
from farhand.protocol.certificate import Certificate
from farhand.protocol.grants import AtEnd, fingerprint
from farhand.protocol.messages.control import Request

#: Characters of a reason that are kept.
_REASON = 200


def tame(text: str, otherwise: str = "") -> str:
    """Return a stranger's text as one printable line: no control, format or direction characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or otherwise


@dataclass(frozen=True, slots=True)
class Entry:
    """Who comes in, and with what at most: each right with its seconds (0 = as long as the session)."""

    identity: Identity
    rights: Mapping[Capability, int]
    policy: Policy
    terms: Terms
    at_end: AtEnd
    certificate: Certificate | None
    networks: tuple[str, ...] = ()
    """Where the caller may be; empty: anywhere."""
    signed: bool = False
    """Whether its reason is the grant's."""

    def with_reason(self, reason: str) -> "Entry":
        """The same for another reason, if one is given that the organisation did not sign."""
        given = tame(reason)[:_REASON]
        return replace(self, identity=replace(self.identity, reason=given)) if given and not self.signed else self


def by_code(request: Request, certificate: Certificate | None, address: str, settings: HostSettings) -> Entry:
    """Someone with a one-time code: whoever they say they are."""
    most = ceiling(None if certificate is None else certificate.kind, settings)
    viewer = b"" if certificate is None else certificate.identity
    identity = Identity(
        tame(request.name, "someone"),
        address,
        viewer,
        reason=tame(request.reason)[:_REASON],
        key=fingerprint(viewer) if viewer else "",
    )
    return Entry(
        identity,
        dict.fromkeys(most, 0),
        Policy(most, settings.ask, settings.silence),
        Terms(settings.max_seconds, settings.idle_seconds),
        settings.at_end,
        certificate,
    )


def by_grant(
    admission: Admission, request: Request, certificate: Certificate, address: str, settings: HostSettings
) -> Entry:
    """Someone whom the organisation vouches for, on its terms and the owner's."""
    identity = Identity(
        tame(request.name, "someone"),
        address,
        certificate.identity,
        account=tame(admission.person, "an account without a name"),
        device=tame(admission.device),
        reason=tame(admission.reason or request.reason)[:_REASON],
        key=fingerprint(certificate.identity),
    )
    return Entry(
        identity,
        admission.rights,
        Policy(frozenset(admission.rights), admission.ask, settings.silence),
        admission.terms.tightened(Terms(settings.max_seconds, settings.idle_seconds)),
        strictest(admission.at_end, settings.at_end),
        certificate,
        admission.networks,
        signed=bool(tame(admission.reason)),
    )
