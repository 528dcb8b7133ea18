"""The socket between one user's programs: bytes both ways, back-pressure, and who is let in."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.loopback.host_kit import until

from farhand.transports import local
from farhand.transports.base import TransportClosed, Unreachable
from farhand.transports.local import LocalDoor, LocalStream, connect_local


@asynccontextmanager
async def pair(path: Path) -> AsyncIterator[tuple[LocalStream, LocalStream]]:
    """Both ends of a connection."""
    came: asyncio.Future[LocalStream] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def serve(stream: LocalStream, address: str) -> None:
        assert address == "this computer"
        came.set_result(stream)
        await done.wait()

    door = LocalDoor(path, serve)
    await door.open()
    try:
        near = await connect_local(path)
        yield near, await came
        await near.close()
    finally:
        done.set()
        await door.close()
    assert not path.exists()


async def test_bytes_cross_both_ways_and_the_end_is_told(tmp_path: Path) -> None:
    async with pair(tmp_path / "s") as (near, far):
        await near.send(b"to the host")
        assert await far.receive() == b"to the host"
        await far.send(b"and back")
        assert await near.receive() == b"and back"
        await far.close()
        with pytest.raises(TransportClosed):
            await near.receive()
        with pytest.raises(TransportClosed):
            await near.send(b"x")


async def test_whoever_reads_nothing_holds_the_sender_up(tmp_path: Path) -> None:
    async with pair(tmp_path / "s") as (near, far):
        size = 8 << 20
        sending = asyncio.ensure_future(near.send(bytes(size)))
        await until(lambda: not far._reading)
        assert not sending.done()
        got = 0
        while got < size:
            got += len(await far.receive())
        await sending
        assert far._reading
        second = asyncio.ensure_future(near.send(bytes(size)))
        await until(lambda: not far._reading)
        await far.close()  # with a sender that waits: it hears of it
        with pytest.raises(TransportClosed):
            await second


async def test_the_socket_is_its_users_own(tmp_path: Path) -> None:
    door = LocalDoor(tmp_path / "s", lambda stream, address: asyncio.sleep(0))
    await door.open()
    assert stat.S_IMODE(door.path.stat().st_mode) == 0o600
    again = LocalDoor(tmp_path / "s", lambda stream, address: asyncio.sleep(0))
    await again.open()  # a socket that was left behind is replaced
    await door.close()
    assert again.path.exists()  # and not taken away by whoever had it before
    await again.close()
    assert not again.path.exists()


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="farhand up"):
        await connect_local(tmp_path / "s")


async def test_another_user_is_neither_served_nor_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = LocalDoor(tmp_path / "s", lambda stream, address: asyncio.sleep(0))
    await door.open()
    mine = local._user_of
    monkeypatch.setattr(local, "_user_of", lambda sock: mine(sock) + 1)
    with pytest.raises(Unreachable, match="another user"):
        await connect_local(door.path)
    near, far = socket.socketpair()
    assert not door.enter(LocalStream(), far)
    near.close()
    far.close()
    await door.close()
