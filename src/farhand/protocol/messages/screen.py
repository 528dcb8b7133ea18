"""Screen: pictures one way, what was shown and what is wanted the other way."""

import enum
from typing import Annotated

import msgspec

from farhand.protocol.messages.base import U8, U16, U32, Message, Name

#: The longest side of a layout, in pixels.
MAX_SIDE = 16384
#: The most pixels that one Tiles may carry: 4 MiB before compression.
TILES_PIXELS = 1 << 20
Extent = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
Place = Annotated[int, msgspec.Meta(ge=0, le=MAX_SIDE - 1)]


class Monitor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One monitor's rectangle in the layout."""

    name: Name
    x: Place
    y: Place
    width: Extent
    height: Extent


class Layout(Message, frozen=True, tag=1):
    """Host → viewer: the picture's size from now on; its pixels are black until updates fill them."""

    generation: U32
    width: Extent
    height: Extent
    monitors: Annotated[list[Monitor], msgspec.Meta(max_length=16)] = []


class Copy(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1):
    """A rectangle of the picture appears elsewhere too (scrolling, moved windows); source and target may overlap."""

    from_x: Place
    from_y: Place
    x: Place
    y: Place
    width: Extent
    height: Extent


class Fill(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2):
    """A rectangle of one colour; ``bgrx`` is the pixel's four bytes read as a little-endian number."""

    x: Place
    y: Place
    width: Extent
    height: Extent
    bgrx: U32


class TileCodec(enum.IntEnum):
    """How the pixels of Tiles are carried: as they are, or as one zstd frame of declared size."""

    RAW = 0
    ZSTD = 1


class Tiles(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3):
    """Exact pixels of some rectangles, BGRX, rows top to bottom, one rectangle after the other.

    ``rects`` is flat: x, y, width, height, x, y, …, of TILES_PIXELS at most in all. Once decoded, ``data`` is exactly 4
    bytes for every pixel.
    """

    rects: Annotated[list[U16], msgspec.Meta(min_length=4, max_length=4 * 4096)]
    codec: TileCodec
    data: bytes


class VideoOpen(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=4):
    """From its first frame on ``layer`` (0 or 1) covers this rectangle; ``codec`` is a WebCodecs codec string.

    The picture beneath stays as it is: until the close, no other operation reads or writes any of it.
    """

    layer: U8
    x: Place
    y: Place
    width: Extent
    height: Extent
    codec: Annotated[str, msgspec.Meta(max_length=32)]


class VideoFrame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=5):
    """One encoded picture of a layer (H.264: Annex B); ``key`` if it needs no other."""

    layer: U8
    key: bool
    data: bytes


class VideoClose(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=6):
    """The layer is gone, and the picture beneath is back as it was, before the update's other operations."""

    layer: U8


Operation = Copy | Fill | Tiles | VideoOpen | VideoFrame | VideoClose


class Update(Message, frozen=True, tag=2):
    """Host → viewer: operations that take effect together, in order.

    ``seq`` counts from 1; ``input_seq`` is the newest input injected before the grab; ``exact`` says that after this
    update the viewer's picture equals the host's bit for bit.
    """

    seq: U32
    generation: U32
    input_seq: U32
    exact: bool
    operations: Annotated[list[Operation], msgspec.Meta(max_length=4096)]


class Shown(Message, frozen=True, tag=3):
    """Viewer → host: update ``seq`` was decoded and handed to the display; this was said ``took_us`` after
    its last byte arrived; ``waiting`` updates are still queued behind it."""

    seq: U32
    took_us: U32
    waiting: U16


class Quality(enum.StrEnum):
    """The viewer's wish: decided by the host, exact at the price of pictures, or fluent at the price of detail."""

    AUTOMATIC = "automatic"
    SHARP = "sharp"
    SMOOTH = "smooth"


class Want(Message, frozen=True, tag=4):
    """Viewer → host: what it can show and would like; the newest counts.

    ``codecs`` are the WebCodecs codec strings that it decodes, best first, empty for tiles only; ``visible`` false
    stops the pictures. ``refresh_hz`` is its display's.
    """

    quality: Quality
    codecs: Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=16)]
    visible: bool
    refresh_hz: Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Refresh(Message, frozen=True, tag=5):
    """Viewer → host: send the whole picture again (a decoder was lost)."""


class Resize(Message, frozen=True, tag=6):
    """Viewer → host: please make the desktop this large; a host that cannot goes on as it is."""

    width: Extent
    height: Extent


ScreenMessage = Layout | Update | Shown | Want | Refresh | Resize
