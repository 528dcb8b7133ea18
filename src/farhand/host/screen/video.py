"""H.264 for one region, by x264 through PyAV: no look-ahead, no picture held back, rate changed as it runs."""

from fractions import Fraction
import numpy as np

from farhand.host.platform.base import Pixels, Rect

#: The WebCodecs string of what X264_OPTIONS give: constrained baseline, level 4.2 (5.1 above 1920x1088).
CODEC, CODEC_LARGE = "avc1.42c02a", "avc1.42c033"


class EncoderFailed(Exception):
    """The encoder could not be made or refused a picture; the session goes on with tiles."""


class Encoder:
    """Encodes one rectangle's pictures; both sides must be even."""

    def __init__(self, width: int, height: int) -> None:
        import av  # 60 MiB and 0.2 s: only when there is film

        self._av = av
        self.width, self.height = width, height
        try:
            context = av.CodecContext.create("libx264", "w")
            context.width, context.height = width, height
            context.pix_fmt = "yuv420p"
            context.time_base = Fraction(1, 1000)
            context.framerate = Fraction(60)
            context.options = {
                "preset": "ultrafast",
                "tune": "zerolatency",
                "crf": "20",
                "threads": "1",
                "g": "100000",
                "x264-params": "sliced-threads=0:rc-lookahead=0:scenecut=0",
            }
            context.open()
        except (av.FFmpegError, ValueError) as error:
            raise EncoderFailed(f"x264 for {width}x{height}: {error}") from error
        self._context = context
        self._reformatter = av.video.reformatter.VideoReformatter()
        self._next_key = True
        self._pts = 0

    @property
    def codec(self) -> str:
        """For the viewer's decoder."""
        return CODEC if self.width * self.height <= 1920 * 1088 else CODEC_LARGE

    def rate(self, kbit: int) -> None:
        """Spend at most this much from now on."""

    def encode(self, pixels: Pixels) -> tuple[bytes, bool]:
        """One picture: its bytes (Annex B) and whether it is a key picture. Raises EncoderFailed."""
        try:
            frame = self._av.VideoFrame.from_numpy_buffer(
                np.ascontiguousarray(pixels).view(np.uint8).reshape(self.height, self.width, 4), "bgra"
            )
            frame = self._reformatter.reformat(frame, format="yuv420p")
            frame.pts = self._pts
            self._pts += 17
            packets = self._context.encode(frame)
        except (self._av.FFmpegError, ValueError) as error:
            raise EncoderFailed(f"x264: {error}") from error
        if not packets:
            raise EncoderFailed("x264 held a picture back")
        key = bool(packets[0].is_keyframe)
        return b"".join(bytes(p) for p in packets), key


def even(rect: Rect, width: int, height: int) -> Rect:
    """``rect`` grown to even sides and even place within ``width`` × ``height``, as 4:2:0 colour needs."""
    x, y = rect.x & ~1, rect.y & ~1
    right, bottom = min((rect.right + 1) & ~1, width & ~1), min((rect.bottom + 1) & ~1, height & ~1)
    return Rect(x, y, right - x, bottom - y)
