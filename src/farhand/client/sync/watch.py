"""Has a synchronisation run again: soon after something changed here, and every so often for what changed at a host."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

#: Milliseconds without a change after which it is time, and after which it is in any case.
_QUIET, _LONGEST = 300, 5000


async def occasions(here: Sequence[Path], every: float | None) -> AsyncIterator[None]:
    """Yield when the folders ``here`` have changed and are quiet again, and at least ``every`` so many seconds.

    What changes while its consumer is busy is not missed. Raises OSError where the system watches no more folders.
    """
    if not here:
        while True:
            await asyncio.sleep(every or 1.0)
            yield
    from watchfiles import awatch

    changes = awatch(
        *here,
        watch_filter=None,
        debounce=_LONGEST,
        step=_QUIET,
        rust_timeout=int(every * 1000) if every else None,
        yield_on_timeout=bool(every),
        ignore_permission_denied=True,
    )
    async for _ in changes:
        yield
