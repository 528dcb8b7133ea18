"""Looks at a file before it gets its name: rules, archives, clamd, and what the owner wants when none of them can.

Synchronous and thread-safe. Strangers' bytes are read in two processes of their own (worker.py): one for rules, which
answers within milliseconds, one for archives, which may take its time and is ended when it takes too much.
"""

import collections
import concurrent.futures
import errno
import itertools
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

import structlog

from farhand.core.errors import FarhandError
from farhand.files.errors import FilesError
from farhand.host.quarantine.clamd import Clamd, ClamdAway, ClamdError, TooLargeForClamd, find_clamd
from farhand.host.quarantine.jobs import MANY, Answer, Many, Open, Setup, Span, harmless
from farhand.host.quarantine.policy import MIB, WHOLE, WINDOW, ScanSettings, Verdict
from farhand.host.quarantine.process import ScanFailed, ScanProcess, reopened
from farhand.host.quarantine.sandbox import Applied
from farhand.protocol.messages.files import FileFault

#: What is asked for at once of a file that arrives, in bytes, and how many such jobs are under way before it waits.
_SPAN = 4 * WINDOW
_UNDER_WAY = 4
#: Bytes of small files that are handed over at once.
_MANY_BYTES = 8 * MIB
#: For how long a socket of clamd's that was, or was not, there is not looked for again, in seconds.
_LOOK_SECONDS = 10.0
_log = structlog.get_logger()


class Infected(FilesError):
    """Malware was found: ``found`` by ``scanner`` ("yara" or "clamd"), in the archive's ``member`` if there is one."""

    def __init__(self, scanner: str, found: str, member: str = "") -> None:
        inside = f" in {member}" if member else ""
        super().__init__(
            FileFault.INFECTED,
            f"malware was found{inside}: {found} ({scanner})",
            "it is in the quarantine there: ask the host's owner",
        )
        self.scanner = scanner
        self.found = found
        self.member = member


class NotScanned(FilesError):
    """The host's owner wants files looked at, and this one could not be."""

    def __init__(self, why: str, cure: str = "") -> None:
        super().__init__(FileFault.NOT_SCANNED, f"it could not be scanned: {why}", cure or "ask the host's owner")


class Scanner:
    """Scans as the settings say. ``close`` ends its processes."""

    def __init__(self, settings: ScanSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._ids = itertools.count(1)
        self._rules: ScanProcess | None = None
        self._archives: ScanProcess | None = None
        if settings.yara:
            folder = settings.rules_folder()
            setup = Setup(str(folder.absolute()) if folder else "", settings.seconds, settings.archives)
            self._rules = ScanProcess(setup, settings.seconds)
            self._archives = ScanProcess(setup, settings.archives.seconds)
        self._looked: tuple[float, str] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Applied | None:
        """Start what otherwise the first file waits for; returns what holds the process, None if there is none.

        Raises FarhandError that says why rules cannot be applied.
        """
        return self._rules.start() if self._rules is not None else None

    def close(self) -> None:
        """End the processes; files that are being looked at count as not scanned."""
        for process in (self._rules, self._archives):
            if process is not None:
                process.close()

    @property
    def processes(self) -> list[int]:
        """The process numbers of what runs."""
        running = (process.pid for process in (self._rules, self._archives) if process is not None)
        return [pid for pid in running if pid is not None]

    def check(self, fd: int, size: int, name: str) -> None:
        """Look at a whole file, not longer than WHOLE as one and else in windows. Raises Infected, NotScanned.

        ``name`` is for the log. The descriptor's place is left alone.
        """
        with self.begin(fd, size, name) as arrival:
            arrival.finish()

    def begin(self, fd: int, size: int, name: str) -> "Arrival":
        """Look at a file of ``size`` bytes while it arrives; close what is returned."""
        return Arrival(self, fd, size, name)

    def check_many(self, files: Sequence[tuple[bytes, str]]) -> list[FilesError | None]:
        """Look at small files, content and name, at once; for each None, Infected or NotScanned."""
        verdicts: list[FilesError | None] = []
        batch: list[tuple[bytes, str]] = []
        size = 0
        for file in files:
            if batch and (len(batch) == MANY or size + len(file[0]) > _MANY_BYTES):
                verdicts += self._check_batch(batch)
                batch, size = [], 0
            batch.append(file)
            size += len(file[0])
        return verdicts + (self._check_batch(batch) if batch else [])

    def _check_batch(self, files: list[tuple[bytes, str]]) -> list[FilesError | None]:
        verdicts: list[FilesError | None] = [None] * len(files)
        if self._rules is not None:
            fd = os.memfd_create("farhand-scan", os.MFD_CLOEXEC)
            try:
                _write(fd, b"".join(data for data, _ in files))
                self._batch_by_rules(self._rules, fd, files, verdicts)
            except (ScanFailed, OSError) as error:
                verdicts = [self._verdict(self._unavailable, error, name) for _, name in files]
            finally:
                os.close(fd)
        address = self._clamd()
        if not address and self._rules is None:
            nobody = ScanFailed("neither rules nor clamd are there", "")
            return [self._verdict(self._unavailable, nobody, name) for _, name in files]
        if address:
            self._batch_by_clamd(address, files, verdicts)
        return verdicts

    def _batch_by_rules(
        self, rules: ScanProcess, fd: int, files: list[tuple[bytes, str]], verdicts: list[FilesError | None]
    ) -> None:
        answer = self._answered(rules.ask(Many(next(self._ids), [len(data) for data, _ in files]), fd))
        starts = list(itertools.accumulate((len(data) for data, _ in files), initial=0))
        for index in answer.archives:
            if 0 <= index < len(files):
                data, name = files[index]
                verdicts[index] = self._verdict(self._look_into, fd, starts[index], len(data), name)
        for hit in answer.hits:
            if 0 <= hit.index < len(files):
                verdicts[hit.index] = Infected("yara", hit.rule)

    def _batch_by_clamd(self, address: str, files: list[tuple[bytes, str]], verdicts: list[FilesError | None]) -> None:
        try:
            with Clamd(address, self._settings.seconds, self._clock) as clamd:
                for index, (data, _) in enumerate(files):
                    if verdicts[index] is None and data and (found := clamd.scan_bytes(data)):
                        verdicts[index] = Infected("clamd", found)
        except ClamdError as error:
            if not self._without_clamd(error):
                for index, (_, name) in enumerate(files):
                    verdicts[index] = verdicts[index] or self._verdict(self._unavailable, error, name)

    def _verdict(self, look: Callable[..., None], *arguments: object) -> FilesError | None:
        try:
            look(*arguments)
        except FilesError as error:
            return error
        return None

    def _look_into(self, fd: int, start: int, size: int, name: str) -> None:
        """Open an archive, as far as the settings say."""
        if self._archives is None or size > self._settings.archives.packed_mib * MIB:
            return
        try:
            answer = self._answered(self._archives.ask(Open(next(self._ids), start, size), fd))
        except ScanFailed as error:
            return self._unavailable(error, name)
        for hit in answer.hits:
            raise Infected("yara", hit.rule, hit.member)
        for reason, verdict in ((answer.beyond, self._settings.limits), (answer.opaque, self._settings.opaque)):
            if reason:
                self._allow(
                    verdict, f"it is an archive that was not looked into ({reason})", "send its files themselves", name
                )

    def _by_clamd(self, fd: int, size: int, name: str) -> bool:
        """Whether clamd looked at it. Raises Infected, NotScanned."""
        address = self._clamd()
        if not address or size > self._settings.clamd_mib * MIB:
            return False
        try:
            with Clamd(address, self._settings.seconds, self._clock) as clamd:
                found = clamd.scan_file(fd, size)
        except TooLargeForClamd:
            return False
        except ClamdError as error:
            if not self._without_clamd(error):
                self._unavailable(error, name)
            return True
        except OSError as error:
            self._unavailable(ScanFailed(f"it cannot be read ({error.strerror})"), name)
            return True
        if found:
            raise Infected("clamd", found)
        return True

    def _without_clamd(self, error: ClamdError) -> bool:
        """Whether nobody minds: nobody asked for clamd, it is not running, and the rules were applied."""
        return isinstance(error, ClamdAway) and self._settings.clamd == "auto" and self._rules is not None

    def _clamd(self) -> str:
        with self._lock:
            now = self._clock()
            if self._looked is None or now > self._looked[0] + _LOOK_SECONDS:
                self._looked = now, find_clamd(self._settings.clamd)
            return self._looked[1]

    def _unavailable(self, error: FarhandError | OSError, name: str) -> None:
        cause, cure = (error.cause, error.cure) if isinstance(error, FarhandError) else (str(error), "")
        self._allow(self._settings.unavailable, cause, cure, name)

    def _allow(self, verdict: Verdict, why: str, cure: str, name: str) -> None:
        if verdict is Verdict.REFUSE:
            raise NotScanned(why, cure)
        _log.warning("a file was accepted that was not scanned", file=harmless(name), why=why)

    def _answered(self, future: "concurrent.futures.Future[Answer]") -> Answer:
        answer = future.result()
        if answer.failed:
            raise ScanFailed(answer.failed)
        return answer


class Arrival:
    """A file that is looked at while it arrives: ``feed`` as it grows, in order and without changing what was there;
    ``finish`` once it is whole. Not for several threads at once.
    """

    def __init__(self, scanner: Scanner, fd: int, size: int, name: str) -> None:
        self._scanner = scanner
        self._fd = fd
        self._size = size
        self._name = name
        self._read = -1
        self._asked = 0
        self._archive = False
        self._answers: collections.deque[concurrent.futures.Future[Answer]] = collections.deque()
        self._failed: ScanFailed | OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def feed(self, received: int) -> None:
        """So many bytes from the beginning are there: look at what is new. Raises Infected as soon as it is known.

        Returns at once unless 64 MiB are waiting to be looked at. A file that is looked at as one is not begun before
        ``finish``.
        """
        while self._size > WHOLE and min(received, self._size) - self._asked >= _SPAN and self._failed is None:
            self._ask(self._asked + _SPAN)
        while self._answers and self._answers[0].done():
            self._take()

    def finish(self) -> None:
        """Look at the rest, into archives, and let clamd look. Raises Infected, NotScanned."""
        scanner = self._scanner
        looked = scanner._rules is not None
        while self._asked < self._size and self._failed is None:
            self._skip_hole()
            self._ask(min(self._asked + _SPAN, self._size))
        while self._answers:
            self._take()
        if self._failed is not None:
            scanner._unavailable(self._failed, self._name)
        elif self._archive:
            scanner._look_into(self._read, 0, self._size, self._name)
        if not scanner._by_clamd(self._fd, self._size, self._name) and not looked and self._size:
            scanner._unavailable(ScanFailed("neither rules nor clamd looked at it"), self._name)

    def close(self) -> None:
        """Forget about it; what was asked for is waited for."""
        concurrent.futures.wait(self._answers)
        self._answers.clear()
        if self._read >= 0:
            os.close(self._read)
            self._read = -1

    def _ask(self, end: int) -> None:
        rules = self._scanner._rules
        start, self._asked = self._asked, end
        if rules is None:
            return
        if len(self._answers) >= _UNDER_WAY:
            self._take()
        try:
            if self._read < 0:
                self._read = reopened(self._fd)
            number = next(self._scanner._ids)
            if self._size <= WHOLE:
                self._answers.append(rules.ask(Many(number, [self._size]), self._read))
            else:
                self._answers.append(rules.ask(Span(number, start, end, end == self._size), self._read))
        except OSError as error:
            self._failed = error

    def _skip_hole(self) -> None:
        """Go on at the window in which there is something again, or at the last ones; the first are never left out."""
        if self._read < 0 or self._size <= WHOLE or not self._asked:
            return
        try:
            data = os.lseek(self._read, self._asked, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                return
            data = self._size
        self._asked = max(self._asked, min(data // WINDOW * WINDOW, self._size - _SPAN))

    def _take(self) -> None:
        try:
            answer = self._scanner._answered(self._answers.popleft())
        except ScanFailed as error:
            self._failed = error
            return
        self._archive = self._archive or bool(answer.archives)
        for hit in answer.hits:
            raise Infected("yara", hit.rule)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
