import pytest

from farhand.client.places import Place, PlaceError, place, remote

LINK = "https://10.0.0.5:8443/#4821-739204615"


@pytest.mark.parametrize(
    ("text", "target", "path"),
    [
        ("a.txt", "", "a.txt"),
        ("./a:b", "", "./a:b"),
        ("/srv/a:b", "", "/srv/a:b"),
        ("-", "", "-"),
        ("desk:", "desk", ""),
        ("desk:a:b", "desk", "a:b"),
        ("d:/srv", "d", "/srv"),
        ("C:\\Users\\ada", "", "C:\\Users\\ada"),
        ("front desk:~/x", "front desk", "~/x"),
        ("4821-739204615:x", "4821-739204615", "x"),
        (f"{LINK}:docs/a:b", LINK, "docs/a:b"),
        (f"{LINK}:", LINK, ""),
        ("https://[::1]:8443/#4821-739 204 615:/srv", "https://[::1]:8443/#4821-739 204 615", "/srv"),
        ("local:*.txt", "local", "*.txt"),
        ("desk:a\nb", "desk", "a\nb"),
    ],
)
def test_what_is_a_host_and_what_is_here(text: str, target: str, path: str) -> None:
    assert place(text, windows=False) == Place(target, path)


def test_a_drive_letter_is_here_on_windows() -> None:
    assert place("d:/srv", windows=True) == Place("", "d:/srv")
    assert place("dd:/srv", windows=True) == Place("dd", "/srv")


def test_a_link_without_a_path_is_asked_about() -> None:
    with pytest.raises(PlaceError, match="names no path"):
        place(LINK)


def test_where_only_hosts_are_meant_the_colon_may_be_left_out() -> None:
    assert remote("desk") == Place("desk", "")
    assert remote(LINK) == Place(LINK, "")
    assert remote("desk:x") == Place("desk", "x")
    with pytest.raises(PlaceError, match="on this computer"):
        remote("./x")


def test_folders_patterns_and_streams_are_told_by_how_they_are_written() -> None:
    assert [Place("d", path).folder for path in ("", "a/", "a", ".", "a/..", "~")] == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]
    assert Place("d", "a*").wild
    assert not Place("", "a*").wild
    assert Place("", "-").stream
    assert not Place("d", "-").stream
