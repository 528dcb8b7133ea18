"""Files from one host to another, by links through one gateway, over a line that breaks."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.e2e.line import Line, line_to
from tests.integration.gateway_kit import GatewayKit, new_agent
from tests.loopback.files_kit import tree

from farhand.client.copying import Copy, copy
from farhand.client.hosts import Hosts
from farhand.client.places import Place, place
from farhand.client.reaching import Reach
from farhand.client.transfer import Options, Summary, Transfer
from farhand.core.config import Paths

ALLOWED = ["view", "files-read", "files-write"]


class Two:
    """Two hosts with a folder each, and a line to the gateway between them."""

    def __init__(self, kit: GatewayKit, line: Line, folder: Path) -> None:
        self.line = line
        self.folders = (folder / "one", folder / "other")
        self._kit = kit
        self._paths = Paths.under(folder / "mine").create()
        self._agents = []
        for path in self.folders:
            path.mkdir()
            files = {"roots": [{"path": str(path)}], "incoming": f"{path}-incoming"}
            agent = new_agent(allow=ALLOWED, browser={"allow": ALLOWED}, files=files)
            kit.embed(agent)
            self._agents.append(agent)

    def at(self, number: int, path: str) -> Place:
        """A place at one of them, by a link that works once."""
        code = self._kit.code(self._agents[number]).replace(" ", "")
        return place(f"http://127.0.0.1:{self.line.port}/#{code}:{path}")

    async def copy(self, source: Place, target: Place, *, cut_after: int = 0) -> tuple[Summary, int]:
        """Copy as `farhand cp -r` does; the summary, and how often a line was lost."""

        def back(text: str) -> None:
            if "cut" in text:
                self.line.restore()

        async with Hosts(Reach(self._paths, say=back), [source, target], [target]) as hosts:
            for one in (source, target):
                if not one.here:
                    await hosts.line(one)
            if cut_after:
                self.line.reset_after(cut_after)
            options = Options(data=self._paths.data)
            summary = await Transfer(lambda work: copy(work, Copy((source,), target, True), hosts), options)
            return summary, hosts.cuts


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[Two]:
    async with GatewayKit() as kit:
        with line_to(f"{kit.address}/") as line:
            yield Two(kit, line, folder)


@pytest.mark.timeout(60)
async def test_a_large_file_and_a_folder_cross_from_host_to_host_through_a_line_that_breaks(tmp_path: Path) -> None:
    async with two(tmp_path) as hosts:
        one, other = hosts.folders
        data = os.urandom(6 << 20)
        (one / "big").write_bytes(data)
        (one / "site" / "images").mkdir(parents=True)
        for n in range(40):
            (one / "site" / "images" / str(n)).write_bytes(os.urandom(n * 100))
        (one / "site" / "link").symlink_to("images/1")
        os.setxattr(one / "big", "user.colour", b"red")
        os.utime(one / "site", ns=(10**18, 10**18))

        summary, cuts = await hosts.copy(hosts.at(0, "big"), hosts.at(1, ""), cut_after=4 << 20)
        assert (other / "big").read_bytes() == data
        assert os.getxattr(other / "big", "user.colour") == b"red"
        assert cuts == 2
        assert summary.resumed > 0
        assert summary.crossed < len(data) + (4 << 20)

        summary, _ = await hosts.copy(hosts.at(0, "site"), hosts.at(1, "copies/"), cut_after=40_000)
        assert summary.failures == []
        assert tree(other / "copies" / "site") == tree(one / "site")
        assert (other / "copies" / "site").stat().st_mtime_ns == 10**18

        (tmp_path / "here").write_bytes(b"mine")
        await hosts.copy(Place("", str(tmp_path / "here")), hosts.at(1, "there"))
        assert (other / "there").read_bytes() == b"mine"
