"""A side in memory, which can be edited, cut and killed between any two of its steps."""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from blake3 import blake3

from farhand.client.sync.names import folded
from farhand.client.sync.tree import Changed, Copy, Listing, Moved, Outcome, Side, Tree, parent, same, same_content
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import Entry, EntryKind, FileFault

FILE, FOLDER, LINK, OTHER = EntryKind.FILE, EntryKind.FOLDER, EntryKind.LINK, EntryKind.OTHER


def file(path: bytes, size: int = 1, mtime: int = 1, mode: int = 0o644) -> Entry:
    return Entry(path, FILE, size, mtime, mode, b"")


def folder(path: bytes, mode: int = 0o755, mtime: int = 0) -> Entry:
    return Entry(path, FOLDER, 0, mtime, mode, b"")


def link(path: bytes, target: bytes) -> Entry:
    return Entry(path, LINK, 0, 0, 0o777, target)


def tree(*entries: Entry) -> Tree:
    return {entry.path: entry for entry in entries}


class Memory:
    """Names and contents; every step first calls ``step`` with its name, which may raise or edit."""

    def __init__(self, label: str, clock: int = 0) -> None:
        self.label = label
        self.identity = f"memory:{label}"
        self.tree: Tree = {}
        self.contents: dict[bytes, bytes] = {}
        self.clock = clock
        self.skipped = 0
        self.missing = False
        self.ignores_case = False
        self.step: Callable[[str], None] = lambda name: None

    # What a user does.

    def write(self, path: bytes, content: bytes, mode: int = 0o644) -> None:
        self.clock += 1
        self.tree[path] = Entry(path, FILE, len(content), self.clock, mode, b"")
        self.contents[path] = content

    def make_link(self, path: bytes, target: bytes) -> None:
        self.clock += 1
        self.tree[path] = Entry(path, LINK, 0, self.clock, 0o777, target)

    def make_folder(self, path: bytes, mode: int = 0o755) -> None:
        self.clock += 1
        self.tree[path] = Entry(path, FOLDER, 0, self.clock, mode, b"")

    def chmod(self, path: bytes, mode: int) -> None:
        self.tree[path] = msgspec.structs.replace(self.tree[path], mode=mode)

    def beneath(self, path: bytes) -> list[bytes]:
        return [name for name in self.tree if name.startswith(path + b"/")]

    def remove(self, path: bytes) -> None:
        for name in (path, *self.beneath(path)):
            del self.tree[name]
            self.contents.pop(name, None)

    def move(self, path: bytes, to: bytes) -> None:
        for name in (path, *self.beneath(path)):
            new = to + name[len(path) :]
            self.tree[new] = msgspec.structs.replace(self.tree.pop(name), path=new)
            if name in self.contents:
                self.contents[new] = self.contents.pop(name)

    def files(self) -> dict[bytes, bytes]:
        return dict(self.contents)

    # What a side does.

    async def walk(self) -> Listing:
        self.step("walk")
        return Listing(dict(self.tree), self.skipped, self.missing)

    async def folds(self, tree: Tree) -> bool:
        return self.ignores_case

    async def prepare(self) -> None:
        self.missing = False

    async def put(self, source: Side, copies: Sequence[Copy], moved: Moved) -> AsyncIterator[Outcome]:
        assert isinstance(source, Memory)
        for copy in copies:
            error: Exception | None = None
            try:
                self.step("read")
                there = source.tree.get(source.name(copy.entry.path))
                if there is None or not same_content(there, copy.entry):
                    raise Changed
                content = source.contents.get(copy.entry.path, b"")
                self.step("cross")
                self._place(copy, content)
                moved(len(content))
            except (Changed, FilesError) as failure:
                error = failure
            else:
                self.step("placed")
            yield copy, error

    async def make(self, path: bytes, mode: int) -> None:
        self.step("make")
        there = self.find(path)
        if there is None:
            self._check_parent(path)
            self.make_folder(path, mode | 0o700)
        elif there.kind is not FOLDER:
            raise Changed
        self.step("made")

    async def alter(self, path: bytes, now: Entry, entry: Entry) -> None:
        self.step("alter")
        self._check(path, now)
        self.tree[path] = msgspec.structs.replace(self.tree[path], mode=entry.mode, mtime=entry.mtime)
        self.step("altered")

    async def rename(self, path: bytes, to: bytes, now: Entry) -> None:
        self.step("rename")
        self._check(path, now)
        if self.find(to) is not None:
            raise FilesError(FileFault.EXISTS)
        self.move(path, to)
        self.step("renamed")

    async def delete(self, path: bytes, now: Entry) -> None:
        self.step("delete")
        self._check(path, now)
        if self.beneath(path):
            raise Changed
        self.remove(path)
        self.step("deleted")

    async def measure(self, path: bytes, now: Entry) -> bytes:
        self.step("measure")
        self._check(path, now)
        return blake3(self.contents[path]).digest()

    def name(self, path: bytes) -> bytes:
        """The name that stands for this path."""
        if path in self.tree or not self.ignores_case:
            return path
        return next((name for name in self.tree if folded(name) == folded(path)), path)

    def find(self, path: bytes) -> Entry | None:
        return self.tree.get(self.name(path))

    def _check(self, path: bytes, now: Entry) -> None:
        there = self.tree.get(path)
        alike = there is not None and (there.kind is now.kind if now.kind is FOLDER else same(there, now))
        if not alike:
            raise Changed

    def _check_parent(self, path: bytes) -> None:
        above = parent(path)
        if above and (self.tree.get(above) is None or self.tree[above].kind is not FOLDER):
            raise FilesError(FileFault.NOT_FOUND)

    def _place(self, copy: Copy, content: bytes) -> None:
        self._check_parent(copy.path)
        if copy.replaces is not None:
            self._check(copy.path, copy.replaces)
        elif self.find(copy.path) is not None:
            raise Changed
        mode = copy.entry.mode if copy.mode is None else copy.mode
        self.tree[copy.path] = msgspec.structs.replace(copy.entry, path=copy.path, mode=mode)
        self.contents.pop(copy.path, None)
        if copy.entry.kind is FILE:
            self.contents[copy.path] = content
