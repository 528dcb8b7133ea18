"""What scanning received files costs: GB/s of large ones, microseconds of small ones, and what a busy receiver loses.

    python bench/micro/scan.py [--mib 2048] [--folder /dev/shm] [--rules FOLDER] [--json]

The last rows write a file as a receiver does, hashing it (BLAKE3, one thread) while another process keeps the second
core busy, once without and once with the scanner. Unlike a sender that process never waits: it is the worst case.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blake3 import blake3

from farhand.host.quarantine.policy import MIB, ScanSettings
from farhand.host.quarantine.scanner import Scanner
from farhand.host.quarantine.yara import RuleScanner, load_rules

PIECE = 256 << 10


def by_window(rules: Path | None) -> list[dict[str, float | str]]:
    """The rules alone, in this process."""
    scanner = RuleScanner(load_rules(rules), 60)
    rows: list[dict[str, float | str]] = []
    for kind, content in (("random", os.urandom(64 * MIB)), ("zeros", bytes(64 * MIB))):
        for window in (MIB, 4 * MIB, 16 * MIB):
            start = time.perf_counter()
            for at in range(0, len(content), window):
                scanner.scan(content[at : at + window])
            speed = len(content) / (time.perf_counter() - start) / 1e9
            rows.append({"what": f"rules, {kind}, windows of {window // MIB} MiB", "GB/s": round(speed, 2)})
    return rows


def small(scanner: Scanner) -> list[dict[str, float | str]]:
    """5,000 files of 4 KiB, by how many are handed over at once."""
    files = [(os.urandom(4096), "small") for _ in range(5000)]
    rows: list[dict[str, float | str]] = []
    for at_once in (5000, 128, 60, 1):
        start = time.perf_counter()
        for at in range(0, len(files), at_once):
            scanner.check_many(files[at : at + at_once])
        each = (time.perf_counter() - start) / len(files) * 1e6
        rows.append({"what": f"4 KiB files, {at_once} at once", "us a file": round(each, 1)})
    return rows


def received(path: Path, size: int, scanner: Scanner | None) -> float:
    """Write a file as it would arrive; returns GB/s until it may have its name."""
    content = os.urandom(8 * MIB)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        start = time.perf_counter()
        arrival = scanner.begin(fd, size, "file") if scanner else None
        digest = blake3()
        for at in range(0, size, PIECE):
            piece = content[at % len(content) : at % len(content) + PIECE]
            os.pwrite(fd, piece, at)
            digest.update(piece)
            if arrival:
                arrival.feed(at + len(piece))
        if arrival:
            arrival.finish()
            arrival.close()
        return size / (time.perf_counter() - start) / 1e9
    finally:
        os.close(fd)
        path.unlink()


def arriving(scanner: Scanner, folder: Path, size: int) -> list[dict[str, float | str]]:
    """A receiver beside a process that hashes without end, which stands for the sender."""
    path = folder / f"farhand-bench-{os.getpid()}"
    script = "from blake3 import blake3\nb = bytes(1 << 20)\nh = blake3()\nwhile True: h.update(b)"
    busy = subprocess.Popen([sys.executable, "-c", script])
    try:
        speeds = [(received(path, size, None), received(path, size, scanner)) for _ in range(3)]
    finally:
        busy.kill()
        busy.wait()
    without, with_ = (sorted(column)[1] for column in zip(*speeds, strict=True))
    return [
        {"what": f"{size // MIB} MiB arrive, not scanned", "GB/s": round(without, 2)},
        {"what": f"{size // MIB} MiB arrive, scanned", "GB/s": round(with_, 2), "ratio": round(with_ / without, 2)},
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--rules", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    settings = ScanSettings(clamd="off", rules=str(options.rules) if options.rules else "")
    rows = by_window(options.rules)
    with Scanner(settings) as scanner:
        scanner.start()
        rows += small(scanner)
        rows += arriving(scanner, options.folder, options.mib * MIB)
    for row in rows:
        figures = "  ".join(f"{value} {name}" for name, value in row.items() if name != "what")
        print(json.dumps(row) if options.json else f"{row['what']:<44} {figures}")


if __name__ == "__main__":
    main()
