"""Decodes a video layer; PyAV is loaded with the first layer, for it takes memory that most sessions never need."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What this client can show, as WebCodecs codec strings, best first.
CODECS = ("avc1.42c02a", "avc1.42c033")


class VideoError(Exception):
    """A layer of video cannot be decoded."""


class VideoDecoder:
    """One H.264 layer (Annex B) of ``width`` × ``height`` pixels."""

    def __init__(self, codec: str, width: int, height: int) -> None:
        if not codec.startswith("avc1."):
            raise VideoError(f"no decoder for {codec!r}")
        import av  # some 60 MiB

        self._error: type[Exception] = av.FFmpegError
        self._packet = av.Packet
        self._context: Any = av.CodecContext.create("h264", "r")
        self._context.thread_count = 1
        self._context.flags |= av.codec.context.Flags.low_delay  # no picture waits for the next one
        self._size = (width, height)
        self._began = False

    def decode(self, data: bytes, *, key: bool) -> NDArray[np.uint32] | None:
        """The picture after this frame, BGRX; None if the decoder holds it back. Raises VideoError."""
        if not (key or self._began):
            raise VideoError("video that begins without a key frame")
        self._began = True
        try:
            frames = self._context.decode(self._packet(data))
            if not frames:
                return None
            frame = frames[-1]
            width, height = self._size
            if (frame.width, frame.height) != (width, height):
                raise VideoError(f"video of {frame.width}x{frame.height} in a layer of {width}x{height}")
            plane = frame.to_ndarray(format="bgra")
        except self._error as error:
            raise VideoError(f"video that does not decode: {error}") from error
        pixels = np.ascontiguousarray(plane).view(np.dtype("<u4"))[:, :, 0]
        return pixels
