"""A second local user reads sockets, files and shared memory of a host with a caller: nothing comes out."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.hostile.second_user import local_sockets
from tests.integration.processes import farhand

from farhand.client import connect

SPY = Path(__file__).with_name("second_user.py")
NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="another user is played by root alone")


async def test_sockets_files_and_shared_memory(tmp_path: Path) -> None:
    """The host's own desktop included: what keeps others out are its modes and its display's cookie, not its folder."""
    home = tmp_path / "home"
    before = local_sockets()
    up = ("up", "--plain", "--no-ask", "--json", "--listen", "127.0.0.1:0", "--virtual", "640x480")
    async with farhand(home, *up) as host:
        link = (await host.tell("code"))["link"]
        base, code = link.split("/#")
        async with await connect(base, code, name="Anna") as session:
            await session.wait(lambda s: s.picture.exact)
            session.copy("a secret that is copied")
            # As a careless administrator has it: every folder on the way is open.
            for folder in (home, *tmp_path.parents[:3], tmp_path):
                folder.chmod(0o755)
            process = psutil.Process(host.process.pid)
            pids = [process.pid, *(child.pid for child in process.children(recursive=True))]
            desktop = Path(process.environ().get("XAUTHORITY", "") or _xauthority(process)).parent
            ours = [desktop, *desktop.rglob("*"), *(path for path in home.rglob("*") if "farhand" in path.parts)]
            for path in ours:
                if path.is_dir():
                    path.chmod(0o711)  # whoever knows a file's name comes to it: its own mode has to do
            names = [str(path) for path in ours if path.is_file()] + [f"{path}/" for path in ours if path.is_dir()]
            spied = await asyncio.to_thread(_spy, pids, names, before)
    got, tried = spied["got"], spied["tried"]
    assert got == {what: [] for what in got}
    assert tried["read"] >= 4, "keys, audit, cookie, where it runs"
    assert tried["listed"] >= 3
    assert tried["shm"] >= 2, "the screen's shared memory"
    assert tried["display"] >= 1
    assert tried["proc"] > 5


def _spy(pids: list[int], names: list[str], before: set[str]) -> dict[str, dict[str, list[str]]]:
    done = subprocess.run(
        [sys.executable, SPY, str(NOBODY), *map(str, pids), "--", *names],
        input=json.dumps(sorted(before)),
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _xauthority(process: psutil.Process) -> str:
    """The cookie's file, which the X server is told on its command line."""
    for child in process.children(recursive=True):
        if "Xvfb" in child.name():
            words = child.cmdline()
            return words[words.index("-auth") + 1]
    raise AssertionError("no X server")


def test_the_spy_gets_what_is_open(tmp_path: Path) -> None:
    """The spy can do what it claims: what is left open, it gets."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    left = tmp_path / "left open"
    left.write_text("x")
    left.chmod(0o644)
    address = str(tmp_path / "socket")
    before = local_sockets()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        os.chmod(address, 0o777)
        got = _spy([os.getpid()], [str(left)], before)["got"]
    assert got["read"] == [str(left)]
    assert got["socket"] == [address]
    assert got["written"] == []
