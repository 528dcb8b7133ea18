"""The plan of a mirror, or of what is newer: from SRC to DST only. Pure."""

from collections.abc import Mapping, Set

from farhand.client.sync.plan import Plan, Problem
from farhand.client.sync.tree import Alter, Copy, Delete, End, Make, Tree, parent, parents, same_content
from farhand.protocol.messages.files import Entry, EntryKind

_NOTHING: Mapping[bytes, bool | None] = {}


def plan_one_way(
    source: Tree,
    target: Tree,
    *,
    newer: bool = False,
    delete: bool = False,
    checksum: bool = False,
    pinned: Set[bytes] = frozenset(),
    answers: Mapping[bytes, bool | None] = _NOTHING,
) -> Plan:
    """Return what makes ``target`` like ``source``.

    ``newer`` leaves what is not older there, ``delete`` takes away what only ``target`` has, ``checksum`` asks for the
    content of files of one size. ``pinned`` are folders of ``target`` that hold names which are left out. ``answers``
    say of the questions of an earlier plan whether the content is the same, or None: it could not be read.
    """
    planner = _OneWay(target, newer, delete, checksum, pinned, answers)
    if checksum:
        differing = list(source)
    else:
        get = target.get
        differing = [path for path, entry in source.items() if get(path) != entry]
    # In order: a folder that cannot be made is met before what is in it.
    for path in sorted(differing):
        planner.decide(path, source[path])
    if delete:
        planner.remove(target.keys() - source.keys())
    planner.restore_times(source)
    return planner.plan


class _OneWay:
    def __init__(
        self,
        target: Tree,
        newer: bool,
        delete: bool,
        checksum: bool,
        pinned: Set[bytes],
        answers: Mapping[bytes, bool | None],
    ) -> None:
        self.plan = Plan()
        self._target = target
        self._newer = newer
        self._delete = delete
        self._checksum = checksum
        self._pinned = pinned
        self._answers = answers
        self._blocked: set[bytes] = set()

    def decide(self, path: bytes, entry: Entry) -> None:
        if self._blocked and not self._blocked.isdisjoint(parents(path)):
            return
        there = self._target.get(path)
        if there is None:
            self._create(path, entry)
        elif there.kind != entry.kind:
            self._another_kind(path, entry, there)
        elif entry.kind is EntryKind.FILE:
            self._file(path, entry, there)
        elif entry.kind is EntryKind.LINK:
            if entry.target != there.target and not (self._newer and entry.mtime <= there.mtime):
                self.plan.copies.append(Copy(End.RIGHT, path, entry, there))
        elif (entry.mode, entry.mtime) != (there.mode, there.mtime):
            self.plan.alters.append(Alter(End.RIGHT, path, there, entry))

    def remove(self, extra: Set[bytes]) -> None:
        for path in extra:
            if path not in self._pinned and self._blocked.isdisjoint(parents(path)):
                self.plan.deletes.append(Delete(End.RIGHT, path, self._target[path]))

    def restore_times(self, source: Tree) -> None:
        """Have the times of folders set again in which something is to be changed."""
        plan = self.plan
        altered = {alter.path for alter in plan.alters}
        touched = {parent(copy.path) for copy in plan.copies} | {parent(delete.path) for delete in plan.deletes}
        for path in touched - altered:
            entry, there = source.get(path), self._target.get(path)
            if entry is not None and there is not None and there.kind is entry.kind is EntryKind.FOLDER:
                plan.alters.append(Alter(End.RIGHT, path, there, entry))

    def _create(self, path: bytes, entry: Entry) -> None:
        if entry.kind is EntryKind.FOLDER:
            self.plan.makes.append(Make(End.RIGHT, path, entry))
            self.plan.alters.append(Alter(End.RIGHT, path, entry, entry))
        else:
            self.plan.copies.append(Copy(End.RIGHT, path, entry))

    def _file(self, path: bytes, entry: Entry, there: Entry) -> None:
        alike = same_content(entry, there)
        if self._checksum and entry.size == there.size:
            answer = self.plan.answered(self._answers, path, entry, there)
            if answer is None:
                return
            alike = answer
        if not alike:
            if not (self._newer and entry.mtime <= there.mtime):
                self.plan.copies.append(Copy(End.RIGHT, path, entry, there))
        elif (entry.mode, entry.mtime) != (there.mode, there.mtime):
            self.plan.alters.append(Alter(End.RIGHT, path, there, entry))

    def _another_kind(self, path: bytes, entry: Entry, there: Entry) -> None:
        why = None
        if self._newer and entry.mtime <= there.mtime:
            why = "is of another kind on the other side, and newer there"
        elif there.kind is EntryKind.FOLDER and not self._delete:
            why = "is a folder on the other side: only --delete puts something else in its place"
        elif path in self._pinned:
            why = "is a folder with excluded names on the other side"
        elif there.kind is EntryKind.FOLDER or entry.kind is EntryKind.FOLDER:
            self.plan.clear.add(path)
            self.plan.deletes.append(Delete(End.RIGHT, path, there))
            self._create(path, entry)
        else:
            self.plan.copies.append(Copy(End.RIGHT, path, entry, there))
        if why is not None:
            self.plan.problems.append(Problem(path, why))
            self._blocked.add(path)
