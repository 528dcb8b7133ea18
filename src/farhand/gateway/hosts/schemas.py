"""What the API says about hosts."""

from typing import Annotated

from pydantic import BaseModel, Field

from farhand.gateway.shapes import Base64, Body, Id, Line, Name, Text
from farhand.protocol.capability import Capability

HostId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Tag = Annotated[Name, Field(max_length=32)]


class Named(BaseModel):
    """Something with an id and a name."""

    id: str
    name: str


class Host(Named):
    """A host. What it says of itself is its own word; load and what follows is null while it is away."""

    online: bool
    state: str
    """`online` or `offline`."""
    last_seen_ms: int
    """0: never."""
    enrolled_ms: int
    system: str
    version: str
    screens: list[str]
    load: float | None
    """Of the last minute for each processor; 1 is all busy."""
    disk_free: int | None
    disk_total: int | None
    callers: int
    tags: list[str]
    groups: list[Named]
    endorsed: bool
    """Whether the organisation has signed its keys."""


class HostDetail(Host):
    """A host with all that is known of it."""

    notes: str
    fingerprint: str
    """Of its identity key."""
    certificate: str
    """Its keys, as it enrolled (base64)."""
    audit_size: int
    """Entries of its record that are kept here, covered by its signature."""
    audit_fault: str
    """What is wrong with its record; empty: nothing."""


class HostChange(Body):
    """What to change; what is left out stays."""

    name: Name | None = None
    notes: Annotated[Text, Field(max_length=2000)] | None = None
    tags: Annotated[list[Tag], Field(max_length=32)] | None = None
    groups: Annotated[list[Id], Field(max_length=64)] | None = None


class Proof(BaseModel):
    """How to know a host by its keys."""

    host_id: str
    name: str
    online: bool
    proof: str | None
    """A HostProof (base64); null: nobody has signed its keys yet."""


class EndorsementBody(Body):
    """The organisation's word for a host's keys (base64)."""

    endorsement: Base64
    delegation: Base64 = ""


class Group(Named):
    """A group of hosts."""

    hosts: int
    created_ms: int


class GroupBody(Body):
    """A group's name."""

    name: Name


class EnrolTokenBody(Body):
    """A token that enrols one host."""

    name: Annotated[Line, Field(max_length=64)] = ""
    """What the host will be called; empty: as it calls itself."""
    group: Id | None = None
    hours: Annotated[int, Field(ge=1, le=720)] = 24


class EnrolTokenAnswer(Named):
    """A token that was made; its secret is not kept."""

    group: str | None
    made_by: str
    created_ms: int
    expires_ms: int
    used_ms: int
    host_id: str | None


class NewEnrolToken(EnrolTokenAnswer):
    """A new token, with what is shown this once."""

    token: str


class EnrolBody(Body):
    """What a host says to be enrolled (base64)."""

    secret: Base64
    certificate: Base64
    endorsement: Base64 = ""
    delegation: Base64 = ""


class Enrolled(BaseModel):
    """What an enrolled host needs to know."""

    root: str
    """The organisation's root key (base64): to be compared with the token's hash, and kept."""
    gateway_name: str
    host_id: str
    endorsed: bool


class DelegationAnswer(BaseModel):
    """What the root lets this gateway sign."""

    ceiling: list[Capability]
    not_before_ms: int
    not_after_ms: int
    name: str
    state: str
    """`valid`, `not-yet` or `expired`."""


class Org(BaseModel):
    """The organisation."""

    name: str
    root: str | None
    """Its root key (base64); null: not known here yet."""
    fingerprint: str | None
    gateway_key: str
    """The key with which this gateway signs grants (base64)."""
    gateway_fingerprint: str
    delegation: DelegationAnswer | None


class OrgBody(Body):
    """The organisation's root, the first time, and its delegation to this gateway (base64)."""

    root: Base64
    delegation: Base64 = ""
