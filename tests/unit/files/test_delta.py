import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.files.kit import NUMBER, Ends, random_bytes, wire_size
from xxhash import xxh3_128_digest as xxh3

from farhand.files import delta, rolling
from farhand.files.blocks import BLOCK_MAX, BLOCKS_MAX, SIZE_MAX, WINDOW, block_size, strong_size
from farhand.files.delta import Literal, Match, Matcher, Signatures, signatures
from farhand.files.errors import FilesError
from farhand.protocol import codec
from farhand.protocol.messages import Channel
from farhand.protocol.messages.files import FileFault, Signature

OLD = random_bytes(3_000_000)


def describe(path: Path) -> Signatures:
    found = Signatures()
    fd = os.open(path, os.O_RDONLY)
    try:
        lasts = [found.add(message) for message in signatures(NUMBER, fd)]
    finally:
        os.close(fd)
    assert lasts == [False] * (len(lasts) - 1) + [True]
    return found


def find(old: bytes, new: bytes, folder: Path, begin: int = 0) -> list[Literal | Match]:
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    fd = os.open(folder / "new", os.O_RDONLY)
    try:
        return list(Matcher(fd, describe(folder / "old")).match(begin, len(new)))
    finally:
        os.close(fd)


def rebuild(old: bytes, new: bytes, found: list[Literal | Match]) -> bytes:
    made = b""
    for each in found:
        older = isinstance(each, Match)
        take = old[each.basis : each.basis + each.length] if older else new[len(made) : len(made) + each.length]
        assert len(take) == each.length > 0
        made += take
    return made


def literal(found: list[Literal | Match]) -> int:
    return sum(each.length for each in found if isinstance(each, Literal))


EDITS = {
    "nothing": lambda old: old,
    "a byte in its place": lambda old: old[:1_500_000] + b"!" + old[1_500_001:],
    "a byte more": lambda old: old[:1_500_000] + b"!" + old[1_500_000:],
    "a byte less": lambda old: old[:1_500_000] + old[1_500_001:],
    "before it": lambda old: random_bytes(5000, 2) + old,
    "after it": lambda old: old + random_bytes(5000, 2),
    "the beginning gone": lambda old: old[5000:],
    "the end gone": lambda old: old[:-5000],
    "two halves changed about": lambda old: old[1_500_000:] + old[:1_500_000],
    "twice": lambda old: old + old,
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_common_is_found(edit: str, tmp_path: Path) -> None:
    new = EDITS[edit](OLD)
    found = find(OLD, new, tmp_path)
    assert rebuild(OLD, new, found) == new
    assert literal(found) <= max(0, len(new) - len(OLD)) * (edit != "twice") + 4 * block_size(len(OLD))


def test_what_has_nothing_in_common_is_not_searched_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    real = rolling.sums
    monkeypatch.setattr(rolling, "sums", lambda data: searched.append(len(data)) or real(data))
    monkeypatch.setattr(delta, "_PATIENCE", 128 << 10)
    monkeypatch.setattr(delta, "_LEAP", 1 << 20)
    new = random_bytes(6_000_000, 3) + OLD
    found = find(OLD, new, tmp_path)
    assert rebuild(OLD, new, found) == new
    assert sum(searched) < 6_000_000 // 3
    assert 6_000_000 <= literal(found) <= 6_000_000 + (1 << 20) + 4 * block_size(len(OLD))


@pytest.mark.parametrize("old", [b"", b"short", bytes(WINDOW), random_bytes(WINDOW * 3 + 7)])
@pytest.mark.parametrize("new", [b"", b"short", bytes(WINDOW * 2), random_bytes(WINDOW * 3 + 7)])
def test_small_ones(old: bytes, new: bytes, tmp_path: Path) -> None:
    assert rebuild(old, new, find(old, new, tmp_path)) == new


def test_from_the_middle(tmp_path: Path) -> None:
    found = find(OLD, OLD, tmp_path, begin=1_000_001)
    assert sum(each.length for each in found) == len(OLD) - 1_000_001
    assert literal(found) < 2 * block_size(len(OLD))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_edits(data: st.DataObject, tmp_path: Path) -> None:
    alphabet = data.draw(st.sampled_from([b"\0", b"ab", bytes(range(256))]))
    source = random.Random(data.draw(st.integers(0, 5)))
    old = bytes(source.choices(alphabet, k=data.draw(st.integers(0, 20_000))))
    new = bytearray(old)
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(new)))
        new[at : at + data.draw(st.integers(0, 2000))] = source.randbytes(data.draw(st.integers(0, 2000)))
    assert rebuild(old, bytes(new), find(old, bytes(new), tmp_path)) == new


def test_a_long_run_of_zeros_is_not_searched_offset_by_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = bytes(100_000) + OLD[:1_000_000]
    new = b"!" + (bytes(3000) + b"#") * 300
    hashed = []
    real = Matcher._digest
    monkeypatch.setattr(Matcher, "_digest", lambda self, data: hashed.append(len(data)) or real(self, data))
    found = find(old, new, tmp_path)
    assert rebuild(old, new, found) == new
    assert sum(hashed) < 8 * len(new)


def test_the_checksum_is_what_the_specification_says() -> None:
    data = np.frombuffer(random_bytes(WINDOW + 100), np.uint8)
    expected = [
        sum(int(x) * pow(0x9E3779B1, WINDOW - 1 - i, 2**32) for i, x in enumerate(data[at : at + WINDOW])) % 2**32
        for at in range(101)
    ]
    assert rolling.sums(data.tobytes()).tolist() == expected


def test_messages_fit_and_are_few_bytes(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(OLD)
    fd = os.open(tmp_path / "old", os.O_RDONLY)
    messages = list(signatures(NUMBER, fd))
    os.close(fd)
    assert [message.last for message in messages] == [False] * (len(messages) - 1) + [True]
    assert sum(len(codec.encode(Channel.FILES, message)) for message in messages) < len(OLD) / 100


@pytest.mark.parametrize("size", [0, 1, 1 << 20, 1 << 30, 1 << 40, SIZE_MAX])
def test_sizes_are_bounded(size: int) -> None:
    block = block_size(size)
    assert WINDOW <= block <= BLOCK_MAX
    assert block & block - 1 == 0
    assert -(-size // block) <= BLOCKS_MAX
    assert 2 <= strong_size(size) <= 8


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "SIZE_MAX", 10)
    (tmp_path / "old").write_bytes(bytes(11))
    fd = os.open(tmp_path / "old", os.O_RDONLY)
    with pytest.raises(FilesError) as raised:
        next(signatures(NUMBER, fd))
    os.close(fd)
    assert raised.value.fault == FileFault.TOO_LARGE


def test_a_description_is_as_the_specification_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta.secrets, "randbits", lambda bits: 2**bits - 1)
    (tmp_path / "file").write_bytes(bytes(range(256)) * 2 + b"the rest")
    with (tmp_path / "file").open("rb") as file:
        [message] = signatures(NUMBER, file.fileno())
    assert (message.size, message.block, message.seed, message.last) == (520, WINDOW, 2**53 - 1, True)
    weak = sum(x * pow(0x9E3779B1, 511 - i, 2**32) for i, x in enumerate(list(range(256)) * 2)) % 2**32
    rows = [weak.to_bytes(4, "big") + xxh3(bytes(range(256)) * 2, 2**53 - 1), bytes(4) + xxh3(b"the rest", 2**53 - 1)]
    assert message.data == b"".join(row[: 4 + message.strong] for row in rows)
    # https://github.com/Cyan4973/xxHash/blob/dev/tests/sanity_test_vectors.h, of nothing
    assert xxh3(b"", 0).hex() == "99aa06d3014798d86001c324468d497f"


def test_another_description_has_another_seed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    assert len({describe(tmp_path / "file").seed for _ in range(4)}) == 4


def test_descriptions_that_are_refused(tmp_path: Path) -> None:
    def message(**changes: object) -> Signature:
        size = 4 * WINDOW
        fields = {"size": size, "block": WINDOW, "strong": strong_size(size), "seed": 1, "data": b"", "last": True}
        fields["data"] = bytes(4 * (4 + strong_size(size)))
        return Signature(NUMBER, **{**fields, **changes})

    assert Signatures().add(message())
    row = 4 + strong_size(4 * WINDOW)
    for wrong in (
        [message(block=WINDOW * 2)],
        [message(block=0)],
        [message(strong=1)],
        [message(size=SIZE_MAX + 1)],
        [message(data=bytes(5 * row))],
        [message(last=False)],
        [message(data=bytes(row))],
        [message(data=b"", last=False)],
        [message(data=bytes(row), last=False), message(size=4 * WINDOW + 1, data=bytes(3 * row))],
        [message(data=bytes(row), last=False), message(seed=2, data=bytes(3 * row))],
        [message(), message()],
    ):
        *right, last = wrong
        found = Signatures()
        for each in right:
            found.add(each)
        with pytest.raises(FilesError) as raised:
            found.add(last)
        assert raised.value.fault == FileFault.PROTOCOL


@pytest.mark.parametrize("pack", [False, True])
def test_only_what_changed_crosses(ends: Ends, pack: bool) -> None:
    new = OLD[:1_000_000] + random_bytes(20_000, 4) + OLD[1_000_500:2_000_000] + OLD[2_100_000:]
    (ends.target_path / "old").write_bytes(OLD)
    (ends.source_path / "file").write_bytes(new)
    pieces = ends.copy(basis=b"old", pack=pack)
    assert (ends.target_path / "file").read_bytes() == new
    assert wire_size(pieces) < 20_000 + 5 * block_size(len(OLD))


def test_holes_in_a_newer_file(ends: Ends) -> None:
    (ends.target_path / "old").write_bytes(OLD)
    with (ends.source_path / "file").open("wb") as file:
        file.write(OLD[:1_000_000])
        file.seek(9_000_000)
        file.write(OLD)
    pieces = ends.copy(basis=b"old")
    assert (ends.target_path / "file").read_bytes() == OLD[:1_000_000] + bytes(8_000_000) + OLD
    assert wire_size(pieces) < 100_000
