"""What the owner of a host decides: typed, frozen, read once."""

import enum
from typing import Annotated

import msgspec

from farhand.host.quarantine.policy import ScanSettings
from farhand.protocol.capability import Capabilities, Capability
from farhand.protocol.grants import AtEnd
from farhand.protocol.limits import CONSENT_SECONDS, GRACE_SECONDS

Seconds = Annotated[float, msgspec.Meta(gt=0, le=7 * 24 * 3600)]
#: What the wire can carry as a retry time or a question's time.
ShortSeconds = Annotated[int, msgspec.Meta(ge=1, le=0xFFFF)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


#: Limits in seconds, 0 for none.
Limit = Annotated[int, msgspec.Meta(ge=0, le=30 * 24 * 3600)]
#: What a person at the host sees happen.
SEEN: Capabilities = frozenset({Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD})


class Silence(enum.StrEnum):
    """What a question that nobody answers comes to."""

    NO = "no"
    VIEW = "view"
    """They may see, if that was asked for."""
    YES = "yes"


class BrowserSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Viewers that a gateway served: their page is only as honest as the gateway (docs/reference/security.md)."""

    allow: frozenset[Capability] | None = None
    """The most that such a viewer gets, within what the host allows at all; None: SEEN."""
    ask: bool = True
    """Whether a person is asked about each, also where a grant of theirs does not say so."""


class FolderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One folder that callers with the rights to files reach, with all that is in it."""

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    """``~`` at its beginning is the home of the user whom the host runs as."""
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """What callers see; empty: the folder's own."""
    read: bool = True
    write: bool = True


class FilesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What callers reach of this computer's files, with the rights files-read and files-write."""

    roots: Annotated[tuple[FolderSettings, ...], msgspec.Meta(max_length=64)] = (FolderSettings("~"),)
    """The folders; relative paths begin at the first one."""
    trash: bool = True
    """Whether what callers delete may go to the trash; otherwise it is deleted for good, or not at all."""
    incoming: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    """Where files are until they are whole and checked; empty: in the data folder."""
    scan: ScanSettings = ScanSettings()
    """How received files are looked at before they get their names."""


class CodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long one-time codes live, and when attended mode locks."""

    life_seconds: Seconds = 3600.0
    """A code that nobody used is dead after this."""
    burnt_to_lock: Count = 3
    """So many wrong secrets without a right one between them lock attended mode."""
    lock_seconds: ShortSeconds = 300
    """The first lock; each further one lasts twice as long as the one before, until a code is used rightly."""
    lock_seconds_max: ShortSeconds = 12 * 3600
    """No lock lasts longer."""


class HostSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One host's rules. Times are in seconds."""

    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """What callers see; empty: the computer's own name."""
    allow: frozenset[Capability] = SEEN | {Capability.FILES_READ, Capability.FILES_WRITE}
    """The most that any caller gets."""
    ask: bool = True
    """Whether a person here is asked before a caller with a code is granted anything."""
    browser: BrowserSettings = BrowserSettings()
    """Viewers that a gateway served."""
    consent_seconds: ShortSeconds = CONSENT_SECONDS
    """How long a question is open; then ``silence`` decides."""
    silence: Silence = Silence.NO
    """What happens when nobody answers, or nobody can be asked."""
    max_seconds: Limit = 0
    """No session lasts longer."""
    idle_seconds: Limit = 0
    """A session whose caller does nothing for this long ends; looking on is doing nothing."""
    at_end: AtEnd = AtEnd.NOTHING
    """What is done with the desktop when the last session is over; a grant may ask for more than this."""
    grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] = GRACE_SECONDS
    """After a cut, the caller may come back for this long without being asked about again; 0: never."""
    audit_required: bool = True
    """Whether sessions end, and none begins, while the audit cannot be written."""
    files: FilesSettings = FilesSettings()
    """Files that callers may reach."""
    codes: CodeSettings = CodeSettings()
    """One-time codes."""
    max_calls: Count = 8
    """Callers at once, the ones that were cut and may come back included."""
    max_handshakes: Count = 64
    """Strangers at once; the oldest makes room for the newest, so that a flood of them keeps nobody out."""
    ping_after: Seconds = 5.0
    """Silence from the caller for this long is answered with a Ping."""
    cut_after: Seconds = 15.0
    """Silence for this long is a cut."""
    display_seconds: Seconds = 30.0
    """How long a display that vanished is tried for before its callers are sent away."""
