"""A farhand in a process of its own, and what it tells."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

PATIENCE = 40.0


class Farhand:
    """A running farhand; ``tell`` gives its JSON lines."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path) -> None:
        self.process = process
        self.home = home

    async def tell(self, event: str) -> dict[str, Any]:
        """The next line of this event."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := await self.process.stdout.readline():
                if (told := json.loads(line))["event"] == event:
                    return told
        raise AssertionError(f"it ended before it told {event!r}: {self.errors()}")

    def errors(self) -> str:
        return (self.home / "errors").read_text()

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return await self.ended()


@contextlib.asynccontextmanager
async def farhand(home: Path, *arguments: str, display: str = "") -> AsyncIterator[Farhand]:
    home.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    with (home / "errors").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "farhand.cli", *arguments),
            env={**environment, "HOME": str(home), "DISPLAY": display, "XDG_RUNTIME_DIR": str(home)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        yield Farhand(process, home)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
