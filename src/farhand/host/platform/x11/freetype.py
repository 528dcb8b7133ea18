"""Glyphs by FreeType, through ctypes: every X server and every xterm brings the library, so nothing is installed.

Only what fonts installed on this machine hold is drawn, a character at a time without shaping.
"""

import ctypes
import ctypes.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LOAD_RENDER = 1 << 2
_LOAD_TARGET_LIGHT = 1 << 16
_GRAY = 2

_FONTS = Path("/usr/share/fonts")
#: Fonts by likelihood: the first that has a character draws it.
_REGULAR = (
    "truetype/dejavu/DejaVuSans.ttf",
    "TTF/DejaVuSans.ttf",
    "dejavu-sans-fonts/DejaVuSans.ttf",
    "truetype/noto/NotoSans-Regular.ttf",
    "truetype/liberation/LiberationSans-Regular.ttf",
    "liberation-sans/LiberationSans-Regular.ttf",
    "truetype/liberation2/LiberationSans-Regular.ttf",
    "truetype/freefont/FreeSans.ttf",
    "truetype/ubuntu/Ubuntu-R.ttf",
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "google-noto-cjk/NotoSansCJK-Regular.ttc",
    "truetype/wqy/wqy-microhei.ttc",
    "truetype/wqy/wqy-zenhei.ttc",
    "truetype/droid/DroidSansFallbackFull.ttf",
)
_BOLD = (
    "truetype/dejavu/DejaVuSans-Bold.ttf",
    "TTF/DejaVuSans-Bold.ttf",
    "dejavu-sans-fonts/DejaVuSans-Bold.ttf",
    "truetype/noto/NotoSans-Bold.ttf",
    "truetype/liberation/LiberationSans-Bold.ttf",
    "liberation-sans/LiberationSans-Bold.ttf",
    "truetype/liberation2/LiberationSans-Bold.ttf",
)


class Glyph(NamedTuple):
    """One character's picture: coverage 0–255, where it goes from the pen, how far the pen moves (pixels)."""

    coverage: NDArray[np.uint8]
    left: int
    top: int
    advance: float


class _Generic(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("finalizer", ctypes.c_void_p))


class _Bitmap(ctypes.Structure):
    _fields_ = (
        ("rows", ctypes.c_uint),
        ("width", ctypes.c_uint),
        ("pitch", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("num_grays", ctypes.c_ushort),
        ("pixel_mode", ctypes.c_ubyte),
        ("palette_mode", ctypes.c_ubyte),
        ("palette", ctypes.c_void_p),
    )


class _Slot(ctypes.Structure):
    """FT_GlyphSlotRec as far as it is read here; the layout is part of FreeType's stable interface."""

    _fields_ = (
        ("library", ctypes.c_void_p),
        ("face", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("glyph_index", ctypes.c_uint),
        ("generic", _Generic),
        ("metrics", ctypes.c_long * 8),
        ("linear_advance", ctypes.c_long * 2),
        ("advance", ctypes.c_long * 2),
        ("format", ctypes.c_int),
        ("bitmap", _Bitmap),
        ("bitmap_left", ctypes.c_int),
        ("bitmap_top", ctypes.c_int),
    )


class _Face(ctypes.Structure):
    """FT_FaceRec as far as its glyph slot."""

    _fields_ = (
        ("counts", ctypes.c_long * 5),
        ("family_name", ctypes.c_void_p),
        ("style_name", ctypes.c_void_p),
        ("num_fixed_sizes", ctypes.c_int),
        ("available_sizes", ctypes.c_void_p),
        ("num_charmaps", ctypes.c_int),
        ("charmaps", ctypes.c_void_p),
        ("generic", _Generic),
        ("bbox", ctypes.c_long * 4),
        ("units_per_em", ctypes.c_ushort),
        ("shorts", ctypes.c_short * 7),
        ("glyph", ctypes.POINTER(_Slot)),
    )


_FaceP = ctypes.POINTER(_Face)


class Fonts:
    """The fonts of this machine at one weight; raises OSError where the library or every font is missing."""

    def __init__(self, *, bold: bool = False) -> None:
        self._library = _library()
        handle = ctypes.c_void_p()
        if self._library.FT_Init_FreeType(ctypes.byref(handle)):
            raise OSError("FreeType does not start")
        # Kept for the life of the process: there are two of these, one a weight.
        self._faces = self._open(handle, (*_BOLD, *_REGULAR) if bold else _REGULAR)
        if not self._faces:
            raise OSError(f"no known font under {_FONTS}")
        self._glyphs: dict[tuple[str, int], Glyph] = {}

    def _open(self, handle: ctypes.c_void_p, names: Sequence[str]) -> list["ctypes._Pointer[_Face]"]:
        faces = []
        for name in names:
            path = _FONTS / name
            face = _FaceP()
            if path.is_file() and not self._library.FT_New_Face(handle, bytes(path), 0, ctypes.byref(face)):
                faces.append(face)
        return faces

    def glyph(self, character: str, size: int) -> Glyph:
        """The glyph at ``size`` pixels an em; a hollow box where no font has one."""
        key = (character, size)
        glyph = self._glyphs.get(key)
        if glyph is None:
            if len(self._glyphs) > 2000:
                self._glyphs.clear()
            glyph = self._glyphs[key] = self._draw(ord(character), size) or _box(size)
        return glyph

    def _draw(self, point: int, size: int) -> Glyph | None:
        for face in self._faces:
            index = self._library.FT_Get_Char_Index(face, point)
            if not index or self._library.FT_Set_Pixel_Sizes(face, 0, size):
                continue
            if self._library.FT_Load_Glyph(face, index, _LOAD_RENDER | _LOAD_TARGET_LIGHT):
                continue
            slot = face.contents.glyph.contents
            bitmap = slot.bitmap
            advance = slot.advance[0] / 64
            if not bitmap.rows or not bitmap.width:
                return Glyph(np.zeros((0, 0), np.uint8), 0, 0, advance)
            if bitmap.pixel_mode != _GRAY or bitmap.pitch < 0:
                continue
            raw = ctypes.string_at(bitmap.buffer, bitmap.rows * bitmap.pitch)
            rows = np.frombuffer(raw, np.uint8).reshape(bitmap.rows, bitmap.pitch)[:, : bitmap.width]
            return Glyph(rows.copy(), slot.bitmap_left, slot.bitmap_top, advance)
        return None


@lru_cache(maxsize=2)
def fonts(bold: bool) -> Fonts | None:
    """The machine's fonts, opened once; None where glyphs cannot be had."""
    try:
        return Fonts(bold=bold)
    except OSError:
        return None


def _box(size: int) -> Glyph:
    height, width = max(3, size * 7 // 10), max(3, size // 2)
    box = np.full((height, width), 160, np.uint8)
    box[1:-1, 1:-1] = 0
    return Glyph(box, 1, height, width + 2)


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(ctypes.util.find_library("freetype") or "libfreetype.so.6")
    library.FT_Init_FreeType.argtypes = [ctypes.POINTER(ctypes.c_void_p)]
    library.FT_New_Face.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_long, ctypes.POINTER(_FaceP)]
    library.FT_Get_Char_Index.argtypes = [_FaceP, ctypes.c_ulong]
    library.FT_Get_Char_Index.restype = ctypes.c_uint
    library.FT_Set_Pixel_Sizes.argtypes = [_FaceP, ctypes.c_uint, ctypes.c_uint]
    library.FT_Load_Glyph.argtypes = [_FaceP, ctypes.c_uint, ctypes.c_int32]
    return library
