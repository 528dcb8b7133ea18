"""The local viewer lets in one browser, from its one page."""

import re

import pytest

from farhand.client.viewing.guard import Guard


def launched() -> tuple[Guard, str]:
    guard = Guard(4711)
    cookie = guard.exchange(guard.launch_url().rpartition("/")[2])
    assert cookie is not None
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return guard, cookie.partition(";")[0]


def asked(guard: Guard, cookie: str | None, method: str = "GET", upgrade: bool = False, **headers: str | None) -> int:
    every = {"host": guard.host, "cookie": cookie} | {name.replace("_", "-"): v for name, v in headers.items()}
    sent = [(name.encode(), value.encode()) for name, value in every.items() if value is not None]
    refusal = guard.check(method, "/local/session", sent, upgrade=upgrade)
    return refusal.status if refusal is not None else 200


def test_its_own_page_is_let_in() -> None:
    guard, cookie = launched()
    own = {"origin": guard.origin, "sec_fetch_site": "same-origin"}
    assert asked(guard, cookie) == 200
    assert asked(guard, cookie, sec_fetch_site="none") == 200
    assert asked(guard, cookie, "POST", x_farhand="1", **own) == 200
    assert asked(guard, cookie, upgrade=True, **own) == 200


def test_the_launch_token_serves_once() -> None:
    guard = Guard(4711)
    token = guard.launch_url().rpartition("/")[2]
    assert guard.exchange(token[:-1]) is None
    assert guard.exchange(token) is not None
    assert guard.exchange(token) is None
    assert guard.exchange("") is None


def test_a_new_token_makes_the_one_before_it_worthless() -> None:
    guard = Guard(4711)
    first = guard.launch_url().rpartition("/")[2]
    second = guard.launch_url().rpartition("/")[2]
    assert guard.exchange(first) is None
    assert guard.exchange(second) is not None


def test_without_the_cookie_nothing_is_given() -> None:
    guard, cookie = launched()
    assert asked(guard, None) == 401
    assert asked(guard, "farhand-view=x") == 401
    assert asked(guard, f"{cookie}x") == 401
    assert asked(guard, f"{cookie}; {cookie}x") == 401  # which of two cookies is the right one is not guessed


@pytest.mark.parametrize("host", ["evil.example:4711", "127.0.0.1:4711", "localhost:4711", "", None])
def test_a_name_that_was_rebound_is_refused(host: str | None) -> None:
    guard, cookie = launched()
    assert asked(guard, cookie, host=host) == 421


def test_two_hosts_are_refused() -> None:
    guard, cookie = launched()
    named = (b"host", guard.host.encode())
    assert guard.check("GET", "/", [named, (b"host", b"evil.example"), (b"cookie", cookie.encode())]) is not None


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:4711", "http://127.0.0.1:4711"])
def test_pages_of_other_sites_are_refused(origin: str) -> None:
    guard, cookie = launched()
    assert asked(guard, cookie, origin=origin) == 403
    assert asked(guard, cookie, "POST", x_farhand="1", origin=origin) == 403
    assert asked(guard, cookie, upgrade=True, origin=origin) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_the_browser_calls_another_site_is_refused(site: str) -> None:
    guard, cookie = launched()
    assert asked(guard, cookie, sec_fetch_site=site) == 403


def test_changes_and_sockets_need_an_origin_and_the_mark() -> None:
    guard, cookie = launched()
    assert asked(guard, cookie, "POST", x_farhand="1") == 403
    assert asked(guard, cookie, "POST", origin=guard.origin) == 403
    assert asked(guard, cookie, upgrade=True) == 403


def test_the_launch_token_is_no_way_around_the_host() -> None:
    guard = Guard(4711)
    assert guard.check("GET", "/open/x", [(b"host", b"evil.example:4711")]) is not None
    assert guard.check("GET", "/open/x", [(b"host", guard.host.encode())]) is None
    assert guard.check("POST", "/open/x", [(b"host", guard.host.encode())]) is not None
    assert guard.check("GET", "/open/x", [(b"host", guard.host.encode())], upgrade=True) is not None


def test_each_window_has_a_name_that_no_other_port_shares() -> None:
    names = {Guard(4711).host for _ in range(5)}
    assert len(names) == 5
    assert all(re.fullmatch(r"fh-[0-9a-f]{16}\.localhost:4711", name) for name in names)
