"""Refuses deletions that look like a side which was not there, rather than like someone who deleted."""

from farhand.client.sync.options import MOST_DELETED, Mode
from farhand.client.sync.plan import Plan
from farhand.client.sync.tree import End, Listing
from farhand.core.errors import FarhandError

#: So many names may always go.
ALWAYS = 20


class SyncRefused(FarhandError):
    """The plan would delete what may be missing by accident only: nothing was done."""


def check(plan: Plan, listings: tuple[Listing, Listing], mode: Mode, *, known: int, share: int = MOST_DELETED) -> None:
    """Raise SyncRefused if a plan that deletes goes by a side which was not read whole, or deletes too much.

    ``known`` is how many names both sides agreed on last time, ``share`` the percentage of a side that may go.
    """
    for end in (End.LEFT, End.RIGHT):
        gone = plan.deletions(end)
        if not gone:
            continue
        here, there = listings[end], listings[end.other]
        what = f"{gone} name{'s' if gone > 1 else ''} of {_side(end)} would be deleted"
        if there.skipped:
            raise SyncRefused(
                f"{what}, but {there.skipped} of {_side(end.other)} could not be read: nothing was done",
                "make them readable, leave them out with --exclude, or delete all the same with --force",
            )
        if there.missing or not there.tree:
            state = "is not there" if there.missing else "is empty"
            raise SyncRefused(
                f"{what}, because {_side(end.other)} {state}: nothing was done",
                "see whether its disk is mounted; if everything is to go, say --force",
            )
        base = max(known, len(here.tree)) if mode is Mode.TWO_WAY else len(here.tree)
        if gone > ALWAYS and gone * 100 > base * share:
            raise SyncRefused(
                f"{what}, {gone * 100 // base} % of all; at most {share} % may go at once: nothing was done",
                "look at it with --dry-run, then allow it with --max-delete 100 or --force",
            )


def check_roots(listings: tuple[Listing, Listing], mode: Mode, *, known: int) -> None:
    """Raise SyncRefused if a root is not there that has to be: SRC's, or one that was there the last time."""
    for end in (End.LEFT, End.RIGHT):
        if not listings[end].missing:
            continue
        name = f"{_side(end)} ({listings[end].root})" if listings[end].root else _side(end)
        if mode is Mode.TWO_WAY and known:
            raise SyncRefused(
                f"{name} is not there, and was the last time: nothing was done",
                "see whether its disk is mounted; --force takes everything in it for deleted",
            )
        if end is End.LEFT and (mode is not Mode.TWO_WAY or listings[End.RIGHT].missing):
            raise SyncRefused(f"{name} is not there", "look at its spelling, and whether its disk is mounted")


def _side(end: End) -> str:
    return "SRC" if end is End.LEFT else "DST"
