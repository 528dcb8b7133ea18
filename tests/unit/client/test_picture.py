"""Updates applied to the caller's picture: exactly, and never outside it."""

import contextlib

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from farhand.client.picture import MAX_LAYERS, Picture, PictureError
from farhand.host.screen.video import Encoder
from farhand.protocol.messages.screen import (
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

RAW, ZSTD = TileCodec.RAW, TileCodec.ZSTD
AVC = "avc1.42c02a"


def picture(width: int = 64, height: int = 48) -> Picture:
    made = Picture()
    made.lay_out(Layout(1, width, height))
    return made


def apply(to: Picture, *operations: Operation, exact: bool = True, input_seq: int = 0, generation: int = 1) -> None:
    to.apply(Update(1, generation, input_seq, exact, list(operations)))


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2**32, (height, width), np.uint32)


@pytest.mark.parametrize("codec", [RAW, ZSTD])
def test_tiles(codec: TileCodec) -> None:
    shown = picture()
    first, second = noise(3, 5), noise(2, 64)
    data = first.tobytes() + second.tobytes()
    apply(shown, Tiles([1, 2, 5, 3, 0, 46, 64, 2], codec, zstandard.compress(data) if codec is ZSTD else data))
    assert np.array_equal(shown.pixels[2:5, 1:6], first)
    assert np.array_equal(shown.pixels[46:48], second)
    assert not shown.pixels[5:46].any()


def test_a_fill_and_a_copy_onto_itself() -> None:
    shown = picture()
    apply(shown, Fill(0, 0, 64, 1, 0x112233), Fill(0, 1, 64, 1, 0x445566), Copy(0, 0, 0, 1, 64, 2))
    assert [hex(row[0]) for row in shown.pixels[:4]] == ["0x112233", "0x112233", "0x445566", "0x0"]


def test_operations_of_one_update_build_on_each_other_in_order() -> None:
    shown = picture()
    apply(shown, Fill(0, 0, 2, 2, 1), Copy(0, 0, 10, 10, 2, 2), Fill(0, 0, 2, 2, 2))
    assert shown.pixels[10, 10] == 1
    assert shown.pixels[0, 0] == 2


def test_what_is_known_about_the_picture() -> None:
    shown = picture()
    apply(shown, exact=True, input_seq=7)
    assert (shown.exact, shown.input_seq, shown.updates) == (True, 7, 1)
    apply(shown, exact=False)
    assert (shown.exact, shown.input_seq, shown.updates) == (False, 7, 2)
    shown.lay_out(Layout(2, 10, 10))
    assert shown.pixels.shape == (10, 10)


def test_video_lies_upon_the_picture_and_leaves_it_as_it_was() -> None:
    shown = picture()
    colour = np.full((32, 32), 0x204080, np.uint32)
    data, key = Encoder(32, 32).encode(colour)
    apply(shown, Fill(0, 0, 64, 48, 0x123456), VideoOpen(1, 16, 8, 32, 32, AVC), VideoFrame(1, key, data))
    seen = shown.composed()
    assert seen[0, 0] == 0x123456
    middle = seen[24, 32]
    for shift, value in ((16, 0x20), (8, 0x40), (0, 0x80)):
        assert abs(int(middle >> shift & 0xFF) - value) <= 6
    assert (shown.pixels == 0x123456).all()
    assert shown.video_layers == 1
    apply(shown, VideoClose(1))
    assert np.array_equal(shown.composed(), shown.pixels)


BAD: dict[str, list[Operation]] = {
    "right of it": [Fill(60, 0, 5, 1, 0)],
    "below it": [Fill(0, 47, 1, 2, 0)],
    "copied from outside": [Copy(60, 0, 0, 0, 5, 1)],
    "copied to outside": [Copy(0, 0, 60, 0, 5, 1)],
    "tiles outside": [Tiles([64, 0, 1, 1], RAW, bytes(4))],
    "empty tiles": [Tiles([0, 0, 0, 1], RAW, b"")],
    "three numbers": [Tiles([0, 0, 1, 1, 5], RAW, bytes(4))],
    "too few bytes": [Tiles([0, 0, 2, 2], RAW, bytes(15))],
    "too many bytes": [Tiles([0, 0, 2, 2], RAW, bytes(17))],
    "not zstd": [Tiles([0, 0, 2, 2], ZSTD, bytes(16))],
    "a bomb": [Tiles([0, 0, 2, 2], ZSTD, zstandard.compress(bytes(1 << 24)))],
    "zstd without a size": [
        Tiles([0, 0, 2, 2], ZSTD, zstandard.ZstdCompressor(write_content_size=False).compress(bytes(16)))
    ],
    "half a zstd frame": [Tiles([0, 0, 2, 2], ZSTD, zstandard.compress(noise(2, 2).tobytes())[:-3])],
    "more than one may carry": [Tiles([0, 0, 64, 48] * 342, RAW, bytes(64 * 48 * 4 * 342))],
    "video outside": [VideoOpen(1, 40, 0, 32, 32, AVC)],
    "an unknown codec": [VideoOpen(1, 0, 0, 32, 32, "vp8")],
    "too many layers": [VideoOpen(MAX_LAYERS, 0, 0, 2, 2, AVC)],
    "a frame for no layer": [VideoFrame(1, True, b"x")],
    "closing no layer": [VideoClose(1)],
    "no key frame": [VideoOpen(1, 0, 0, 32, 32, AVC), VideoFrame(1, False, b"x")],
    "no video": [VideoOpen(1, 0, 0, 32, 32, AVC), VideoFrame(1, True, b"\0\0\0\1\x67garbage")],
    "video of another size": [
        VideoOpen(1, 0, 0, 16, 16, AVC),
        VideoFrame(1, True, Encoder(32, 32).encode(np.zeros((32, 32), np.uint32))[0]),
    ],
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(PictureError):
        apply(picture(), *BAD[name])


def test_an_update_of_another_layout_is_refused() -> None:
    with pytest.raises(PictureError):
        apply(picture(), generation=2)
    with pytest.raises(PictureError):
        Picture().apply(Update(1, 1, 0, True, []))


NUMBER = st.integers(0, 70)
SIDE = st.integers(1, 70)
OPERATIONS = st.one_of(
    st.builds(Copy, NUMBER, NUMBER, NUMBER, NUMBER, SIDE, SIDE),
    st.builds(Fill, NUMBER, NUMBER, SIDE, SIDE, st.integers(0, 2**32 - 1)),
    st.builds(Tiles, st.lists(NUMBER, min_size=4, max_size=9), st.sampled_from(TileCodec), st.binary(max_size=80)),
    st.builds(VideoClose, NUMBER),
)


@given(operations=st.lists(OPERATIONS, max_size=5))
def test_whatever_arrives_it_is_applied_or_refused(operations: list[Operation]) -> None:
    shown = picture()
    with contextlib.suppress(PictureError):
        apply(shown, *operations)
    assert shown.pixels.shape == (48, 64)
