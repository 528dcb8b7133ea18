"""What `farhand doctor` looks at, by what the computer is for."""

import contextlib
import errno
import importlib
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from farhand.cli import checks_files as files
from farhand.cli import checks_gateway, checks_scan
from farhand.cli.exits import Exit
from farhand.cli.findings import Finding, well, wrong
from farhand.core.assets import AssetsError, viewer_directory
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.core.sockets import listen

ROLES = ("up", "host", "gateway", "client")

#: What must be importable, by what it is for.
_PACKAGES = ("cryptography", "msgspec", "platformdirs", "structlog", "typer", "websockets")
_PACKAGES_OF = {
    "host": (
        "av",
        "blake3",
        "numpy",
        "psutil",
        "yara_x",
        "zstandard",
        *(("xcffib",) if sys.platform == "linux" else ()),
    ),
    "gateway": (
        *("aiosqlite", "alembic", "argon2", "asyncpg", "authlib", "fastapi"),
        *("pyotp", "sqlalchemy", "starlette", "uvicorn", "webauthn"),
    ),
    "client": ("httpx", "starlette", "uvicorn"),
}
#: Programs of a virtual desktop, by the Debian package that has them.
_VIRTUAL = {"Xvfb": "xvfb", "openbox": "openbox", "xterm": "xterm"}
#: How long a gateway on this computer may take to answer, in seconds.
_NEAR_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Doctor:
    """What to look at. ``role`` is one of ROLES; empty: all that this user's files say that this computer is."""

    role: str = ""
    display: str | None = None
    host: str = "0.0.0.0"  # noqa: S104  what `farhand up` listens on if nobody says otherwise
    port: int = 8443
    gateways: tuple[str, ...] = ()
    """Addresses to look at beside those that are kept."""
    fingerprint: bytes | None = None
    """Their certificates' SHA-256."""
    settings: Path | None = None
    data: Path | None = None
    database: str = ""
    home: Path | None = None
    """Where a service, or a second host, keeps its files; None: the user's own folders."""


def examine(doctor: Doctor, *, machine: bool) -> int:
    """Look at everything, print what is found as it is found, and return the exit code."""
    ok = True
    for finding in _findings(doctor, Paths.default() if doctor.home is None else Paths.under(doctor.home)):
        finding.print(machine=machine)
        ok = ok and finding.ok
    return Exit.OK if ok else Exit.FAILED


def _findings(doctor: Doctor, paths: Paths) -> Iterator[Finding]:
    role = doctor.role
    yield _python()
    yield _packages(role)
    yield files.installation()
    if role != "host":
        yield _viewer()
    yield _folders(paths)
    if role in ("", "up", "host"):
        yield from files.host_keys(paths)
        yield from files.audit(paths)
        yield from checks_scan.scanning(paths)
        yield from _screen(doctor.display or os.environ.get("DISPLAY") or None)
    if role in ("", "client"):
        yield from files.client_files(paths)
    if role in ("", "up", "gateway"):
        yield _port(doctor.host, doctor.port)
    if role in ("", "gateway"):
        yield from _gateway(doctor, paths)
    for url, fingerprint in _addresses(doctor, paths).items():
        yield from checks_gateway.gateway(url, fingerprint)


def _addresses(doctor: Doctor, paths: Paths) -> dict[str, bytes | None]:
    """The gateways that matter here: the named ones, where this host is enrolled, where this user is logged in."""
    found: dict[str, bytes | None] = {}
    # Files that cannot be read are findings of their own.
    with contextlib.suppress(FarhandError, OSError):
        if doctor.role in ("", "host"):
            from farhand.host.enrolment import read_enrolment

            enrolment = read_enrolment(paths.data)
            if enrolment is not None and not enrolment.removed:
                found[enrolment.gateway] = enrolment.fingerprint
    with contextlib.suppress(FarhandError, OSError):
        if doctor.role in ("", "client"):
            from farhand.client.gateways import Gateways

            found |= {login.url: login.fingerprint for login in Gateways(paths).all()}
    for url in doctor.gateways:
        found[url] = doctor.fingerprint or found.get(url)
    return found


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Finding("python", ok, f"Python {version}", "" if ok else "install Python 3.11 or newer")


def _packages(role: str) -> Finding:
    roles = {"": _PACKAGES_OF, "up": ("host", "gateway")}.get(role, (role,))
    missing = []
    for name in dict.fromkeys((*_PACKAGES, *(name for one in roles for name in _PACKAGES_OF[one]))):
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        return wrong("packages", f"cannot be imported: {', '.join(missing)}", "install Farhand anew")
    return well("packages", "all that Farhand imports is here")


def _viewer() -> Finding:
    try:
        return well("viewer", f"built, in {viewer_directory()}")
    except AssetsError as error:
        return wrong("viewer", error.cause, error.cure)


def _folders(paths: Paths) -> Finding:
    try:
        paths.create()
    except OSError as error:
        return wrong("folders", f"{error.filename} cannot be made ({error.strerror})", "set HOME")
    for folder in (paths.data, paths.runtime):
        if not os.access(folder, os.W_OK):
            return wrong("folders", f"{folder} cannot be written", f"make {folder} this user's own")
        if folder.stat().st_mode & 0o022:
            return wrong("folders", f"others can write {folder}", f"run: chmod go-w {folder}, and look what is in it")
    return well("folders", f"keys are kept in {paths.data}")


def _screen(display: str | None) -> Iterator[Finding]:
    if display is not None:
        if problem := _display_problem(display):
            yield wrong("display", problem, "run this as the user of that display, or name another with --display")
        else:
            yield well("display", f"{display} can be reached")
        return
    missing = {program: package for program, package in _VIRTUAL.items() if shutil.which(program) is None}
    cure = f"apt-get install {' '.join(missing.values())}" if missing else ""
    if not missing:
        yield well("display", "none; a desktop without a screen would be started")
    else:
        text = f"none, and {', '.join(missing)} not found to start one without a screen"
        yield Finding("display", "Xvfb" not in missing, text, cure)


def _display_problem(display: str) -> str:
    from farhand.host.platform import close_platform, open_platform
    from farhand.host.platform.base import PlatformError

    try:
        close_platform(open_platform(display))
    except (PlatformError, ImportError) as error:
        return str(error)
    return ""


def _port(host: str, port: int) -> Finding:
    name = f"{host}:{port}"
    try:
        listen(host, port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE and _is_ours(port):
            return well("port", f"{name}: a Farhand gateway listens there")
        return wrong("port", f"{name} cannot be listened on ({error.strerror})", "name another one with --listen")
    return well("port", f"{name} is free (on {socket.gethostname()}; a firewall may still close it)")


def _is_ours(port: int) -> bool:
    """Whether what listens here already is a gateway."""
    shown = checks_gateway.certificate("localhost", port, _NEAR_SECONDS)
    url = f"http://localhost:{port}" if shown is None else f"https://localhost:{port}"
    return all(one.ok for one in checks_gateway.gateway(url, shown, environment={}, step=_NEAR_SECONDS))


def _gateway(doctor: Doctor, paths: Paths) -> Iterator[Finding]:
    """The gateway that this computer is: keys, address and database."""
    from farhand.cli.gateway_file import ServiceOptions, service_settings

    try:
        settings = service_settings(ServiceOptions(doctor.settings, doctor.data, doctor.database), paths)
    except (FarhandError, OSError) as error:
        cause = error.cause if isinstance(error, FarhandError) else str(error)
        yield wrong("settings", cause, getattr(error, "cure", "") or "correct gateway.toml")
        return
    yield from files.gateway_files(paths, settings.data)
    if settings.url:
        yield from checks_gateway.browser(settings.url)
    yield from _database(settings.database, settings.data, asked=doctor.role == "gateway" or bool(doctor.database))


def _database(text: str, folder: Path, *, asked: bool) -> Iterator[Finding]:
    """Whether the database answers, and is of this version."""
    from farhand.core.tasks import run
    from farhand.gateway.database import Database, DatabaseError, database_url
    from farhand.gateway.migrations import latest, scripts, version

    async def reached(database: Database) -> str | None:
        await database.open()
        try:
            return await version(database)
        finally:
            await database.close()

    try:
        url = database_url(text, folder)
        name = url.render_as_string(hide_password=True)
        if url.get_backend_name() == "sqlite":
            path = Path(str(url.database))
            if not path.exists():
                if asked:
                    yield well("database", f"none in {path} yet: the gateway's first start makes it")
                return
            if path.stat().st_mode & 0o077:
                yield wrong("database", f"others may read or write {path}", f"run: chmod 600 {path}")
            now = _sqlite_version(path)
        else:
            now = run(reached(Database(url)))
    except DatabaseError as error:
        yield wrong("database", error.cause, error.cure)
        return
    except (OSError, sqlite3.Error) as error:
        cure = "it must be this user's own, and whole: restore it from a backup if it is damaged"
        yield wrong("database", f"the database cannot be read ({error})", cure)
        return
    known = {revision.revision for revision in scripts().walk_revisions()}
    if now == latest():
        yield well("database", f"{name} answers, and is of this version")
    elif now is None or now in known:
        cure = "start `farhand gateway`: it does so itself; copy the database first"
        yield wrong("database", f"{name} was not migrated to this version ({now or 'empty'}, not {latest()})", cure)
    else:
        yield wrong("database", f"a newer Farhand made {name} ({now})", "run that version, or restore a backup")


def _sqlite_version(path: Path) -> str | None:
    """The version in an SQLite file, which is only read: a gateway may be running on it. Raises sqlite3.Error."""
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
    return None if row is None else str(row[0])
