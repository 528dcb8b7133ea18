"""A gateway with accounts as it is run: behind its own listener, beside pages and legs, and as a process."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.gateway_kit import GatewayKit, failure, head, hello, raw
from tests.service_kit import CHEAP, PASSWORD
from typer.testing import CliRunner

from farhand.cli.app import app
from farhand.gateway.settings import PasswordCost, ServiceSettings
from farhand.protocol.errors import FailureCode
from farhand.transports.websocket import connect as open_leg


@contextlib.asynccontextmanager
async def gateway(folder: Path, **settings: Any) -> AsyncIterator[GatewayKit]:
    service = ServiceSettings(folder, **{"password": CHEAP, **settings})
    async with GatewayKit(registration="", service=service) as kit:
        yield kit


def backend(kit: GatewayKit) -> Any:
    assert kit.gateway.service is not None
    return kit.gateway.service.backend


@contextlib.asynccontextmanager
async def signed_in(kit: GatewayKit) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"x-farhand": "1", "origin": kit.address}
    async with httpx.AsyncClient(base_url=kit.address, headers=headers, verify=False) as admin:
        body = {"token": backend(kit).setup_token, "name": "Ada", "password": PASSWORD}
        answer = await admin.post("/api/setup", json=body)
        assert answer.status_code == 200, answer.text
        yield admin


async def test_every_answer_has_strict_headers_and_the_pages_are_beside_it(gateway_folder: Path) -> None:
    async with gateway(gateway_folder) as kit, signed_in(kit) as admin:
        for path, status in (("/api/me", 200), ("/api/none", 404), ("/api/hosts?limit=x", 422), ("/api/logout", 405)):
            answer = await admin.get(path)
            assert answer.status_code == status
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "error" in answer.json() or status == 200
            assert "server" not in answer.headers
        assert (await admin.get("/healthz")).text == "farhand\n"
        assert (await admin.get("/api")).status_code == 404
        assert (await admin.get("/API/me")).status_code == 404


RAW = [
    "/api/setup", "/api/setup/", "/api//setup", "//api/setup", "/api/./setup", "/x/../api/setup", "/api/%2e/setup",
    "/api/%73etup", "/api%2Fsetup", "/%61pi/setup", "/api/setup%00", "/api/setup;x", "/api/SETUP", "/API/SETUP",
    "/api/setup%0d%0a", "/api\\setup", "http://gateway/api/setup", "/api/setup%23", "/api/setup%3f",
]  # fmt: skip


async def test_the_set_up_is_dead_however_its_bytes_are_spelt(gateway_folder: Path) -> None:
    async with gateway(gateway_folder) as kit:
        token = backend(kit).setup_token
        async with signed_in(kit) as admin:
            body = json.dumps({"token": token, "name": "Mallory"})
            for method in ("POST", "PUT", "post", "OPTIONS"):
                for target in RAW:
                    request = (
                        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{kit.gateway.port}\r\nX-Farhand: 1\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                    )
                    async with raw(kit.gateway.port, request.encode()) as (reader, _):
                        status = (await head(reader)).split()[1]
                    assert status in ("400", "403", "404", "405", "410"), (method, target, status)
            assert (await admin.get("/api/people")).json()["total"] == 1


async def test_legs_are_served_while_passwords_are_hashed(gateway_folder: Path) -> None:
    """Log-ins at the real cost, more than are hashed at once: the loop, which the relay runs on, goes on meanwhile."""
    async with gateway(gateway_folder, password=PasswordCost()) as kit, signed_in(kit) as admin:
        turns = 0

        async def relay() -> None:
            nonlocal turns
            while True:
                leg = await open_leg(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
                await leg.send(hello("1234"))
                assert failure(await leg.receive()).code in (FailureCode.UNKNOWN_ROUTE, FailureCode.BUSY)
                turns += 1

        task = kit.tasks.start(relay(), "relay")
        body = {"name": "Ada", "password": PASSWORD}
        answers = await asyncio.gather(*(admin.post("/api/login", json=body, timeout=50) for _ in range(5)))
        task.cancel()
        assert {answer.status_code for answer in answers} == {200}
        # A loop that hashed would come to its turn five times.
        assert turns > 10


def test_a_gateway_without_accounts_loads_nothing_of_them() -> None:
    script = "import sys, farhand.cli.embedded; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "uvicorn" in loaded
    assert not loaded & {"fastapi", "pydantic", "sqlalchemy", "alembic", "argon2", "webauthn", "authlib"}


# ---- as a process --------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def process(home: Path, *options: str) -> AsyncIterator[tuple[str, dict[str, str], asyncio.subprocess.Process]]:
    """`farhand gateway` with a home of its own: its address, what it told, and the process."""
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("DATA", "CONFIG", "STATE")}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "farhand.cli", "gateway", "--listen", "127.0.0.1:0", "--plain", "--json", *options,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | folders,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        line = await asyncio.wait_for(running.stdout.readline(), 40)
        assert line, "it ended"
        told = json.loads(line)
        yield told["gateway"], told, running
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        await asyncio.wait_for(running.wait(), 20)


@pytest.mark.timeout(120)
async def test_a_process_sets_itself_up_once_and_keeps_everything(tmp_path: Path, gateway_folder: Path) -> None:
    options = ("--data", str(gateway_folder))
    headers = {"x-farhand": "1"}
    async with process(tmp_path, *options) as (base, told, running):
        assert "setup.token" in told["first_administrator"]
        token = (gateway_folder / "setup.token").read_text().strip()
        assert token not in json.dumps(told)  # its output is no terminal: logs are kept by somebody
        async with httpx.AsyncClient(base_url=base, headers=headers | {"origin": base}, verify=False) as admin:
            body = {"token": token, "name": "Ada", "password": PASSWORD}
            assert (await admin.post("/api/setup", json=body)).status_code == 200
        running.kill()  # in the middle of things
    async with process(tmp_path, *options) as (base, told, _):
        assert "first_administrator" not in told
        async with httpx.AsyncClient(base_url=base, headers=headers | {"origin": base}, verify=False) as admin:
            assert (await admin.post("/api/setup", json=body)).status_code == 410
            login = {"name": "Ada", "password": PASSWORD}
            assert (await admin.post("/api/login", json=login)).status_code == 200
            assert (await admin.get("/api/me")).json()["admin"] is True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--database", "postgresql://u:secret@127.0.0.1:1/n"), "cannot be used"),
        (("--url", "https://x/path"), "no address of a gateway"),
        (("--data", "/proc/farhand"), "cannot be used"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    for kind in ("DATA", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    done = CliRunner().invoke(app, ["gateway", "--listen", "127.0.0.1:0", "--plain", *options])
    assert done.exit_code == 3, done.output
    assert said in done.output
    assert "secret@" not in done.output
    assert "Traceback" not in done.output
