"""Attacks on the gateway's accounts, each failing: a stolen database, other sites, guesses, planted sessions."""

import asyncio
import base64
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.authenticator import Authenticator
from tests.databases import Cluster
from tests.service_kit import ORIGIN, PASSWORD, ServiceKit, service_kit

from farhand.gateway.settings import PasswordCost

REFUSED = (401, "log-in-refused")


@pytest.fixture
async def kit(gateway_folder: Path, database: str) -> AsyncIterator[ServiceKit]:
    async with service_kit(gateway_folder, database) as made:
        yield made


# ---- a stolen database ---------------------------------------------------------------------------------------------


def rows_of_sqlite(folder: Path) -> list[Any]:
    """Every value in every table."""
    with sqlite3.connect(folder / "gateway.db") as stolen:
        tables = [name for (name,) in stolen.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [value for table in tables for row in stolen.execute(f"SELECT * FROM {table}") for value in row]


def rows_of_postgres(cluster: Cluster, url: str) -> list[Any]:
    name = urlsplit(url).path.lstrip("/")
    dump = cluster.run("pg_dump", "--data-only", "--inserts", name)
    values = [
        part.strip() for line in dump.splitlines() for part in line.replace("(", ",").replace(")", ",").split(",")
    ]
    return [
        bytes.fromhex(value.strip("'")[2:]) if value.startswith("'\\x") else value.strip("'")
        for value in values
        if value
    ]


async def test_a_stolen_database_signs_nobody_in(
    kit: ServiceKit, gateway_folder: Path, database: str, request: pytest.FixtureRequest
) -> None:
    admin = await kit.admin()
    device = Authenticator(ORIGIN)
    await admin.ok("POST", "/passkeys/finish", device.make(await admin.ok("POST", "/passkeys/begin", {})))
    begun = await admin.ok("POST", "/totp/begin", {})
    await admin.ok("POST", "/totp/finish", {"code": kit.totp(begun["secret"])})
    codes = (await admin.ok("POST", "/recovery", {}))["codes"]
    bob = await admin.ok("POST", "/people", {"name": "Bob"})
    invitation = await admin.ok("POST", f"/people/{bob['id']}/invite")
    program = await admin.ok("POST", "/device-login/begin", {"name": "cli"})
    await admin.ok("POST", "/device-login/approve", {"user_code": program["user_code"]})
    token = (await admin.ok("POST", "/device-login/poll", {"device_code": program["device_code"]}))["token"]
    cookie = admin.cookies["farhand"]
    assert kit.backend.setup_token is None

    if database:
        values = rows_of_postgres(request.getfixturevalue("postgres"), database)
    else:
        values = rows_of_sqlite(gateway_folder)
    blob = b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
    assert b"Ada" in blob
    assert len(values) > 60
    plain = [cookie, token, token[4:], invitation["token"], begun["secret"], PASSWORD, *codes]
    plain += [code.replace("-", "") for code in codes]
    for secret in plain:
        assert secret.encode() not in blob
    assert base64.b32decode(begun["secret"]) not in blob

    thief = await kit.browser("198.51.100.66")
    hashes = {
        text
        for value in values
        if isinstance(value, bytes) and 16 <= len(value) <= 64
        for text in (value.hex(), base64.urlsafe_b64encode(value).decode().rstrip("="))
    }
    texts = {value for value in values if isinstance(value, str) and value.isascii() and 20 <= len(value) <= 120}
    tried = hashes | {text for text in texts if text.isprintable() and not set(text) & set(';" ')}
    assert len(hashes) > 20
    for text in tried:
        answer = await thief.get("/api/me", headers={"cookie": f"farhand={text}"})
        assert answer.status_code == 401, "a value out of the database is a session"
        answer = await thief.get("/api/me", headers={"authorization": f"Bearer fht_{text}"})
        assert answer.status_code == 401, "a value out of the database is a token"
    for text in hashes:
        kit.backend.parts["accounts"].attempts.__init__()
        assert (await thief.no("POST", "/login/invite", {"token": text}))[0] == 401
        assert (await thief.no("POST", "/login/recovery", {"name": "Ada", "code": text}))[0] == 401


# ---- other sites' pages --------------------------------------------------------------------------------------------

CROSS_SITE = {
    "a form": {"origin": "https://evil.test", "x-farhand": None},
    "a form without an origin": {"origin": None, "x-farhand": None},
    "a fetch without a preflight": {"origin": "https://evil.test"},
    "a sandboxed frame": {"origin": "null"},
    "a sister domain": {"origin": "http://evil.gateway.test"},
    "another port": {"origin": "http://gateway.test:8080"},
    "another scheme": {"origin": "https://gateway.test"},
    "a name that begins alike": {"origin": "http://gateway.test.evil.test"},
    "no origin": {"origin": None},
    "our origin and no header": {"x-farhand": None},
    "what the browser says": {"sec-fetch-site": "cross-site"},
    "what the browser says of a sister": {"sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=CROSS_SITE)
async def test_another_sites_page_changes_nothing(gateway_folder: Path, headers: dict[str, str | None]) -> None:
    async with service_kit(gateway_folder) as kit:
        admin = await kit.admin()
        for name, value in headers.items():
            if value is None:
                del admin.headers[name]
            else:
                admin.headers[name] = value
        for method, path, body in [
            ("POST", "/people", {"name": "Mallory", "admin": True}),
            ("DELETE", "/sessions", None),
            ("POST", "/logout", {}),
            ("PATCH", f"/people/person_{'a' * 26}", {"admin": True}),
            ("PUT", f"/groups/group_{'a' * 26}/members", {"people": []}),
            ("POST", "/login", {"name": "Ada", "password": PASSWORD}),
        ]:
            assert await admin.no(method, path, body) == (403, "cross-site"), path
        honest = await kit.browser()
        honest.cookies = admin.cookies
        assert (await honest.ok("GET", "/people"))["total"] == 1


async def test_a_form_cannot_send_what_counts_as_json(kit: ServiceKit) -> None:
    admin = await kit.admin()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await admin.post("/api/people", content='{"name": "Mallory"}', headers={"content-type": kind})
        assert answer.status_code in (415, 422), kind
    assert (await admin.ok("GET", "/people"))["total"] == 1


async def test_nothing_allows_other_origins_to_read(kit: ServiceKit) -> None:
    admin = await kit.admin()
    for method in ("GET", "OPTIONS", "POST"):
        answer = await admin.request(
            method, "/api/me", headers={"origin": "https://evil.test", "access-control-request-method": "GET"}
        )
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


# ---- planted sessions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["farhand", "__Host-farhand"])
async def test_a_planted_session_is_never_taken_over(gateway_folder: Path, name: str) -> None:
    async with service_kit(gateway_folder) as kit:
        admin = await kit.admin()
        attacker = await kit.person(admin, "Mallory", "198.51.100.66")
        planted = attacker.cookies["farhand"]
        victim = await kit.browser("192.0.2.20")
        victim.cookies.set(name, planted, domain="gateway.test")
        await victim.sign_in("Ada")
        mine = [cookie.value for cookie in victim.cookies.jar if cookie.name == "farhand"]
        assert planted not in mine or name != "farhand"
        thief = await kit.browser("198.51.100.66")
        thief.cookies.set("farhand", planted, domain="gateway.test")
        assert await thief.no("GET", "/me") == (401, "signed-out")  # it ended with the log-in


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(gateway_folder: Path) -> None:
    async with service_kit(gateway_folder, url="https://gateway.test") as kit:
        browser = await kit.browser(origin="https://gateway.test")
        answer = await browser.post(
            "/api/setup", json={"token": kit.backend.setup_token, "name": "Ada", "password": PASSWORD}
        )
        parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
        assert answer.headers["set-cookie"].startswith("__Host-farhand=")
        assert {"httponly", "secure", "samesite=strict", "path=/"} <= parts
        assert not [part for part in parts if part.startswith("domain")]
        # The name without __Host- can be set by sister domains: it does not count where there is TLS.
        token = browser.cookies["__Host-farhand"]
        other = await kit.browser(origin="https://gateway.test")
        answer = await other.get("/api/me", headers={"cookie": f"farhand={token}"})
        assert answer.status_code == 401


# ---- guesses -------------------------------------------------------------------------------------------------------


async def test_naming_a_victim_does_not_lock_the_victim_out(kit: ServiceKit) -> None:
    await kit.admin(address="192.0.2.1")
    for n in range(40):
        attacker = await kit.browser(f"198.51.100.{n}")
        await attacker.no("POST", "/login", {"name": "Ada", "password": f"guess {n}"})
    stranger = await kit.browser("203.0.113.1")
    right = {"name": "Ada", "password": PASSWORD}
    assert await stranger.no("POST", "/login", right) == (429, "locked")
    victim = await kit.browser("192.0.2.1")
    await victim.sign_in("Ada")


async def test_guessing_is_locked_before_it_gets_anywhere(kit: ServiceKit) -> None:
    await kit.admin()
    attacker = await kit.browser("198.51.100.1")
    answers = [await attacker.no("POST", "/login", {"name": "Ada", "password": f"guess {n}"}) for n in range(30)]
    assert answers.count(REFUSED) <= 12
    answer = await attacker.post("/api/login", json={"name": "Ada", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


async def test_answers_do_not_tell_who_has_an_account(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await admin.ok("POST", "/people", {"name": "Invited"})
    bob = await kit.person(admin, "Disabled")
    await admin.ok("PATCH", f"/people/{(await bob.ok('GET', '/me'))['id']}", {"disabled": True})

    async def answers(name: str) -> list[Any]:
        browser = await kit.browser(f"198.51.{len(name)}.7")
        kit.backend.parts["accounts"].attempts.__init__()
        found: list[Any] = []
        for path, body in [
            ("/login", {"name": name, "password": "a wrong one"}),
            ("/login", {"name": name, "password": "a wrong one", "totp": "123456"}),
            ("/login/recovery", {"name": name, "code": "abcde-abcde-abcde-abcde"}),
            ("/login/passkey/begin", {"name": name}),
        ]:
            answer = await browser.post(f"/api{path}", json=body)
            known = answer.json()
            known.pop("challenge", None)
            found.append((answer.status_code, sorted(answer.headers), known))
        return found

    expected = await answers("Nobody")
    for name in ("Ada", "Invited", "Disabled"):
        assert await answers(name) == expected


async def test_the_time_does_not_tell_who_has_an_account(gateway_folder: Path) -> None:
    cost = PasswordCost(passes=2, memory_kib=16 << 10)
    async with service_kit(gateway_folder, password=cost) as kit:
        await kit.admin()
        browser = await kit.browser("198.51.100.7")

        async def seconds(name: str) -> float:
            kit.backend.parts["accounts"].attempts.__init__()
            begun = time.process_time()
            assert await browser.no("POST", "/login", {"name": name, "password": "a wrong one"}) == REFUSED
            return time.process_time() - begun

        await seconds("Ada")
        times = [(await seconds("Ada"), await seconds("Nobody")) for _ in range(12)]
        known, unknown = (statistics.median(column) for column in zip(*times, strict=True))
        # Without the dummy hash an unknown name takes a tenth.
        assert 0.6 < known / unknown < 1.6, (known, unknown)


async def test_a_refused_request_does_not_repeat_what_was_sent(kit: ServiceKit) -> None:
    browser = await kit.browser()
    for body in (
        {"name": "Ada", "password": ["my secret"]},
        {"name": "Ada", "password": "my secret", "more": "my secret"},
    ):
        answer = await browser.post("/api/login", json=body)
        assert answer.status_code == 422
        assert "my secret" not in answer.text


async def test_what_is_too_large_is_not_read(kit: ServiceKit) -> None:
    browser = await kit.browser()
    answer = await browser.post("/api/login", content=b"x" * (70 << 10), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    answer = await browser.post("/api/login", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_a_bomb_of_json_is_refused(kit: ServiceKit) -> None:
    browser = await kit.browser()
    for content in (
        b"[" * 60_000,
        b'{"name":' * 7000,
        b"1" * 60_000,
        b'{"name":"\\ud800","password":"x"}',
        b"\xff\xfe",
    ):
        answer = await browser.post("/api/login", content=content, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 401, 422), content[:10]


async def test_a_disabled_or_ended_session_does_nothing_from_the_next_request_on(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await kit.person(admin, "Bob", operator=True)
    me = (await bob.ok("GET", "/me"))["id"]
    requests = [bob.get("/api/me") for _ in range(5)]
    await admin.ok("PATCH", f"/people/{me}", {"disabled": True})
    answers = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} == {401}
