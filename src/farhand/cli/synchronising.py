"""`farhand sync`: both sides begin to be listed, and meanwhile the rest is loaded."""

import asyncio
import functools
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from farhand.cli.running import Reaching, run_until_told
from farhand.client.hosts import Hosts
from farhand.client.places import Place
from farhand.client.sync.ahead import Ahead
from farhand.client.sync.begun import Begun, begin
from farhand.client.sync.options import SyncOptions, writes

if TYPE_CHECKING:
    from farhand.cli.telling import Teller


class Asked(msgspec.Struct, frozen=True):
    """What `farhand sync` was asked for; ``every`` so many seconds, if it is to go on."""

    left: Place
    right: Place
    options: SyncOptions
    dry_run: bool = False
    every: float | None = None
    ahead: Ahead | None = None
    """The listing of the one side that is here."""


def synchronise(asked: Asked, reaching: Reaching, *, quiet: bool, machine: bool) -> None:
    """Do it. Raises CliError, FarhandError, OSError."""

    @functools.cache
    def teller() -> "Teller":
        from farhand.cli.telling import Teller

        return Teller(quiet=quiet, machine=machine)

    async def main() -> None:
        how = reaching.reach(lambda text: teller().note(text))
        places = (asked.left, asked.right)
        async with Hosts(how, places, writes(asked.left, asked.right, asked.options.mode)) as hosts:
            begun = [await _begun(hosts, one) for one in places]
            # In a thread: the host is heard meanwhile.
            await asyncio.to_thread(import_module, "farhand.cli.synchronised")
            from farhand.cli.synchronised import bring_together

            await bring_together(asked, hosts, begun, how.paths, teller())

    run_until_told(main(), "sync")


async def _begun(hosts: Hosts, place: Place) -> Begun | None:
    return None if place.here else begin((await hosts.line(place)).files, place.path)
