"""`farhand up`, `farhand gateway` and `farhand host` as processes, on a real X server, called by real clients."""

import asyncio
import signal
import socket
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.processes import PATIENCE, farhand
from tests.integration.x11_server import x_server

from farhand.cli.state import read_running
from farhand.client import AccessRefused, ConnectFailed, connect
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended
from farhand.transports.websocket import connect as open_leg


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server(640, 480) as name:
        yield name


def call(link: str):
    base, code = link.split("/#")
    return connect(base, code, name="Anna")


async def test_up_from_the_first_code_to_a_clean_end(display: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    up = (
        "up",
        "--plain",
        "--no-ask",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--name",
        "tower",
        "--ready-file",
        str(ready),
    )
    async with farhand(tmp_path / "home", *up, display=display) as host:
        first = (await host.tell("code"))["link"]
        assert ready.read_text() == f"{first}\n"
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600
        page = await asyncio.to_thread(_page, first)
        assert b"<title>Farhand</title>" in page
        (state,) = (tmp_path / "home").rglob("running.json")
        assert stat.S_IMODE(state.stat().st_mode) == 0o600
        running = read_running(state)
        assert running.pid == host.process.pid
        assert first.startswith(running.address)

        session = await call(first)
        await session.wait(lambda s: s.picture.exact)
        assert session.picture.pixels.shape == (480, 640)
        assert session.decision is not None
        assert session.decision.host_name == "tower"
        assert (await host.tell("connected"))["name"] == "Anna"

        with pytest.raises(ConnectFailed) as caught:
            await call(first)
        assert caught.value.failure is FailureCode.UNKNOWN_ROUTE
        second = ready.read_text().strip()
        assert second != first
        async with await call(second) as another:
            await another.wait(lambda s: s.picture.exact)
        assert (await host.tell("ended"))["name"] == "Anna"

        host.process.send_signal(signal.SIGTERM)
        end = await session.closed()
        assert isinstance(end, Ended)
        assert end.code is ByeCode.SHUTDOWN
        await session.close()
        assert await host.ended() == 0
        assert not ready.exists()
        assert not state.exists()
        assert host.errors() == ""


async def test_up_over_tls_of_its_own_ends_after_one_caller(display: str, tmp_path: Path) -> None:
    up = ("up", "--no-ask", "--json", "--once", "--listen", "127.0.0.1:0", "--allow", "view")
    async with farhand(tmp_path, *up, "--display", display) as host:
        started = await host.tell("started")
        link = (await host.tell("code"))["link"]
        assert link.startswith("https://127.0.0.1:")
        fingerprint = bytes.fromhex(started["certificate"].removeprefix("SHA-256").replace(" ", ""))
        base, code = link.split("/#")
        leg = await open_leg(base.replace("https", "wss") + "/v1/viewer", fingerprint=fingerprint)
        async with await connect(leg, code) as session:
            assert {str(right) for right in session.granted} == {"view"}
        assert await host.ended() == 0


async def test_up_without_a_display_starts_one_and_refuses_whom_nobody_can_be_asked_about(tmp_path: Path) -> None:
    async with farhand(tmp_path, "up", "--plain", "--json", "--listen", "127.0.0.1:0", "--size", "800x600") as host:
        started = await host.tell("started")
        assert "800x600" in started["desktop"]
        assert "--no-ask" in started["asked_first"]
        with pytest.raises(AccessRefused):
            await call((await host.tell("code"))["link"])
        assert (await host.tell("refused"))["name"] == "Anna"
        assert await host.end(signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--display", ":9999"), 5, "9999"),
        (("--cert", "/nowhere/a", "--key", "/nowhere/b"), 3, "does not exist"),
        (("--listen", "192.0.2.77:8443"), 4, "no address of this computer"),
        (("--ready-file", "/nowhere/ready"), 3, "/nowhere/ready"),
        (("--listen", "taken"), 4, "in use"),
    ],
)
async def test_what_goes_wrong_at_the_start_has_a_cause_a_cure_and_a_code(
    arguments: tuple[str, ...], code: int, words: str, display: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        chosen = [place if argument == "taken" else argument for argument in arguments]
        if "--listen" not in chosen:
            chosen += ["--listen", "127.0.0.1:0"]
        async with farhand(tmp_path, "up", *chosen, display=display) as host:
            assert await host.ended() == code
            assert words in host.errors()
            assert "Traceback" not in host.errors()


async def test_a_host_at_a_gateway_that_is_restarted(display: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    gateway = ("gateway", "--json", "--token-file", str(token))
    async with farhand(tmp_path / "gateway", *gateway, "--listen", "127.0.0.1:0") as first:
        started = await first.tell("started")
        address = started["gateway"]
        fingerprint = started["certificate"].removeprefix("SHA-256").replace(" ", "")
        reach = ("--gateway", address, "--fingerprint", fingerprint)
        async with farhand(tmp_path / "stranger", "host", *reach, "--json", display=display) as stranger:
            assert await stranger.ended() == 6
            assert "refused" in stranger.errors()
            assert "Traceback" not in stranger.errors()
        host_options = ("host", *reach, "--token-file", str(token), "--no-ask", "--json")
        async with farhand(tmp_path / "host", *host_options, display=display) as host:
            link = (await host.tell("code"))["link"]
            assert link.startswith(f"{address}/#")
            await _see(link, fingerprint)
            await first.end()
            assert (await host.tell("offline"))["why"]
            async with farhand(tmp_path / "gateway", *gateway, "--listen", address.rpartition("/")[2]) as second:
                await second.tell("started")
                await host.tell("online")
                await _see((await host.tell("code"))["link"], fingerprint)
                assert await host.end() == 0


async def _see(link: str, fingerprint: str) -> None:
    base, code = link.split("/#")
    leg = await open_leg(base.replace("https", "wss") + "/v1/viewer", fingerprint=bytes.fromhex(fingerprint))
    async with await connect(leg, code) as session:
        await session.wait(lambda s: s.picture.exact, PATIENCE)


def _page(link: str) -> bytes:
    with urllib.request.urlopen(link.partition("#")[0], timeout=PATIENCE) as answer:
        return answer.read()
