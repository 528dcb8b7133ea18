"""H.264 for one region, by x264 through PyAV: no look-ahead, no picture held back, rate changed as it runs."""

from fractions import Fraction
from typing import Any

from farhand.host.platform.base import Pixels, Rect
from farhand.host.screen.yuv import BT601, BT709_PRIMARIES, FULL_RANGE, SRGB_TRANSFER, converter

#: The WebCodecs string of what x264's ultrafast gives: constrained baseline, level 4.2 (5.1 above 1920x1088).
CODEC, CODEC_LARGE = "avc1.42c02a", "avc1.42c033"
#: The smallest quantiser, and the rate of a picture of up to 1280x720 (kbit/s); larger pictures get more.
QMIN, MOST_KBIT, LEAST_KBIT = 15, 5800, 150
#: The rate may be exceeded within so many seconds: a key picture must fit.
BUFFER_SECONDS = 0.2


class EncoderFailed(Exception):
    """The encoder could not be made or refused a picture; the session goes on with tiles."""


class Encoder:
    """Encodes one rectangle's pictures; both sides must be even.

    Quality is bounded by the smallest quantiser, the rate by x264's average bit rate under VBV. libavcodec hands a
    changed bit_rate on to a running x264 only where the VBV's maximum equals it (tried), and then no key picture is
    needed.
    """

    def __init__(self, width: int, height: int) -> None:
        import av  # 25 MiB and 0.2 s: only once there is film

        self._failures = (av.FFmpegError, ValueError)
        self.width, self.height = width, height
        self._most_kbit = max(MOST_KBIT, MOST_KBIT * width * height // (1280 * 720))
        self._kbit = self._most_kbit
        try:
            self._converter = converter(av, width, height)
            self._context = self._open(av)
        except self._failures as error:
            raise EncoderFailed(f"x264 for {width}x{height}: {error}") from error
        self._pts = 0

    def _open(self, av: Any) -> Any:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height = self.width, self.height
        context.pix_fmt = "yuv420p"
        context.color_range, context.colorspace = FULL_RANGE, BT601
        # Without these two Chromium ignores the others and takes the picture for limited range.
        context.color_primaries, context.color_trc = BT709_PRIMARIES, SRGB_TRANSFER
        context.time_base = Fraction(1, 60)
        context.framerate = Fraction(60)
        context.bit_rate = self._kbit * 1000
        context.qmin = QMIN
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "maxrate": f"{self._kbit}k",
            "bufsize": f"{int(self._kbit * BUFFER_SECONDS)}k",
            "threads": "1",
            "x264-params": "sliced-threads=0:rc-lookahead=0:scenecut=0:keyint=infinite",
        }
        context.open()
        return context

    @property
    def codec(self) -> str:
        """For the viewer's decoder."""
        return CODEC if self.width * self.height <= 1920 * 1088 else CODEC_LARGE

    def rate(self, kbit: int) -> None:
        """Spend at most about this much from now on, kbit/s."""
        wanted = max(LEAST_KBIT, min(kbit, self._most_kbit))
        if abs(wanted - self._kbit) * 20 > self._kbit:
            self._kbit = wanted
            self._context.bit_rate = wanted * 1000

    def encode(self, pixels: Pixels) -> tuple[bytes, bool]:
        """One picture: its bytes (Annex B) and whether it is a key picture. Raises EncoderFailed."""
        try:
            frame = self._converter.convert(pixels)
            frame.pts = self._pts
            self._pts += 1
            packets = self._context.encode(frame)
        except self._failures as error:
            raise EncoderFailed(f"x264 for {self.width}x{self.height}: {error}") from error
        if not packets:
            raise EncoderFailed("x264 held a picture back")
        return b"".join(bytes(p) for p in packets), bool(packets[0].is_keyframe)


def even(rect: Rect, width: int, height: int) -> Rect:
    """``rect`` grown to even sides and even place within ``width`` × ``height``, as 4:2:0 colour needs."""
    x, y = rect.x & ~1, rect.y & ~1
    right, bottom = min((rect.right + 1) & ~1, width & ~1), min((rect.bottom + 1) & ~1, height & ~1)
    return Rect(x, y, right - x, bottom - y)
