"""`farhand host`, whose clock a test puts forward: `advance SECONDS` on standard input, answered by a JSON line.

Only the time by which rights end moves; lines and their keepalives go on in real time.
"""

import asyncio
import contextlib
import json
import sys
import threading

from farhand.host import callers, lease

_OFFSET = [0.0]
_REGISTERS: list[callers.Callers] = []
_now, _init = lease.HostTime.now, callers.Callers.__init__


def _later(self: lease.HostTime) -> float:
    return _now(self) + _OFFSET[0]


def _remembered(self, *arguments, **named) -> None:  # type: ignore[no-untyped-def]  whatever it takes
    _init(self, *arguments, **named)
    _REGISTERS.append(self)


def _advance(seconds: float, told: threading.Event) -> None:
    _OFFSET[0] += seconds
    for register in _REGISTERS:
        for caller in list(register._all.values()):
            register._arm(caller)
    told.set()


def _listen() -> None:
    for line in sys.stdin:
        word, _, seconds = line.partition(" ")
        if word != "advance":
            continue
        told = threading.Event()
        loop: asyncio.AbstractEventLoop = _REGISTERS[-1]._loop
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_advance, float(seconds), told)
            told.wait(10)
        print(json.dumps({"event": "advanced", "by": _OFFSET[0]}), flush=True)


if __name__ == "__main__":
    lease.HostTime.now = _later  # type: ignore[method-assign]
    callers.Callers.__init__ = _remembered  # type: ignore[method-assign]
    threading.Thread(target=_listen, daemon=True).start()
    from farhand.cli.main import main

    main()
