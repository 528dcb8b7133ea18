"""Film decodes to what was encoded, in size, colour and rate."""

import av
import numpy as np
import pytest

from farhand.host.platform.base import Pixels, Rect
from farhand.host.screen import yuv
from farhand.host.screen.video import LEAST_KBIT, Encoder, EncoderFailed, even


def moving(width: int, height: int, count: int) -> list[Pixels]:
    """A textured picture that moves; BGRX."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 255, (height // 4 + 20, width // 4 + 20, 3)).astype(np.uint32)
    fine = np.kron(coarse, np.ones((4, 4, 1), np.uint32))
    packed = fine[..., 2] << 16 | fine[..., 1] << 8 | fine[..., 0]
    return [np.ascontiguousarray(packed[n % 60 : n % 60 + height, n % 50 : n % 50 + width]) for n in range(count)]


def rgb(pixels: Pixels) -> np.ndarray:
    return np.stack([pixels >> 16 & 255, pixels >> 8 & 255, pixels & 255], -1).astype(float)


@pytest.mark.parametrize("library", ["libyuv", "swscale"])
def test_a_picture_comes_back_in_its_colours(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if library == "swscale":
        monkeypatch.setattr(yuv, "_libyuv", lambda: None)
    else:
        assert yuv._libyuv() is not None, "script/setup installs libyuv0"
    blocks = np.full((96, 128), 0x2040C0, np.uint32)
    blocks[:, 64:] = 0xE0A010
    encoder = Encoder(128, 96)
    decoder = av.CodecContext.create("h264", "r")
    for _ in range(5):
        data, _ = encoder.encode(blocks)
        frames = decoder.decode(av.Packet(data))
    shown = frames[-1].to_ndarray(format="rgb24").astype(float)
    assert np.abs(shown[:, 8:56] - rgb(blocks)[:, 8:56]).max() < 8
    assert np.abs(shown[:, 72:120] - rgb(blocks)[:, 72:120]).max() < 8


def test_only_the_first_picture_is_key_and_none_is_held_back() -> None:
    encoder = Encoder(128, 96)
    keys = [encoder.encode(p)[1] for p in moving(128, 96, 300)]
    assert keys == [True] + [False] * 299


def test_the_rate_changes_without_a_key_picture() -> None:
    encoder = Encoder(320, 240)
    pictures = moving(320, 240, 360)
    sizes = []
    for n, picture in enumerate(pictures):
        if n == 120:
            encoder.rate(300)
        if n == 240:
            encoder.rate(2000)
        data, key = encoder.encode(picture)
        assert key == (n == 0)
        sizes.append(len(data))
    kbit = [sum(sizes[a:b]) * 8 * 60 / (b - a) / 1000 for a, b in ((60, 120), (180, 240), (300, 360))]
    assert kbit[1] < 450
    assert kbit[0] > 2 * kbit[1]
    assert kbit[2] > 2 * kbit[1]


def test_the_rate_has_a_floor() -> None:
    encoder = Encoder(320, 240)
    encoder.rate(0)
    sizes = [len(encoder.encode(p)[0]) for p in moving(320, 240, 120)]
    assert sum(sizes[60:]) * 8 / 1000 > LEAST_KBIT / 2


def test_a_picture_of_another_size_is_an_encoder_failure() -> None:
    encoder = Encoder(128, 96)
    with pytest.raises(EncoderFailed):
        encoder.encode(np.zeros((64, 64), np.uint32))


def test_an_impossible_size_is_an_encoder_failure() -> None:
    with pytest.raises(EncoderFailed):
        Encoder(1, 1)


@pytest.mark.parametrize(
    ("rect", "grown"),
    [
        (Rect(0, 0, 10, 10), Rect(0, 0, 10, 10)),
        (Rect(3, 5, 10, 10), Rect(2, 4, 12, 12)),
        (Rect(95, 0, 6, 6), Rect(94, 0, 6, 6)),
        (Rect(0, 0, 101, 51), Rect(0, 0, 100, 50)),
    ],
)
def test_rectangles_grow_to_even_ones_inside_the_layout(rect: Rect, grown: Rect) -> None:
    assert even(rect, 101, 51) == grown
