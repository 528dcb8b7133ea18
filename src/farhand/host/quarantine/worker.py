"""A process that reads strangers' bytes and has nothing to lose: rules and archives, behind a socket pair.

``python -m farhand.host.quarantine.worker FD``: the first message is Setup, the first answer Hello, then a job with a
file's descriptor and its Answer, one after the other, until the socket is closed. It is started anew, not forked, so
that no key is in its memory. The process that started it takes what it says for a stranger's words (process.py).
"""

import errno
import os
import socket
import sys
from pathlib import Path

import msgspec
import yara_x

from farhand.core.errors import FarhandError
from farhand.core.memory import keep_blocks
from farhand.host.quarantine import sandbox
from farhand.host.quarantine.archives import TAIL, Beyond, BrokenReader, Explorer, kinds, prepare
from farhand.host.quarantine.jobs import HITS, MESSAGE_MAX, Answer, Hello, Hit, Job, Many, Open, Setup, Span
from farhand.host.quarantine.policy import MIB, OVERLAP, WINDOW
from farhand.host.quarantine.yara import RuleScanner, load_rules

#: More than Python alone has: what YARA-X reserves, a whole file, a zip in an archive, the windows of xz and zstd.
_MEMORY = 1024 * MIB
#: Processor seconds for one job beyond what it is given: the start of a large read.
_SPARE_SECONDS = 2


class Worker:
    """Answers jobs."""

    def __init__(self, setup: Setup, rules: RuleScanner) -> None:
        self._setup = setup
        self._rules = rules

    def answer(self, job: Job, fd: int) -> Answer:
        """Do what is asked; whatever goes wrong stands in the answer."""
        seconds = self._setup.archives.seconds if isinstance(job, Open) else self._setup.seconds
        sandbox.allow_processor(seconds + _SPARE_SECONDS)
        try:
            match job:
                case Span():
                    return self._span(job, fd)
                case Many():
                    return self._many(job, fd)
                case Open():
                    return self._open(job, fd)
        except yara_x.TimeoutError:
            return Answer(job.id, failed=f"the rules take longer than {seconds} s for it")
        except (yara_x.ScanError, BrokenReader, OSError, MemoryError) as error:
            return Answer(job.id, failed=f"it could not be looked at ({type(error).__name__})")

    def _span(self, job: Span, fd: int) -> Answer:
        rules: dict[str, None] = {}
        for start in range(job.start, job.end, WINDOW):
            end = min(start + WINDOW, job.end)
            # The last window is as long as the others: a rule for small files must not see one in it.
            begin = max(0, min(start - OVERLAP, end - WINDOW))
            if _is_hole(fd, begin, end):
                continue
            data = os.pread(fd, end - begin, begin)
            if len(data) != end - begin:
                return Answer(job.id, failed="it became shorter")
            rules.update(dict.fromkeys(self._rules.scan(data)))
        head = os.pread(fd, 512, 0) if job.start == 0 else b""
        tail = os.pread(fd, TAIL, max(0, job.end - TAIL)) if job.last else b""
        hits = [Hit(0, rule) for rule in list(rules)[:HITS]]
        return Answer(job.id, hits=hits, archives=[0] if kinds(head, tail) else [])

    def _many(self, job: Many, fd: int) -> Answer:
        hits: list[Hit] = []
        archives: list[int] = []
        start = 0
        for index, size in enumerate(job.sizes):
            data = os.pread(fd, size, start)
            if len(data) != size:
                return Answer(job.id, failed="it became shorter")
            start += size
            hits += [Hit(index, rule) for rule in self._rules.scan(data)[:1]]
            if kinds(data, data[-TAIL:]):
                archives.append(index)
        return Answer(job.id, hits=hits, archives=archives)

    def _open(self, job: Open, fd: int) -> Answer:
        explorer = Explorer(self._setup.archives, self._scan_member)
        try:
            hit = explorer.explore(fd, job.start, job.size)
        except Beyond as error:
            return Answer(job.id, beyond=str(error))
        return Answer(job.id, hits=[hit] if hit else [], opaque=explorer.opaque)

    def _scan_member(self, data: bytes) -> list[str]:
        try:
            return self._rules.scan(data)
        except yara_x.TimeoutError as error:
            raise Beyond("the rules take too long for what is in it") from error


def _is_hole(fd: int, start: int, end: int) -> bool:
    try:
        return os.lseek(fd, start, os.SEEK_DATA) >= end
    except OSError as error:
        # ENXIO: there is no more data; anything else: this file system cannot tell.
        return error.errno == errno.ENXIO and os.lseek(fd, 0, os.SEEK_END) >= end


def main() -> None:
    """Serve until the socket is closed."""
    # What one window took stays for the next: to get new pages from the kernel would cost more than the rules.
    keep_blocks()
    sock = socket.socket(fileno=int(sys.argv[1]))
    setup = msgspec.msgpack.decode(sock.recv(MESSAGE_MAX), type=Setup)
    try:
        rules = load_rules(Path(setup.rules) if setup.rules else None)
    except FarhandError as error:
        sock.send(msgspec.msgpack.encode(Hello(sandbox.Applied(), error.cause, error.cure)))
        return
    prepare()
    space = sandbox.address_space() + _MEMORY
    applied = sandbox.close_the_files()
    scanner = RuleScanner(rules, setup.seconds)
    # The first scan starts YARA-X's clock, a thread: there is none after this.
    scanner.scan(b"\0" * 512)
    applied = sandbox.close_the_rest(applied, space)
    sock.send(msgspec.msgpack.encode(Hello(applied)))
    worker = Worker(setup, scanner)
    decoder: msgspec.msgpack.Decoder[Job] = msgspec.msgpack.Decoder(Job)
    while True:
        message, descriptors, _, _ = socket.recv_fds(sock, MESSAGE_MAX, 1)
        if not message:
            return
        try:
            sock.send(msgspec.msgpack.encode(worker.answer(decoder.decode(message), descriptors[0])))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


if __name__ == "__main__":
    main()
