"""Settings and where things are kept: typed, frozen, read once; files that only their owner can read."""

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from farhand.core.errors import FarhandError
from farhand.core.logging import Format, Level

S = TypeVar("S", bound=msgspec.Struct)

_POSIX = sys.platform != "win32"


class ConfigError(FarhandError):
    """A settings file, or a private file, is not what it has to be."""


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a program logs: `form` for people or machines, `level` for Farhand's own events."""

    form: Format = "console"
    level: Level = "info"


class Paths(msgspec.Struct, frozen=True):
    """The folders of one installation, each for its owner alone."""

    config: Path
    """What the owner writes: settings."""
    data: Path
    """What must not be lost: keys, pins, grants, the gateway's database."""
    state: Path
    """What a program remembers and can do without: logs, recent hosts."""
    runtime: Path
    """What ends with the log-in: sockets."""

    @classmethod
    def default(cls) -> Self:
        """Return the platform's own folders for this user; nothing is created."""
        home = os.environ.get("HOME", "")
        if sys.platform == "linux" and os.path.isabs(home):
            # As platformdirs has it (XDG base directories), without the half hundredth of a second that it loads for.
            state = _named("XDG_STATE_HOME", home, ".local/state")
            return cls(
                config=_named("XDG_CONFIG_HOME", home, ".config"),
                data=_named("XDG_DATA_HOME", home, ".local/share"),
                state=state,
                runtime=_runtime_folder(state),
            )
        import platformdirs

        folders = platformdirs.PlatformDirs("farhand", appauthor=False)
        state = folders.user_state_path
        return cls(
            config=folders.user_config_path,
            data=folders.user_data_path,
            state=state,
            runtime=_runtime_folder(state) if sys.platform == "linux" else folders.user_runtime_path,
        )

    @classmethod
    def under(cls, root: Path) -> Self:
        """Return folders beneath one root: for tests, and for several installations of one user."""
        return cls(config=root / "config", data=root / "data", state=root / "state", runtime=root / "run")

    def create(self) -> Self:
        """Create the folders that do not exist, for their owner alone (0700), and return self."""
        for folder in (self.config, self.data, self.state, self.runtime):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


def _named(variable: str, home: str, usual: str) -> Path:
    named = os.environ.get(variable, "")
    return Path(named if os.path.isabs(named) else os.path.join(home, usual), "farhand")


def _runtime_folder(state: Path) -> Path:
    # Where a session manager made the folder, and for us alone. Else not below /tmp, where platformdirs would go:
    # another user could have made that folder first.
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    with contextlib.suppress(OSError):
        status = os.stat(named)
        if os.path.isabs(named) and status.st_uid == os.geteuid() and not status.st_mode & 0o077:
            return Path(named, "farhand")
    return state / "run"


def read_settings(path: Path, kind: type[S]) -> S:
    """Read a TOML file into the given frozen Struct; a file that does not exist means its defaults.

    Raises ConfigError that names the file and the entry, also for entries that the Struct does not know when it
    forbids them.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        text = b""
    except OSError as error:
        raise ConfigError(f"cannot read {path} ({error.strerror})", "check its owner and mode") from error
    try:
        return msgspec.toml.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not as expected ({error})", "correct or remove the entry") from error


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read (0600), whole or not at all.

    The content goes to a new file beside it, is synced and renamed over it: whoever reads sees the old file or the
    new one, also after a power cut. The folder has to exist. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # O_EXCL and a random name: nobody can have put a link there. The mode holds from the first moment.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def read_private(path: Path) -> bytes:
    """Return the content of a private file.

    Raises FileNotFoundError, and ConfigError when it is a link, belongs to someone else, or others may read or
    write it: what stood in it can then no longer be trusted, or is no longer secret.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"cannot open {path} ({error.strerror})", "it must be a plain file of yours") from error
    with open(descriptor, "rb") as file:
        if _POSIX:
            # Asked of the open file, so that nothing can be swapped in between.
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                raise ConfigError(f"{path} is not a plain file of this user", "remove it, or run as its owner")
            if status.st_mode & 0o077:
                raise ConfigError(
                    f"others may read or write {path} (mode {stat.S_IMODE(status.st_mode):04o})",
                    f"replace the key in it if others had access, then run: chmod 600 {path}",
                )
        return file.read()


def _sync_folder(folder: Path) -> None:
    if not _POSIX:
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
