"""Clipboard: text both ways, and files by name alone: what is in them crosses as any file does, when asked for."""

from typing import Annotated

import msgspec

from farhand.protocol.messages.base import U32, Message
from farhand.protocol.messages.files import Entry, FilePath

#: Names that one message carries at most.
MOST = 4096


class ClipText(Message, frozen=True, tag=1):
    """The sender's clipboard holds this text now."""

    text: Annotated[str, msgspec.Meta(max_length=250_000)]


class ClipFiles(Message, frozen=True, tag=2):
    """From a host: files that were copied there; both empty: they are no longer.

    Each ``path`` is whole, as a viewer asks for it; ``left_out``: so many more are in no folder that is open for
    reading, cannot be read, or are too many.
    """

    files: Annotated[list[Entry], msgspec.Meta(max_length=MOST)]
    left_out: U32


class OfferFiles(Message, frozen=True, tag=3):
    """From a viewer: put these files of the host into its clipboard, for its programs; answered by FilesOffered.

    What a newer ClipText or OfferFiles overtakes is not answered.
    """

    paths: Annotated[list[FilePath], msgspec.Meta(max_length=MOST)]


class FilesOffered(Message, frozen=True, tag=4):
    """From a host: so many are in its clipboard now, and so many are not; none of them: it is as it was."""

    offered: U32
    left_out: U32


ClipboardMessage = ClipText | ClipFiles | OfferFiles | FilesOffered
