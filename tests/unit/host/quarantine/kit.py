"""Made-up malware, and archives of it. No file of this tree holds the EICAR string: scanners would take it away."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

from farhand.files.errors import FilesError
from farhand.host.quarantine.policy import ScanSettings
from farhand.host.quarantine.scanner import Scanner

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"
RULE = "EICAR_test_file"
#: The rules alone, whatever runs on this computer.
SETTINGS = ScanSettings(clamd="off")


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def check(scanner: Scanner, path: Path, content: bytes | None = None) -> None:
    """Scan a file as it lies, or with this content."""
    if content is not None:
        path.write_bytes(content)
    fd = os.open(path, os.O_RDWR)
    try:
        scanner.check(fd, os.fstat(fd).st_size, path.name)
    finally:
        os.close(fd)


def verdict(scanner: Scanner, content: bytes) -> FilesError | None:
    """Scan a small file."""
    (found,) = scanner.check_many([(content, "small")])
    return found
