"""A log-in by a provider while it is under way: what both halves know of it, without what speaks to the provider."""

import secrets
from dataclasses import dataclass

from farhand.core.errors import FarhandError


class ProviderError(FarhandError):
    """The provider cannot be reached, or says what it must not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody as the provider knows them."""

    issuer: str
    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One log-in that is under way."""

    nonce: str
    verifier: str
    binding: str
    """Hash of the cookie of the browser that began it."""
    person_id: str | None
    """Whose account it is to be linked with; None: it signs in."""


def new_flow(binding: str, person_id: str | None) -> tuple[str, Flow]:
    """A state and what belongs to it."""
    return secrets.token_urlsafe(24), Flow(secrets.token_urlsafe(24), secrets.token_urlsafe(48), binding, person_id)
