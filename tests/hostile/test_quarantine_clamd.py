"""A clamd that hangs, lies, hangs up or talks nonsense: what it was asked about counts as not scanned."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from tests.unit.host.quarantine.kit import verdict

from farhand.host.quarantine.clamd import Clamd, ClamdAway, ClamdError, TooLargeForClamd, find_clamd
from farhand.host.quarantine.policy import MIB, ScanSettings, Verdict
from farhand.host.quarantine.scanner import Infected, NotScanned, Scanner

#: Reads the whole stream, as clamd does before it answers.
Play = Callable[[socket.socket], None]


def beginning(line: socket.socket) -> BinaryIO:
    """Read a session's beginning up to the bytes that are scanned; what follows."""
    file = line.makefile("rb")
    begin = b"zIDSESSION\0zINSTREAM\0"
    assert file.read(len(begin)) == begin
    return file


def stream(line: socket.socket) -> int:
    """Read a session's beginning and one INSTREAM; returns its bytes."""
    file = beginning(line)
    size = 0
    while length := int.from_bytes(file.read(4)):
        size += len(file.read(length))
    return size


def answering(text: bytes) -> Play:
    def play(line: socket.socket) -> None:
        stream(line)
        line.sendall(text)
        line.recv(100)

    return play


def early(line: socket.socket) -> None:
    line.sendall(b"1: stream: OK\0")
    while line.recv(1 << 20):
        pass


def hangs(line: socket.socket) -> None:
    while line.recv(1 << 20):
        pass


def limited(line: socket.socket) -> None:
    beginning(line)
    line.sendall(b"1: INSTREAM size limit exceeded. ERROR\0")


@contextlib.contextmanager
def played(path: Path, play: Play) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    with line, contextlib.suppress(OSError):
                        play(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield str(path)
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def scan(address: str, data: bytes = b"file", seconds: float = 20) -> str:
    with Clamd(address, seconds) as clamd:
        return clamd.scan_bytes(data)


def test_one_that_does_what_it_should(tmp_path: Path) -> None:
    with played(tmp_path / "s", answering(b"1: stream: OK\0")) as address:
        assert scan(address) == ""
    with played(tmp_path / "t", answering(b"1: stream: Win.Test.EICAR_HDB-1 FOUND\0")) as address:
        assert scan(address) == "Win.Test.EICAR_HDB-1"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"1: stream: OK",
        b"2: stream: OK\0",
        b"stream: OK\0",
        b"1: OK\0",
        b"1: stream: perhaps\0",
        b"1: stream: Can't allocate memory ERROR\0",
        b"x" * 100_000,
        b"\xff\0",
        b"99999999999999999999999999: stream: OK\0",
    ],
)
def test_nonsense_is_no_answer(tmp_path: Path, answer: bytes) -> None:
    def play(line: socket.socket) -> None:
        stream(line)
        line.sendall(answer)
        line.shutdown(socket.SHUT_WR)
        line.recv(100)

    with played(tmp_path / "s", play) as address, pytest.raises(ClamdError):
        scan(address)


def test_one_that_hangs(tmp_path: Path) -> None:
    with played(tmp_path / "s", hangs) as address, pytest.raises(ClamdError, match="longer than"):
        scan(address, seconds=0.2)


def test_one_that_reads_nothing(tmp_path: Path) -> None:
    gone = threading.Event()
    with played(tmp_path / "s", lambda _: gone.wait(30) and None) as address:
        with pytest.raises(ClamdError, match="longer than"):
            scan(address, bytes(8 * MIB), seconds=0.2)
        gone.set()


def test_all_is_well_before_it_had_the_file(tmp_path: Path) -> None:
    """Not believed: it may be somebody else who answers."""
    with played(tmp_path / "s", early) as address, pytest.raises(ClamdError):
        scan(address, bytes(4 * MIB))


def test_one_that_hangs_up(tmp_path: Path) -> None:
    with played(tmp_path / "s", lambda line: line.recv(1) and None) as address, pytest.raises(ClamdError):
        scan(address, bytes(4 * MIB))


def test_beyond_its_own_limit(tmp_path: Path) -> None:
    with played(tmp_path / "s", limited) as address, pytest.raises(TooLargeForClamd):
        scan(address, bytes(16 * MIB))


def test_its_words_are_made_harmless(tmp_path: Path) -> None:
    with played(tmp_path / "s", answering(b"1: stream: \x1b[2J\xe2\x80\xaeBad FOUND\0")) as address:
        assert scan(address).isprintable()


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(ClamdAway):
        scan(str(tmp_path / "none"))
    with pytest.raises(ClamdError, match="no address"):
        scan("somewhere")


def test_what_a_setting_means(tmp_path: Path) -> None:
    assert find_clamd("off") == ""
    assert find_clamd("localhost:3310") == "localhost:3310"


class TestPolicy:
    """What the scanner makes of it."""

    def settings(self, address: str, unavailable: Verdict = Verdict.REFUSE) -> ScanSettings:
        return ScanSettings(yara=False, clamd=address, unavailable=unavailable)

    def test_found(self, tmp_path: Path) -> None:
        with (
            played(tmp_path / "s", answering(b"1: stream: Bad FOUND\0")) as address,
            Scanner(self.settings(address)) as scanner,
        ):
            found = verdict(scanner, b"file")
            assert isinstance(found, Infected)
            assert (found.scanner, found.found) == ("clamd", "Bad")

    @pytest.mark.parametrize("unavailable", list(Verdict))
    def test_a_wanted_one_is_not_there(self, tmp_path: Path, unavailable: Verdict) -> None:
        with Scanner(ScanSettings(clamd=str(tmp_path / "none"), unavailable=unavailable)) as scanner:
            assert isinstance(verdict(scanner, b"file"), NotScanned) is (unavailable is Verdict.REFUSE)

    def test_failure_in_the_middle_of_many(self, tmp_path: Path) -> None:
        with (
            played(tmp_path / "s", answering(b"1: stream: OK\0")) as address,
            Scanner(self.settings(address)) as scanner,
        ):
            verdicts = scanner.check_many([(b"one", "one"), (b"two", "two")])
            assert all(isinstance(found, NotScanned) for found in verdicts), "a batch is as good as its conversation"

    def test_larger_than_it_takes_and_nobody_else_looks(self, tmp_path: Path) -> None:
        path = tmp_path / "large"
        path.write_bytes(bytes(2 * MIB))
        settings = ScanSettings(yara=False, clamd=str(tmp_path / "none"), clamd_mib=1)
        fd = os.open(path, os.O_RDONLY)
        try:
            with Scanner(settings) as scanner, pytest.raises(NotScanned):
                scanner.check(fd, 2 * MIB, "large")
        finally:
            os.close(fd)
