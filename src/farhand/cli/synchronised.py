"""What a run of `farhand sync` does once its sides are being listed."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from farhand.cli.exits import CliError, Exit
from farhand.cli.telling import Teller
from farhand.client.hosts import Hosts
from farhand.client.places import Place
from farhand.client.sync.begun import Begun
from farhand.client.sync.doing import SyncSummary
from farhand.client.sync.guard import SyncRefused
from farhand.client.sync.local import LocalSide
from farhand.client.sync.pairing import host_side, local_side, paired
from farhand.client.sync.remote import HostSide
from farhand.client.sync.run import Sync
from farhand.core.config import Paths

if TYPE_CHECKING:
    from farhand.cli.synchronising import Asked


async def bring_together(
    asked: "Asked", hosts: Hosts, begun: Sequence[Begun | None], paths: Paths, teller: Teller
) -> None:
    """Compare both sides, and do what is asked for. Raises CliError, FarhandError, OSError."""
    places = (asked.left, asked.right)
    left, right = [await _side(asked, one, at, hosts, paths) for one, at in zip(places, begun, strict=True)]
    pair = paired(left, right, asked.options, paths, watcher=teller, remember=not asked.dry_run)
    try:
        async with pair as sync:
            if asked.dry_run:
                teller.would(await sync.plan(), sync.names)
            elif asked.every is None:
                _check(await _once(sync, teller))
            else:
                await _again_and_again(sync, teller, [left, right], asked.every)
    except SyncRefused as error:
        raise CliError(Exit.REFUSED, error.cause, error.cure) from error


async def _side(asked: "Asked", place: Place, begun: Begun | None, hosts: Hosts, paths: Paths) -> LocalSide | HostSide:
    if place.here:
        return local_side(place.path, paths, asked.ahead)
    line = await hosts.line(place)
    name = "host" if "://" in place.target else place.target
    return host_side(line, place.path, name, line.session.host_id, paths, begun)


async def _once(sync: Sync, teller: Teller, *, idle: bool = True) -> SyncSummary:
    began = time.monotonic()
    try:
        summary = await sync.run()
    finally:
        teller.stop()
    if idle or summary.copied or summary.made or summary.deleted or summary.problems:
        teller.ended(summary, time.monotonic() - began)
    return summary


async def _again_and_again(sync: Sync, teller: Teller, sides: list[LocalSide | HostSide], every: float) -> None:
    from farhand.client.sync.watch import occasions

    await _once(sync, teller)
    here = [side.path for side in sides if isinstance(side, LocalSide)]
    async for _ in occasions(here, every if len(here) < len(sides) else None):
        await _once(sync, teller, idle=False)


def _check(summary: SyncSummary) -> None:
    if summary.problems:
        count = len(summary.problems)
        raise CliError(Exit.FAILED, f"{count} name{'s' * (count > 1)} could not be brought together", "see above")
