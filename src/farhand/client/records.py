"""Small files that several commands of one user write: read, changed and replaced by one at a time."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from farhand.core.config import ConfigError, read_private, write_private

S = TypeVar("S", bound=msgspec.Struct)


def read_json(path: Path, kind: type[S]) -> S:
    """Read a private JSON file; one that is not there means the Struct's defaults. Raises ConfigError, OSError."""
    try:
        return msgspec.json.decode(read_private(path), type=kind)
    except FileNotFoundError:
        return kind()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is damaged ({error})", "correct it, or restore it from a copy") from error


def write_json(path: Path, content: msgspec.Struct) -> None:
    """Write it whole or not at all, for its owner alone (0600), in lines that a person can read. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Keep other commands of this user from changing the file meanwhile, where the platform has such locks."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
