"""Files cross between a real host and a real caller."""

import os
import random
from pathlib import Path

import pytest
from tests.loopback.files_kit import FilesKit, tree

from farhand.client.transfer_get import get
from farhand.client.transfer_put import put
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import Conflict, EntryKind, FileFault


def plant(folder: Path, seed: int = 1) -> None:
    """Small and large files, folders, links, odd names, holes."""
    chance = random.Random(seed)
    (folder / "a" / "deep" / "er").mkdir(parents=True)
    (folder / "empty").mkdir()
    for n in range(150):
        (folder / "a" / f"{n}.bin").write_bytes(chance.randbytes(chance.randrange(9000)))
    (folder / "a" / "deep" / "er" / "x\n%n\u202e.txt").write_bytes(b"odd")
    os.mkdir(os.fsencode(folder) + b"/\xff\xfe")
    (folder / "big").write_bytes(chance.randbytes(700_000))
    (folder / "text").write_bytes(b"all work and no play " * 20_000)
    with (folder / "hole").open("wb") as file:
        file.truncate(5 << 20)
        file.seek(3 << 20)
        file.write(b"land")
    (folder / "link").symlink_to("a/0.bin")
    (folder / "lost").symlink_to("/nowhere/at/all")
    (folder / "big").chmod(0o640)
    os.utime(folder / "big", ns=(10**18, 10**18))
    os.utime(folder / "a", ns=(10**18, 10**18 + 5000))
    (folder / "empty").chmod(0o500)


async def test_a_folder_crosses_there_and_back_with_all_that_is_in_it(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        summary = await kit.session.files.put(kit.here, "all/of it")
        assert summary.failures == []
        assert tree(kit.there / "all/of it") == tree(kit.here)
        summary = await kit.session.files.get("all/of it", tmp_path / "back")
        assert summary.failures == []
        assert tree(tmp_path / "back") == tree(kit.here)
        assert summary.files == summary.files_total
        assert summary.size == summary.size_total
