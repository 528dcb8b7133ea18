"""Film is what keeps changing and does not compress; on a slow line, also what the line cannot carry."""

import pytest

from farhand.host.platform.base import Rect
from farhand.host.screen.classify import Classifier, Film

PICTURE = Rect(0, 0, 1280, 720)
TEXT, FILM = 40_000, 290_000


def feed(
    classifier: Classifier, rect: Rect, size: int, count: int, every: float, line: float = 0, at: float = 10.0
) -> Film | None:
    found = None
    for n in range(count):
        now = at + n * every
        classifier.note(rect, size, now)
        found = found or classifier.film(now, line)
    return found


def test_film_is_found_within_a_tenth_of_a_second() -> None:
    assert feed(Classifier(), PICTURE, FILM, 6, 1 / 59) == Film(PICTURE, dense=True)


def test_text_that_moves_is_not_film() -> None:
    assert feed(Classifier(), PICTURE, TEXT, 200, 1 / 59) is None


def test_a_picture_now_and_then_is_not_film() -> None:
    assert feed(Classifier(), PICTURE, FILM, 20, 0.3) is None


def test_small_things_stay_tiles() -> None:
    assert feed(Classifier(), Rect(10, 10, 40, 40), 6000, 60, 1 / 59) is None


@pytest.mark.parametrize(("size", "dense"), [(TEXT, False), (FILM, True)])
def test_a_slow_line_makes_film_of_what_it_cannot_carry(size: int, dense: bool) -> None:
    seconds = size * 8 / 6_000_000
    assert feed(Classifier(), PICTURE, size, 12, max(seconds, 0.05), line=6000) == Film(PICTURE, dense)


def test_a_slow_line_still_carries_small_changes_exactly() -> None:
    assert feed(Classifier(), PICTURE, 3_000, 200, 1 / 59, line=6000) is None


def test_the_film_does_not_take_its_surroundings_along() -> None:
    classifier = Classifier()
    film = Rect(608, 328, 640, 360)
    classifier.note(PICTURE, TEXT, 9.99)
    assert feed(classifier, film, 70_000, 6, 1 / 59) == Film(film, dense=True)


def test_film_that_goes_on_is_known_again_sooner() -> None:
    classifier = Classifier()
    classifier.closed(PICTURE, 9.5)
    assert feed(classifier, PICTURE, FILM, 3, 1 / 59) is not None
    late = Classifier()
    late.closed(PICTURE, 1.0)
    assert feed(late, PICTURE, FILM, 3, 1 / 59) is None


def test_what_is_video_already_is_forgotten() -> None:
    classifier = Classifier()
    for n in range(5):
        classifier.note(PICTURE, FILM, 10 + n / 59)
    classifier.forget(PICTURE)
    assert feed(classifier, PICTURE, FILM, 1, 1 / 59, at=10.1) is None
