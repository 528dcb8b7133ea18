"""Which two folders are meant: places on the command line, or a session's host and a path here, as sides."""

import contextlib
import datetime
import os
import platform
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from farhand.client.files import RemotePath, remote_path
from farhand.client.places import PlaceError
from farhand.client.sync.ahead import Ahead
from farhand.client.sync.begun import Begun
from farhand.client.sync.doing import Watcher
from farhand.client.sync.local import LocalSide
from farhand.client.sync.options import Mode, SyncOptions
from farhand.client.sync.remote import HostSide
from farhand.client.sync.run import Sync
from farhand.client.transfer import Line
from farhand.core.config import Paths

#: The folder of the memories, in this user's data folder.
MEMORIES = "sync"
#: What of a name may stand in a conflict's name.
_UNFIT = re.compile(r"[^\w.-]+")


def local_side(path: Path | str, paths: Paths, ahead: Ahead | None = None) -> LocalSide:
    """A folder of this computer, which ``ahead`` lists already."""
    name = _label(platform.node().partition(".")[0] or "here")
    return LocalSide(Path(path or ".").expanduser(), name, paths.data, ahead)


def host_side(
    line: Line, path: RemotePath, name: str, host: bytes, paths: Paths, begun: Begun | None = None
) -> HostSide:
    """A folder of a host: what it is called by its user, and the id that it always has; ``begun`` is being listed."""
    return HostSide(line, remote_path(path), _label(name), host.hex(), paths.data, begun)


def _label(name: str) -> str:
    return _UNFIT.sub("-", name)[:40].strip("-") or "host"


@asynccontextmanager
async def paired(
    left: LocalSide | HostSide,
    right: LocalSide | HostSide,
    options: SyncOptions,
    paths: Paths,
    *,
    watcher: Watcher | None = None,
    remember: bool = True,
) -> AsyncIterator[Sync]:
    """Open a pair, with its memory if it has one; this user's own keys take no part.

    Without ``remember`` (a dry run) the memory is read, and not made. Raises PlaceError, StateError, OSError.
    """
    _check_apart(left, right)
    never = tuple(part for side in (left, right) if isinstance(side, LocalSide) for part in _private(side, paths))
    with contextlib.ExitStack() as stack:
        state = None
        if options.mode is Mode.TWO_WAY:
            from farhand.client.sync.state import State

            folder = paths.data / MEMORIES
            state = stack.enter_context(State.open(folder, left.identity, right.identity, keep=remember))
        for side in (left, right):
            if isinstance(side, LocalSide):
                stack.callback(side.close)
        today = datetime.date.today().isoformat()
        yield Sync(
            left,
            right,
            msgspec.structs.replace(options, never=(*options.never, *never)),
            state=state,
            label_day=today,
            watcher=watcher,
        )


def _check_apart(left: LocalSide | HostSide, right: LocalSide | HostSide) -> None:
    one, other = (side.identity.rstrip("/") for side in (left, right))
    if one == other:
        raise PlaceError("SRC and DST are the same folder", "name two")
    if f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/"):
        raise PlaceError("one of SRC and DST lies in the other", "name two folders of which neither holds the other")


def _private(side: LocalSide, paths: Paths) -> Sequence[bytes]:
    found = []
    for folder in {paths.config, paths.data, paths.state, paths.runtime}:
        real = Path(os.path.realpath(folder))
        if real.is_relative_to(side.path) and real != side.path:
            found.append(os.fsencode(real.relative_to(side.path)))
    return found
