"""The first administrator: once, whoever asks, however it is spelt."""

import asyncio
import stat
from pathlib import Path

import pytest
from tests.service_kit import PASSWORD, ServiceKit, service_kit


def wish(kit: ServiceKit, name: str = "Ada") -> dict[str, str | None]:
    return {"token": kit.backend.setup_token, "name": name, "password": PASSWORD}


async def test_the_token_makes_the_first_administrator_and_signs_them_in(kit: ServiceKit) -> None:
    browser = await kit.browser()
    assert (await browser.ok("GET", "/setup"))["needed"]
    assert kit.backend.setup_file.read_text().strip() == kit.backend.setup_token
    assert stat.S_IMODE(kit.backend.setup_file.stat().st_mode) == 0o600
    await browser.ok("POST", "/setup", wish(kit))
    me = await browser.ok("GET", "/me")
    assert (me["name"], me["admin"]) == ("Ada", True)
    assert not (await browser.ok("GET", "/setup"))["needed"]
    assert not kit.backend.setup_file.exists()


@pytest.mark.parametrize("token", ["", "x", "x" * 128])
async def test_another_token_makes_nobody(kit: ServiceKit, token: str) -> None:
    browser = await kit.browser()
    status, _ = await browser.no("POST", "/setup", {**wish(kit), "token": token})
    assert status in (403, 422)
    assert (await browser.ok("GET", "/setup"))["needed"]


async def test_guessing_the_token_is_slowed_down(kit: ServiceKit) -> None:
    browser = await kit.browser()
    answers = [await browser.no("POST", "/setup", {**wish(kit), "token": "guess"}) for _ in range(12)]
    assert answers[0] == (403, "wrong-token")
    assert answers[-1] == (429, "locked")


async def test_two_at_once_make_one_administrator(kit: ServiceKit) -> None:
    browsers = [await kit.browser(f"192.0.2.{n}") for n in range(1, 7)]
    answers = await asyncio.gather(
        *(b.post("/api/setup", json=wish(kit, f"Number {n}")) for n, b in enumerate(browsers))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 5
    winner = browsers[[answer.status_code for answer in answers].index(200)]
    assert (await winner.ok("GET", "/people"))["total"] == 1


SPELLINGS = [
    "/api/setup",
    "/api/setup/",
    "/api/setup//",
    "/api//setup",
    "//api/setup",
    "/api/./setup",
    "/api/x/../setup",
    "/api/%2e/setup",
    "/api/%73etup",
    "/api/%73%65%74%75%70",
    "/api%2fsetup",
    "/api/setup%00",
    "/api/setup%20",
    "/api/setup;x",
    "/api/setup;x=1",
    "/api;x/setup",
    "/api/SETUP",
    "/API/setup",
    "/Api/Setup",
    "/api/setup?x=1",
    "/api/setup#x",
    "/api/setup.json",
    "/api/ſetup",
    "/api/%C5%BFetup",
    "/v1/../api/setup",
    "/api\\setup",
]


async def test_the_route_is_dead_afterwards_under_every_spelling(
    kit: ServiceKit, gateway_folder: Path, database: str
) -> None:
    body = wish(kit, "Mallory")
    admin = await kit.admin()
    for again in (False, True):
        if again:  # and after a restart
            await kit.close()
        async with service_kit(gateway_folder, database) if again else _same(kit) as here:
            browser = await here.browser("198.51.100.7")
            assert here.backend.setup_token is None
            for spelling in SPELLINGS:
                for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND", "post"):
                    answer = await browser.request(method, spelling, json=body)
                    assert answer.status_code in (403, 404, 405, 410), f"{method} {spelling}: {answer.status_code}"
            method = {"x-http-method-override": "POST", "x-original-url": "/api/setup"}
            assert (await browser.get("/api/setup", headers=method)).json()["needed"] is False
            if not again:
                assert (await admin.ok("GET", "/people"))["total"] == 1
            else:
                await browser.sign_in("Ada")
                assert (await browser.ok("GET", "/people"))["total"] == 1


class _same:
    def __init__(self, kit: ServiceKit) -> None:
        self._kit = kit

    async def __aenter__(self) -> ServiceKit:
        return self._kit

    async def __aexit__(self, *_: object) -> None:
        return


async def test_a_restart_before_it_keeps_the_token(gateway_folder: Path, database: str) -> None:
    async with service_kit(gateway_folder, database) as kit:
        token = kit.backend.setup_token
    async with service_kit(gateway_folder, database) as kit:
        assert kit.backend.setup_token == token
        await kit.admin()
