"""What the file engine costs: GB/s and µs a file, one process, both ends, in memory (/dev/shm); delta beside rsync.

usage: .venv/bin/python bench/micro/bench_files.py [--json]

Each line is the best of its runs: what the code costs, not what else the machine was doing. The delta's ends are timed
apart, rsync's two processes run beside one another; bytes are all that cross, both ways.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from farhand.files.delta import Signatures
from farhand.files.digest import digest_file
from farhand.files.folder import Folder
from farhand.files.partial import Incoming
from farhand.files.receiver import Receiver
from farhand.files.sender import Sender
from farhand.files.small import read_small, write_small
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import Conflict, Finish

LARGE = 1 << 30
EDITS = 20
EDITED = (1 << 20) // EDITS
SMALL = 5000
NAMES = 50_000
BUDGET = 1 << 20

encode = msgspec.msgpack.Encoder().encode


class Clock:
    """Seconds by what they were spent on, and bytes that crossed."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.sent = 0

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.spent[what] = self.spent.get(what, 0) + time.perf_counter() - began

    def count(self, message: Message) -> Message:
        self.sent += len(encode(message))
        return message


def copy(source: Folder, target: Folder, incoming: Incoming, delta: bool) -> Clock:
    """Send ``large`` across, but for its name."""
    clock = Clock()
    fd, older = source.open_file([b"large"]), target.open_file([b"large"]) if delta else None
    sender = Sender(1, fd)
    partial = incoming.open(b"bench", sender.size)
    receiver = Receiver(partial, sender.size, older)
    receiver.begin(0)
    sender.begin(0)
    if delta:
        signatures = Signatures()
        with clock.on("describe"):
            for message in receiver.signatures(1):
                signatures.add(clock.count(message))
        with clock.on("send"):
            sender.use_basis(signatures)
    while True:
        with clock.on("send"):
            pieces = sender.pieces(BUDGET, pack=False)
        if not pieces:
            break
        if delta:
            for piece in pieces:
                clock.count(piece)
        with clock.on("receive"):
            for piece in pieces:
                if isinstance(piece, Finish):
                    receiver.finish(piece)
                else:
                    receiver.take(piece)
    partial.discard()
    partial.close()
    for each in (fd, older):
        if each is not None:
            os.close(each)
    return clock


def write_edited(old: Path, new: Path) -> None:
    """Change a mebibyte in twenty places: by turns in place, inserted, deleted."""
    source = random.Random(1)
    content = bytearray(old.read_bytes())
    for n in range(EDITS):
        at = source.randrange(len(content) - EDITED)
        content[at : at + (0 if n % 3 == 1 else EDITED)] = b"" if n % 3 == 2 else source.randbytes(EDITED)
    new.write_bytes(content)


def rsync(source: Path, target: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        older = Path(folder, "large")
        os.link(target, older)
        began = time.perf_counter()
        told = subprocess.run(
            ["rsync", "--no-whole-file", "--stats", source, older], capture_output=True, text=True, check=True
        ).stdout
        took = time.perf_counter() - began
    sums = [
        line.split(":")[1] for line in told.splitlines() if line.startswith(("Total bytes sent", "Total bytes rec"))
    ]
    return {"s": took, "bytes": sum(int(number.replace(",", "")) for number in sums)}


def best(runs: int, measure: Callable[[], float]) -> float:
    return min(measure() for _ in range(runs))


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def measure(base: Path) -> dict[str, float]:
    for name in ("source", "target", "data"):
        (base / name).mkdir()
    source, target = Folder.open(base / "source"), Folder.open(base / "target")
    incoming = Incoming.beside(base / "data", target, [])
    large, older = base / "source" / "large", base / "target" / "large"
    block = random.Random(2)
    with large.open("wb") as file:
        for _ in range(LARGE >> 24):
            file.write(block.randbytes(1 << 24))
    found: dict[str, float] = {}

    whole = [copy(source, target, incoming, delta=False).spent for _ in range(3)]
    found["send_gb_s"] = LARGE / min(run["send"] for run in whole) / 1e9
    found["receive_gb_s"] = LARGE / min(run["receive"] for run in whole) / 1e9
    fd = source.open_file([b"large"])
    found["digest_gb_s"] = LARGE / best(3, lambda: timed(lambda: digest_file(fd))) / 1e9
    os.close(fd)

    large.rename(older)
    write_edited(older, large)
    runs = [copy(source, target, incoming, delta=True) for _ in range(3)]
    for what in ("describe", "send", "receive"):
        found[f"delta_{what}_s"] = min(run.spent[what] for run in runs)
    found["delta_bytes"] = runs[0].sent
    peers = [rsync(large, older) for _ in range(3)]
    found["rsync_s"] = min(peer["s"] for peer in peers)
    found["rsync_bytes"] = peers[0]["bytes"]
    large.unlink()
    older.unlink()

    for n in range(SMALL):
        (base / "source" / str(n)).write_bytes(block.randbytes(4096))
    names = [str(n).encode() for n in range(SMALL)]
    files = list(read_small(source, [], names))
    found["read_small_us"] = best(5, lambda: timed(lambda: list(read_small(source, [], names)))) / SMALL * 1e6
    fresh = iter(range(5))

    def write() -> None:
        folder = b"%d" % next(fresh)
        target.make_folder([folder])
        assert not any(result.fault for result in write_small(target, [folder], files, Conflict.REFUSE))

    found["write_small_us"] = best(5, lambda: timed(write)) / SMALL * 1e6

    for folder in range(50):
        (base / "data" / str(folder)).mkdir()
        for n in range(NAMES // 50):
            (base / "data" / str(folder) / str(n)).touch()
    with Folder.open(base / "data") as tree:
        found["walk_s"] = best(5, lambda: timed(lambda: sum(len(batch) for batch in tree.walk([]))))
    for each in (source, target, incoming):
        each.close()
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as base:
        found = measure(Path(base))
    if "--json" in sys.argv:
        print(json.dumps(found))
        return
    print(
        f"1 GiB: sender {found['send_gb_s']:.2f}, receiver {found['receive_gb_s']:.2f}, "
        f"digest {found['digest_gb_s']:.2f} GB/s\n"
        f"1 MiB changed in {EDITS} places of it: describe {found['delta_describe_s']:.2f} s, then sender "
        f"{found['delta_send_s']:.2f} s beside receiver {found['delta_receive_s']:.2f} s, "
        f"{found['delta_bytes']:,} bytes; rsync "
        f"{found['rsync_s']:.2f} s, {found['rsync_bytes']:,.0f} bytes\n"
        f"{SMALL} files of 4 KiB: read {found['read_small_us']:.0f}, write {found['write_small_us']:.0f} µs each; "
        f"{NAMES} names in {found['walk_s']:.2f} s"
    )


if __name__ == "__main__":
    main()
