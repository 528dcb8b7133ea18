"""Passwords, one-time codes, recovery codes, invitations; sessions and their ends."""

import asyncio

import pytest
from tests.service_kit import PASSWORD, ServiceKit

REFUSED = (401, "log-in-refused")


async def add_totp(kit: ServiceKit, browser) -> str:
    begun = await browser.ok("POST", "/totp/begin", {})
    assert begun["uri"].startswith("otpauth://totp/Farhand%3AAda?secret=")
    await browser.ok("POST", "/totp/finish", {"code": kit.totp(begun["secret"])})
    kit.clock.now += 30
    return begun["secret"]


async def test_a_password_signs_in_whatever_the_names_case(kit: ServiceKit) -> None:
    await kit.admin()
    browser = await kit.browser()
    await browser.sign_in("aDA")
    assert (await browser.ok("GET", "/me"))["name"] == "Ada"
    kit.clock.now += 5
    await browser.ok("POST", "/logout", {})
    assert await browser.no("GET", "/me") == (401, "signed-out")


@pytest.mark.parametrize("body", [{"name": "Ada", "password": "x"}, {"name": "Eve", "password": PASSWORD}])
async def test_a_wrong_name_or_password_is_refused_alike(kit: ServiceKit, body: dict[str, str]) -> None:
    await kit.admin()
    browser = await kit.browser()
    answer = await browser.post("/api/login", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == REFUSED
    assert "set-cookie" not in answer.headers
    assert answer.json()["error"]["message"].startswith("name and proof do not go together")


async def test_a_one_time_code_is_asked_for_and_counts_once(kit: ServiceKit) -> None:
    admin = await kit.admin()
    secret = await add_totp(kit, admin)
    browser = await kit.browser("192.0.2.9")
    login = {"name": "Ada", "password": PASSWORD}
    assert await browser.no("POST", "/login", login) == (401, "totp-needed")
    assert await browser.no("POST", "/login", {**login, "password": "x", "totp": kit.totp(secret)}) == REFUSED
    assert await browser.no("POST", "/login", {**login, "totp": "000000"}) == (401, "totp-wrong")
    code = kit.totp(secret)
    await browser.sign_in("Ada", totp=f"{code[:3]} {code[3:]}")
    other = await kit.browser("192.0.2.10")
    assert await other.no("POST", "/login", {**login, "totp": code}) == (401, "totp-wrong")
    kit.clock.now += 30
    answers = await asyncio.gather(*(other.post("/api/login", json={**login, "totp": kit.totp(secret)}) for _ in "123"))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
    await browser.ok("DELETE", "/totp")
    await (await kit.browser("192.0.2.11")).sign_in("Ada")


async def test_a_code_from_before_does_not_count_after_a_later_one(kit: ServiceKit) -> None:
    admin = await kit.admin()
    secret = await add_totp(kit, admin)
    early = kit.totp(secret)
    kit.clock.now += 30
    browser = await kit.browser("192.0.2.9")
    await browser.sign_in("Ada", totp=kit.totp(secret))
    late = await browser.no("POST", "/login", {"name": "Ada", "password": PASSWORD, "totp": early})
    assert late == (401, "totp-wrong")


async def test_a_wrong_code_adds_no_authenticator(kit: ServiceKit) -> None:
    admin = await kit.admin()
    assert await admin.no("POST", "/totp/finish", {"code": "123456"}) == (409, "not-begun")
    await admin.ok("POST", "/totp/begin", {})
    assert await admin.no("POST", "/totp/finish", {"code": "000000"}) == (403, "totp-wrong")
    assert not (await admin.ok("GET", "/me"))["has_totp"]


async def test_a_recovery_code_signs_in_once_and_new_ones_end_the_old(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await add_totp(kit, admin)
    old = (await admin.ok("POST", "/recovery", {}))["codes"]
    assert len(set(old)) == 10
    browser = await kit.browser("192.0.2.9")
    await browser.ok("POST", "/login/recovery", {"name": "ada", "code": old[0].upper().replace("-", " ")})
    assert (await browser.ok("GET", "/me"))["recovery_codes"] == 9
    other = await kit.browser("192.0.2.10")
    assert await other.no("POST", "/login/recovery", {"name": "Ada", "code": old[0]}) == REFUSED
    assert await other.no("POST", "/login/recovery", {"name": "Eve", "code": old[1]}) == REFUSED
    new = (await admin.ok("POST", "/recovery", {}))["codes"]
    assert await other.no("POST", "/login/recovery", {"name": "Ada", "code": old[1]}) == REFUSED
    once = {"name": "Ada", "code": new[0]}
    answers = await asyncio.gather(*(other.post("/api/login/recovery", json=once) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_an_invitation_signs_in_once_and_for_a_time(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await admin.ok("POST", "/people", {"name": "Bob", "operator": True})
    assert not bob["invited"]
    first = await admin.ok("POST", f"/people/{bob['id']}/invite")
    second = await admin.ok("POST", f"/people/{bob['id']}/invite")
    assert second["url"] == f"http://gateway.test/console#/invited?token={second['token']}"
    assert (await admin.ok("GET", f"/people/{bob['id']}"))["invited"]
    browser = await kit.browser("192.0.2.9")
    for token in (first["token"], "x"):
        assert await browser.no("POST", "/login/invite", {"token": token}) == (401, "invite-refused")
    await browser.ok("POST", "/login/invite", {"token": second["token"]})
    me = await browser.ok("GET", "/me")
    assert (me["name"], me["operator"], me["has_password"]) == ("Bob", True, False)
    assert await browser.no("POST", "/login/invite", {"token": second["token"]}) == (401, "invite-refused")
    third = await admin.ok("POST", f"/people/{bob['id']}/invite")
    kit.clock.now += kit.backend.settings.invite_seconds
    assert await browser.no("POST", "/login/invite", {"token": third["token"]}) == (401, "invite-refused")


async def test_sessions_are_listed_and_ended(kit: ServiceKit) -> None:
    admin = await kit.admin()
    other = await kit.browser("192.0.2.9")
    kit.clock.now += 1
    await other.sign_in("Ada")
    found = await admin.ok("GET", "/sessions")
    assert found["total"] == 2
    assert [(s["address"], s["current"], s["name"]) for s in found["items"]] == [
        ("192.0.2.9", False, "Chromium 140 on Linux"),
        ("192.0.2.1", True, "Chromium 140 on Linux"),
    ]
    await admin.ok("DELETE", f"/sessions/{found['items'][0]['id']}")
    assert await other.no("GET", "/me") == (401, "signed-out")
    await other.sign_in("Ada")
    await admin.ok("DELETE", "/sessions")
    assert await other.no("GET", "/me") == (401, "signed-out")
    await admin.ok("GET", "/me")
    bob = await kit.person(admin, "Bob")
    mine = (await admin.ok("GET", "/sessions"))["items"][0]["id"]
    assert await bob.no("DELETE", f"/sessions/{mine}") == (404, "not-found")
    ada = (await admin.ok("GET", "/me"))["id"]
    assert await bob.no("GET", f"/sessions?person={ada}") == (403, "forbidden")


async def test_sessions_end_by_idling_and_in_any_case(kit: ServiceKit) -> None:
    admin = await kit.admin()
    settings = kit.backend.settings
    kit.clock.now += settings.idle_seconds - 1
    await admin.ok("GET", "/me")
    kit.clock.now += settings.idle_seconds
    assert await admin.no("GET", "/me") == (401, "signed-out")
    await admin.sign_in("Ada")
    begun = kit.clock.now
    while kit.clock.now < begun + settings.session_seconds - 1000:
        await admin.ok("GET", "/me")
        kit.clock.now += 1000
    kit.clock.now = begun + settings.session_seconds
    assert await admin.no("GET", "/me") == (401, "signed-out")


async def test_a_new_password_ends_all_other_sessions(kit: ServiceKit) -> None:
    admin = await kit.admin()
    other = await kit.browser("192.0.2.9")
    await other.sign_in("Ada")
    new = "another horse altogether"
    assert await admin.no("POST", "/password", {"password": new, "old": "x"}) == (403, "wrong-password")
    for weak in ("short", "a" * 20, "adaadaadaada"):
        status, code = await admin.no("POST", "/password", {"password": weak})
        assert (status, code) == (422, "weak-password"), weak
    await admin.ok("POST", "/password", {"password": new, "old": PASSWORD})
    assert await other.no("GET", "/me") == (401, "signed-out")
    assert await other.no("POST", "/login", {"name": "Ada", "password": PASSWORD}) == REFUSED
    await other.sign_in("Ada", new)


STEP_UP = [
    ("POST", "/password", {"password": "another horse altogether"}),
    ("DELETE", "/password", None),
    ("POST", "/totp/begin", {}),
    ("POST", "/totp/finish", {"code": "123456"}),
    ("DELETE", "/totp", None),
    ("POST", "/recovery", {}),
    ("POST", "/passkeys/begin", {}),
    ("DELETE", f"/passkeys/passkey_{'a' * 26}", None),
    ("POST", "/device-login/approve", {"user_code": "BBBB-BBBB"}),
    ("POST", "/people", {"name": "Eve", "admin": True}),
]


async def test_how_one_signs_in_changes_only_after_proving_it_again(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await admin.ok("POST", "/people", {"name": "Bob"})
    kit.clock.now += kit.backend.settings.fresh_seconds
    actions = [
        *STEP_UP,
        ("POST", f"/people/{bob['id']}/invite", None),
        ("PATCH", f"/people/{bob['id']}", {"admin": True}),
    ]
    for method, path, body in actions:
        assert await admin.no(method, path, body) == (403, "step-up-needed"), path
    await admin.sign_in("Ada")
    await admin.ok("POST", "/recovery", {})


async def test_a_program_gets_a_token_by_somebodys_approval(kit: ServiceKit) -> None:
    admin = await kit.admin()
    program = await kit.browser("192.0.2.50")
    del program.headers["origin"]
    begun = await program.ok("POST", "/device-login/begin", {"name": "laptop"})
    assert begun["verify_url"] == "http://gateway.test/console#/device"
    poll = {"device_code": begun["device_code"]}
    assert await program.no("POST", "/device-login/poll", poll) == (400, "authorization-pending")
    assert await program.no("POST", "/device-login/poll", poll) == (429, "slow-down")
    code = {"user_code": begun["user_code"].lower().replace("-", " ")}
    asking = await admin.ok("POST", "/device-login/look", code)
    assert (asking["name"], asking["address"]) == ("laptop", "192.0.2.50")
    assert await admin.no("POST", "/device-login/look", {"user_code": "BBBB-BBBB"}) == (404, "not-found")
    await admin.ok("POST", "/device-login/approve", code)
    assert await admin.no("POST", "/device-login/approve", code) == (404, "not-found")
    answers = await asyncio.gather(*(program.post("/api/device-login/poll", json=poll) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410]
    token = next(answer for answer in answers if answer.is_success).json()["token"]
    assert token.startswith("fht_")

    cli = await kit.browser("192.0.2.50", token=token)
    assert (await cli.ok("GET", "/me"))["name"] == "Ada"
    await cli.ok("POST", "/groups", {"name": "by a program"})
    assert await cli.no("POST", "/password", {"password": PASSWORD}) == (403, "forbidden")
    assert await cli.no("POST", "/device-login/approve", code) == (403, "forbidden")
    listed = {s["name"]: s for s in (await admin.ok("GET", "/sessions"))["items"]}
    assert (listed["laptop"]["browser"], listed["laptop"]["method"]) == (False, "device")
    await admin.ok("DELETE", f"/sessions/{listed['laptop']['id']}")
    assert await cli.no("GET", "/me") == (401, "signed-out")


async def test_a_program_that_was_refused_gets_nothing(kit: ServiceKit) -> None:
    admin = await kit.admin()
    begun = await admin.ok("POST", "/device-login/begin", {})
    await admin.ok("POST", "/device-login/approve", {"user_code": begun["user_code"], "approve": False})
    answer = await admin.no("POST", "/device-login/poll", {"device_code": begun["device_code"]})
    assert answer == (403, "denied")
