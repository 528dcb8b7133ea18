"""Archives that were made to harm whoever opens them: each ends at a limit, and nothing else suffers."""

import io
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

import pytest
import zstandard
from tests.unit.host.quarantine.kit import EICAR, tarred, verdict, zipped

from farhand.files.errors import FilesError
from farhand.host.quarantine.archives import Beyond, Explorer
from farhand.host.quarantine.jobs import Hit
from farhand.host.quarantine.policy import MIB, ArchiveLimits, ScanSettings, Verdict
from farhand.host.quarantine.scanner import Infected, NotScanned, Scanner
from farhand.protocol.messages.files import FileFault

LIMITS = ArchiveLimits(packed_mib=16, unpacked_mib=32, members=500, depth=3, ratio=1000, seconds=20)


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    """Refuses everything that it could not look into."""
    with Scanner(ScanSettings(clamd="off", archives=LIMITS, opaque=Verdict.REFUSE)) as made:
        yield made


def why(found: FilesError | None) -> str:
    assert isinstance(found, NotScanned)
    assert found.fault is FileFault.NOT_SCANNED
    return found.cause


def overlapping() -> bytes:
    """Many names for one compressed block (Fifield, "A better zip bomb", 2019)."""
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(MIB)
    packed = block.compress(content) + block.flush()
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, zlib.crc32(content), len(packed), MIB, 1, 0)
    made = local + b"a" + packed
    entry = struct.pack(
        *("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 33, zlib.crc32(content), len(packed), MIB),
        *(1, 0, 0, 0, 0, 0, 0),
    )
    directory = (entry + b"a") * 200
    return made + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 200, 200, len(directory), len(made), 0)


def quine_like() -> bytes:
    """An archive in an archive, as often as nobody would by hand; a real quine goes on for ever."""
    inner = zipped({"bottom": b"nothing"})
    for _ in range(20):
        inner = zipped({"again.zip": inner})
    return inner


def with_odd_members() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for kind, name, target in (
            (tarfile.SYMTYPE, "passwd", "/etc/passwd"),
            (tarfile.LNKTYPE, "shadow", "../../../etc/shadow"),
            (tarfile.CHRTYPE, "null", ""),
            (tarfile.BLKTYPE, "disk", ""),
            (tarfile.FIFOTYPE, "pipe", ""),
            (tarfile.DIRTYPE, "/tmp/../folder", ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, target, 0
            archive.addfile(info)
        bad = tarfile.TarInfo("../../escaped")
        bad.size = len(EICAR)
        archive.addfile(bad, io.BytesIO(EICAR))
    return zlib_gz(made.getvalue())


def zlib_gz(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def explored(explorer: Explorer, content: bytes) -> Hit | None:
    fd = os.memfd_create("archive")
    try:
        os.write(fd, content)
        return explorer.explore(fd, 0, len(content))
    finally:
        os.close(fd)


class TestBombs:
    def test_gzip_that_unpacks_to_too_much(self, scanner: Scanner) -> None:
        assert "more than 32 MiB" in why(verdict(scanner, zlib_gz(bytes(40 * MIB))))

    def test_zstd_whose_ratio_is_absurd(self) -> None:
        with pytest.raises(Beyond, match="100 times its size"):
            explored(Explorer(ArchiveLimits(ratio=100), lambda _: []), zstandard.compress(bytes(80 * MIB)))

    def test_zip_with_many_large_members(self, scanner: Scanner) -> None:
        content = zipped({f"{number}": bytes(10 * MIB) for number in range(4)})
        assert "more than 32 MiB" in why(verdict(scanner, content))

    def test_members_that_overlap(self, scanner: Scanner) -> None:
        assert verdict(scanner, overlapping()) is not None

    def test_archives_in_archives(self, scanner: Scanner) -> None:
        assert "more than 3 deep" in why(verdict(scanner, quine_like()))

    def test_more_names_than_anybody_needs(self, scanner: Scanner) -> None:
        assert "more than 500 names" in why(verdict(scanner, zipped({f"{n}": b"" for n in range(501)})))
        assert "more than 500 names" in why(verdict(scanner, tarred({f"{n}": b"" for n in range(501)}, "w:gz")))

    def test_a_tar_with_a_hole_larger_than_the_world(self, scanner: Scanner) -> None:
        """GNU's sparse members: a header of 512 bytes that stands for a terabyte."""
        info = tarfile.TarInfo("holes")
        info.type, info.size = tarfile.GNUTYPE_SPARSE, 0
        header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        header[386 : 386 + 24] = b"%011o\0%011o\0" % (1 << 32, 0)
        header[483 : 483 + 12] = b"%011o\0" % (1 << 32)
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        assert verdict(scanner, bytes(header) + bytes(1024)) is not None

    def test_time_is_up(self) -> None:
        ticks = iter(range(1000))
        explorer = Explorer(ArchiveLimits(seconds=2), lambda _: [], clock=lambda: float(next(ticks)))
        with pytest.raises(Beyond, match="longer than 2 s"):
            explored(explorer, zipped({str(number): b"x" for number in range(50)}))

    def test_what_an_owner_accepts_beyond_limits(self) -> None:
        with Scanner(ScanSettings(clamd="off", archives=LIMITS, limits=Verdict.ACCEPT)) as scanner:
            assert verdict(scanner, quine_like()) is None


class TestOddOnes:
    def test_links_and_devices_are_names_and_what_follows_is_seen(self, scanner: Scanner) -> None:
        found = verdict(scanner, with_odd_members())
        assert isinstance(found, Infected)
        assert found.member == "../../escaped"

    @pytest.mark.parametrize("left", [0.3, 0.6, 0.95])
    @pytest.mark.parametrize("form", ["zip", "gz", "xz", "bz2"])
    def test_cut_off(self, scanner: Scanner, form: str, left: float) -> None:
        noise = os.urandom(20_000)
        whole = {
            "zip": lambda: zipped({"noise": noise}),
            "gz": lambda: tarred({"noise": noise}, "w:gz"),
            "xz": lambda: tarred({"noise": noise}, "w:xz"),
            "bz2": lambda: tarred({"noise": noise}, "w:bz2"),
        }[form]()
        assert "not looked into" in why(verdict(scanner, whole[: int(len(whole) * left)]))

    def test_cut_off_behind_what_is_bad(self, scanner: Scanner) -> None:
        whole = zlib_gz(EICAR + os.urandom(300_000))
        assert isinstance(verdict(scanner, whole[:-20_000]), NotScanned | Infected)

    @pytest.mark.parametrize("name", ["x" * 60_000, "../" * 3000, "\u202egnp.exe\n%n\x1b[2J"])
    def test_names_that_are_huge_or_meant_to_be_printed(self, scanner: Scanner, name: str) -> None:
        for content in (zipped({name: EICAR}), tarred({name: EICAR}, "w:gz")):
            found = verdict(scanner, content)
            assert isinstance(found, Infected)
            assert len(found.cause) < 400
            assert found.cause.isprintable()

    def test_a_name_in_a_tar_of_more_than_there_is_memory(self, scanner: Scanner) -> None:
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, 6 << 30
        assert verdict(scanner, info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)) is not None

    def test_encrypted(self, scanner: Scanner) -> None:
        content = bytearray(zipped({"a": b"secret"}))
        content[6] |= 1
        content[content.index(b"PK\x01\x02") + 8] |= 1
        assert "encrypted" in why(verdict(scanner, bytes(content)))

    def test_behind_another_file(self, scanner: Scanner) -> None:
        """As self-extracting archives are, and as a scanner is fooled that looks at beginnings alone."""
        assert isinstance(verdict(scanner, b"GIF89a" + bytes(5000) + zipped({"bad": EICAR})), Infected)

    @pytest.mark.parametrize("magic", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01\0"])
    def test_kinds_that_are_not_opened(self, scanner: Scanner, magic: bytes) -> None:
        assert "not opened" in why(verdict(scanner, magic + bytes(100)))

    def test_bytes_changed_anywhere(self, scanner: Scanner) -> None:
        """Whatever a parser makes of it, there is a verdict, and the next file is looked at."""
        text = b"abc" * 50
        for whole in (zipped({"a": text}, zipfile.ZIP_LZMA), tarred({"a": text}, "w:xz"), tarred({"a": text})):
            files = []
            for at in range(0, min(len(whole), 600), 3):
                changed = bytearray(whole)
                changed[at] ^= 0xFF
                files.append((bytes(changed), str(at)))
            assert len(scanner.check_many(files)) == len(files)
        assert verdict(scanner, b"harmless") is None
