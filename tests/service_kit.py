"""A gateway's API in this process, without a socket: people who use it, on a clock of the test's own."""

import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyotp

from farhand.gateway.rendezvous.service import Rendezvous
from farhand.gateway.service import Service
from farhand.gateway.settings import PasswordCost, ServiceSettings

ORIGIN = "http://gateway.test"
PASSWORD = "a horse that staples batteries"
#: As cheap as Argon2id gets: what it costs is not what is tested.
CHEAP = PasswordCost(passes=1, memory_kib=8)


class Browser(httpx.AsyncClient):
    """Somebody's browser with our page open; ``program`` makes it a program without cookies."""

    def __init__(self, service: Service, address: str = "192.0.2.1", *, origin: str = ORIGIN, token: str = "") -> None:
        headers = {"x-farhand": "1", "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"}
        headers |= {"authorization": f"Bearer {token}"} if token else {"origin": origin}
        super().__init__(
            transport=httpx.ASGITransport(service.app, client=(address, 40000)), base_url=origin, headers=headers
        )

    async def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """What a request that has to succeed answers."""
        answer = await self.request(method, f"/api{path}", json=body, params=query or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def no(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code with which a request that has to fail is refused."""
        answer = await self.request(
            method, f"/api{path}", json=body, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        assert answer.is_error, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.status_code, answer.json()["error"]["code"]

    async def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> None:
        """By password."""
        await self.ok("POST", "/login", {"name": name, "password": password, **more})


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class ServiceKit:
    """One gateway and its people."""

    def __init__(self, service: Service, clock: Clock) -> None:
        self.service = service
        self.backend = service.backend
        self.clock = clock
        self._stack = contextlib.AsyncExitStack()

    async def browser(self, address: str = "192.0.2.1", **more: Any) -> Browser:
        """A new browser."""
        return await self._stack.enter_async_context(Browser(self.service, address, **more))

    async def admin(self, name: str = "Ada", address: str = "192.0.2.1", **more: Any) -> Browser:
        """The browser of the first administrator, who is made by it."""
        browser = await self.browser(address, **more)
        await browser.ok("POST", "/setup", {"token": self.backend.setup_token, "name": name, "password": PASSWORD})
        return browser

    async def person(self, inviting: Browser, name: str, address: str = "192.0.2.2", **roles: bool) -> Browser:
        """The browser of somebody new, who was invited and has a password."""
        person = await inviting.ok("POST", "/people", {"name": name, **roles})
        invitation = await inviting.ok("POST", f"/people/{person['id']}/invite")
        browser = await self.browser(address)
        await browser.ok("POST", "/login/invite", {"token": invitation["token"]})
        await browser.ok("POST", "/password", {"password": PASSWORD})
        return browser

    def totp(self, secret: str) -> str:
        """The code that an authenticator shows now."""
        return pyotp.TOTP(secret).at(int(self.clock()))

    async def close(self) -> None:
        """End browsers and gateway."""
        await self._stack.aclose()
        await self.service.close()


@asynccontextmanager
async def service_kit(
    folder: Path, database: str = "", *, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[ServiceKit]:
    """A gateway on this folder and database, started and ended."""
    clock = clock or Clock()
    made = replace(ServiceSettings(folder, database=database, password=CHEAP), **settings)
    service = await Service.open(made, Rendezvous(os.urandom), tls=made.url.startswith("https"))
    service.backend.clock = clock
    kit = ServiceKit(service, clock)
    try:
        yield kit
    finally:
        await kit.close()
