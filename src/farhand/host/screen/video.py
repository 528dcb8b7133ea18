"""H.264 for one region, by x264 through PyAV: no look-ahead, no picture held back, rate changed as it runs."""

from fractions import Fraction
from typing import Any

import numpy as np

from farhand.host.platform.base import Pixels, Rect

#: The WebCodecs string of what x264's ultrafast gives: constrained baseline, level 4.2 (5.1 above 1920x1088).
CODEC, CODEC_LARGE = "avc1.42c02a", "avc1.42c033"
#: Quality where the line allows it, and the ceiling for a 1280x720 picture (kbit/s); larger pictures get more.
CRF, MOST_KBIT, LEAST_KBIT = "19", 7500, 150
#: The rate may be exceeded within so many seconds: a key picture must fit.
BUFFER_SECONDS = 0.2
#: Pictures between two steps down; four times as many before a step up.
STEP_PICTURES = 10


class EncoderFailed(Exception):
    """The encoder could not be made or refused a picture; the session goes on with tiles."""


class Encoder:
    """Encodes one rectangle's pictures; both sides must be even.

    Constant quality below a ceiling of the rate (x264's crf with VBV). libavcodec does not pass a changed rate on to
    a running x264 (tried: bit_rate of an open context changes nothing), so another ceiling means another encoder; its
    first picture is a key picture of about three times an ordinary one's size, and steps are coarse.
    """

    def __init__(self, width: int, height: int) -> None:
        import av  # 25 MiB and 0.2 s: only once there is film

        self._av = av
        self.width, self.height = width, height
        self._most_kbit = max(2000, MOST_KBIT * width * height // (1280 * 720))
        self._kbit = self._most_kbit
        self._pictures = 0
        self._reformatter = av.video.reformatter.VideoReformatter()
        self._context: Any = None

    @property
    def codec(self) -> str:
        """For the viewer's decoder."""
        return CODEC if self.width * self.height <= 1920 * 1088 else CODEC_LARGE

    def rate(self, kbit: int) -> None:
        """Spend at most about this much from now on, kbit/s."""
        wanted = max(LEAST_KBIT, min(kbit, self._most_kbit))
        down = wanted < 0.85 * self._kbit and self._pictures >= STEP_PICTURES
        up = wanted > 1.25 * self._kbit and self._pictures >= 4 * STEP_PICTURES
        if down or up:
            self._kbit = wanted
            self._context = None

    def encode(self, pixels: Pixels) -> tuple[bytes, bool]:
        """One picture: its bytes (Annex B) and whether it is a key picture. Raises EncoderFailed."""
        try:
            if self._context is None:
                self._context = self._open()
                self._pictures = 0
            frame = self._av.VideoFrame.from_numpy_buffer(
                np.ascontiguousarray(pixels).view(np.uint8).reshape(self.height, self.width, 4), "bgra"
            )
            frame = self._reformatter.reformat(frame, format="yuv420p")
            frame.pts = self._pictures
            self._pictures += 1
            packets = self._context.encode(frame)
        except (self._av.FFmpegError, ValueError) as error:
            raise EncoderFailed(f"x264 for {self.width}x{self.height}: {error}") from error
        if not packets:
            raise EncoderFailed("x264 held a picture back")
        return b"".join(bytes(p) for p in packets), bool(packets[0].is_keyframe)

    def _open(self) -> Any:
        context = self._av.CodecContext.create("libx264", "w")
        context.width, context.height = self.width, self.height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, 60)
        context.framerate = Fraction(60)
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": CRF,
            "maxrate": f"{self._kbit}k",
            "bufsize": f"{int(self._kbit * BUFFER_SECONDS)}k",
            "threads": "1",
            "x264-params": "sliced-threads=0:rc-lookahead=0:scenecut=0:keyint=infinite",
        }
        context.open()
        return context


def even(rect: Rect, width: int, height: int) -> Rect:
    """``rect`` grown to even sides and even place within ``width`` × ``height``, as 4:2:0 colour needs."""
    x, y = rect.x & ~1, rect.y & ~1
    right, bottom = min((rect.right + 1) & ~1, width & ~1), min((rect.bottom + 1) & ~1, height & ~1)
    return Rect(x, y, right - x, bottom - y)
