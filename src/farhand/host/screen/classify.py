"""Which region is film: it keeps changing, and its pixels do not compress. Text does, also while it moves.

Figures (bench, 1280x720): a page of text takes 0.04 bytes a pixel by zstd level 1, film 0.3. Film at 59 pictures a
second would be 137 Mbit/s lossless; a page of text that is sent whole each time, 16.
"""

from collections import deque
from typing import NamedTuple

from farhand.host.platform.base import Rect
from farhand.host.screen.regions import contains, intersect, union

#: Bytes a pixel from which pixels count as film, and below which a film region counts as text again.
FILM_DENSITY, TEXT_DENSITY = 0.10, 0.07
#: So many changes within WINDOW seconds make a region film; fewer where it was film a moment ago.
CHANGES, CHANGES_AGAIN = 6, 3
WINDOW = 0.4
REMEMBER_SECONDS = 3.0
#: A smaller region is cheaper as tiles than as a video stream.
LEAST_SIDE = 48


class _Change(NamedTuple):
    at: float
    rect: Rect
    size: int


class Film(NamedTuple):
    """A region to carry as video; not ``dense``: chosen only because the line is too slow for it otherwise."""

    rect: Rect
    dense: bool


class Classifier:
    """Watches what lossless updates cost; ``now`` is in seconds."""

    def __init__(self) -> None:
        self._changes: deque[_Change] = deque(maxlen=512)
        self._closed: deque[tuple[float, Rect]] = deque(maxlen=8)

    def note(self, rect: Rect, size: int, now: float) -> None:
        """A changed rectangle was sent in ``size`` bytes."""
        if rect.width >= LEAST_SIDE and rect.height >= LEAST_SIDE:
            self._changes.append(_Change(now, rect, size))

    def closed(self, rect: Rect, now: float) -> None:
        """A film region came to rest: should it go on soon, fewer changes are enough."""
        self._closed.append((now, rect))

    def film(self, now: float, line_kbit: float) -> Film | None:
        """A region that should become video now. ``line_kbit`` 0: the line has not been the limit.

        On a line that is the limit, whatever would take more than three quarters of it counts as film.
        """
        while self._changes and now - self._changes[0].at > 2 * WINDOW:
            self._changes.popleft()
        recent = [c for c in self._changes if now - c.at <= WINDOW]
        if len(recent) < CHANGES_AGAIN:
            return None
        seed = recent[-1].rect
        cluster = [c for c in recent if _much_alike(c.rect, seed)]
        area = union(c.rect for c in cluster)
        known = any(now - at < REMEMBER_SECONDS and _much_alike(r, area) for at, r in self._closed)
        size, pixels = sum(c.size for c in cluster), sum(c.rect.area for c in cluster)
        too_much = line_kbit > 0 and size * 8 / 1000 / WINDOW > 0.75 * line_kbit and len(cluster) >= CHANGES_AGAIN
        dense = size >= FILM_DENSITY * pixels and len(cluster) >= (CHANGES_AGAIN if known else CHANGES)
        if not (dense or too_much):
            return None
        return Film(area, dense)

    def forget(self, rect: Rect) -> None:
        """Changes in ``rect`` are no longer lossless."""
        kept = [c for c in self._changes if not contains(rect, c.rect)]
        self._changes.clear()
        self._changes.extend(kept)


def _much_alike(a: Rect, b: Rect) -> bool:
    """Whether each is at least half of the other."""
    common = intersect(a, b)
    return common is not None and common.area * 2 >= max(a.area, b.area)
