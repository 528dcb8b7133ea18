"""Keeps a scanning process: starts it, asks it, ends it when it is too slow, and starts it again.

A process that crashed or was too slow takes the job with it that it was at; the ones behind are asked again.
"""

import collections
import concurrent.futures
import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from farhand.core.errors import FarhandError
from farhand.host.quarantine.jobs import MESSAGE_MAX, Answer, Hello, Job, Setup, harmless
from farhand.host.quarantine.sandbox import Applied

#: How long a process may take to stand, in seconds: it compiles the rules.
_START_SECONDS = 60.0
#: What stopped it from standing is told again for so long before it is tried again, in seconds.
_AGAIN_SECONDS = 5.0
#: How often it is looked whether a process is too slow, in seconds.
_LOOK_SECONDS = 1.0
#: Beyond what a job's own limits allow: the processor may be busy with other things.
_SLACK_SECONDS = 15.0


class ScanFailed(FarhandError):
    """Nothing was found out about a file."""


@dataclass(slots=True)
class _Asked:
    job: Job
    fd: int
    future: "concurrent.futures.Future[Answer]" = field(default_factory=concurrent.futures.Future)


class _Process:
    """One process, and what it has been asked."""

    def __init__(self, setup: Setup) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-m", "farhand.host.quarantine.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.sock = ours
        self.asked: collections.deque[_Asked] = collections.deque()
        self.since = 0.0
        try:
            self.applied = self._hello(setup)
        except BaseException:
            self.end()
            raise

    def _hello(self, setup: Setup) -> Applied:
        self.sock.settimeout(_START_SECONDS)
        try:
            self.sock.send(msgspec.msgpack.encode(setup))
            hello = msgspec.msgpack.decode(self.sock.recv(MESSAGE_MAX), type=Hello)
        except (OSError, msgspec.DecodeError) as error:
            raise ScanFailed("the scanning process does not start", "run: farhand doctor host") from error
        if hello.error:
            raise ScanFailed(hello.error, hello.cure)
        self.sock.settimeout(None)
        return hello.applied

    def waits(self, clock: Callable[[], float], seconds: float) -> bool:
        """Wait for an answer, or a while; False: none came for so long, and one is owed."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(_LOOK_SECONDS * 1000)) or not self.asked or self.since + seconds > clock()

    def end(self) -> None:
        """Kill it and wait for that."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class ScanProcess:
    """Asks one process, from any thread; it is started at the first job."""

    def __init__(self, setup: Setup, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._setup = setup
        self._seconds = seconds + _SLACK_SECONDS
        self._clock = clock
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._listener: threading.Thread | None = None
        self._closed = False
        self._why: ScanFailed | None = None
        self._tried = 0.0

    def start(self) -> Applied:
        """Start it now, and return what it gave up. Raises ScanFailed."""
        with self._lock:
            return self._running().applied

    @property
    def pid(self) -> int | None:
        """The process's number while there is one."""
        process = self._process
        return process.process.pid if process is not None else None

    def ask(self, job: Job, fd: int) -> "concurrent.futures.Future[Answer]":
        """Give it a job; the future has its Answer, or ScanFailed. ``fd`` has to stay open until then."""
        asked = _Asked(job, fd)
        with self._lock:
            self._send(asked)
        return asked.future

    def close(self) -> None:
        """End the process, and wait for that; what was asked fails."""
        with self._lock:
            self._closed = True
            process, listener = self._process, self._listener
        if process is not None:
            process.process.kill()
            with contextlib.suppress(OSError):
                process.sock.shutdown(socket.SHUT_RDWR)
        if listener is not None:
            listener.join()

    def _running(self) -> _Process:
        if self._closed:
            raise ScanFailed("the scanner was closed")
        if self._process is not None:
            return self._process
        if self._why is not None and self._clock() < self._tried + _AGAIN_SECONDS:
            raise self._why
        try:
            self._process = process = _Process(self._setup)
        except (ScanFailed, OSError) as error:
            why = error if isinstance(error, ScanFailed) else ScanFailed(f"no process can be started ({error})")
            self._why, self._tried = why, self._clock()
            raise why from error
        self._why = None
        self._listener = threading.Thread(target=self._listen, args=(process,), name="scan-answers", daemon=True)
        self._listener.start()
        return process

    def _send(self, asked: _Asked) -> None:
        try:
            process = self._running()
        except ScanFailed as error:
            asked.future.set_exception(error)
            return
        if not process.asked:
            process.since = self._clock()
        process.asked.append(asked)
        # One that has just ended is noticed by the thread that listens to it, which asks the next one.
        with contextlib.suppress(OSError):
            socket.send_fds(process.sock, [msgspec.msgpack.encode(asked.job)], [asked.fd])

    def _listen(self, process: _Process) -> None:
        decoder = msgspec.msgpack.Decoder(Answer)
        why = ""
        while not why:
            # Without the lock: who sends to a process that reads nothing any more holds it until that is ended.
            if not process.waits(self._clock, self._seconds):
                process.process.kill()
                why = "looking at it takes too long"
                continue
            try:
                answer = decoder.decode(process.sock.recv(MESSAGE_MAX, socket.MSG_DONTWAIT))
            except BlockingIOError:
                continue
            except (OSError, msgspec.DecodeError):
                why = "the scanning process ended over it"
                continue
            with self._lock:
                if not process.asked or process.asked[0].job.id != answer.id:
                    why = "the scanning process answered what it was not asked"
                    continue
                asked = process.asked.popleft()
                process.since = self._clock()
            asked.future.set_result(_tamed(answer))
        self._replace(process, why)

    def _replace(self, process: _Process, why: str) -> None:
        process.end()
        with self._lock:
            self._process = None
            left = list(process.asked)
            closed = self._closed
        if left:
            left[0].future.set_exception(ScanFailed("the scanner was closed" if closed else why))
        for asked in left[1:]:
            with self._lock:
                self._send(asked)


def _tamed(answer: Answer) -> Answer:
    """Its words, as those of a process that read a stranger's bytes."""
    return msgspec.structs.replace(
        answer,
        hits=[msgspec.structs.replace(hit, rule=harmless(hit.rule), member=_plain(hit.member)) for hit in answer.hits],
        beyond=harmless(answer.beyond),
        opaque=harmless(answer.opaque),
        failed=harmless(answer.failed),
    )


def _plain(text: str) -> str:
    """A member's name, which it has made harmless already if it is honest."""
    return "".join(c if c.isprintable() else "?" for c in text[:400])


def reopened(fd: int) -> int:
    """The same file, to be read alone and with a place of its own: what a scanning process gets. Raises OSError."""
    return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
