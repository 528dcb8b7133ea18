"""Names that are taken: what somebody is asked about them, and what is told of both files where nobody is."""

import contextlib
import os
from pathlib import Path

import pytest
from tests.loopback.files_kit import FilesKit, Summary

from farhand.client.files_errors import NameTaken
from farhand.client.transfer import Ask
from farhand.client.transfer_across import across
from farhand.client.transfer_get import get
from farhand.client.transfer_put import put
from farhand.protocol.messages.files import Conflict, Entry

OLD = {"newer": 10, "older": 5, "skip": 10, "replace": 10, "both": 10, "folder/large": 400_000}


class Way:
    """A folder ``source`` that is copied to ``target``: to a host, from one, or from one to another."""

    def __init__(self, way: str, kit: FilesKit, other: FilesKit | None) -> None:
        self.way, self.kit, self.other = way, kit, other
        self.source = other.there if other else kit.here if way == "put" else kit.there
        self.target = kit.here if way == "get" else kit.there
        for name, size in OLD.items():
            for folder, content in ((self.source, b"mine"), (self.target, b"theirs")):
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(content * size)
                os.utime(folder / name, (1e9, 1e9 + (folder == self.source) * (1 if name != "older" else -1)))
        (self.source / "new").write_bytes(b"mine")

    async def copy(self, conflict: Conflict = Conflict.REPLACE, ask: Ask | None = None) -> Summary:
        if self.other is not None:
            to = self.kit.line
            return await self.other.copy(
                lambda work, line: across(work, line, b"", to, b""), conflict=conflict, ask=ask
            )
        if self.way == "put":
            return await self.kit.copy(lambda work, line: put(work, line, self.source, b""), conflict=conflict, ask=ask)
        return await self.kit.copy(lambda work, line: get(work, line, b"", self.target), conflict=conflict, ask=ask)

    def read(self, name: str) -> bytes:
        return (self.target / name).read_bytes()[:4]


@pytest.mark.parametrize("how", ["put", "get", "across"])
async def test_each_name_that_is_taken_is_asked_about_once_and_for_those_taken_meanwhile(
    tmp_path: Path, how: str
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with contextlib.AsyncExitStack() as stack:
        kit = await stack.enter_async_context(FilesKit(tmp_path / "a"))
        other = await stack.enter_async_context(FilesKit(tmp_path / "b")) if how == "across" else None
        way = Way(how, kit, other)
        refused = await way.copy(Conflict.REFUSE)
        told = {name: error for name, error in refused.failures if isinstance(error, NameTaken)}
        assert sorted(told) == sorted(OLD)
        assert [(one.mine.size, one.theirs.size) for one in told.values()] == [
            (4 * OLD[name], 6 * OLD[name]) for name in told
        ]
        assert "(newer)" in told["older"].cause
        (way.target / "new").unlink()
        asked: list[str] = []

        async def ask(name: str, mine: Entry, theirs: Entry) -> Conflict | None:
            assert mine.size < theirs.size
            last = name.rpartition("/")[2].rpartition(":")[2]
            asked.append(last)
            if last == "skip":
                (way.target / "new").write_bytes(b"theirs!")  # nobody had this name when the folder was listed
            return {"skip": None, "replace": Conflict.REPLACE, "both": Conflict.KEEP_BOTH}.get(last, Conflict.NEWER)

        summary = await way.copy(ask=ask)
        assert summary.failures == []
        assert asked == ["both", "large", "newer", "older", "replace", "skip", "new"]
        mine = ("newer", "replace", "folder/large", "both (2)")
        kept = {name: way.read(name) for name in (*OLD, "new", "both (2)")}
        assert kept == {name: b"mine" if name in mine else b"thei" for name in kept}
        assert summary.files + summary.skipped == summary.files_total
        assert summary.size == summary.size_total
