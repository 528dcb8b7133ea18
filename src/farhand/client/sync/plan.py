"""What is to be done, in order: the data that planning makes and running takes."""

from collections.abc import Mapping
from itertools import chain

import msgspec

from farhand.client.sync.tree import Action, Alter, Copy, Delete, End, Make, Rename, parents
from farhand.protocol.messages.files import Entry


class Conflict(msgspec.Struct, frozen=True):
    """Both sides changed a name: the one of ``end`` is ``kept`` under another, or left alone if that is empty."""

    path: bytes
    end: End
    kept: bytes
    why: str


class Problem(msgspec.Struct, frozen=True):
    """Something that is not done, and why."""

    path: bytes
    why: str


Pair = tuple[Entry, Entry]
"""A name as it was on the left and on the right when both agreed."""


class Plan(msgspec.Struct):
    """Actions by the stage that they belong to; a stage begins when the one before it has ended."""

    renames: list[Rename] = msgspec.field(default_factory=list)
    makes: list[Make] = msgspec.field(default_factory=list)
    copies: list[Copy] = msgspec.field(default_factory=list)
    alters: list[Alter] = msgspec.field(default_factory=list)
    deletes: list[Delete] = msgspec.field(default_factory=list)
    clear: set[bytes] = msgspec.field(default_factory=set)
    """Where a name of one kind has to go before one of another can come: it goes first, and what is beneath it."""
    conflicts: list[Conflict] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)
    questions: list[tuple[bytes, Entry, Entry]] = msgspec.field(default_factory=list)
    """Files of which only their digests can say whether they are the same: plan again with the answers."""
    after: dict[bytes, Pair | None] = msgspec.field(default_factory=dict)
    """What both sides agree on once every action of this name is done; None: that it is gone."""
    agreed: dict[bytes, Pair] = msgspec.field(default_factory=dict)
    """What both sides have alike, without anything to do."""
    forgotten: list[bytes] = msgspec.field(default_factory=list)
    """What both sides have no longer."""

    def answered(self, answers: Mapping[bytes, bool | None], path: bytes, left: Entry, right: Entry) -> bool | None:
        """Whether both files' digests are the same; None, and noted, if that is to be asked or could not be found."""
        if path not in answers:
            self.questions.append((path, left, right))
            return None
        answer = answers[path]
        if answer is None:
            self.problems.append(Problem(path, "its content could not be compared"))
        return answer

    def stages(self) -> list[list[Action]]:
        """The actions in the order in which they are carried out: deletions last, but for those that make room."""
        cleared = self.clear
        first: list[Action] = []
        last: list[Action] = []
        for delete in sorted(self.deletes, key=lambda delete: delete.path, reverse=True):
            makes_room = cleared and not cleared.isdisjoint((delete.path, *parents(delete.path)))
            (first if makes_room else last).append(delete)
        # A folder's time last of all: what is done in it changes it.
        alters = sorted(self.alters, key=lambda alter: alter.path, reverse=True)
        return [
            list(self.renames),
            first,
            list[Action](sorted(self.makes, key=lambda make: make.path)),
            list[Action](sorted(self.copies, key=lambda copy: copy.path)),
            last,
            list[Action](alters),
        ]

    def actions(self) -> list[Action]:
        """All of them, in order."""
        return list(chain.from_iterable(self.stages()))

    def deletions(self, end: End) -> int:
        """How many names go on one side."""
        return sum(delete.end is end for delete in self.deletes)

    @property
    def bytes(self) -> int:
        """What the files to copy hold."""
        return sum(copy.entry.size for copy in self.copies)
