"""The trusted viewer's port on this computer: other users, other sites and re-bound names get nothing of it."""

import asyncio
import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.hostile.played_gateway import Org, Played, playing
from tests.integration.gateway_kit import PATIENCE, GatewayKit, head, hello, new_agent, raw

from farhand.client.authority import Broker
from farhand.client.checkpoints import Checkpoints
from farhand.client.errors import AuditAltered
from farhand.client.keys import client_keys
from farhand.client.targets import ByName, resolve
from farhand.client.viewing.browser import LaunchPage
from farhand.client.viewing.routes import HostDesk, no_host
from farhand.client.viewing.server import LocalViewer, serving
from farhand.core.config import Paths
from farhand.protocol.capability import Capability
from farhand.protocol.certificate import Certificate, Kind
from farhand.protocol.identity import Keys
from farhand.protocol.merkle import Checkpoint, Tree

ROOT = os.geteuid() == 0


async def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"the page at {request.url.path}")


async def pages(scope, receive, send) -> None:  # type: ignore[no-untyped-def]  an ASGI application
    await PlainTextResponse(f"the page at {scope['path']}")(scope, receive, send)


class Window:
    """A viewer that runs, and a raw client before it."""

    def __init__(self, viewer: LocalViewer, url: str) -> None:
        self.viewer = viewer
        self.url = url
        self.host = viewer.guard.host
        self.port = int(self.host.rpartition(":")[2])
        self.cookie = ""

    async def ask(self, method: str, path: str, body: object = None, **headers: str | None) -> tuple[int, str]:
        """One request: its status, and the answer with its headers."""
        data = b"" if body is None else json.dumps(body).encode()
        every: dict[str, str | None] = {"Host": self.host, "Content-Length": str(len(data)), "Connection": "close"}
        if self.cookie:
            every["Cookie"] = self.cookie
        if method == "POST":
            every |= {"Origin": self.viewer.guard.origin, "X-Farhand": "1", "Content-Type": "application/json"}
        every |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {v}" for name, v in every.items() if v is not None)]
        async with raw(self.port, "\r\n".join((*lines, "", "")).encode() + data) as (reader, _):
            async with asyncio.timeout(PATIENCE):
                answer = (await reader.read()).decode()
        return int(answer.split()[1]), answer

    async def launch(self) -> None:
        """As the browser does."""
        status, answer = await self.ask("GET", self.url.removeprefix(self.viewer.guard.origin))
        assert status == 200
        self.cookie = next(
            line.partition(":")[2].partition(";")[0].strip()
            for line in answer.splitlines()
            if line.lower().startswith("set-cookie:")
        )

    async def upgrade(self, **headers: str | None) -> str:
        """The answer to a request for a WebSocket."""
        every: dict[str, str | None] = {
            "Host": self.host, "Upgrade": "websocket", "Connection": "Upgrade", "Origin": self.viewer.guard.origin,
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(), "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "farhand.1", "Cookie": self.cookie or None,
        }  # fmt: skip
        every |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        lines = ["GET /v1/viewer HTTP/1.1", *(f"{name}: {value}" for name, value in every.items() if value is not None)]
        async with raw(self.port, "\r\n".join((*lines, "", "")).encode()) as (reader, _):
            return await head(reader)


@asynccontextmanager
async def window(
    routes: list[Route] | None = None, gateway: str = "http://127.0.0.1:9", **more: float
) -> AsyncIterator[Window]:
    viewer = LocalViewer(
        pages, no_host() if routes is None else routes, gateway=gateway, fingerprint=None, fragment="local", **more
    )
    async with serving(viewer) as url:
        yield Window(viewer, url)


async def test_the_launch_token_opens_it_once() -> None:
    async with window() as shown:
        assert (await shown.ask("GET", "/"))[0] == 401
        await shown.launch()
        assert "the page at /" in (await shown.ask("GET", "/"))[1]
        again, _ = await shown.ask("GET", shown.url.removeprefix(shown.viewer.guard.origin))
        assert again == 410


async def test_a_second_user_at_the_port_gets_nothing() -> None:
    async with window() as shown:
        await shown.launch()
        shown.cookie = ""
        for path in ("/", "/index.html", "/local/session", "/assets/app.js", "/nothing"):
            status, answer = await shown.ask("GET", path)
            assert status == 401
            assert "the page" not in answer
        assert (await shown.ask("POST", "/local/certify", {"static": ""}))[0] == 401
        assert "401" in (await shown.upgrade()).splitlines()[0]


@pytest.mark.skipif(not ROOT, reason="another user is played by root alone")
async def test_a_real_second_user_reads_neither_the_address_nor_the_page(tmp_path: Path) -> None:
    async with window() as shown:
        shared = tmp_path / "shared"
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        shared.mkdir()
        launch = LaunchPage(Paths.under(shared), shown.url)
        (shared / "run").chmod(0o755)  # even where the folder is open
        spy = (
            "import os,sys,socket\nos.setgroups([]);os.setgid(65534);os.setuid(65534)\n"
            "path,port=sys.argv[1],int(sys.argv[2])\n"
            "try:\n open(path).read(); print('read it')\nexcept PermissionError:\n print('no file')\n"
            "lines=[open(f'/proc/{p}/cmdline').read() for p in os.listdir('/proc') if p.isdigit()]\n"
            "print('token' if any('/open/' in one and 'spy' not in one for one in lines) else 'no token')\n"
            "s=socket.socket();s.connect(('127.0.0.1',port));s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
            "print(s.recv(12).decode())\n"
        )
        run = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", spy, str(launch.path), str(shown.port)],
            capture_output=True,
            text=True,
        )
        assert run.stdout.splitlines() == ["no file", "no token", "HTTP/1.1 421"], run.stderr
        launch.remove()
        assert not launch.path.exists()


async def test_a_rebound_name_is_refused_with_the_cookie_and_all() -> None:
    async with window() as shown:
        await shown.launch()
        for host in (
            f"evil.example:{shown.port}",
            f"127.0.0.1:{shown.port}",
            f"localhost:{shown.port}",
            "evil.example",
        ):
            assert (await shown.ask("GET", "/", host=host))[0] == 421
            assert "421" in (await shown.upgrade(host=host, origin=f"http://{host}")).splitlines()[0]


async def test_other_sites_can_neither_ask_nor_change_nor_dial() -> None:
    async with window() as shown:
        await shown.launch()
        for origin in ("https://evil.example", "null", f"http://localhost:{shown.port}"):
            assert (await shown.ask("POST", "/local/certify", {}, origin=origin))[0] == 403
            assert (await shown.ask("GET", "/local/session", origin=origin))[0] == 403
            assert "403" in (await shown.upgrade(origin=origin)).splitlines()[0]
        assert (await shown.ask("POST", "/local/certify", {}, origin=None))[0] == 403
        assert (await shown.ask("POST", "/local/certify", {}, x_farhand=None))[0] == 403
        assert (await shown.ask("GET", "/", sec_fetch_site="cross-site"))[0] == 403


async def test_nobody_else_can_listen_at_the_same_port_of_the_other_protocol() -> None:
    async with window() as shown:
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family) as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with pytest.raises(OSError):
                    other.bind((address, shown.port))


async def test_it_ends_when_nobody_looks_any_more() -> None:
    async with window(open_seconds=0.2) as shown:
        await shown.launch()
        await shown.ask("GET", "/")
        async with asyncio.timeout(PATIENCE):
            await shown.viewer.ended()
    async with window(open_seconds=0.05) as unopened:
        async with asyncio.timeout(PATIENCE):
            await unopened.viewer.ended()


async def test_a_stranger_does_not_keep_it_alive() -> None:
    async with window(open_seconds=0.3) as shown:
        async with asyncio.timeout(PATIENCE):
            while not shown.viewer._ended.is_set():
                assert (await shown.ask("GET", "/"))[0] == 401


async def test_the_page_reaches_the_gateway_through_it() -> None:
    async with GatewayKit() as kit:
        agent = new_agent()
        kit.embed(agent)
        code = kit.code(agent)
        async with window(gateway=kit.address, idle_seconds=0.05) as shown:
            await shown.launch()
            reader, writer = await asyncio.open_connection("127.0.0.1", shown.port)
            lines = [
                "GET /v1/viewer HTTP/1.1", f"Host: {shown.host}", "Upgrade: websocket", "Connection: Upgrade",
                f"Origin: {shown.viewer.guard.origin}", f"Cookie: {shown.cookie}", "Sec-WebSocket-Version: 13",
                f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}", "Sec-WebSocket-Protocol: farhand.1",
            ]  # fmt: skip
            writer.write("\r\n".join((*lines, "", "")).encode())
            assert "101" in await head(reader)
            data = hello(code.partition("-")[0])
            writer.write(bytes((0x82, 0x80 | len(data))) + bytes(4) + data)
            async with asyncio.timeout(PATIENCE):
                answer = await reader.readexactly(2)
                assert (await reader.readexactly(answer[1]))[3:7] == b"FHH1"
            await asyncio.sleep(0.1)  # longer than it stays without a line
            assert not shown.viewer._ended.is_set()
            writer.close()
            async with asyncio.timeout(PATIENCE):
                await shown.viewer.ended()


async def test_a_gateway_that_is_away_is_told_as_such() -> None:
    async with window() as shown:
        await shown.launch()
        assert "502" in (await shown.upgrade()).splitlines()[0]


@asynccontextmanager
async def desk(played: Played, paths: Paths, altered: list[AuditAltered]) -> AsyncIterator[Window]:
    target = await resolve("desk", paths)
    assert isinstance(target, ByName)
    keys = client_keys(paths)
    made = HostDesk(
        target, Broker(target, paths, keys), keys, Checkpoints(paths), capabilities=[Capability.VIEW],
        altered=altered.append,
    )  # fmt: skip
    async with window(made.routes(), played.url) as shown:
        await shown.launch()
        yield shown


def answered(text: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(text.partition("\r\n\r\n")[2])
    return found


async def test_the_page_gets_a_certificate_and_never_the_key(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    async with playing() as played:
        keys = played.add("desk")
        played.login(paths)
        async with desk(played, paths, []) as shown:
            told = answered((await shown.ask("GET", "/local/session"))[1])
            assert base64.b64decode(told["hostStatic"]) == keys.static_public
            assert base64.b64decode(told["root"]) == played.org.root
            static = os.urandom(32)
            status, text = await shown.ask("POST", "/local/certify", {"static": base64.b64encode(static).decode()})
            assert status == 200
            mine = client_keys(paths)
            certificate = Certificate.decode(base64.b64decode(answered(text)["certificate"]))
            assert (certificate.identity, certificate.static) == (mine.identity_public, static)
            assert certificate.kind is Kind.CLIENT
            assert certificate.not_after - certificate.not_before < 86400
            private = (mine.identity.private_bytes_raw(), mine.static.private_bytes_raw())
            assert not any(base64.b64encode(one).decode() in text or one.hex() in text for one in private)
            for wrong in ({"static": "AA=="}, {"static": 1}, {}, [], {"static": "!", "more": 1}):
                assert (await shown.ask("POST", "/local/certify", wrong))[0] == 400
            assert (await shown.ask("POST", "/local/certify", {}, content_type="text/plain"))[0] == 400


async def test_a_changed_key_stops_the_page_too(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    async with playing() as played:
        keys = played.add("desk")
        played.login(paths)
        async with desk(played, paths, []) as shown:
            assert (await shown.ask("GET", "/local/session"))[0] == 200
            played.proofs[keys.host_id.hex()] = played.org.proof(keys, static=os.urandom(32))
            status, text = await shown.ask("GET", "/local/session")
            assert status == 409
            assert answered(text)["error"]["code"] == "host-changed"  # type: ignore[index]
            assert answered(text)["before"] != answered(text)["now"]
            played.proofs[keys.host_id.hex()] = Org().proof(keys)
            status, text = await shown.ask("GET", "/local/session")
            assert (status, answered(text)["error"]["code"]) == (409, "unproven")  # type: ignore[index]


async def test_the_page_hands_in_checkpoints_of_its_host_alone(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path).create()
    altered: list[AuditAltered] = []

    def signed(keys: Keys, entries: list[bytes]) -> str:
        tree = Tree(entries)
        made = Checkpoint(keys.host_id, tree.size, tree.root(), 1_800_000_000_000).sign(keys.identity)
        return base64.b64encode(made).decode()

    async with playing() as played:
        keys, other = played.add("desk"), played.add("tower")
        played.login(paths)
        async with desk(played, paths, altered) as shown:
            await shown.ask("GET", "/local/session")
            body = {"hostId": keys.host_id.hex(), "checkpoint": signed(keys, [b"one", b"two"])}
            assert (await shown.ask("POST", "/local/checkpoint", body))[0] == 204
            false = {"hostId": keys.host_id.hex(), "checkpoint": signed(keys, [b"one", b"changed"])}
            assert (await shown.ask("POST", "/local/checkpoint", false))[0] == 409
            assert len(altered) == 1
            elsewhere = {"hostId": other.host_id.hex(), "checkpoint": signed(other, [b"one"])}
            assert (await shown.ask("POST", "/local/checkpoint", elsewhere))[0] == 400
