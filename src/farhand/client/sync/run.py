"""One synchronisation: both sides are listed at the same time, planned, and the plan is carried out.

Every action checks right before that the side is still as the plan had it, and a run that is cut anywhere is taken up
by simply running again: what is done is found done, and files that were under way go on from where they stopped.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from farhand.client.sync.doing import Doing, Ledger, SyncSummary, Watcher, each
from farhand.client.sync.filters import Filter
from farhand.client.sync.folding import collisions, keep_apart
from farhand.client.sync.guard import check, check_roots
from farhand.client.sync.one_way import plan_one_way
from farhand.client.sync.options import Mode, SyncOptions
from farhand.client.sync.plan import Plan
from farhand.client.sync.tree import Changed, End, Listing, Side, Tree
from farhand.core.errors import FarhandError
from farhand.core.tasks import Tasks
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import Entry

if TYPE_CHECKING:  # loaded for two-way runs only, and SQLite with them
    from farhand.client.sync.state import State
    from farhand.client.sync.two_way import Base

#: Files that are read on both sides at once, where only their digests tell.
COMPARED = 4


class Sync:
    """A pair of sides, to be synchronised once or again and again. ``label_day`` goes into the names of conflicts."""

    def __init__(
        self,
        left: Side,
        right: Side,
        options: SyncOptions,
        *,
        state: "State | None" = None,
        label_day: str = "",
        watcher: Watcher | None = None,
    ) -> None:
        if (options.mode is Mode.TWO_WAY) != (state is not None):
            raise ValueError("a two-way synchronisation, and no other, has a state")
        self._sides: tuple[Side, Side] = (left, right)
        self._options = options
        self._state = state
        self._filter = Filter(options.exclude, options.include, options.never)
        self._labels = (f"{label_day} {left.label}".strip(), f"{label_day} {right.label}".strip())
        self._watcher = watcher or Watcher()
        self.names = 0
        """Names that the last plan compared."""
        self._missing: tuple[bool, bool] = (False, False)

    async def run(self) -> SyncSummary:
        """Plan and carry it out. Raises SyncRefused, StateError, SessionOver, FilesError (of a root)."""
        return await self.carry_out(await self.plan())

    async def plan(self) -> Plan:
        """List both sides and say what is to be done; changes nothing. Raises as ``run``."""
        left, right = self._sides
        async with Tasks("sync walks") as tasks:
            there = tasks.start(_listed(right), "right")
            here = tasks.start(_listed(left), "left")
            base = None if self._state is None else await asyncio.to_thread(self._state.base)
            listings = (_found(await here), _found(await there))
        known = len(base.left) if base is not None else 0
        if not self._options.force:
            check_roots(listings, self._options.mode, known=known)
        trees, pinned = self._filter.apply(listings[0].tree, listings[1].tree)
        self.names = len(trees[0].keys() | trees[1].keys())
        self._missing = (listings[0].missing, listings[1].missing)
        answers: dict[bytes, bool | None] = {}
        plan = self._planned(trees, base, pinned, answers)
        if plan.questions:
            answers = await self._compare(plan)
            plan = self._planned(trees, base, pinned, answers)
        await self._unfold(plan, trees)
        if not self._options.force:
            seen = (_seen(listings[0], trees[0]), _seen(listings[1], trees[1]))
            check(plan, seen, self._options.mode, known=known, share=self._options.max_delete)
        return plan

    async def carry_out(self, plan: Plan) -> SyncSummary:
        """Do what a plan says. Raises SessionOver, StateError; single names that fail are in the summary."""
        self._watcher.planned(plan)
        summary = SyncSummary(names=self.names, conflicts=len(plan.conflicts), problems=list(plan.problems))
        ledger = Ledger(self._state, plan)
        doing = Doing(self._sides, ledger, summary, self._watcher)
        try:
            ledger.begin()
            for side, missing in zip(self._sides, self._missing, strict=True):
                if missing and (plan.makes or plan.copies):
                    await side.prepare()
            for stage in plan.stages():
                await doing.stage(stage)
        finally:
            ledger.write()
        return summary

    def _planned(
        self,
        trees: tuple[Tree, Tree],
        base: "Base | None",
        pinned: tuple[set[bytes], set[bytes]],
        answers: dict[bytes, bool | None],
    ) -> Plan:
        left, right = trees
        checksum = self._options.checksum
        if base is not None:
            from farhand.client.sync.two_way import plan_two_way

            return plan_two_way(left, right, base, self._labels, checksum=checksum, pinned=pinned, answers=answers)
        return plan_one_way(
            left,
            right,
            newer=self._options.mode is Mode.NEWER,
            delete=self._options.delete,
            checksum=checksum,
            pinned=pinned[End.RIGHT],
            answers=answers,
        )

    async def _unfold(self, plan: Plan, trees: tuple[Tree, Tree]) -> None:
        for end in (End.LEFT, End.RIGHT):
            if collisions(plan, end, trees[end]) and await self._sides[end].folds(trees[end]):
                two_way = self._options.mode is Mode.TWO_WAY
                keep_apart(plan, trees, end, self._labels[end.other] if two_way else "")

    async def _compare(self, plan: Plan) -> dict[bytes, bool | None]:
        answers: dict[bytes, bool | None] = {}
        left, right = self._sides

        async def compare(question: tuple[bytes, Entry, Entry]) -> None:
            path, here, there = question
            answers[path] = None
            with contextlib.suppress(Changed, FilesError):
                answers[path] = await left.measure(path, here) == await right.measure(path, there)

        await each(plan.questions, compare, COMPARED)
        return answers


async def _listed(side: Side) -> Listing | FarhandError:
    """A side's listing, or why there is none: that is for a person, and no failed task's end in a log."""
    try:
        return await side.walk()
    except FarhandError as error:
        return error


def _found(listing: Listing | FarhandError) -> Listing:
    if isinstance(listing, FarhandError):
        raise listing
    return listing


def _seen(listing: Listing, tree: Tree) -> Listing:
    """What takes part of a side, for the guard: an empty one is empty only if nothing at all is there."""
    return Listing(tree or listing.tree, listing.skipped, listing.missing)
