"""What the API says about devices, rules, grants and approvals."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, model_validator

from farhand.gateway.hosts.schemas import HostId, Named
from farhand.gateway.shapes import Base64, Body, Id, Line
from farhand.protocol.capability import Capability
from farhand.protocol.grants import AtEnd

Seconds = Annotated[int, Field(ge=0, le=31_536_000)]


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError("not a network: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32") from None


class Device(Named):
    """A client or browser that somebody uses."""

    person: Named
    kind: str
    """`client`, or `browser`: the lower class, whose code a gateway served."""
    identity: str
    """Its public key (base64)."""
    fingerprint: str
    created_ms: int
    seen_ms: int
    """When it was last given a grant; 0: never."""
    revoked_ms: int
    """0: it holds."""


class DeviceBody(Body):
    """A device's own certificate (base64)."""

    certificate: Base64


class RightShape(Body):
    """One capability, for so many seconds from its use on; 0: as long as the session."""

    capability: Annotated[Capability, Field(strict=False)]
    seconds: Seconds = 0


class WindowShape(Body):
    """Days (bit 0 is Monday) from minute `start` to `end` of the host's local day; an `end` before `start` is the next
    day's."""

    days: Annotated[int, Field(ge=1, le=127)]
    start: Annotated[int, Field(ge=0, le=1440)]
    end: Annotated[int, Field(ge=0, le=1440)]

    @model_validator(mode="after")
    def _not_empty(self) -> "WindowShape":
        if self.start == self.end:
            raise ValueError("a window that begins when it ends")
        return self


class ConditionsShape(Body):
    """Under which conditions a rule holds."""

    networks: Annotated[list[Annotated[str, Field(max_length=64), AfterValidator(_network)]], Field(max_length=8)] = []  # noqa: RUF012  pydantic copies defaults
    windows: Annotated[list[WindowShape], Field(max_length=14)] = []  # noqa: RUF012
    ask: bool = False
    reason: bool = False
    approval: bool = False
    max_seconds: Seconds = 0
    idle_seconds: Seconds = 0
    at_end: Annotated[AtEnd, Field(strict=False)] = AtEnd.NOTHING


class RuleBody(Body):
    """Who may do what where: exactly one of each pair."""

    person: Id | None = None
    people_group: Id | None = None
    host: HostId | None = None
    host_group: Id | None = None
    rights: Annotated[list[RightShape], Field(min_length=1, max_length=len(Capability))]
    conditions: ConditionsShape = ConditionsShape()
    approvers: Id | None = None
    """The group of people who may approve; null: administrators alone."""

    @model_validator(mode="after")
    def _one_of_each(self) -> "RuleBody":
        if (self.person is None) == (self.people_group is None) or (self.host is None) == (self.host_group is None):
            raise ValueError("name one person or one group of people, and one host or one group of hosts")
        if len({right.capability for right in self.rights}) != len(self.rights):
            raise ValueError("a capability stands there twice")
        return self


class Rule(BaseModel):
    """A rule."""

    id: str
    person: Named | None
    people_group: Named | None
    host: Named | None
    host_group: Named | None
    rights: list[RightShape]
    conditions: ConditionsShape
    approvers: Named | None
    created_ms: int


class GrantBody(Body):
    """What somebody asks for."""

    device: Base64
    """The identity key (base64) of the device that will be used: one of the caller's."""
    capabilities: Annotated[
        list[Annotated[Capability, Field(strict=False)]], Field(min_length=1, max_length=len(Capability))
    ]
    seconds: Seconds = 0
    """For how long at most; 0: as long as the rules allow."""
    reason: Annotated[Line, Field(max_length=200)] = ""


class GrantAnswer(BaseModel):
    """A grant, good for a few minutes and one session, and how to know the host."""

    credential: str
    """A Credential (base64)."""
    proof: str
    """A HostProof (base64)."""
    rights: list[RightShape]
    not_after_ms: int


class Waiting(BaseModel):
    """A second person has to approve first."""

    approval: str
    expires_ms: int


class Approval(BaseModel):
    """A request that a second person decides."""

    id: str
    person: Named
    device: str
    host: Named
    rights: list[RightShape]
    """What was asked for."""
    reason: str
    address: str
    created_ms: int
    expires_ms: int
    state: str
    """`waiting`, `approved`, `refused` or `expired`."""
    decided_by: str
    decidable: bool
    """Whether the caller may decide it."""
    grant: GrantAnswer | None = None
    """For the asker, once it is approved, until it expires."""


class ApprovalBody(Body):
    """A decision."""

    approve: bool
