import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.core.ids import grouped, is_id, new_id


def test_an_id_tells_its_kind_and_carries_the_entropy():
    assert new_id("host", lambda count: bytes(range(count))) == "host_aaaqeayeaudaocajbifqydiob4"


def test_ids_differ():
    assert len({new_id("sess") for _ in range(100)}) == 100


@pytest.mark.parametrize("kind", ["", "h", "Host", "host_", "ho st", "h0st", "averylongkindofid"])
def test_other_kinds_are_refused(kind):
    with pytest.raises(ValueError, match="no kind of id"):
        new_id(kind)


@given(st.binary(min_size=16, max_size=16))
def test_every_id_is_recognised(entropy):
    assert is_id(new_id("host", lambda _count: entropy), "host")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host_",
        "sess_aaaqeayeaudaocajbifqydiob4",
        "host_AAAQEAYEAUDAOCAJBIFQYDIOB4",
        "host_aaaqeayeaudaocajbifqydiob4\n",
    ],
)
def test_what_is_no_id_of_the_kind_is_told_apart(text):
    assert not is_id(text, "host")


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [("", 4, ""), ("abc", 4, "abc"), ("abcdef", 4, "abcd ef"), ("739204615", 3, "739 204 615")],
)
def test_grouping(text, size, expected):
    assert grouped(text, size) == expected
