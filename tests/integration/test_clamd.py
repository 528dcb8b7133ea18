"""Debian's clamd with a signature of our own, on a private socket: found, clean, small, large, beyond its limit."""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.host.quarantine.kit import check, verdict, zipped

from farhand.host.quarantine.clamd import Clamd, TooLargeForClamd
from farhand.host.quarantine.policy import MIB, ScanSettings
from farhand.host.quarantine.scanner import Infected, Scanner

#: What the signature is about: nothing that another scanner on this computer knows.
BAD = b"farhand-test-signature-" + b"5f1c92"
WHOLE = b"a whole file that is bad by its digest alone"


@dataclass(frozen=True)
class Running:
    address: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def clamd() -> Iterator[Running]:
    program = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "install clamav-daemon (script/setup --test does)"
    with tempfile.TemporaryDirectory(prefix="fh-clamd-") as name:
        folder = Path(name)
        database = folder / "signatures"
        database.mkdir()
        (database / "own.ndb").write_text(f"Farhand.Test.Own:0:*:{BAD.hex()}\n")
        (database / "own.hdb").write_text(
            f"{hashlib.md5(WHOLE, usedforsecurity=False).hexdigest()}:{len(WHOLE)}:Farhand.Test.Whole\n"
        )
        (folder / "clamd.conf").write_text(
            f"DatabaseDirectory {database}\nLocalSocket {folder}/s\nForeground yes\nLogTime no\n"
            f"User {pwd.getpwuid(os.geteuid()).pw_name}\nStreamMaxLength 2M\nSelfCheck 0\nMaxThreads 2\n"
            f"TemporaryDirectory {folder}\n"
        )
        process = subprocess.Popen(
            [program, "--config-file", str(folder / "clamd.conf")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert process.stdout is not None
            said = []
            # It says so when it listens; the rest of what it says has to be read, too, or it stops.
            for line in process.stdout:
                said.append(line)
                if "Self checking" in line or "LOCAL: Setting connection queue" in line:
                    break
            else:
                pytest.fail("".join(said))
            reader = threading.Thread(target=process.stdout.read)
            reader.start()
            yield Running(str(folder / "s"), process)
        finally:
            process.terminate()
            process.wait(30)
        reader.join(30)
        process.stdout.close()


@pytest.fixture
def scanner(clamd: Running) -> Iterator[Scanner]:
    with Scanner(ScanSettings(yara=False, clamd=clamd.address)) as made:
        yield made


def test_it_says_who_it_is(clamd: Running) -> None:
    with Clamd(clamd.address, 30) as talk:
        assert talk.version().startswith("ClamAV ")


def test_found_and_clean_in_one_conversation(clamd: Running) -> None:
    with Clamd(clamd.address, 30) as talk:
        assert talk.scan_bytes(b"harmless") == ""
        assert talk.scan_bytes(b"x" * 1000 + BAD) == "Farhand.Test.Own.UNOFFICIAL"
        assert talk.scan_bytes(WHOLE) == "Farhand.Test.Whole.UNOFFICIAL"
        assert talk.scan_bytes(os.urandom(MIB)) == ""


def test_it_stops_what_it_knows(scanner: Scanner, tmp_path: Path) -> None:
    with pytest.raises(Infected, match=r"Farhand\.Test\.Own"):
        check(scanner, tmp_path / "bad", os.urandom(700_000) + BAD)
    check(scanner, tmp_path / "clean", os.urandom(700_000))


def test_it_looks_into_archives_itself(scanner: Scanner) -> None:
    assert isinstance(verdict(scanner, zipped({"inner": BAD + b" " * 100})), Infected)


def test_many_small_files(scanner: Scanner) -> None:
    files = [(b"file %d" % number, str(number)) for number in range(50)]
    files[20] = (BAD, "bad")
    assert [index for index, found in enumerate(scanner.check_many(files)) if found] == [20]


def test_beyond_its_own_limit(clamd: Running) -> None:
    with Clamd(clamd.address, 30) as talk, pytest.raises(TooLargeForClamd):
        talk.scan_bytes(os.urandom(8 * MIB))


def test_what_clamd_does_not_take_the_rules_have_looked_at(clamd: Running, tmp_path: Path) -> None:
    with Scanner(ScanSettings(clamd=clamd.address)) as scanner:
        check(scanner, tmp_path / "large", os.urandom(8 * MIB))
