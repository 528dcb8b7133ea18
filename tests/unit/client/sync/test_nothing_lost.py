"""Random edits on both sides, cuts, kills and torn state: nothing is lost, and in the end both sides agree.

What must survive: every content that somebody wrote, until somebody on a side that shows it overwrites or deletes it.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from tests.unit.client.sync.memory import Memory

from farhand.client.errors import SessionOver
from farhand.client.sync.options import Mode, SyncOptions
from farhand.client.sync.plan import Pair
from farhand.client.sync.run import Sync
from farhand.client.sync.state import State
from farhand.client.sync.tree import parents, same
from farhand.protocol.messages.files import EntryKind

PATHS = [b"a", b"b", b"d", b"d/a", b"d/e", b"d/e/a", b"d/e/f/a", b"x.txt"]
OPTIONS = SyncOptions(mode=Mode.TWO_WAY, force=True)
#: Runs without a fault after which nothing may be left to do.
ENOUGH = 4

sides = st.integers(0, 1)
paths = st.sampled_from(PATHS)
edits = st.tuples(st.sampled_from(["write", "remove", "move", "folder", "link", "chmod"]), sides, paths, paths)


class Killed(Exception):
    """The process is gone: nothing after this happens."""


class Mortal(State):
    """A memory that nothing reaches once the process is dead."""

    dead = False

    def record(self, changes: Mapping[bytes, Pair | None]) -> None:
        if self.dead:
            raise Killed
        super().record(changes)


class Two(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        # Clocks that are far apart, and never show the same.
        self.sides = (Memory("here", 1_000_000), Memory("there", 1))
        self.live: set[bytes] = set()
        self.number = 0
        self.folder = Path(tempfile.mkdtemp(prefix="sync"))

    def teardown(self):
        try:
            self.settle()
        finally:
            shutil.rmtree(self.folder)

    # What people do.

    def edit(self, what: str, end: int, path: bytes, to: bytes) -> None:
        side = self.sides[end]
        side.clock += 10
        if what in ("write", "link", "folder"):
            self.make_room(side, path, keep_folder=what == "folder")
        match what:
            case "write":
                content = self.token()
                side.write(path, content)
                self.live.add(content)
            case "link":
                target = self.token()
                side.make_link(path, target)
                self.live.add(target)
            case "folder" if path not in side.tree:
                side.make_folder(path)
            case "remove" if path in side.tree:
                self.give_up(side, path)
                side.remove(path)
            case "move" if path in side.tree and not (to + b"/").startswith(path + b"/"):
                if path not in parents(to) and to not in parents(path):
                    self.make_room(side, to, keep_folder=False)
                    side.move(path, to)
            case "chmod" if path in side.tree and side.tree[path].kind is not EntryKind.LINK:
                side.chmod(path, 0o700 if side.tree[path].mode != 0o700 else 0o750)

    def token(self) -> bytes:
        self.number += 1
        return b"%05d" % self.number

    def make_room(self, side: Memory, path: bytes, *, keep_folder: bool) -> None:
        for above in reversed(parents(path)):
            if above in side.tree and side.tree[above].kind is not EntryKind.FOLDER:
                self.give_up(side, above)
                side.remove(above)
            if above not in side.tree:
                side.make_folder(above)
        if path in side.tree and not (keep_folder and side.tree[path].kind is EntryKind.FOLDER):
            self.give_up(side, path)
            side.remove(path)

    def give_up(self, side: Memory, path: bytes) -> None:
        """Somebody who sees them overwrites or deletes what is here and beneath."""
        for name in (path, *side.beneath(path)):
            self.live.discard(side.contents.get(name) or side.tree[name].target)

    @rule(edit=edits)
    def somebody_edits(self, edit):
        self.edit(*edit)

    @rule(first=edits, second=edits)
    def both_edit(self, first, second):
        self.edit(*first)
        self.edit(*second)

    @rule(left=edits, right=edits, path=paths, after=st.integers(2, 10))
    def both_edit_the_same_and_a_run_is_cut(self, left, right, path, after):
        self.edit(left[0], 0, path, left[3])
        self.edit(right[0], 1, path, right[3])
        self.run(self.at(after, SessionOver(None)))

    @rule(left=edits, right=edits, path=paths, after=st.integers(3, 8))
    def one_edits_what_is_being_carried(self, left, right, path, after):
        self.edit(left[0], left[1], path, left[3])
        self.run_while_somebody_edits(after, (right[0], 1 - left[1], path, right[3]))

    # What the program does.

    @rule()
    def run_well(self):
        self.run(lambda name: None)

    @rule(after=st.integers(0, 30))
    @precondition(lambda self: self.live)
    def run_cut(self, after):
        self.run(self.at(after, SessionOver(None)))

    @rule(after=st.integers(0, 30), torn=st.floats(0, 1))
    @precondition(lambda self: self.live)
    def run_killed(self, after, torn):
        self.run(self.at(after, Killed()), torn)

    @rule(after=st.integers(1, 30), edit=edits)
    @precondition(lambda self: self.live)
    def somebody_edits_while_it_runs(self, after, edit):
        self.run_while_somebody_edits(after, edit)

    def run_while_somebody_edits(self, after, edit):
        count = 0

        def step(name: str) -> None:
            nonlocal count
            count += 1
            if count == after:
                self.edit(*edit)

        self.run(step)

    def at(self, after: int, error: Exception):
        count = 0

        def step(name: str) -> None:
            nonlocal count
            count += 1
            if count > after:
                raise error

        return step

    def run(self, step, torn: float | None = None) -> bool:
        state = Mortal.open(self.folder, self.sides[0].identity, self.sides[1].identity)
        assert state.damaged is None

        def stepped(name: str) -> None:
            try:
                step(name)
            except Killed:
                state.dead = True
                raise

        for side in self.sides:
            side.step = stepped
        sync = Sync(*self.sides, OPTIONS, state=state, label_day="2026-11-23")
        did = True

        async def main() -> bool:
            plan = await sync.plan()
            await sync.carry_out(plan)
            return bool(plan.actions())

        try:
            with contextlib.suppress(SessionOver, Killed):
                did = asyncio.run(main())
            if torn is not None and state.dead:
                self.tear(state, torn)
        finally:
            for side in self.sides:
                side.step = lambda name: None
            state.close()
        return did

    def tear(self, state: State, kept: float) -> None:
        """What a killed process leaves: the log ends anywhere."""
        left = Path(tempfile.mkdtemp(prefix="sync"))
        shutil.copy(state.path, left)
        log = state.path.with_name(state.path.name + "-wal")
        if log.exists():
            content = log.read_bytes()
            (left / log.name).write_bytes(content[: int(len(content) * kept)])
        state.close()
        shutil.rmtree(self.folder)
        self.folder = left

    @rule()
    def settle(self):
        for _ in range(ENOUGH):
            if not self.run(lambda name: None):
                break
        else:
            raise AssertionError("there is always something left to do")
        left, right = self.sides
        assert left.tree.keys() == right.tree.keys()
        assert all(same(entry, right.tree[path]) for path, entry in left.tree.items())
        assert left.contents == right.contents
        there = {*left.contents.values(), *(entry.target for entry in left.tree.values())}
        assert self.live <= there, f"lost: {self.live - there}"


TestNothingIsLost = Two.TestCase
TestNothingIsLost.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
