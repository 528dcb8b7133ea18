"""pcAnywhere's own faults, by number: each attack, tried on Farhand, fails. They stay for ever.

- CVE-2011-3478: log-in data of any length overran a buffer, before anybody was known. Also: test_protocol.py,
  tests/fuzz.
- CVE-2011-3479: any local user could replace the program's files. Also: unit/core/test_integrity.py,
  test_second_user.py.
- CVE-2012-0290: a session that ended abnormally was left open to others. Also: loopback/test_host_rejoin.py.
- CVE-2012-0291: malformed data or an invalid answer crashed or hung either side. Also: test_host_callers.py,
  test_host_hostile.py.
- CVE-2012-0292: data of an unknown caller stopped the service. Also: test_gateway_flood.py.
"""

import asyncio
import os
import stat
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.hostile.test_gateway_flood import GOOD_LOGIN_SECONDS, what_strangers_send
from tests.hostile.test_host_callers import GARBAGE, answer, failure, hello
from tests.integration.processes import farhand
from tests.loopback.host_kit import Clock, HostKit, until

from farhand.client import ConnectFailed, SessionOver, connect
from farhand.core.tasks import Tasks
from farhand.host.events import CallerCut
from farhand.protocol import limits
from farhand.protocol.envelope import LENGTHS, FrameType, Welcome, frame
from farhand.protocol.envelope import Mode as HelloMode
from farhand.protocol.errors import FailureCode
from farhand.transports import memory

#: What overran buffers and formats in its time.
FILLS = {"letters": b"A", "formats": b"%n%s", "zeros": b"\0", "ones": b"\xff"}
BEFORE_LOG_IN = (FrameType.HELLO, FrameType.HANDSHAKE_1, FrameType.HANDSHAKE_3)


def claims(kind: FrameType) -> list[int]:
    """Lengths that are not this frame's."""
    legal = LENGTHS[kind]
    return [0, 1, legal - 1, legal + 1, legal * 2, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]


class TestCve20113478:
    @pytest.mark.parametrize("fill", FILLS)
    @pytest.mark.parametrize("kind", BEFORE_LOG_IN, ids=lambda kind: kind.name.lower())
    async def test_cve_2011_3478_a_log_in_of_any_other_length_is_refused_at_its_header(
        self, kind: FrameType, fill: str
    ) -> None:
        async with HostKit(codes={"burnt_to_lock": 1000}) as kit:
            for length in claims(kind):
                sent = bytes((kind, length >> 8, length & 0xFF)) + (FILLS[fill] * length)[:length]

                def tap(sender: str, data: bytes, sent: bytes = sent) -> bytes:
                    return sent if sender == "viewer" and data[0] == kind else data

                with pytest.raises(ConnectFailed) as caught:
                    await kit.connect(to=kit.dial(tap=tap))
                assert caught.value.failure is FailureCode.PROTOCOL
            assert (await kit.connect()).granted, "a good caller comes in"

    async def test_cve_2011_3478_a_length_takes_no_memory_before_its_bytes_are_there(self) -> None:
        async with HostKit() as kit:
            await kit.connect()
            tracemalloc.start()
            try:
                taken = [await self.taken(kit, length) for length in (0, 0, 0xFFFF)]
            finally:
                tracemalloc.stop()
        assert taken[2] - taken[1] < 30 * 1000, "not what the header says: that would be 64 KiB each"

    async def taken(self, kit: HostKit, length: int) -> int:
        """The most memory, in bytes, that 30 strangers took who said this length and nothing else."""
        lines = [kit.dial() for _ in range(30)]
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for line in lines:
            await line.send(bytes((FrameType.HELLO, length >> 8, length & 0xFF)))
        for line in lines:
            assert failure(await answer(line)) is FailureCode.PROTOCOL
        return tracemalloc.get_traced_memory()[1] - before


@contextmanager
def careless() -> Iterator[None]:
    """A shell in which new files are for everybody."""
    old = os.umask(0)
    try:
        yield
    finally:
        os.umask(old)


async def test_cve_2011_3479_no_other_user_can_replace_a_file_of_a_running_host(tmp_path: Path) -> None:
    home = tmp_path / "home"
    up = ("up", "--plain", "--no-ask", "--json", "--listen", "127.0.0.1:0", "--virtual", "640x480")
    with careless():
        running = farhand(home, *up)
        host = await running.__aenter__()
    try:
        link = (await host.tell("code"))["link"]
        base, code = link.split("/#")
        async with await connect(base, code, name="Anna") as session:
            await session.wait(lambda s: s.picture.exact)
            ours = [path for path in home.rglob("*") if "farhand" in path.parts]
    finally:
        await running.__aexit__(None, None, None)
    assert {"host.keys", "running.json", "000000000000.log"} <= {path.name for path in ours}
    for path in ours:
        if path.exists():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


class TestCve20120290:
    async def test_cve_2012_0290_a_line_that_broke_leaves_nothing_open(self) -> None:
        said: list[bytes] = []

        def tap(sender: str, data: bytes) -> bytes:
            if sender == "viewer":
                said.append(data)
            return data

        async with HostKit() as kit:
            line = kit.dial(tap=tap)
            caller = await kit.connect(to=line)
            caller.key("ControlLeft", "Control", down=True)
            await until(lambda: kit.platform.inputs and kit.platform.inputs[0].down)
            line.cut()
            await kit.hear(CallerCut)
            assert kit.platform.inputs[0].closed, "nobody's keys stay down"
            assert not kit.platform.inputs[0].down

            # Whoever recorded it all and sends it again, in a new connection or from the middle of the old one.
            for start in (0, len(said) // 2, len(said) - 1):
                replay = kit.dial()
                await replay.send(b"".join(said[start:]))
                assert failure(await answer(replay)) in (FailureCode.UNKNOWN_ROUTE, FailureCode.PROTOCOL)
            assert len(kit.platform.inputs) == 1, "no input was opened for them"

            # The caller's own end is over too: nothing can be sent on it.
            await caller.closed()
            with pytest.raises(SessionOver):
                caller.type("rm -rf /")

    async def test_cve_2012_0290_the_session_s_id_without_its_keys_opens_nothing(self) -> None:
        async with HostKit() as kit:
            line = kit.dial()
            caller = await kit.connect(to=line)
            other = await kit.connect()
            line.cut()
            await caller.closed()
            await kit.hear(CallerCut)
            # Another caller, known to the host, takes the first one's id with keys of its own.
            caller._keys = other._keys
            with pytest.raises(ConnectFailed) as caught:
                await caller.rejoin(kit.dial())
            assert caught.value.failure is not FailureCode.TIMEOUT
            assert len(kit.agent.callers) == 2


class TestCve20120291:
    @pytest.mark.parametrize("name", GARBAGE)
    async def test_cve_2012_0291_malformed_data_does_not_hold_the_host(self, name: str) -> None:
        async with HostKit() as kit:
            line = kit.dial(piece=1)
            await line.send(GARBAGE[name])
            await answer(line)
            assert (await kit.connect()).granted

    @pytest.mark.parametrize(
        "said",
        [
            *GARBAGE.values(),
            frame(FrameType.WELCOME, bytes(limits.WELCOME)),
            frame(FrameType.WELCOME, Welcome(HelloMode.ATTENDED, bytes(16), bytes(32)).encode()) + hello(),
            frame(FrameType.WELCOME, Welcome(HelloMode.ATTENDED, bytes(16), bytes(32)).encode())
            + frame(FrameType.HANDSHAKE_2, bytes(limits.HANDSHAKE_2)),
            frame(FrameType.FAILURE, bytes(limits.FAILURE)),
            b"",
        ],
        ids=[*GARBAGE, "an empty welcome", "two sides that call", "an empty answer", "an empty failure", "an end"],
    )
    async def test_cve_2012_0291_an_invalid_answer_does_not_hold_the_caller(self, said: bytes) -> None:
        near, far = memory.pair()

        async def host() -> None:
            await far.receive()
            if said:
                await far.send(said)
            await far.close()

        async with Tasks("host") as tasks:
            tasks.start(host(), "host")
            async with asyncio.timeout(5):
                with pytest.raises((ConnectFailed, SessionOver)):
                    await connect(near, "4001-123 456 789", name="Anna")

    async def test_cve_2012_0291_no_answer_does_not_hold_the_caller(self) -> None:
        near, far = memory.pair()
        clock = Clock(asyncio.get_running_loop())
        async with Tasks("caller") as tasks:
            calling = tasks.start(connect(near, "4001-123 456 789", name="Anna"), "call")
            await until(lambda: far.buffered)
            await clock.advance(limits.HANDSHAKE_SECONDS + 1)
            async with asyncio.timeout(5):
                with pytest.raises(ConnectFailed):
                    await asyncio.shield(calling)


async def test_cve_2012_0292_nothing_that_a_stranger_sends_stops_the_service(tmp_path: Path) -> None:
    home = tmp_path / "home"
    up = ("up", "--plain", "--no-ask", "--json", "--listen", "127.0.0.1:0", "--virtual", "640x480", "--log", "error")
    async with farhand(home, *up) as host:
        link = (await host.tell("code"))["link"]
        base, code = link.split("/#")
        port = int(base.rpartition(":")[2])
        # A route that is nobody's: the one that is open has one guess, which the good caller needs.
        kinds = [*what_strangers_send("99999"), *GARBAGE.values(), os.urandom(70_000)]
        writers = []
        for _ in range(3):
            for data in kinds:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(data)
                writers.append(writer)
        started = time.monotonic()
        async with await connect(base, code, name="Anna") as session:
            await session.wait(lambda s: s.picture.exact)
            assert time.monotonic() - started < GOOD_LOGIN_SECONDS * 5
        for writer in writers:
            writer.transport.abort()
        assert host.process.returncode is None
        assert await host.end() == 0
