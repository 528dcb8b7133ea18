"""What two sides agreed on last time: one SQLite file a pair of folders, which a kill at any byte leaves whole.

It is in WAL mode: a commit that is torn is as if it had not been. What is missing then is found again by comparing the
two sides, so nothing has to be on the disk before an action is done. A file that cannot be read is set aside: then the
two sides are brought together as if for the first time, which deletes nothing.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from farhand.client.sync.plan import Pair
from farhand.client.sync.two_way import Base
from farhand.core.errors import FarhandError
from farhand.protocol.messages.files import Entry, EntryKind

_VERSION = 1
_TABLES = """
CREATE TABLE pair (side INTEGER PRIMARY KEY, identity TEXT NOT NULL);
CREATE TABLE agreed (
    path BLOB PRIMARY KEY, kind INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, mode INTEGER NOT NULL,
    target BLOB NOT NULL, other_size INTEGER, other_mtime INTEGER, other_mode INTEGER
) WITHOUT ROWID;
"""
_PUT = "INSERT OR REPLACE INTO agreed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KINDS = {int(kind): kind for kind in EntryKind}


class StateError(FarhandError):
    """The memory of a pair cannot be used now."""


class State:
    """The memory of one pair, whichever of the two is named first; nobody else has it open at the same time."""

    def __init__(self, path: Path, connection: sqlite3.Connection, swapped: bool) -> None:
        self.path = path
        self.damaged: Path | None = None
        """Where a file lies now that could not be read."""
        self._connection = connection
        self._swapped = swapped

    @classmethod
    def open(cls, folder: Path, left: str, right: str, *, keep: bool = True) -> Self:
        """Open the memory of the pair with these identities, which lies in ``folder``.

        Without ``keep`` one that does not exist yet is not made: it is empty. Raises StateError, OSError.
        """
        first, second = sorted((left, right))
        name = hashlib.blake2b(f"{first}\0{second}".encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        path = folder / f"{name}.db"
        if not keep and not path.exists():
            return cls(path, _connect(":memory:", first, second), left != first)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        damaged = None
        try:
            connection = _connect(path, first, second)
        except sqlite3.OperationalError as error:
            raise _error(path, error) from error
        except sqlite3.DatabaseError:
            damaged = _set_aside(path)
            connection = _connect(path, first, second)
        state = cls(path, connection, left != first)
        state.damaged = damaged
        return state

    def close(self) -> None:
        """Let others open it."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def base(self) -> Base:
        """Everything that was agreed on. Raises StateError."""
        first: dict[bytes, Entry] = {}
        second: dict[bytes, Entry] = {}
        with self._told():
            rows = self._connection.execute("SELECT * FROM agreed")
            for path, kind, size, mtime, mode, target, other_size, other_mtime, other_mode in rows:
                first[path] = second[path] = Entry(path, _KINDS[kind], size, mtime, mode, target)
                if other_size is not None:
                    second[path] = Entry(path, _KINDS[kind], other_size, other_mtime, other_mode, target)
        return Base(second, first) if self._swapped else Base(first, second)

    def record(self, changes: Mapping[bytes, Pair | None]) -> None:
        """Remember what is agreed on from now; None: the name is gone. All of it or nothing. Raises StateError."""
        if not changes:
            return
        rows = [self._row(path, pair) for path, pair in changes.items() if pair is not None]
        gone = [(path,) for path, pair in changes.items() if pair is None]
        with self._told(), self._connection:
            self._connection.executemany("DELETE FROM agreed WHERE path = ?", gone)
            self._connection.executemany(_PUT, rows)

    def _row(self, path: bytes, pair: Pair) -> tuple[object, ...]:
        first, second = reversed(pair) if self._swapped else pair
        other = (None, None, None) if first == second else (second.size, second.mtime, second.mode)
        return (path, int(first.kind), first.size, first.mtime, first.mode, first.target, *other)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _error(self.path, error) from error


def _connect(path: Path | str, first: str, second: str) -> sqlite3.Connection:
    if isinstance(path, Path):
        path.touch(mode=0o600)
    # Only one thread at a time has it, but not always the same one.
    connection = sqlite3.connect(path, timeout=0.5, check_same_thread=False)
    try:
        # The lock stays for as long as the file is open: two runs of one pair would undo each other's work.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.executemany("INSERT INTO pair VALUES (?, ?)", [(0, first), (1, second)])
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.commit()
        if version > _VERSION:
            raise StateError(f"{path} was written by a newer Farhand", "update this one")
        connection.execute("SELECT kind FROM agreed LIMIT 1").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside(path: Path) -> Path:
    aside = path.with_suffix(".damaged")
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _error(path: Path, error: sqlite3.Error) -> StateError:
    if "locked" in str(error):
        return StateError("these two folders are being synchronised already", "wait for the other run, or end it")
    return StateError(f"{path} cannot be used ({error})", "see whether the disk is full, and who may write there")
