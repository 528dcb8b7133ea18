"""The host's picture as the viewer has it: a numpy framebuffer to which updates are applied.

Nothing a host sends may write outside the picture, or make it larger than a layout allows: PictureError instead.
"""

from dataclasses import dataclass

import numpy as np
import zstandard
from numpy.typing import NDArray

from farhand.client.errors import PictureError as PictureError
from farhand.client.video import VideoDecoder, VideoError
from farhand.protocol.messages.screen import (
    TILES_PIXELS,
    Copy,
    Fill,
    Layout,
    Operation,
    TileCodec,
    Tiles,
    Update,
    VideoClose,
    VideoFrame,
    VideoOpen,
)

Pixels = NDArray[np.uint32]
#: Layers 0 and 1: as many as the viewer has elements for.
MAX_LAYERS = 2


@dataclass(slots=True)
class _Layer:
    """A rectangle that video covers."""

    x: int
    y: int
    decoder: VideoDecoder
    pixels: Pixels | None = None


class Picture:
    """BGRX pixels as uint32, little-endian ``0x??RRGGBB``, (height, width); the unused byte means nothing."""

    def __init__(self) -> None:
        self.pixels: Pixels = np.zeros((0, 0), np.uint32)
        """The exact picture, beneath the video."""
        self.layout: Layout | None = None
        self.exact = False
        """Whether the newest update made the picture equal to the host's bit for bit."""
        self.input_seq = 0
        """The newest of this viewer's inputs that the picture has seen."""
        self.updates = 0
        self._layers: dict[int, _Layer] = {}

    def lay_out(self, layout: Layout) -> None:
        """Begin anew, in black, at the layout's size."""
        self.layout = layout
        self.pixels = np.zeros((layout.height, layout.width), np.uint32)
        self.exact = False
        self._layers.clear()

    def apply(self, update: Update) -> None:
        """Apply an update's operations in order; raises PictureError."""
        if self.layout is None or update.generation != self.layout.generation:
            raise PictureError("an update that belongs to no layout")
        for operation in update.operations:
            self._apply(operation)
        self.exact = update.exact
        self.input_seq = update.input_seq or self.input_seq
        self.updates += 1

    def composed(self) -> Pixels:
        """A copy of what a person would see: the picture with the video upon it."""
        whole = self.pixels.copy()
        for layer in self._layers.values():
            if layer.pixels is not None:
                height, width = layer.pixels.shape
                whole[layer.y : layer.y + height, layer.x : layer.x + width] = layer.pixels
        return whole

    @property
    def video_layers(self) -> int:
        """How many layers cover the picture now."""
        return len(self._layers)

    def _apply(self, operation: Operation) -> None:
        match operation:
            case Tiles(rects, codec, data):
                self._tiles(rects, codec, data)
            case Copy(from_x, from_y, x, y, width, height):
                source = self._part(from_x, from_y, width, height)
                self._part(x, y, width, height)[:] = source.copy()
            case Fill(x, y, width, height, bgrx):
                self._part(x, y, width, height)[:] = bgrx
            case VideoOpen(layer, x, y, width, height, codec):
                self._part(x, y, width, height)
                if layer >= MAX_LAYERS:
                    raise PictureError(f"there is no layer {layer}")
                self._layers[layer] = _Layer(x, y, _decoder(codec, width, height))
            case VideoFrame(layer, key, data):
                opened = self._layers.get(layer)
                if opened is None:
                    raise PictureError(f"video for layer {layer}, which is not open")
                try:
                    opened.pixels = opened.decoder.decode(data, key=key)
                except VideoError as error:
                    raise PictureError(str(error)) from error
            case VideoClose(layer):
                if self._layers.pop(layer, None) is None:
                    raise PictureError(f"layer {layer} is closed and was not open")

    def _tiles(self, rects: list[int], codec: TileCodec, data: bytes) -> None:
        if len(rects) % 4:
            raise PictureError("rectangles that are not four numbers each")
        parts = [self._part(*rects[at : at + 4]) for at in range(0, len(rects), 4)]
        size = 4 * sum(part.size for part in parts)
        if size > 4 * TILES_PIXELS:
            raise PictureError("more tiles than one operation may carry")
        raw = _unpack(data, size) if codec is TileCodec.ZSTD else data
        if len(raw) != size:
            raise PictureError(f"tiles of {len(raw)} bytes where {size} belong")
        values = np.frombuffer(raw, np.dtype("<u4"))
        at = 0
        for part in parts:
            part[:] = values[at : at + part.size].reshape(part.shape)
            at += part.size

    def _part(self, x: int, y: int, width: int, height: int) -> Pixels:
        rows, columns = self.pixels.shape
        if not (width and height) or x + width > columns or y + height > rows:
            raise PictureError(f"a rectangle outside the picture: {x},{y} {width}x{height}")
        return self.pixels[y : y + height, x : x + width]


def _decoder(codec: str, width: int, height: int) -> VideoDecoder:
    try:
        return VideoDecoder(codec, width, height)
    except VideoError as error:
        raise PictureError(str(error)) from error


def _unpack(data: bytes, size: int) -> bytes:
    """The content of one zstd frame whose declared size is ``size``: checked before a byte is made room for."""
    try:
        if zstandard.frame_content_size(data) != size:
            raise PictureError("a zstd frame of another size than its tiles")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise PictureError(f"tiles that are not zstd: {error}") from error
