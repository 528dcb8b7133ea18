"""The feed: what the gateway lacks, then what comes, each batch under a checkpoint."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.host.audit_kit import KEYS, opened, written

from farhand.core.tasks import Tasks
from farhand.host.audit_entry import decode
from farhand.host.audit_feed import AuditFeed
from farhand.protocol.envelope import LEG_MESSAGE_MAX, AuditCheckpoint, AuditEntries, decode_from_host, encode_leg
from farhand.protocol.merkle import Checkpoint, Frontier


class Gateway:
    """Keeps copies, as the gateway does, and fails if what arrives does not fit."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.checkpoints: list[Checkpoint] = []
        self.grown = asyncio.Event()

    async def send(self, message: AuditEntries | AuditCheckpoint) -> None:
        data = encode_leg(message)
        assert decode_from_host(data, LEG_MESSAGE_MAX) == message
        if isinstance(message, AuditEntries):
            assert message.first == len(self.entries)
            self.entries += message.entries
        else:
            checkpoint = Checkpoint.verify(message.data, KEYS.identity_public)
            if checkpoint.size == len(self.entries):
                tree = Frontier()
                for entry in self.entries:
                    tree.append(entry)
                assert checkpoint.root == tree.root()
            self.checkpoints.append(checkpoint)
        self.grown.set()

    async def has(self, size: int) -> None:
        """Return once it holds so many entries under a checkpoint."""
        while not self.checkpoints or self.checkpoints[-1].size < size:
            self.grown.clear()
            await self.grown.wait()
        assert len(self.entries) == size


async def test_a_backlog_and_what_comes(tmp_path: Path) -> None:
    written(tmp_path, 1500, segment_bytes=100_000)
    audit = opened(tmp_path, segment_bytes=100_000)
    gateway = Gateway()
    async with Tasks("feed") as tasks:
        tasks.start(AuditFeed(audit, pause=0).run(0, gateway.send), "feed")
        await gateway.has(1500)
        audit.record("log-in", who="one more")
        await gateway.has(1501)
    audit.record("stop")
    async with Tasks("feed") as tasks:
        tasks.start(AuditFeed(audit, pause=0).run(len(gateway.entries), gateway.send), "feed again")
        await gateway.has(1502)
    assert decode(gateway.entries[-1])["kind"] == "stop"
    audit.close()


async def test_what_is_recorded_while_it_is_sent_is_sent_too(tmp_path: Path) -> None:
    audit = opened(tmp_path)
    gateway = Gateway()

    async def send(message: AuditEntries | AuditCheckpoint) -> None:
        if audit.size < 8:
            audit.record("log-in")
        await gateway.send(message)

    audit.record("start")
    async with Tasks("feed") as tasks:
        tasks.start(AuditFeed(audit, pause=0).run(0, send), "feed")
        await gateway.has(8)
    audit.close()


async def test_a_gateway_that_holds_more_than_there_is(tmp_path: Path) -> None:
    """Somebody took entries away here, or made some up there: it is recorded once, and the gateway is shown."""
    written(tmp_path, 3)
    audit = opened(tmp_path)
    gateway = Gateway()
    feed = AuditFeed(audit, pause=0)
    await feed.run(10, gateway.send)
    await feed.run(10, gateway.send)
    assert [one.size for one in gateway.checkpoints] == [4, 4]
    assert decode(audit.entries(3, 1000)[0])["kind"] == "recovered"
    audit.close()


async def test_a_connection_that_is_lost_ends_it(tmp_path: Path) -> None:
    written(tmp_path, 3)
    audit = opened(tmp_path)

    async def send(_: object) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await AuditFeed(audit, pause=0).run(0, send)
    assert not audit._listeners
    audit.close()
