"""One copy under way: its options, its progress, pause and cancel, and going on after a cut line."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from farhand.client.errors import SessionOver
from farhand.core.config import Paths
from farhand.core.tasks import Tasks
from farhand.files.errors import FilesError
from farhand.files.names import display
from farhand.protocol.messages.files import SMALL_FILE, Conflict, Entry, EntryKind, FileFault, Meta, Step, Working

if TYPE_CHECKING:
    from farhand.client.files import FilesClient
    from farhand.client.operations import Operation

T = TypeVar("T")

#: Asks what is to happen with a name that is taken: what it is called, what was to be copied, what stands there. None:
#: it is left out.
Ask = Callable[[str, Entry, Entry], Awaitable[Conflict | None]]

#: Worker threads of one copy: one reads or writes while another digests.
THREADS = 2
#: Units under way at once: bundles of small files, files that are large.
BUNDLES, LARGE = 12, 4
#: A line that carries so many bytes a second is not the bottleneck that packing is for.
FAST = 40e6
#: A wait for the line that is one, in seconds; and how much one reading of its rate counts against those before.
_WAITED, _SMOOTH = 0.002, 0.2
_DOING = {Step.READING: "the host reads", Step.CHECKING: "the host checks", Step.SCANNING: "the host scans"}


@dataclass(frozen=True, slots=True)
class Options:
    """How to copy."""

    conflict: Conflict = Conflict.REPLACE
    delta: bool = True
    """Send only what changed where the other side has an older version."""
    pack: bool = True
    """Try whether compression pays, on the way to a host."""
    preserve: bool = True
    """Permissions and times go along."""
    skip: bool = True
    """Leave out what is there already with the same size and time."""
    exact: bool = False
    """Replace nothing that is not, right before, as it was listed: that fails with CHANGED."""
    verify: bool = False
    """Read both sides once more afterwards and compare their digests."""
    ask: Ask | None = None
    """Is asked about each name that is taken, one at a time, instead of ``conflict``."""
    data: Path | None = None
    """Where partial files are kept that can lie there; this user's data folder if not given."""


@dataclass(slots=True)
class Summary:
    """How a copy went, and how far it is."""

    files: int = 0
    """Files that have arrived."""
    files_total: int = 0
    size: int = 0
    """Bytes of content that have arrived or were there."""
    size_total: int = 0
    skipped: int = 0
    """Files that were there already."""
    crossed: int = 0
    """Bytes of content that crossed the line, packed ones as they crossed."""
    resumed: int = 0
    """Bytes that an earlier attempt had left."""
    current: str = ""
    """What is under way, fit for a terminal."""
    doing: str = ""
    """What the host is doing with it for longer than a moment."""
    counting: bool = False
    """The totals still grow."""
    failures: list[tuple[str, FilesError]] = field(default_factory=list)
    """What did not arrive, and why; the rest did."""
    names: list[bytes] = field(default_factory=list)
    """What a file is called that had to take another name."""


def same(one: Entry, other: Entry | None) -> bool:
    """Whether two sides have the same by what is cheap to know: kind, and size and time, or a link's target."""
    if other is None or one.kind is not other.kind:
        return False
    if one.kind is EntryKind.LINK:
        return one.target == other.target
    return (one.size, one.mtime) == (other.size, other.mtime)


def unchanged(now: Entry | None, then: Entry | None) -> bool:
    """Whether a name is still what it was, as far as a listing says; a folder is whatever is in it."""
    if now is None or then is None or now.kind is not then.kind:
        return now is then
    match now.kind:
        case EntryKind.FILE:
            return (now.size, now.mtime, now.mode) == (then.size, then.mtime, then.mode)
        case EntryKind.LINK:
            return now.target == then.target
        case _:
            return True


async def whole_then(send: "Callable[[bool], Awaitable[T]]", delta: bool) -> T:
    """What ``send`` returns, which is told whether an older version may serve.

    Where what arrived by that was not what was sent, it is called once more, to send the whole: the older file changed
    meanwhile, or blocks agreed by chance.
    """
    try:
        return await send(delta)
    except FilesError as error:
        if not delta or error.fault is not FileFault.MISMATCH:
            raise
    return await send(False)


def fresh_meta(mode: int = 0o666) -> Meta:
    """What goes with a file whose own time and attributes do not."""
    return Meta(mode & 0o777, time.time_ns() // 1000, [])


def sort(
    work: "Work", source: Iterable[Entry], there: Mapping[bytes, Entry], chosen: Mapping[bytes, Conflict | None]
) -> tuple[list[Entry], list[Entry]]:
    """Of what is to be copied: what travels many in a message, and what alone.

    Without what is there already, and what was ``chosen`` to be left out.
    """
    small: list[Entry] = []
    large: list[Entry] = []
    for one in source:
        if one.kind is EntryKind.FOLDER:
            continue
        work.progress.files_total += 1
        work.progress.size_total += one.size
        if one.kind is EntryKind.OTHER:
            work.failed(display(one.path), FilesError(FileFault.NOT_A_FILE, "devices, pipes and sockets stay"))
        elif (work.options.skip and same(one, there.get(one.path))) or not (how := chosen.get(one.path, work.usual)):
            work.progress.skipped += 1
            work.progress.size += one.size
        elif one.size <= SMALL_FILE and not (
            # only alone a file's new name is told, and told again
            how is Conflict.KEEP_BOTH and one.kind is EntryKind.FILE and one.path in there
        ):
            small.append(one)
        else:
            large.append(one)
    work.changed()
    return small, large


def version_key(source: bytes, target: bytes, size: int, mtime: int) -> bytes:
    """The 16 bytes by which what was received of this version of this source is found again."""
    text = b"\0".join((source, target, b"%d %d" % (size, mtime)))
    return hashlib.blake2b(text, digest_size=16, person=b"farhand version").digest()


class Line(Protocol):
    """Where a host's files are reached, over one session after another."""

    @property
    def files(self) -> "FilesClient":
        """What the present session reaches."""
        ...

    async def again(self, lost: "FilesClient", error: SessionOver) -> None:
        """Have ``files`` work again after ``lost`` ended so; raises ``error`` or what came of trying."""
        ...


class Fixed:
    """A session that its owner takes up again, or does not."""

    def __init__(self, files: "FilesClient") -> None:
        self.files = files

    async def again(self, lost: "FilesClient", error: SessionOver) -> None:
        """Nothing else is there to try."""
        raise error


class Work:
    """What the parts of one copy share."""

    def __init__(self, options: Options, changed: Callable[[], None] = lambda: None) -> None:
        self.options = options
        self.progress = Summary()
        self.changed = changed
        self.packing = False
        """Whether the line is so slow that packing gains time."""
        self._rate = 0.0
        self._since = time.monotonic()
        self._going = asyncio.Event()
        self._going.set()
        self._asking = asyncio.Lock()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return not self._going.is_set()

    def pause(self, on: bool) -> None:
        """Stand still, or go on."""
        if on:
            self._going.clear()
        else:
            self._going.set()

    @property
    def usual(self) -> Conflict:
        """What happens with a name about which nobody was asked."""
        return self.options.conflict if self.options.ask is None else Conflict.REFUSE

    async def choose(self, name: str, mine: Entry, theirs: Entry | None) -> Conflict | None:
        """What is to happen with this name, None if it is left out; ``theirs`` is what it is taken by."""
        if self.options.ask is None or theirs is None:
            return self.usual
        async with self._asking:
            chosen = await self.options.ask(name, mine, theirs)
        return None if chosen is Conflict.NEWER and theirs.mtime >= mine.mtime else chosen

    def left_out(self, entry: Entry) -> None:
        """One of the files is not copied, as it is there already, or as somebody wants it."""
        self.progress.skipped += 1
        self.moved(entry.size)

    async def gate(self) -> None:
        """Return as soon as it is not paused."""
        if self.paused:
            await self._going.wait()

    async def room(self, operation: "Operation", size: int) -> None:
        """Return once there is room on the line for ``size`` bytes more. Raises SessionOver."""
        before = time.monotonic()
        await operation.room()
        now = time.monotonic()
        rate = size / max(now - self._since, 1e-6)
        self._since = now
        self._rate += (rate - self._rate) * (_SMOOTH if self._rate else 1.0)
        self.packing = self.options.pack and now - before > _WAITED and self._rate < FAST

    def start(self, call: Callable[..., T], *arguments: object) -> "asyncio.Future[T]":
        """Have a worker thread do something; ``settled`` or ``off`` waits for it."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, "files")
        return asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)

    async def off(self, call: Callable[..., T], *arguments: object) -> T:
        """What a worker thread returns. A cancelled caller still waits: files are closed after their last use."""
        future = self.start(call, *arguments)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await self.settled(future)
            raise

    async def settled(self, future: "asyncio.Future[T]") -> None:
        """Return when the thread is done with it, however that went."""
        await asyncio.wait([future])
        if not future.cancelled():
            future.exception()

    @property
    def data(self) -> Path:
        """The folder with this user's data."""
        return self.options.data or Paths.default().data

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    async def again(self, attempt: "Callable[[FilesClient, bool], Awaitable[T]]", *lines: Line) -> T:
        """What ``attempt`` returns, tried anew after every cut that a line recovers from.

        It gets the first line's files, and whether an earlier attempt may have come to its end unheard.
        """
        before = False
        while True:
            used = [line.files for line in lines]
            try:
                return await attempt(used[0], before)
            except SessionOver as error:
                broken = [n for n, files in enumerate(used) if files.operations.over is not None]
                if not broken:
                    raise
                for n in broken:
                    await lines[n].again(used[n], error)
                before = True

    def failed(self, name: str, error: FilesError) -> None:
        """Note what did not arrive."""
        self.progress.failures.append((name, error))
        self.changed()

    def told(self, message: Working) -> None:
        """The host is busy with what is under way."""
        share = f" {100 * message.done // message.total} %" if message.total else ""
        self.progress.doing = f"{_DOING[message.step]}{share}"
        self.changed()

    @contextlib.contextmanager
    def noted(self, name: bytes) -> "Iterator[None]":
        """What goes wrong with one of many files is noted, and the others go on."""
        try:
            yield
        except FilesError as error:
            self.failed(display(name), error)

    def moved(self, size: int, crossed: int = 0) -> None:
        """So much more has arrived."""
        self.progress.size += size
        self.progress.crossed += crossed
        self.progress.doing = ""
        self.changed()


class Share:
    """One file's part of the progress, which an attempt that was cut takes back."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._size = 0

    def moved(self, size: int, crossed: int = 0) -> None:
        """So much more of it has arrived."""
        self._size += size
        self._work.moved(size, crossed)

    def resumed(self, size: int) -> None:
        """So much of it was there from an earlier attempt."""
        self._work.progress.resumed += size
        self.moved(size)

    def again(self) -> None:
        """It begins anew."""
        self.moved(-self._size)

    def whole(self, size: int) -> None:
        """It has arrived, and is so large."""
        self.moved(size - self._size)
        self._work.progress.files += 1


class Transfer:
    """A copy that runs: await it for its Summary, or iterate over its progress, which ends when it does.

    Both raise what ended it. Awaiting nothing cancels nothing: call ``cancel``.
    """

    def __init__(self, main: Callable[[Work], Awaitable[None]], options: Options | None = None) -> None:
        self._work = Work(options or Options(), self._changed)
        self._tasks = Tasks("transfer")
        self._loop = asyncio.get_running_loop()
        self._outcome: asyncio.Future[Summary] = self._loop.create_future()
        # Whoever only cancels has read the outcome, too.
        self._outcome.add_done_callback(lambda outcome: outcome.cancelled() or outcome.exception())
        self._news: asyncio.Future[None] | None = None
        self._task = self._tasks.start(self._run(main), "copy")

    def __await__(self) -> Generator[object, None, Summary]:
        return self._finished().__await__()

    async def __aiter__(self) -> AsyncIterator[Summary]:
        while not self._outcome.done():
            yield replace(self._work.progress)
            if not self._outcome.done():
                self._news = self._loop.create_future()
                await self._news
        yield replace(await self._finished())

    @property
    def progress(self) -> Summary:
        """How far it is now."""
        return self._work.progress

    def pause(self) -> None:
        """Stand still; what is under way already still arrives."""
        self._work.pause(True)

    def resume(self) -> None:
        """Go on."""
        self._work.pause(False)

    async def cancel(self) -> None:
        """Stop; what has arrived of a file is kept, and the next copy of it goes on from there."""
        self._task.cancel()
        await self._tasks.close()

    async def _finished(self) -> Summary:
        try:
            return await asyncio.shield(self._outcome)
        except asyncio.CancelledError:
            if not self._outcome.cancelled():
                await self.cancel()
            raise

    async def _run(self, main: Callable[[Work], Awaitable[None]]) -> None:
        try:
            await main(self._work)
        except asyncio.CancelledError:
            self._outcome.cancel()
            raise
        except Exception as error:
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(self._work.progress)
        finally:
            self._work.close()
            self._changed()

    def _changed(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


async def together(most: int, do: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Do it with all of them, ``most`` at once; the first failure ends the others, and is raised."""
    waiting = iter(items)
    failures: list[Exception] = []

    async def one_after_another() -> None:
        try:
            for item in waiting:
                await do(item)
        except Exception as failure:
            failures.append(failure)

    async with Tasks("copies") as tasks:
        pending = {tasks.start(one_after_another(), str(n)) for n in range(most)}
        while pending and not failures:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    if failures:
        raise failures[0]
