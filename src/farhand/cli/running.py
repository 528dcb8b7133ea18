"""Runs what a verb does with hosts, and says how they are reached. Little else is loaded before a host is asked."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any

import msgspec

from farhand.cli.outcome import say
from farhand.client.reaching import Reach
from farhand.client.staying import Say
from farhand.core.config import Paths
from farhand.core.tasks import run
from farhand.files.errors import FilesError


class Reaching(msgspec.Struct, frozen=True):
    """How hosts are reached, as the command line says it."""

    gateway: str = ""
    reason: str = ""
    retry: float = 120.0

    def reach(self, tell: Say = say) -> Reach:
        """The same for the client."""
        return Reach(Paths.default().create(), self.gateway, self.reason, self.retry, tell)


def run_until_told(main: Coroutine[Any, Any, None], verb: str) -> None:
    """Run it; Ctrl-C and SIGTERM end it in order, so that the host hears of it. Raises what it raises.

    A fault of files is a CliError in the words of this verb.
    """

    async def watched() -> None:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if task is not None:
            for number in (signal.SIGINT, signal.SIGTERM):
                with contextlib.suppress(NotImplementedError):
                    loop.add_signal_handler(number, task.cancel)
        await main

    try:
        run(watched())
    except asyncio.CancelledError:
        raise SystemExit(130) from None
    except FilesError as error:
        from farhand.cli.faults import told

        raise told(error, verb) from error
