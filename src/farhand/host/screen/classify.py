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
#: On a line that is the limit a region changes as seldom as it can be sent; two costly changes within this are film.
SLOW_WINDOW = 2.0
REMEMBER_SECONDS = 3.0
#: What takes more than this share of a line that is the limit becomes video, whatever it is.
LINE_SHARE = 0.75
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

        On a line that is the limit, whatever takes more than LINE_SHARE of it counts as film.
        """
        while self._changes and now - self._changes[0].at > SLOW_WINDOW:
            self._changes.popleft()
        if not self._changes:
            return None
        newest = self._changes[-1]
        if line_kbit <= 0 and not _is_dense([newest]):
            return None  # text: most updates end here
        seed = newest.rect
        alike = [c for c in self._changes if _much_alike(c.rect, seed)]
        cluster = [c for c in alike if now - c.at <= WINDOW]
        if line_kbit > 0 and (slow := self._too_much(alike, line_kbit)):
            return slow
        if len(cluster) < CHANGES_AGAIN:
            return None
        area = union(c.rect for c in cluster)
        known = any(now - at < REMEMBER_SECONDS and _much_alike(r, area) for at, r in self._closed)
        enough = len(cluster) >= (CHANGES_AGAIN if known else CHANGES)
        return Film(area, dense=True) if enough and _is_dense(cluster) else None

    def _too_much(self, cluster: list[_Change], line_kbit: float) -> Film | None:
        """What takes more than three quarters of a line that is the limit."""
        span = cluster[-1].at - cluster[0].at
        if len(cluster) < 2 or span < WINDOW / 2:
            return None
        kbit = sum(c.size for c in cluster[1:]) * 8 / 1000 / span
        if kbit <= LINE_SHARE * line_kbit:
            return None
        return Film(union(c.rect for c in cluster), _is_dense(cluster))

    def forget(self, rect: Rect) -> None:
        """Changes in ``rect`` are no longer lossless."""
        kept = [c for c in self._changes if not contains(rect, c.rect)]
        self._changes.clear()
        self._changes.extend(kept)


def _is_dense(cluster: list[_Change]) -> bool:
    return sum(c.size for c in cluster) >= FILM_DENSITY * sum(c.rect.area for c in cluster)


def _much_alike(a: Rect, b: Rect) -> bool:
    """Whether each is at least half of the other."""
    common = intersect(a, b)
    return common is not None and common.area * 2 >= max(a.area, b.area)
