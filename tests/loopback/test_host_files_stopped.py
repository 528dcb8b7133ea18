"""Malware on its way in: the caller, the person here, the audit and the quarantine hear of it, and no name is given."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.loopback.host_kit import HostKit

from farhand.files.errors import FilesError
from farhand.host.events import FileStopped
from farhand.host.files.opened import OpenedFolders
from farhand.host.settings import FilesSettings, FolderSettings
from farhand.protocol.capability import Capability
from farhand.protocol.messages.files import FileFault

BOTH = (Capability.FILES_READ, Capability.FILES_WRITE)
BAD = b"this is bad"


class Finder:
    """A scanner that finds BAD, and where it ``sees`` nothing cannot look."""

    def __init__(self, *, sees: bool = True) -> None:
        self.sees = sees

    def begin(self, fd: int, size: int, name: str) -> "Found":
        return Found(self, fd)

    def check_many(self, files: Sequence[tuple[bytes, str]]) -> list[FilesError | None]:
        return [self.verdict(content) for content, _ in files]

    def verdict(self, content: bytes) -> FilesError | None:
        if not self.sees:
            return FilesError(FileFault.NOT_SCANNED, "nobody could look at it")
        return FilesError(FileFault.INFECTED, "malware was found: BAD") if BAD in content else None


class Found:
    def __init__(self, finder: Finder, fd: int) -> None:
        self.finder, self.fd = finder, fd

    def feed(self, received: int) -> None: ...

    def finish(self) -> None:
        with open(self.fd, "rb", closefd=False) as file:
            file.seek(0)
            if error := self.finder.verdict(file.read()):
                raise error

    def close(self) -> None: ...


def kit(folder: Any, finder: Finder) -> HostKit:
    (folder / "there").mkdir()
    files = FilesSettings((FolderSettings(str(folder / "there")),))
    every = sorted(Capability)
    opened = OpenedFolders(files, folder / "data", scanner=finder)
    return HostKit(opened=opened, allow=every, browser={"allow": every})


@pytest.mark.parametrize("size", [len(BAD), 200_000], ids=["small", "large"])
async def test_what_is_found_is_kept_and_everybody_is_told(tmp_path, size: int) -> None:
    content = BAD.ljust(size, b".")
    (tmp_path / "bad").write_bytes(content)
    (tmp_path / "good").write_bytes(b"good")
    async with kit(tmp_path, Finder()) as host:
        caller = await host.connect(capabilities=BOTH, view=False)
        with pytest.raises(FilesError) as refused:
            await caller.files.put(tmp_path / "bad", "bad")
        assert refused.value.fault is FileFault.INFECTED
        await caller.files.put(tmp_path / "good", "good")
        assert [path.name for path in (tmp_path / "there").iterdir()] == ["good"]
        (find,) = host.agent.files.quarantine.all()
        assert (find.path, find.found, find.who, find.size) == (
            bytes(tmp_path / "there/bad"),
            "malware was found: BAD",
            "Ada",
            size,
        )
        (entry,) = host.audit.of("malware")
        assert (entry["path"], entry["size"], entry["kept"]) == (f"{tmp_path}/there/bad", size, find.id)
        assert entry["blake3"] == find.digest
        stopped = await host.hear(FileStopped)
        assert (stopped.path, stopped.caller.name) == (f"{tmp_path}/there/bad", "Ada")
        assert "malware was found: BAD" in host.platform.person.shown[0].warning


@pytest.mark.parametrize("size", [10, 200_000], ids=["small", "large"])
async def test_what_nobody_could_look_at_gets_no_name_and_no_place_in_quarantine(tmp_path, size: int) -> None:
    (tmp_path / "file").write_bytes(bytes(size))
    async with kit(tmp_path, Finder(sees=False)) as host:
        caller = await host.connect(capabilities=BOTH, view=False)
        with pytest.raises(FilesError) as refused:
            await caller.files.put(tmp_path / "file", "file")
        assert refused.value.fault is FileFault.NOT_SCANNED
        assert list((tmp_path / "there").iterdir()) == []
        assert host.agent.files.quarantine.all() == []
        assert host.audit.of("malware") == []
