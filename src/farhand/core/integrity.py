"""Whether the installed program is the one that was installed, and can be changed by nobody else.

pcAnywhere's files could be replaced by any local user, and ran with privileges (CVE-2011-3479). So a host compares
itself with its wheel's RECORD (PyPA, "Recording installed projects") and looks at owners and modes before it serves
anyone. RECORD is no signature: it finds damage and patchwork; owners and modes are what keeps other users out.
"""

import base64
import csv
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from farhand.core.errors import FarhandError

_PACKAGE = Path(__file__).resolve().parent.parent
_POSIX = sys.platform != "win32"
_HASHES = {"sha256", "sha384", "sha512"}
_ANEW = "install Farhand anew: pip install --force-reinstall farhand"


class InstallationChanged(FarhandError):
    """A file of the program is not the installed one, or others could change it."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What was found: where the program is, and how many files were compared; 0 in a development tree."""

    folder: Path
    files: int

    @property
    def development(self) -> bool:
        """Whether this is a checkout, which has nothing to be compared with."""
        return not self.files


def check_installation(package: Path = _PACKAGE, *, runs_as: int | None = None) -> Installation:
    """Compare every file of the package, and look at who may write what Python imports beside it.

    `package` is the folder of the package, as installed; `runs_as` the user that will run it, this one if not given.
    Raises InstallationChanged that names the first bad file.
    """
    site = package.parent
    if (site.parent / "pyproject.toml").is_file() and site.name == "src":
        return Installation(package, 0)
    recorded = _recorded(site, package)
    owners = _trusted_owners() | ({runs_as} if runs_as is not None else set())
    if _POSIX:
        for folder in (site, *site.parents):
            _check_folder(folder, owners)
        _check_tree(site, owners)
        _check_environment(site, owners)
    _compare(recorded, owners)
    _find_strangers(package, set(recorded))
    return Installation(package, len(recorded))


def _recorded(site: Path, package: Path) -> dict[Path, tuple[str, str]]:
    """Every file that RECORD knows with its hash's name and value, both empty where it has none."""
    found = sorted(site.glob(f"{package.name}-*.dist-info/RECORD"))
    if len(found) != 1:
        what = "is missing" if not found else "stands there more than once"
        raise InstallationChanged(f"the list of installed files in {site} {what}", _ANEW)
    try:
        rows = list(csv.reader(found[0].read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InstallationChanged(f"{found[0]} cannot be read", _ANEW) from error
    recorded: dict[Path, tuple[str, str]] = {}
    for row in rows:
        if row:
            name, _, value = (row[1] if len(row) > 1 else "").partition("=")
            recorded[Path(os.path.normpath(site / row[0]))] = (name, value)
    listed = recorded.get(package / "core" / "integrity.py", ("", ""))
    if not all(listed):
        raise InstallationChanged(f"{found[0]} does not list this program", _ANEW)
    return recorded


def _compare(recorded: dict[Path, tuple[str, str]], owners: set[int]) -> None:
    for path, (name, value) in recorded.items():
        if not name:
            continue  # RECORD itself, and what Python compiled
        if name not in _HASHES:
            raise InstallationChanged(f"{path} is recorded with {name}, which proves nothing", _ANEW)
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            raise InstallationChanged(f"{path} is missing", _ANEW) from None
        except OSError as error:
            raise InstallationChanged(f"{path} cannot be read as a plain file ({error.strerror})", _ANEW) from error
        with open(descriptor, "rb") as file:
            if _POSIX:
                _check(path, os.fstat(file.fileno()), owners)
            digest = hashlib.file_digest(file, name).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != value.rstrip("="):
            raise InstallationChanged(f"{path} was changed after it was installed", _ANEW)


def _find_strangers(package: Path, recorded: set[Path]) -> None:
    """Refuse a file that was put into the package: `x.so` beside `x.py` would be imported in its place."""
    for entry in _walk(package):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False) or path in recorded:
            continue
        if path.suffix == ".pyc" and path.parent.name == "__pycache__":
            source = path.parent.parent / f"{path.name.split('.', 1)[0]}.py"
            if source in recorded and not entry.is_symlink():
                continue
        raise InstallationChanged(f"{path} does not belong to Farhand", f"remove it, or {_ANEW}")


def _check_tree(site: Path, owners: set[int]) -> None:
    """Everything that Python would import from beside the package: who replaces a library replaces the program."""
    for entry in _walk(site):
        if not entry.is_symlink():
            _check(Path(entry.path), entry.stat(follow_symlinks=False), owners)


def _check_environment(site: Path, owners: set[int]) -> None:
    """The virtual environment that the package stands in, if it does: its settings and its programs."""
    prefix = Path(sys.prefix)
    if prefix not in site.parents:
        return
    for path in (prefix / "pyvenv.cfg", prefix / "bin", prefix / "bin" / "farhand"):
        if path.exists():
            _check(path, path.stat(), owners)


def _check_folder(folder: Path, owners: set[int]) -> None:
    status = folder.stat()
    if status.st_mode & stat.S_ISVTX and status.st_uid in owners:
        return  # as /tmp: everybody may add, nobody may replace another's
    _check(folder, status, owners)


def _check(path: Path, status: os.stat_result, owners: set[int]) -> None:
    if status.st_uid not in owners:
        raise InstallationChanged(
            f"{path} belongs to user {_user(status.st_uid)}, who could change this program",
            "install Farhand as root, or as the user that runs it",
        )
    if status.st_mode & 0o022:
        whose = "everybody" if status.st_mode & 0o002 else f"group {_group(status.st_gid)}"
        raise InstallationChanged(
            f"{path} can be written by {whose} (mode {stat.S_IMODE(status.st_mode):04o})",
            f"if nobody has changed it, run: chmod -R go-w {_whole(path)}; else {_ANEW}",
        )


def _whole(path: Path) -> Path:
    """The environment that the file is a part of: where one file was installed so, all were."""
    prefix = Path(sys.prefix)
    return prefix if sys.prefix != sys.base_prefix and path.is_relative_to(prefix) else path


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(Path(entry.path))
    except OSError as error:
        raise InstallationChanged(f"{error.filename} cannot be read ({error.strerror})", _ANEW) from error


def _trusted_owners() -> set[int]:
    if not _POSIX:
        return set()
    owners = {0, os.geteuid()}
    # In a user namespace without root (a user's unit in a sandbox) the system's own files have a stand-in's number.
    try:
        if not root_is_mapped(Path("/proc/self/uid_map").read_text()):
            owners.add(int(Path("/proc/sys/kernel/overflowuid").read_text()))
    except (OSError, ValueError):
        return owners
    return owners


def root_is_mapped(uid_map: str) -> bool:
    """Whether root has a number in this user namespace (user_namespaces(7)). Raises ValueError."""
    ranges = [[int(field) for field in line.split()] for line in uid_map.splitlines()]
    return any(first <= 0 < first + count for first, _, count in ranges)


def _user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
