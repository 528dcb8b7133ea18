"""The viewer's session in TypeScript, run by Node, against the host's in Python."""

import asyncio
import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from farhand.protocol.capability import Capability
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Authenticated, Ended, Event, Failed, MessageReceived
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.limits import REKEY_SECONDS
from farhand.protocol.messages import Channel
from farhand.protocol.messages.control import Decision, Notice, NoticeCode
from farhand.protocol.messages.input import TypedText
from farhand.protocol.messages.screen import Layout, Shown, TileCodec, Tiles, Update
from farhand.protocol.session import HostSession, State

VIEWER = Path(__file__).parents[2] / "viewer"
SESSION = bytes(range(16))
ROUTE, SECRET = "4821", "739204615"


@pytest.fixture(scope="module")
def program() -> Path:
    """The TypeScript viewer, bundled for Node."""
    # A folder for each of pytest's workers: one that builds would take the program away from another that runs it.
    out = VIEWER / "node_modules" / f".interop-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    command = ["npx", "--no-install", "vite", "build", "--ssr", "tests/interop/viewer.ts", "--outDir", str(out)]
    subprocess.run(command, cwd=VIEWER, check=True, capture_output=True)
    return out / "viewer.js"


def checksum(data: bytes) -> int:
    """What the viewer says of byte strings too long to print."""
    total = 7
    for byte in data:
        total = (total * 31 + byte) % 1_000_003
    return total


class Ends:
    """A Python host and the TypeScript viewer that it talks to."""

    def __init__(self, program: Path, **call: Any) -> None:
        self.static = X25519PrivateKey.generate()
        self.keys = Keys.generate(Kind.HOST, "büro", 1.7e9, secrets.token_bytes)
        self.program = program
        self.now = 0.0
        self.events: list[Event] = []
        self.told: list[dict[str, Any]] = []
        self.call = {"mode": 1, "route": ROUTE, "secret": SECRET, "pin": None, "rejoin": None, "leap": 0, **call}
        self.host = HostSession(
            keys=self.keys,
            take_code=lambda route: SECRET if route == ROUTE else None,
            find_rejoin=lambda session: self.static.public_key().public_bytes_raw() if session == SESSION else None,
            feed=7,
            entropy=secrets.token_bytes,
            now=self.now,
        )

    async def run(self, leap: float = 0.0, updates: int = 0) -> None:
        """Serve until the viewer is gone: a decision, so many updates one after the other, a notice."""
        self.call["key"] = self.static.private_bytes_raw().hex()
        process = await asyncio.create_subprocess_exec(
            "node",
            str(self.program),
            json.dumps(self.call),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin
        assert process.stdout
        assert process.stderr
        sent = 0
        try:
            while data := await process.stdout.read(65536):
                self.host.receive_data(data, self.now)
                for event in self.host.events():
                    self.events.append(event)
                    seen = isinstance(event, MessageReceived) and isinstance(event.message, Shown)
                    if isinstance(event, Authenticated):
                        self.host.send(Channel.CONTROL, self.decision())
                        self.host.send(Channel.SCREEN, Layout(1, 800, 600))
                    if isinstance(event, Authenticated) or seen:
                        self.now += leap
                        if sent < updates:
                            sent += 1
                            self.host.send(Channel.SCREEN, self.update(sent))
                        else:
                            self.host.send(Channel.CONTROL, Notice(NoticeCode.DISPLAY_GONE, "aus"))
                while self.host.has_data_to_send():
                    process.stdin.write(self.host.data_to_send(now=self.now))
                try:
                    await process.stdin.drain()
                except OSError:
                    print((await process.stderr.read()).decode())
                    raise
                if self.host.state is State.ENDED:
                    process.stdin.close()
            self.told = [json.loads(line) for line in (await process.stderr.read()).splitlines()]
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    @staticmethod
    def decision() -> Decision:
        return Decision([Capability.VIEW, Capability.CONTROL], SESSION, "büro", "Linux", 120)

    @staticmethod
    def update(seq: int) -> Update:
        data = bytes((seq + at) & 0xFF for at in range(100)) * (seq * 500)
        return Update(seq, 1, 0, True, [Tiles([0, 0, 10, 10], TileCodec.RAW, data)])


async def test_a_session_with_large_messages_both_ways_and_new_keys(program: Path) -> None:
    ends = Ends(program, leap=REKEY_SECONDS)
    await ends.run(leap=REKEY_SECONDS / 2, updates=12)
    typed = [e.message for e in ends.events if isinstance(e, MessageReceived) and isinstance(e.message, TypedText)]
    assert typed == [TypedText(f"ß€𝄞 {seq}", seq) for seq in range(1, 13)]
    assert ends.events[-1] == Ended(True, ByeCode.ENDED, "gute Nacht")
    names = [line["event"] for line in ends.told]
    assert names == ["authenticated", *["message"] * 15, "ended"]
    authenticated = next(e for e in ends.events if isinstance(e, Authenticated))
    assert ends.told[0]["handshakeHash"] == authenticated.handshake_hash.hex()
    assert ends.told[0]["feed"] == 7
    assert ends.told[0]["certificate"]["name"] == "büro"
    assert ends.told[1]["message"] == {
        "type": "Decision",
        "granted": ["view", "control"],
        "session": SESSION.hex(),
        "hostName": "büro",
        "system": "Linux",
        "graceSeconds": 120,
        "reason": "",
        "until": [],
        "person": "",
    }
    for seq, line in enumerate(ends.told[3:-2], 1):
        (tiles,) = Ends.update(seq).operations
        assert isinstance(tiles, Tiles)
        assert line["message"]["seq"] == seq
        assert line["message"]["operations"][0]["data"] == {"length": len(tiles.data), "sum": checksum(tiles.data)}


async def test_a_wrong_code(program: Path) -> None:
    ends = Ends(program, secret="000000000")
    await ends.run()
    assert [line["failure"] for line in ends.told] == [FailureCode.WRONG_CODE]
    assert isinstance(ends.events[-1], Failed)


async def test_a_rejoin_with_the_same_keys(program: Path) -> None:
    ends = Ends(program, mode=2, secret=None, rejoin=SESSION.hex())
    ends.call |= {"route": f"id:{ends.keys.host_id.hex()}", "pin": ends.keys.static_public.hex()}
    await ends.run(updates=1)
    assert [line["event"] for line in ends.told] == ["authenticated", *["message"] * 4, "ended"]


@pytest.mark.parametrize(
    ("change", "failure"),
    [({"rejoin": bytes(16).hex()}, FailureCode.REJOIN_REFUSED), ({"pin": bytes(32).hex()}, FailureCode.IDENTITY)],
    ids=["of a session that is over", "with a host of other keys"],
)
async def test_a_rejoin_that_fails(program: Path, change: dict[str, str], failure: FailureCode) -> None:
    ends = Ends(program, mode=2, secret=None, rejoin=SESSION.hex())
    ends.call |= {"route": f"id:{ends.keys.host_id.hex()}", "pin": ends.keys.static_public.hex()} | change
    await ends.run()
    assert [line["failure"] for line in ends.told] == [failure]
    assert not any(isinstance(event, Authenticated) for event in ends.events)
