"""The process that reads strangers' bytes: what it cannot do, and what its end does to others."""

import concurrent.futures
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.unit.host.quarantine.kit import EICAR, SETTINGS, verdict

from farhand.host.quarantine.jobs import Answer, Hit, Many, Setup, Span
from farhand.host.quarantine.policy import ArchiveLimits, ScanSettings, Verdict
from farhand.host.quarantine.process import ScanFailed, ScanProcess
from farhand.host.quarantine.scanner import Infected, NotScanned, Scanner

SETUP = Setup("", 30, ArchiveLimits())

#: What a scanning process that was taken over would try; each line that it prints is something that it could do.
TRIES = """
import ctypes, os, resource, socket, subprocess, sys
from farhand.host.quarantine import sandbox
from farhand.host.quarantine.yara import RuleScanner, load_rules
rules = load_rules()
space = sandbox.address_space() + (1 << 30)
parent, out = os.getppid(), os.dup(1)
applied = sandbox.close_the_files()
scanner = RuleScanner(rules, 30)
scanner.scan(b"x")
applied = sandbox.close_the_rest(applied, space)
libc = ctypes.CDLL(None)

def tried(name, what):
    try:
        what()
    except BaseException:
        return
    os.write(out, name.encode() + b"\\n")

tried("read", lambda: open("/etc/passwd"))
tried("proc", lambda: open("/proc/self/environ"))
tried("write", lambda: open(sys.argv[1], "w"))
tried("list", lambda: os.listdir("/"))
tried("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1))
tried("unix", lambda: socket.socket(socket.AF_UNIX))
tried("fork", os.fork)
tried("exec", lambda: os.execv("/bin/true", ["true"]))
tried("kill", lambda: os.kill(parent, 0))
tried("thread", lambda: __import__("_thread").start_new_thread(int, ()))
tried("memory", lambda: bytearray(2 << 30))
tried("more", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)) if os.geteuid() else 1 / 0)
sandbox.allow_processor(5)
if not 5 <= resource.getrlimit(resource.RLIMIT_CPU)[0] <= 60:
    os.write(out, b"processor\\n")
os.write(out, b"end %s\\n" % applied.told().encode())
"""


def test_what_it_gave_up_is_gone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = subprocess.run(
            [sys.executable, "-c", TRIES, str(tmp_path / "written"), str(listening.getsockname()[1])],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
    *could, end = done.stdout.splitlines()
    assert could == [], done.stderr
    assert "no new privileges" in end
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGABRT])
def test_killed_between_two_files(signal_: signal.Signals) -> None:
    with Scanner(SETTINGS) as scanner:
        assert verdict(scanner, b"one") is None
        (pid,) = scanner.processes
        os.kill(pid, signal_)
        # It may be asked before its end is noticed: then this file is the one that it took along.
        found = verdict(scanner, EICAR)
        assert isinstance(found, NotScanned | Infected)
        assert isinstance(verdict(scanner, EICAR), Infected)
        assert scanner.processes != [pid]


def stopped(process: ScanProcess) -> int:
    """A process that stands, and is held in the middle of whatever it is asked next."""
    process.start()
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid


def memory(content: bytes) -> int:
    fd = os.memfd_create("file")
    os.write(fd, content)
    return fd


def test_killed_in_mid_scan_and_only_that_file_suffers() -> None:
    process = ScanProcess(SETUP, 30)
    fds = [memory(b"first"), memory(EICAR)]
    try:
        pid = stopped(process)
        first = process.ask(Many(1, [5]), fds[0])
        second = process.ask(Many(2, [len(EICAR)]), fds[1])
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ScanFailed, match="ended over it"):
            first.result(30)
        assert [hit.rule for hit in second.result(30).hits] == ["EICAR_test_file"]
    finally:
        process.close()
        for fd in fds:
            os.close(fd)


def test_one_that_takes_too_long_is_ended() -> None:
    now = [0.0]
    process = ScanProcess(SETUP, 30, clock=lambda: now[0])
    fd = memory(b"file")
    try:
        pid = stopped(process)
        asked = process.ask(Many(1, [4]), fd)
        now[0] = 60.0
        with pytest.raises(ScanFailed, match="too long"):
            asked.result(30)
        assert process.ask(Many(2, [4]), fd).result(30) == Answer(2)
        assert process.pid != pid
    finally:
        process.close()
        os.close(fd)


class TestWhatItSaysIsAStrangersWord:
    """A process that was taken over answers what it likes."""

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            msgspec.msgpack.encode(Answer(99)),
            msgspec.msgpack.encode({"id": 1, "hits": [["zero", 1]]}),
        ],
    )
    def test_nonsense_ends_it(self, said: bytes) -> None:
        process, theirs = played(ScanProcess(SETUP, 30))
        fd = memory(b"file")
        try:
            asked = process.ask(Many(1, [4]), fd)
            theirs.recv(1000)
            if said:
                theirs.send(said)
            else:
                theirs.close()
            with pytest.raises(ScanFailed):
                asked.result(30)
            assert process.ask(Many(2, [4]), fd).result(30) == Answer(2), "the next one is a true one"
        finally:
            process.close()
            theirs.close()
            os.close(fd)

    def test_words_are_made_harmless(self) -> None:
        process, theirs = played(ScanProcess(SETUP, 30))
        fd = memory(b"file")
        try:
            asked = process.ask(Many(1, [4]), fd)
            theirs.recv(1000)
            theirs.send(msgspec.msgpack.encode(Answer(1, hits=[Hit(0, "\x1b[2J" * 9000, "\u202e" * 9000)])))
            (hit,) = asked.result(30).hits
            assert hit.rule.isprintable()
            assert hit.member.isprintable()
            assert len(hit.rule) + len(hit.member) < 4000
        finally:
            process.close()
            theirs.close()
            os.close(fd)

    def test_finds_in_files_that_it_was_not_given(self) -> None:
        scanner = Scanner(SETTINGS)
        rules = scanner._rules
        assert rules is not None
        _, theirs = played(rules)

        def answers() -> None:
            theirs.recv(1000)
            theirs.send(msgspec.msgpack.encode(Answer(1, hits=[Hit(7, "a"), Hit(-1, "b")], archives=[-1, 5, 1 << 40])))

        with scanner, theirs, concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(answers)
            assert scanner.check_many([(b"a", "a"), (b"b", "b")]) == [None, None]


def played(process: ScanProcess) -> tuple[ScanProcess, socket.socket]:
    """A process whose first run is played by the socket that is returned."""
    process.start()
    running = process._process
    assert running is not None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # The thread that listens waits for this descriptor, whatever lies behind it.
    os.dup2(ours.fileno(), running.sock.fileno())
    ours.close()
    return process, theirs


def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with Scanner(SETTINGS) as scanner:
        assert isinstance(verdict(scanner, b"x"), NotScanned)
    with Scanner(ScanSettings(clamd="off", unavailable=Verdict.ACCEPT)) as scanner:
        assert verdict(scanner, b"x") is None


def test_a_file_that_became_shorter_is_not_scanned() -> None:
    process = ScanProcess(SETUP, 30)
    fd = memory(b"x")
    try:
        assert process.ask(Many(1, [1000]), fd).result(30).failed
        assert process.ask(Span(2, 0, 1000, True), fd).result(30).failed
    finally:
        process.close()
        os.close(fd)
