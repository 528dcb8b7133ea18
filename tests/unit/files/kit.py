"""Two ends of one file, without a network: what a test of the engine begins with."""

import os
import random
from pathlib import Path

import msgspec

from farhand.files.delta import Signatures
from farhand.files.folder import Folder
from farhand.files.partial import Incoming, Partial
from farhand.files.receiver import Receiver
from farhand.files.sender import Piece, Sender
from farhand.protocol.messages.files import Conflict, Finish

KEY = b"k" * 16
NUMBER = 7


def random_bytes(size: int, seed: int = 1) -> bytes:
    """Bytes that do not compress and are the same each time."""
    return random.Random(seed).randbytes(size)


def all_pieces(sender: Sender, budget: int = 1 << 20, pack: bool = False) -> list[Piece]:
    found: list[Piece] = []
    while batch := sender.pieces(budget, pack):
        found += batch
    return found


def wire_size(messages: list[Piece]) -> int:
    return sum(len(msgspec.msgpack.encode(message)) for message in messages)


class Ends:
    """A folder to send from, one to receive in, and the place for what is not whole yet."""

    def __init__(self, base: Path) -> None:
        for name in ("source", "target", "data"):
            (base / name).mkdir()
        self.source_path = base / "source"
        self.target_path = base / "target"
        self.source = Folder.open(self.source_path)
        self.target = Folder.open(self.target_path)
        self.incoming = Incoming.beside(base / "data", self.target, [])
        self._open: list[int] = []

    def sender(self, name: bytes = b"file") -> Sender:
        self._open.append(self.source.open_file([name]))
        return Sender(NUMBER, self._open[-1])

    def receiver(self, size: int, basis: bytes | None = None, key: bytes = KEY) -> tuple[Partial, Receiver]:
        partial = self.incoming.open(key, size)
        self._open.append(partial.fd)
        older = None
        if basis is not None:
            older = self.target.open_file([basis])
            self._open.append(older)
        return partial, Receiver(partial, size, older)

    def copy(self, basis: bytes | None = None, pack: bool = False) -> list[Piece]:
        """Send ``file`` across and place it; returns what crossed."""
        sender = self.sender()
        partial, receiver = self.receiver(sender.size, basis)
        if sender.prefix(receiver.offset) != receiver.prefix() and receiver.offset:
            raise AssertionError("the partial is of another file")
        receiver.begin(receiver.offset)
        sender.begin(receiver.offset)
        if basis is not None:
            signatures = Signatures()
            for message in receiver.signatures(NUMBER):
                signatures.add(message)
            sender.use_basis(signatures)
        pieces = all_pieces(sender, pack=pack)
        for piece in pieces:
            if isinstance(piece, Finish):
                receiver.finish(piece)
            else:
                receiver.take(piece)
        partial.place(self.target, [b"file"], sender.meta, Conflict.REPLACE)
        return pieces

    def close(self) -> None:
        for fd in self._open:
            os.close(fd)
        for each in (self.source, self.target, self.incoming):
            each.close()
