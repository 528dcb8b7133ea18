"""The screen's hot paths, each for one 1280x720 picture (or --size): milliseconds of processor time, and bytes.

    python bench/micro/bench_screen.py [--size 1920x1080] [--display :0] [--json]

Compare rows of one run with each other; absolute figures drift with the machine. With --display the grab is measured
on that X server too. The peers' ways of packing a picture (JPEG, PNG) stand beside ours.
"""

import argparse
import io
import json
import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from farhand.host.platform.base import Pixels, Rect
from farhand.host.screen.classify import Classifier
from farhand.host.screen.difference import Difference, find_scroll
from farhand.host.screen.lossless import TileEncoder
from farhand.host.screen.video import Encoder


def page(width: int, height: int) -> Pixels:
    """A page of text, a screen and a half high."""
    image = Image.new("RGB", (width, height * 3 // 2), "#fdfdfb")
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(1)
    words = ["".join(chr(97 + c) for c in rng.integers(0, 26, n)) for n in rng.integers(2, 9, 400)]
    for row, y in enumerate(range(4, image.height - 14, 15)):
        draw.text((12, y), " ".join(words[(row * 7 + n) % 400] for n in range(row * 5 % 23)), "#202020")
    rgb = np.asarray(image).astype(np.uint32)
    return rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]


def film(width: int, height: int, count: int) -> list[Pixels]:
    """Moving, textured pictures that do not compress losslessly."""
    rng = np.random.default_rng(2)
    texture = Image.fromarray(rng.integers(0, 255, (height // 4 + 32, width // 4 + 32, 3), np.uint8))
    large = np.asarray(texture.resize((width + 128, height + 128), Image.Resampling.BICUBIC)).astype(np.uint32)
    packed = large[..., 0] << 16 | large[..., 1] << 8 | large[..., 2]
    return [np.ascontiguousarray(packed[n : n + height, 2 * n : 2 * n + width]) for n in range(count)]


def processor_ms(work: Callable[[], object], rounds: int = 30) -> float:
    """The median over the rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1e3)
    return sorted(times)[rounds // 2]


def rows(width: int, height: int, display: str | None) -> list[tuple[str, float, int | None]]:
    """(what, ms, bytes or None)."""
    whole = Rect(0, 0, width, height)
    text = page(width, height)
    before, after = np.ascontiguousarray(text[:height]), np.ascontiguousarray(text[57 : height + 57])
    pictures = film(width, height, 24)
    difference, tiles = Difference(width, height), TileEncoder()
    changed = difference.changed(after, before)
    found: list[tuple[str, float, int | None]] = []

    def add(what: str, work: Callable[[], object], size: int | None = None) -> None:
        found.append((what, round(processor_ms(work), 3), size))

    if display is not None:
        from farhand.host.platform.x11.capture import X11Screen

        source = X11Screen(display)
        own = Rect(0, 0, source.width, source.height)
        add("grab: whole display by shared memory", lambda: source.grab([own]))
        source.close()
    add("compare: nothing changed", lambda: difference.changed(before, before))
    add("compare: scrolled text", lambda: difference.changed(after, before))
    add("scroll: found in text", lambda: find_scroll(after, before, changed))
    add("scroll: not found in film", lambda: find_scroll(pictures[1], pictures[0], [whole]))

    def classify() -> None:
        classifier = Classifier()
        for n in range(10):
            classifier.note(whole, 250_000, n / 60)
            classifier.film(n / 60, 0)

    add("classify: ten updates", classify)
    for name, picture in (("text", before), ("film", pictures[0])):
        add(f"lossless: {name}, zstd 1", lambda p=picture: tiles.encode(p, [whole], 0, 0), tiles.size(picture))
        image = Image.fromarray(np.stack([picture >> 16 & 255, picture >> 8 & 255, picture & 255], -1).astype(np.uint8))
        for label, options in (("JPEG 90", {"format": "JPEG", "quality": 90}), ("PNG", {"format": "PNG"})):

            def save(image: Image.Image = image, options: dict[str, object] = options) -> int:
                out = io.BytesIO()
                image.save(out, **options)  # type: ignore[arg-type]  # Pillow's options are by format
                return out.tell()

            add(f"peers' way: {name}, {label}", save, save())
    encoder, at = Encoder(width & ~1, height & ~1), 0
    sizes: list[int] = []

    def encode() -> None:
        nonlocal at
        at += 1
        sizes.append(len(encoder.encode(pictures[at % 24][: height & ~1, : width & ~1])[0]))

    encode()
    add("video: film, x264", encode)
    what, cost, _ = found.pop()
    found.append((what, cost, sum(sizes[1:]) // max(1, len(sizes) - 1)))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--display")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    table = rows(width, height, args.display)
    if args.json:
        print(json.dumps([{"what": w, "ms": ms, "bytes": size} for w, ms, size in table], indent=1))
        return
    for what, ms, size in table:
        print(f"{what:40} {ms:8.3f} ms {'' if size is None else f'{size:10,} bytes'}")


if __name__ == "__main__":
    main()
