"""What was found stays: in a folder for its owner alone, under a random name, with a note beside it.

A find is moved there by a rename. Where it lies on another file system than the folder, it stays in the folder of
partial files that it arrived in, and only the note is here. Files are 0600, also when they are released.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
import time
from pathlib import Path

import msgspec

from farhand.core.config import write_private
from farhand.core.errors import FarhandError
from farhand.files.names import display
from farhand.files.system import rename_new

_ID = re.compile(r"q[0-9a-f]{32}")
_NOTE = ".json"


class QuarantineError(FarhandError):
    """There is no such find, or it cannot be moved or deleted."""


class Find(msgspec.Struct, frozen=True, kw_only=True):
    """One file in quarantine; the note beside it is this as JSON."""

    id: str
    """Its name in quarantine: ``q`` and 32 hexadecimal digits."""
    file: str
    """Where it lies."""
    path: bytes = b""
    """The name that it was meant to have, as the system has it; base64 in the note."""
    found: str = ""
    """What was found, and by what."""
    size: int = 0
    digest: str = ""
    """BLAKE3 of the whole file, hexadecimal; empty: it was stopped before all of it was there."""
    who: str = ""
    device: str = ""
    session: str = ""
    time: int = 0
    """Unix milliseconds."""

    @property
    def shown(self) -> str:
        """The name that it was meant to have, for people."""
        return display(self.path)


def quarantine_folder(data: Path) -> Path:
    """Where a host with this data folder keeps its finds."""
    return data / "quarantine"


class Quarantine:
    """Finds in ``folder``, which is made with the first one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(
        self,
        kept: Path,
        *,
        path: bytes,
        found: str,
        who: str = "",
        device: str = "",
        session: str = "",
        digest: bytes = b"",
        now: float | None = None,
    ) -> Find:
        """Take in a file of this user's that nothing else names any more; its name stays if it is an id.

        Raises OSError; then the file is where it was, or here without a note.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        name = kept.name if _ID.fullmatch(kept.name) else f"q{secrets.token_hex(16)}"
        kept.chmod(0o600)
        at = self._folder / name
        try:
            os.rename(kept, at)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            at = kept
        find = Find(
            id=name,
            file=str(at),
            path=path,
            found=found,
            size=at.stat().st_size,
            digest=digest.hex(),
            who=who,
            device=device,
            session=session,
            time=int((time.time() if now is None else now) * 1000),
        )
        write_private(self._folder / f"{name}{_NOTE}", msgspec.json.encode(find) + b"\n")
        return find

    def all(self) -> list[Find]:
        """Every find, oldest first; one whose note was lost has its id and time alone. Raises OSError."""
        finds: dict[str, Find] = {}
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        for name in names:
            if _ID.fullmatch(name) and f"{name}{_NOTE}" not in names:
                file = self._folder / name
                status = file.stat()
                finds[name] = Find(id=name, file=str(file), size=status.st_size, time=int(status.st_mtime * 1000))
            elif name.endswith(_NOTE) and _ID.fullmatch(name.removesuffix(_NOTE)):
                with contextlib.suppress(msgspec.DecodeError, FileNotFoundError):
                    find = msgspec.json.decode((self._folder / name).read_bytes(), type=Find)
                    finds[find.id] = find
        return sorted(finds.values(), key=lambda find: (find.time, find.id))

    def find(self, text: str) -> Find:
        """The one whose id begins so, with or without the ``q``. Raises QuarantineError, OSError."""
        wanted = text if text.startswith("q") else f"q{text}"
        found = [find for find in self.all() if find.id.startswith(wanted)] if len(wanted) > 4 else []
        if len(found) != 1:
            cause = (
                f"{len(found)} files in quarantine have an id that begins with {text!r}"
                if found
                else (f"no file in quarantine has the id {text!r}")
            )
            raise QuarantineError(cause, "run: farhand quarantine list")
        return found[0]

    def target(self, find: Find, to: Path | None = None) -> Path:
        """Where a file goes that is given back: the place that it was meant for, or ``to``, or into that folder.

        Raises QuarantineError.
        """
        target = to or Path(os.fsdecode(find.path))
        if to is None and not target.is_absolute():
            raise QuarantineError("it is not known where this file belongs", "name a place with --to")
        if to is not None and target.is_dir():
            target /= Path(os.fsdecode(find.path)).name or find.id
        return target

    def release(self, find: Find, target: Path) -> None:
        """Give a file back under this name, which must be free; 0600. Raises QuarantineError."""
        try:
            source = Path(find.file)
            source.chmod(0o600)
            _move(source, target)
            self._forget(find)
        except OSError as error:
            cause = f"{display(os.fsencode(target))} cannot be written ({error.strerror})"
            raise QuarantineError(cause, "name another place with --to, or take away what is there") from error

    def delete(self, find: Find) -> None:
        """Take a file away for good. Raises QuarantineError."""
        try:
            Path(find.file).unlink(missing_ok=True)
            self._forget(find)
        except OSError as error:
            raise QuarantineError(
                f"{find.file} cannot be deleted ({error.strerror})", "run this as the host's user"
            ) from error

    def _forget(self, find: Find) -> None:
        (self._folder / f"{find.id}{_NOTE}").unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    """Rename, or copy to another file system; never over something."""
    above, below = (os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY) for path in (source, target))
    try:
        rename_new(above, os.fsencode(source.name), below, os.fsencode(target.name))
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    finally:
        os.close(above)
        os.close(below)
    with open(source, "rb") as old, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
        try:
            shutil.copyfileobj(old, new, 1 << 20)
            new.flush()
            os.fsync(new.fileno())
        except BaseException:
            target.unlink()
            raise
    source.unlink()
