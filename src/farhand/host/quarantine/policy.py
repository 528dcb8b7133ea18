"""What the owner of a host decides about scanning: ``[files.scan]`` of host.toml, typed, frozen, read once."""

import enum
from pathlib import Path
from typing import Annotated

import msgspec

MIB = 1 << 20
_Mib = Annotated[int, msgspec.Meta(ge=1, le=4096)]
_Seconds = Annotated[int, msgspec.Meta(ge=1, le=3600)]

#: A file up to so many bytes is looked at as one, so that rules about offsets and sizes hold; a larger one in windows.
WHOLE = 16 * MIB
#: A window of a larger file, in bytes, and how much of the one before it is looked at again.
WINDOW = 4 * MIB
OVERLAP = 64 << 10


class Verdict(enum.StrEnum):
    """What is done with a file that nobody could look at, or not into."""

    REFUSE = "refuse"
    ACCEPT = "accept"


class ArchiveLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far archives are looked into."""

    packed_mib: _Mib = 64
    """A larger archive is not opened: its bytes are looked at as they are."""
    unpacked_mib: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)] = 2048
    """All that comes out of one file, archives in it included."""
    members: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 10_000
    """Names in one file, archives in it included."""
    depth: Annotated[int, msgspec.Meta(ge=1, le=16)] = 5
    """Archives in archives; ``a.tar.gz`` is two."""
    ratio: Annotated[int, msgspec.Meta(ge=10, le=100_000)] = 250
    """What comes out, to what went in, from the first 64 MiB on."""
    seconds: _Seconds = 30
    """For one file."""


class ScanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How received files are looked at before they get their name."""

    yara: bool = True
    """Whether YARA-X rules are applied."""
    rules: str = ""
    """A folder of ``.yar`` and ``.yara`` files in place of Farhand's own rules."""
    clamd: str = "auto"
    """``off``; ``auto``: where its socket is; a socket's path; or ``host:port``."""
    unavailable: Verdict = Verdict.REFUSE
    """When a scanner that is wanted is not there, fails, or is too slow."""
    limits: Verdict = Verdict.REFUSE
    """When an archive goes beyond the limits below."""
    opaque: Verdict = Verdict.ACCEPT
    """When an archive is encrypted, damaged or of a kind that is not opened: only its own bytes were looked at."""
    clamd_mib: _Mib = 25
    """A larger file is not given to clamd; it has a limit of its own (StreamMaxLength)."""
    seconds: _Seconds = 60
    """How long one step of a scan may take."""
    archives: ArchiveLimits = ArchiveLimits()
    """Archives."""

    def rules_folder(self) -> Path | None:
        """The owner's rules; None for Farhand's own."""
        return Path(self.rules).expanduser() if self.rules else None
