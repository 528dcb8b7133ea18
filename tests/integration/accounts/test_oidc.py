"""Signing in by a real OpenID Connect provider, and by one that lies."""

import asyncio
import base64
import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.service_kit import ORIGIN, Browser, Clock, ServiceKit, service_kit

from farhand.gateway.accounts.provider import Provider
from farhand.gateway.settings import OidcSettings

CALLBACK = f"{ORIGIN}/api/login/oidc/callback"
PROVIDER = Path(__file__).parents[2] / "oidc" / "provider.mjs"


@pytest.fixture
async def issuer() -> AsyncIterator[str]:
    """A real provider (npm's oidc-provider), as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(PROVIDER),
        CALLBACK,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    line = (await process.stdout.readline()).decode().strip()
    assert line, "the provider did not start: cd tests/oidc && npm ci"
    try:
        yield line
    finally:
        process.stdin.close()
        await process.wait()


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    return {"url": ORIGIN, "oidc": OidcSettings(issuer, "farhand", "s+cr/t %", "the school", allow_http=True, **more)}


async def at_provider(where: str, name: str) -> str:
    """Sign in there as this name and consent; returns where it leads back to."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(where)
        for _ in range(12):
            if answer.is_redirect:
                where = str(answer.url.join(answer.headers["location"]))
                if where.startswith(CALLBACK):
                    return where
                answer = await client.get(where)
                continue
            form = re.search(r'action="([^"]+)"', answer.text)
            assert form, answer.text
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert prompt
            answer = await client.post(form[1], data={"prompt": prompt[1], "login": name, "password": "any"})
    raise AssertionError("the provider led nowhere")


async def begin(browser: Browser) -> str:
    answer = await browser.get("/api/login/oidc")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def link(browser: Browser, name: str) -> httpx.Response:
    where = (await browser.ok("POST", "/oidc/link"))["url"]
    return await browser.get(await at_provider(where, name))


async def test_an_account_that_was_linked_signs_in_by_the_provider(
    gateway_folder: Path, database: str, issuer: str
) -> None:
    async with service_kit(gateway_folder, database, clock=Clock(time.time()), **settings(issuer)) as kit:
        admin = await kit.admin()
        assert (await admin.ok("GET", "/setup"))["oidc"] == "the school"
        answer = await link(admin, "ada@school")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{ORIGIN}/console")
        identities = await admin.ok("GET", "/identities")
        assert [(i["issuer"], i["name"]) for i in identities["items"]] == [(issuer, "ada@school")]

        browser = await kit.browser("192.0.2.9")
        where = await begin(browser)
        query = parse_qs(urlsplit(where).query)
        assert query["code_challenge_method"] == ["S256"]
        assert {"state", "nonce", "code_challenge"} <= set(query)
        back = await at_provider(where, "ada@school")
        answer = await browser.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{ORIGIN}/console")
        assert (await browser.ok("GET", "/me"))["name"] == "Ada"
        assert "oidc" in {session["method"] for session in (await browser.ok("GET", "/sessions"))["items"]}
        # The way back leads in once.
        other = await kit.browser("192.0.2.10")
        other.cookies = browser.cookies
        assert (await other.get(back)).status_code == 400

        # Somebody whom the provider knows and nobody here linked, by the name of somebody who is here.
        stranger = await kit.browser("192.0.2.11")
        answer = await stranger.get(await at_provider(await begin(stranger), "Ada"))
        assert answer.status_code == 403
        assert (await stranger.no("GET", "/me"))[0] == 401

        # What one browser began does not sign another one in.
        victim, attacker = await kit.browser("192.0.2.12"), await kit.browser("192.0.2.13")
        back = await at_provider(await begin(attacker), "ada@school")
        assert (await victim.get(back)).status_code == 400
        assert (await victim.no("GET", "/me"))[0] == 401

        # Linked with two accounts: no.
        bob = await kit.person(admin, "Bob")
        assert (await link(bob, "ada@school")).status_code == 403
        assert (await bob.ok("GET", "/identities"))["items"] == []

        assert await admin.no("DELETE", f"/identities/identity_{'a' * 26}") == (404, "not-found")
        await admin.ok("DELETE", f"/identities/{identities['items'][0]['id']}")
        again = await kit.browser("192.0.2.14")
        assert (await again.get(await at_provider(await begin(again), "ada@school"))).status_code == 403


async def test_where_the_owner_says_so_the_provider_makes_accounts_without_a_role(
    gateway_folder: Path, issuer: str
) -> None:
    async with service_kit(gateway_folder, clock=Clock(time.time()), **settings(issuer, create=True)) as kit:
        admin = await kit.admin()
        browser = await kit.browser("192.0.2.9")
        assert (await browser.get(await at_provider(await begin(browser), "carol"))).status_code == 303
        me = await browser.ok("GET", "/me")
        assert (me["name"], me["admin"], me["operator"], me["auditor"]) == ("carol", False, False, False)
        # Never somebody who is here already by the same name.
        thief = await kit.browser("192.0.2.10")
        assert (await thief.get(await at_provider(await begin(thief), "ADA"))).status_code == 403
        await admin.ok("PATCH", f"/people/{me['id']}", {"disabled": True})
        again = await kit.browser("192.0.2.11")
        assert (await again.get(await at_provider(await begin(again), "carol"))).status_code == 403


class Liar:
    """A provider whose answers the test chooses."""

    ISSUER = "https://provider.test"

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.token = ""
        self.metadata: dict[str, Any] = {}
        self.asked: list[str] = []

    def claims(self, own: str, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.ISSUER, "aud": "farhand", "sub": "carol", "nonce": own, "iat": now, "exp": now + 60}
        return {key: value for key, value in (claims | {"name": "Carol"} | more).items() if value is not None}

    def signed(self, claims: dict[str, Any], key: Any = None, alg: str = "RS256") -> str:
        return jwt.encode({"alg": alg, "kid": "one"}, claims, key or self.key, algorithms=[alg])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        match request.url.path:
            case "/.well-known/openid-configuration":
                known = {
                    "issuer": self.ISSUER,
                    "authorization_endpoint": f"{self.ISSUER}/authorize",
                    "token_endpoint": f"{self.ISSUER}/token",
                    "jwks_uri": f"{self.ISSUER}/keys",
                }
                return httpx.Response(200, json=known | self.metadata)
            case "/keys":
                return httpx.Response(200, json={"keys": [self.key.as_dict(private=False)]})
            case "/token":
                return httpx.Response(200, json={"id_token": self.token, "access_token": "x", "token_type": "Bearer"})
        return httpx.Response(404)


@pytest.fixture(scope="module")
def liar() -> Liar:
    return Liar()


@asynccontextmanager
async def with_liar(folder: Path, liar: Liar) -> AsyncIterator[tuple[ServiceKit, Browser]]:
    known = {"url": ORIGIN, "oidc": OidcSettings(liar.ISSUER, "farhand", create=True)}
    async with service_kit(folder, clock=Clock(time.time()), **known) as kit:
        kit.backend.parts["oidc"].provider = Provider(known["oidc"], transport=httpx.MockTransport(liar))
        yield kit, await kit.browser()


def by_hand(algorithm: str, claims: dict[str, Any], secret: bytes = b"") -> str:
    """A token that no honest library would make."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": algorithm, "kid": "one"}, claims)
    ]
    data = b".".join(parts)
    mac = base64.urlsafe_b64encode(hmac.digest(secret, data, "sha256")).rstrip(b"=") if secret else b""
    return (data + b"." + mac).decode()


LIES = {
    "alg none": lambda liar, nonce: by_hand("none", liar.claims(nonce)),
    "the public key as a shared secret": lambda liar, nonce: by_hand(
        "HS256", liar.claims(nonce), liar.key.as_pem(private=False)
    ),
    "another key": lambda liar, nonce: liar.signed(liar.claims(nonce), RSAKey.generate_key(2048, {"kid": "one"})),
    "another issuer": lambda liar, nonce: liar.signed(liar.claims(nonce, iss="https://evil.test")),
    "another client": lambda liar, nonce: liar.signed(liar.claims(nonce, aud="other")),
    "for others too": lambda liar, nonce: liar.signed(liar.claims(nonce, aud=["farhand", "other"], azp="other")),
    "another nonce": lambda liar, nonce: liar.signed(liar.claims(nonce + "x")),
    "no nonce": lambda liar, nonce: liar.signed(liar.claims(nonce, nonce=None)),
    "expired": lambda liar, nonce: liar.signed(liar.claims(nonce, exp=int(time.time()) - 3600)),
    "no expiry": lambda liar, nonce: liar.signed(liar.claims(nonce, exp=None)),
    "nobody": lambda liar, nonce: liar.signed(liar.claims(nonce, sub=None)),
    "no token": lambda liar, nonce: "x.y.z",
}


async def attempt(browser: Browser, liar: Liar, make: Any) -> httpx.Response:
    query = parse_qs(urlsplit(await begin(browser)).query)
    liar.token = make(liar, query["nonce"][0])
    return await browser.get(f"{CALLBACK}?code=x&state={query['state'][0]}")


async def test_a_token_that_is_right_signs_in_and_every_lie_is_refused(gateway_folder: Path, liar: Liar) -> None:
    async with with_liar(gateway_folder, liar) as (kit, browser):
        for lie, make in LIES.items():
            kit.backend.parts["accounts"].attempts.__init__()
            answer = await attempt(browser, liar, make)
            assert answer.status_code == 403, lie
            assert "set-cookie" not in answer.headers, lie
        answer = await attempt(browser, liar, lambda liar, nonce: liar.signed(liar.claims(nonce)))
        assert answer.status_code == 303, answer.text
        assert (await browser.ok("GET", "/me"))["name"] == "Carol"


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.test"}, {"authorization_endpoint": "http://provider.test/authorize"}],
    ids=["another issuer", "without TLS"],
)
async def test_a_provider_that_is_another_one_is_not_used(gateway_folder: Path, metadata: dict[str, str]) -> None:
    liar = Liar()
    liar.metadata = metadata
    async with with_liar(gateway_folder, liar) as (_, browser):
        assert await browser.no("GET", "/login/oidc") == (503, "provider")


@pytest.mark.parametrize("query", ["next=https://evil.test", "redirect_uri=https://evil.test", "iss=https://evil.test"])
async def test_nothing_in_the_address_leads_elsewhere(gateway_folder: Path, liar: Liar, query: str) -> None:
    async with with_liar(gateway_folder, liar) as (_, browser):
        answer = await browser.get(f"/api/login/oidc?{query}")
        where = urlsplit(answer.headers["location"])
        assert where.netloc == "provider.test"
        assert parse_qs(where.query)["redirect_uri"] == [CALLBACK]
        liar.token = liar.signed(liar.claims(parse_qs(where.query)["nonce"][0]))
        answer = await browser.get(f"{CALLBACK}?code=x&state={parse_qs(where.query)['state'][0]}&{query}")
        assert answer.headers.get("location", f"{ORIGIN}/console") == f"{ORIGIN}/console"
        assert "iss" not in query or answer.status_code == 403


async def test_a_gateway_without_a_provider_has_no_such_routes(gateway_folder: Path) -> None:
    async with service_kit(gateway_folder) as kit:
        browser = await kit.browser()
        assert await browser.no("GET", "/login/oidc") == (404, "not-found")
        assert await browser.no("GET", "/login/oidc/callback?state=x&code=y") == (404, "not-found")
