"""The plan of a two-way synchronisation: each side against what both agreed on last time. Pure, without a clock."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

import msgspec

from farhand.client.sync.names import conflict_name
from farhand.client.sync.plan import Conflict, Plan
from farhand.client.sync.tree import Alter, Copy, Delete, End, Make, Rename, Tree, parent, same, same_content
from farhand.protocol.messages.files import Entry, EntryKind

_LEFT, _RIGHT = End.LEFT, End.RIGHT


@dataclass(slots=True)
class Base:
    """What both sides agreed on last time: each as it was there."""

    left: Tree = field(default_factory=dict)
    right: Tree = field(default_factory=dict)


def plan_two_way(
    left: Tree,
    right: Tree,
    base: Base,
    labels: tuple[str, str],
    *,
    checksum: bool = False,
    pinned: tuple[Set[bytes], Set[bytes]] = (frozenset(), frozenset()),
    answers: Mapping[bytes, bool | None] | None = None,
) -> Plan:
    """Return what makes both sides the same and loses neither's changes.

    ``labels`` go into the names of what is kept of a conflict. ``pinned`` are the folders of each side that hold names
    which are left out. ``answers`` say of the questions of an earlier plan whether the content is the same, or None:
    it could not be read.
    """
    planner = _TwoWay(left, right, base, labels, checksum, pinned, answers or {})
    planner.run(_candidates(left, right, base, checksum))
    return planner.plan


def _candidates(left: Tree, right: Tree, base: Base, checksum: bool) -> Iterable[bytes]:
    """Every name of which something may have changed."""
    if checksum:
        return left.keys() | right.keys() | base.left.keys()
    there, then = right.get, base.left.get
    found = {path for path, entry in left.items() if there(path) != entry or then(path) != entry}
    found |= right.keys() - left.keys()
    found |= base.left.keys() - left.keys()
    return found


class _TwoWay:
    def __init__(
        self,
        left: Tree,
        right: Tree,
        base: Base,
        labels: tuple[str, str],
        checksum: bool,
        pinned: tuple[Set[bytes], Set[bytes]],
        answers: Mapping[bytes, bool | None],
    ) -> None:
        self.plan = Plan()
        self._trees = (left, right)
        self._base = base
        self._labels = labels
        self._checksum = checksum
        self._pinned = pinned
        self._answers = answers
        #: Folders in which something stays or comes: they stay, or come, on both sides.
        self._needed: set[bytes] = set()
        self._taken: set[bytes] = set()

    def run(self, candidates: Iterable[bytes]) -> None:
        # Backwards, so that of a folder everything in it is decided before itself.
        for path in sorted(candidates, reverse=True):
            left, right = self._trees[0].get(path), self._trees[1].get(path)
            if self._decide(path, left, right):
                self._needed.add(parent(path))

    def _decide(self, path: bytes, left: Entry | None, right: Entry | None) -> bool:
        """Decide on one name; tell whether something of this name will be there."""
        base = (self._base.left.get(path), self._base.right.get(path))
        if left is None and right is None:
            if base[0] is not None:
                self.plan.forgotten.append(path)
            # A folder that both sides lost, in which something comes back: it is made with that (_folder below).
            return False
        if left is not None and right is not None:
            self._both(path, left, right, base)
            return True
        end = _LEFT if left is not None else _RIGHT
        entry = left if left is not None else right
        if entry is None:
            raise AssertionError("one of the two is there")
        return self._only(path, end, entry, base[end])

    def _only(self, path: bytes, end: End, entry: Entry, then: Entry | None) -> bool:
        """A name that only ``end`` has: new there, or deleted on the other side."""
        if then is None or not same(entry, then) or path in self._needed:
            self._copy(end.other, path, entry)
            return True
        if path not in self._pinned[end]:
            self.plan.deletes.append(Delete(end, path, entry))
            self.plan.after[path] = None
        return False

    def _both(self, path: bytes, left: Entry, right: Entry, base: tuple[Entry | None, Entry | None]) -> None:
        if left.kind != right.kind:
            self._another_kind(path, left, right, base)
            return
        alike = same_content(left, right)
        changed_left, changed_right = _changed(left, base[0]), _changed(right, base[1])
        unclear = self._checksum or (not alike and changed_left and changed_right)
        if unclear and left.kind is EntryKind.FILE and left.size == right.size:
            answer = self.plan.answered(self._answers, path, left, right)
            if answer is None:
                return
            alike = answer
        if alike:
            self._meta(path, left, right, base)
            return
        if changed_left == changed_right:
            # Both; or, of content that a checksum tells apart, neither by its time.
            if changed_left or self._checksum:
                self._conflict(path, _RIGHT, right, left, "both sides changed it")
            return
        end, entry, there = (_RIGHT, left, right) if changed_left else (_LEFT, right, left)
        if entry.kind is EntryKind.LINK:
            self._copy(end, path, entry, there)
            return
        merged = msgspec.structs.replace(entry, mode=self._mode(left, right, base))
        self.plan.copies.append(Copy(end, path, entry, there, merged.mode))
        if merged.mode != entry.mode:
            self.plan.alters.append(Alter(end.other, path, entry, merged))
        self.plan.after[path] = (merged, merged)

    def _meta(self, path: bytes, left: Entry, right: Entry, base: tuple[Entry | None, Entry | None]) -> None:
        """Of two with the same content, carry permissions and time."""
        if same(left, right):
            if not (same(left, base[0]) and same(right, base[1])):
                self.plan.agreed[path] = (left, right)
            return
        if base[0] is not None and base[1] is not None and same(left, base[0]) and same(right, base[1]):
            return  # A file system that cannot hold one of the two: it is as good as it was.
        mode = self._mode(left, right, base)
        source = right if base[0] is not None and same_content(left, base[0]) else left
        wanted = msgspec.structs.replace(source, mode=mode)
        for end, entry in ((_LEFT, left), (_RIGHT, right)):
            if not same(entry, wanted):
                self.plan.alters.append(Alter(end, path, entry, wanted))
        self.plan.after[path] = (wanted, wanted)

    def _mode(self, left: Entry, right: Entry, base: tuple[Entry | None, Entry | None]) -> int:
        """The permissions that changed; the left side's if both did, or nobody knows."""
        return right.mode if base[0] is not None and left.mode == base[0].mode else left.mode

    def _another_kind(self, path: bytes, left: Entry, right: Entry, base: tuple[Entry | None, Entry | None]) -> None:
        entries = (left, right)
        changed = (not same(left, base[0]), not same(right, base[1]))
        folder = next((end for end in (_LEFT, _RIGHT) if entries[end].kind is EntryKind.FOLDER), None)
        if folder is not None:
            other = folder.other
            stays = changed[folder] or path in self._needed or path in self._pinned[folder]
            if stays and changed[other]:
                self._conflict(path, other, entries[other], entries[folder], "it is a folder on the other side")
            elif stays:
                self._clear(path, other, entries[other])
                self._copy(other, path, entries[folder])
            else:
                self._clear(path, folder, entries[folder])
                self._copy(folder, path, entries[other])
        elif changed[_LEFT] and changed[_RIGHT]:
            self._conflict(path, _RIGHT, right, left, "both sides changed it")
        elif changed[_LEFT]:
            self._copy(_RIGHT, path, left, right)
        else:
            self._copy(_LEFT, path, right, left)

    def _copy(self, end: End, path: bytes, entry: Entry, replaces: Entry | None = None) -> None:
        if entry.kind is EntryKind.FOLDER:
            self.plan.makes.append(Make(end, path, entry))
            if entry.mode & 0o700 != 0o700:
                self.plan.alters.append(Alter(end, path, entry, entry))
        else:
            self.plan.copies.append(Copy(end, path, entry, replaces))
        self.plan.after[path] = (entry, entry)

    def _clear(self, path: bytes, end: End, entry: Entry) -> None:
        self.plan.clear.add(path)
        self.plan.deletes.append(Delete(end, path, entry))

    def _conflict(self, path: bytes, end: End, loser: Entry, winner: Entry, why: str) -> None:
        """Keep both: ``loser`` of side ``end`` under another name, ``winner`` under this one."""
        to = self._free(path, end)
        self.plan.conflicts.append(Conflict(path, end, to, why))
        self.plan.renames.append(Rename(end, path, to, loser))
        self._copy(end.other, to, msgspec.structs.replace(loser, path=to))
        self._copy(end, path, winner)

    def _free(self, path: bytes, end: End) -> bytes:
        left, right = self._trees
        base = self._base.left

        def taken(name: bytes) -> bool:
            return name in left or name in right or name in base or name in self._taken

        found = conflict_name(path, self._labels[end], taken)
        self._taken.add(found)
        return found


def _changed(entry: Entry, then: Entry | None) -> bool:
    return then is None or not same_content(entry, then)
