"""Codes as people see them, and where CPace's two ends come out."""

import os

import pytest

from farhand.protocol.pairing import CPace, calculate_generator, format_code, generator_string, new_secret, parse_code


def test_secrets_are_nine_digits_of_even_odds() -> None:
    numbers = iter([2**32 - 1, 4 * 10**9, 4 * 10**9 - 1, 7])
    draw = lambda size: next(numbers).to_bytes(size, "big")  # noqa: E731 - shorter than a function here
    # Above four times a thousand million the remainder would favour small secrets: those are drawn again.
    assert new_secret(draw) == "999999999"
    assert new_secret(draw) == "000000007"


@pytest.mark.parametrize("route", ["4821", "482193715"])
def test_what_is_shown_can_be_typed(route: str) -> None:
    secret = new_secret(os.urandom)
    assert parse_code(format_code(route, secret)) == (route, secret)
    assert format_code("4821", "739204615") == "4821-739 204 615"


def exchange(**changed: bytes) -> bool:
    """Whether both ends come to the same key when the host's view differs in ``changed``."""
    given = {"prs": b"739204615", "ci": b"ci", "sid": b"sid"}
    said = {"ada": b"viewer", "adb": b"host"}
    viewer = CPace(**given, scalar=os.urandom(32))
    host = CPace(**{name: changed.get(name, value) for name, value in given.items()}, scalar=os.urandom(32))
    seen = {name: changed.get(name, value) for name, value in said.items()}
    return viewer.initiator_key(yb=host.share, **said) == host.responder_key(ya=viewer.share, **seen)


def test_the_same_code_the_same_key() -> None:
    assert exchange()


@pytest.mark.parametrize("name", ["prs", "ci", "sid", "ada", "adb"])
def test_everything_else_another_key(name: str) -> None:
    assert not exchange(**{name: b"other"})


def test_the_password_and_its_padding_fill_a_block() -> None:
    for length in (0, 9, 117):
        assert generator_string(bytes(length), b"", b"")[128:] == b"\0\0"
    assert len(generator_string(bytes(130), b"", b"")) == 9 + 2 + 130 + 1 + 2


def test_neighbouring_inputs_do_not_run_together() -> None:
    assert calculate_generator(b"ab", b"c", b"") != calculate_generator(b"a", b"bc", b"")
    assert calculate_generator(b"a", b"bc", b"") != calculate_generator(b"a", b"b", b"c")
