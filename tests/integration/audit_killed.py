"""Kills hosts while they write their audit, and looks whether anything is wrong with it afterwards.

usage: audit_killed.py FOLDER ROUNDS SEED

Each round forks a process that opens the log and writes as fast as it can; it is killed (SIGKILL) wherever it happens
to be. In every second round the system takes a byte at a time, so that writes are cut anywhere. Prints one JSON object:
rounds, entries, how many rounds cut a write off, and what was found wrong, which is nothing.
"""

import json
import mmap
import os
import random
import signal
import struct
import sys
import time
from pathlib import Path

from farhand.host.audit import Audit
from farhand.host.audit_log import Reading
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.merkle import Checkpoint

KEYS = Keys.generate(Kind.HOST, "office", 1_700_000_000, lambda size: bytes(range(size)))
#: Small, so that many are killed while they begin a new one.
SEGMENT_BYTES = 4000
_write = os.write


def byte_by_byte(descriptor: int, data: bytes) -> int:
    """os.write of a system that can be interrupted anywhere."""
    return sum(_write(descriptor, data[at : at + 1]) for at in range(len(data)))


def write(folder: Path, acknowledged: mmap.mmap, *, slowly: bool) -> None:
    """The host: says after each entry how many there are."""
    if slowly:
        os.write = byte_by_byte  # in this process only
    audit = Audit.open(folder, KEYS, segment_bytes=SEGMENT_BYTES)
    while True:
        audit.record("log-in", who=f"person {audit.size}" * (1 + audit.size % 7), from_="192.0.2.1")
        acknowledged[:8] = struct.pack("<Q", audit.size)
        if audit.size % 11 == 0:
            checkpoint = Checkpoint.decode(audit.checkpoint())
            acknowledged[8:16] = struct.pack("<Q", checkpoint.size)


def kill_one(folder: Path, acknowledged: mmap.mmap, chance: random.Random, *, slowly: bool) -> None:
    """One round."""
    acknowledged[:16] = bytes(16)
    child = os.fork()
    if not child:
        try:
            write(folder, acknowledged, slowly=slowly)
        finally:
            os._exit(1)
    if chance.random() < 0.8:
        # While it writes; else while it starts.
        while not struct.unpack("<Q", acknowledged[:8])[0]:
            if os.waitpid(child, os.WNOHANG)[0]:
                raise SystemExit("the writer ended by itself")
    until = time.perf_counter() + chance.random() * 0.004
    while time.perf_counter() < until:
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> None:
    """All rounds."""
    folder, rounds, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    acknowledged = mmap.mmap(-1, 16)
    wrong: list[str] = []
    kept: list[Checkpoint] = []
    cut = 0
    for number in range(rounds):
        kill_one(folder, acknowledged, chance, slowly=bool(number % 2))
        said, covered = struct.unpack("<QQ", acknowledged[:16])
        audit = Audit.open(folder, KEYS, segment_bytes=SEGMENT_BYTES)
        recovered = b'"kind":"recovered"' in b"".join(audit.entries(max(0, audit.size - 1), 1 << 16))
        cut += recovered
        if audit.size - recovered < max(said, covered):
            wrong.append(f"round {number}: {said} entries were acknowledged, {audit.size} are there")
        kept.append(Checkpoint.verify(audit.checkpoint(), KEYS.identity_public))
        audit.close()
    reading = Reading(folder, kept)
    entries = sum(1 for _ in reading.entries())
    wrong += [fault.text for fault in reading.verdict.faults]
    agreed = reading.verdict.checkpoints
    print(json.dumps({"rounds": rounds, "entries": entries, "cut": cut, "agreed": agreed, "wrong": wrong}))


if __name__ == "__main__":
    main()
