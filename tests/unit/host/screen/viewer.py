"""A viewer for tests: applies exact operations to an array, and notes video layers."""

import numpy as np
import zstandard

from farhand.host.platform.base import Pixels
from farhand.protocol.messages.screen import Copy, Fill, Operation, TileCodec, Tiles, VideoClose, VideoFrame, VideoOpen


class Viewer:
    def __init__(self, width: int, height: int) -> None:
        self.pixels: Pixels = np.zeros((height, width), np.uint32)
        self.layers: dict[int, VideoOpen] = {}
        self.frames: list[VideoFrame] = []

    def apply(self, operations: list[Operation]) -> None:
        for operation in operations:
            match operation:
                case Copy(from_x=fx, from_y=fy, x=x, y=y, width=w, height=h):
                    self.pixels[y : y + h, x : x + w] = self.pixels[fy : fy + h, fx : fx + w].copy()
                case Fill(x=x, y=y, width=w, height=h, bgrx=colour):
                    self.pixels[y : y + h, x : x + w] = colour
                case Tiles():
                    self._tiles(operation)
                case VideoOpen():
                    self.layers[operation.layer] = operation
                case VideoFrame():
                    assert operation.layer in self.layers
                    self.frames.append(operation)
                case VideoClose(layer=layer):
                    del self.layers[layer]

    def _tiles(self, tiles: Tiles) -> None:
        data = tiles.data if tiles.codec == TileCodec.RAW else zstandard.ZstdDecompressor().decompress(tiles.data)
        source, at = np.frombuffer(data, np.uint32), 0
        for i in range(0, len(tiles.rects), 4):
            x, y, w, h = tiles.rects[i : i + 4]
            self.pixels[y : y + h, x : x + w] = source[at : at + w * h].reshape(h, w)
            at += w * h
        assert at == len(source)
