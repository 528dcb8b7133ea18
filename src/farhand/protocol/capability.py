"""The eight rights: what a caller may do, each granted, shown and taken back on its own."""

import enum
from collections.abc import Iterable
from typing import Annotated

import msgspec


class Capability(enum.StrEnum):
    """What a caller may do; each is granted, shown and revocable on its own (security.md, Rights)."""

    VIEW = "view"
    CONTROL = "control"
    CLIPBOARD = "clipboard"
    FILES_READ = "files-read"
    FILES_WRITE = "files-write"
    SHELL = "shell"
    MANAGE = "manage"
    RECORD = "record"


Capabilities = frozenset[Capability]
#: Capabilities on the wire.
CapabilityList = Annotated[list[Capability], msgspec.Meta(max_length=len(Capability))]

NONE: Capabilities = frozenset()
ALL: Capabilities = frozenset(Capability)


def in_order(capabilities: Iterable[Capability]) -> list[Capability]:
    """The capabilities in the one order in which they are shown, sent and signed; each once."""
    held = frozenset(capabilities)
    return [capability for capability in Capability if capability in held]
