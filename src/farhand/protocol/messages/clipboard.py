"""Clipboard: text both ways; images and files come with the file engine."""

from typing import Annotated

import msgspec

from farhand.protocol.messages.base import Message


class ClipText(Message, frozen=True, tag=1):
    """The sender's clipboard holds this text now."""

    text: Annotated[str, msgspec.Meta(max_length=250_000)]


ClipboardMessage = ClipText
