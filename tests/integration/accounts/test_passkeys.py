"""Passkeys by a software authenticator: one that is right, and each way to be wrong."""

from typing import Any

import pytest
from tests.authenticator import Authenticator
from tests.service_kit import ORIGIN, Browser, ServiceKit


async def register(browser: Browser, **device: Any) -> Authenticator:
    authenticator = Authenticator(ORIGIN, **device)
    options = await browser.ok("POST", "/passkeys/begin", {})
    await browser.ok("POST", "/passkeys/finish", authenticator.make(options))
    return authenticator


async def options(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = await browser.ok("POST", "/login/passkey/begin", {})
    return found


async def test_a_passkey_signs_in_without_a_name(kit: ServiceKit) -> None:
    admin = await kit.admin()
    device = await register(admin)
    browser = await kit.browser("192.0.2.9")
    asked = await options(browser)
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    await browser.ok("POST", "/login/passkey/finish", device.use(asked))
    me = await browser.ok("GET", "/me")
    assert (me["name"], me["passkeys"]) == ("Ada", 1)
    (passkey,) = (await browser.ok("GET", "/passkeys"))["items"]
    assert passkey["used_ms"] == kit.backend.now_ms()
    await browser.ok("PATCH", f"/passkeys/{passkey['id']}", {"name": "my laptop"})
    assert (await browser.ok("GET", "/passkeys"))["items"][0]["name"] == "my laptop"


async def test_every_answer_that_is_not_right_is_refused_alike(kit: ServiceKit) -> None:
    admin = await kit.admin()
    device = await register(admin)
    asked = await options(await kit.browser())
    used = device.use(asked)
    await (await kit.browser("192.0.2.8")).ok("POST", "/login/passkey/finish", used)

    async def attempt(answer: Any) -> tuple[int, str]:
        kit.backend.parts["accounts"].attempts.__init__()
        return await (await kit.browser("192.0.2.9")).no("POST", "/login/passkey/finish", answer)

    refused = (401, "log-in-refused")
    assert await attempt(used) == refused  # a second time
    fresh = await options(await kit.browser())
    device.origin = "https://evil.test"
    assert await attempt(device.use(fresh)) == refused
    device.origin, device.rp_id = ORIGIN, "evil.test"
    assert await attempt(device.use(await options(await kit.browser()))) == refused
    device.rp_id, device.verifies = "gateway.test", False
    assert await attempt(device.use(await options(await kit.browser()))) == refused
    device.verifies, device.count = True, 0  # a copy of the device
    assert await attempt(device.use(await options(await kit.browser()))) == refused
    device.count = 50
    assert await attempt(device.use({"challenge": "AAAA"})) == refused  # a challenge of their own
    making = await admin.ok("POST", "/passkeys/begin", {})
    assert await attempt(device.use(making)) == refused  # a challenge for something else
    assert await attempt(Authenticator(ORIGIN).use(await options(await kit.browser()))) == refused  # nobody's
    stolen = device.use(await options(await kit.browser()))
    stolen["response"]["userHandle"] = "AAAA"
    assert await attempt(stolen) == refused
    thief = Authenticator(ORIGIN, credential=device.credential, handle=device.handle, count=60)
    assert await attempt(thief.use(await options(await kit.browser()))) == refused
    assert (
        await attempt(device.use(await options(await kit.browser())) | {"response": {"clientDataJSON": "%"}}) == refused
    )
    browser = await kit.browser()
    await browser.ok("POST", "/login/passkey/finish", device.use(await options(browser)))


async def test_a_passkey_of_a_disabled_account_is_refused(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await kit.person(admin, "Bob")
    device = await register(bob)
    me = await bob.ok("GET", "/me")
    await admin.ok("PATCH", f"/people/{me['id']}", {"disabled": True})
    browser = await kit.browser("192.0.2.9")
    answer = await browser.no("POST", "/login/passkey/finish", device.use(await options(browser)))
    assert answer == (401, "log-in-refused")


async def test_an_answer_for_somebody_else_makes_no_passkey(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await kit.person(admin, "Bob")
    theirs = await bob.ok("POST", "/passkeys/begin", {})
    mine = Authenticator(ORIGIN)
    assert await admin.no("POST", "/passkeys/finish", mine.make(theirs)) == (422, "passkey-refused")
    theirs = await bob.ok("POST", "/passkeys/begin", {})
    unverified = Authenticator(ORIGIN, verifies=False)
    assert await bob.no("POST", "/passkeys/finish", unverified.make(theirs)) == (422, "passkey-refused")
    device = await register(bob)
    again = await admin.ok("POST", "/passkeys/begin", {})
    assert await admin.no("POST", "/passkeys/finish", device.make(again)) == (409, "passkey-taken")


async def test_the_last_way_in_stays(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await register(admin)
    (passkey,) = (await admin.ok("GET", "/passkeys"))["items"]
    await admin.ok("DELETE", "/password")
    assert await admin.no("DELETE", f"/passkeys/{passkey['id']}") == (409, "last-way-in")
    bob = await kit.person(admin, "Bob")
    assert await bob.no("DELETE", f"/passkeys/{passkey['id']}") == (404, "not-found")
    assert await bob.no("PATCH", f"/passkeys/{passkey['id']}", {"name": "x"}) == (404, "not-found")
    assert await bob.no("DELETE", "/password") == (409, "last-way-in")


@pytest.mark.parametrize("host", ["http://192.0.2.1:8443", "http://[2001:db8::1]:8443"])
async def test_an_address_without_a_name_has_no_passkeys(kit: ServiceKit, host: str) -> None:
    browser = await kit.browser(origin=host)
    assert await browser.no("POST", "/login/passkey/begin", {}) == (409, "no-domain")


async def test_a_passkey_of_another_name_of_this_gateway_does_not_count(kit: ServiceKit) -> None:
    admin = await kit.admin()
    device = await register(admin)
    other = await kit.browser(origin="http://other.test")
    device.origin, device.rp_id = "http://other.test", "other.test"
    answer = await other.no("POST", "/login/passkey/finish", device.use(await options(other)))
    assert answer == (401, "log-in-refused")
