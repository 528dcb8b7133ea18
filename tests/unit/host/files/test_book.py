"""What the audit says of files: every digest of many, in entries that fit, for little."""

import secrets
import time
from typing import Any

from farhand.host.audit_entry import ENTRY_MAX, decode, encode
from farhand.host.files.book import Action, Book, Crossed


class Entries:
    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def record(self, kind: str, **fields: Any) -> None:
        long = "\U0001f600"
        who = {"who": long * 64, "from_": "192.0.2.7", "device": long * 128, "session": "0" * 32, "reason": long * 256}
        self.lines.append(encode(len(self.lines), 1, kind, {**who, **fields}))

    @property
    def files(self) -> list[str]:
        return [file for line in self.lines for file in decode(line)["files"]]


def test_five_thousand_small_files_all_stand_in_it_and_cost_little() -> None:
    entries = Entries()
    files = [Crossed(b"name-%d.txt" % number, 4096, secrets.token_bytes(32)) for number in range(5000)]
    began = time.process_time()
    for start in range(0, len(files), 60):
        Book(entries.record).many(Action.WROTE, b"/home/ada", files[start : start + 60])
    # 0.05 s on two cores, and 0.07 s for the seals of 250 entries: much more than that is another order of work.
    assert time.process_time() - began < 1
    assert entries.files == [f"{file.digest.hex()} 4096 {file.name.decode()}" for file in files]
    assert len(entries.lines) <= 400
    assert max(map(len, entries.lines)) < ENTRY_MAX


def test_names_that_are_long_or_no_text_fit_too_and_no_digest_is_lost() -> None:
    entries = Entries()
    names = [b"\xff" * 255, b'"\\' * 127, "ü".encode() * 127, b"a\nb\x1b", "\u202e".encode() * 80]
    files = [Crossed(name, 1, secrets.token_bytes(32)) for name in names for _ in range(20)]
    Book(entries.record).many(Action.READ, b"\xff" * 900, files)
    assert [file.partition(" ")[0] for file in entries.files] == [file.digest.hex() for file in files]
    assert max(map(len, entries.lines)) <= ENTRY_MAX


def test_a_single_file_has_its_digest_in_a_field() -> None:
    entries = Entries()
    digest = secrets.token_bytes(32)
    Book(entries.record).crossed(Action.READ, b"/a\n", 5, digest, first=3)
    entry = decode(entries.lines[0])
    assert (entry["blake3"], entry["size"], entry["first"]) == (digest.hex(), 5, 3)
    assert entry["path"] == "/a\\n"
