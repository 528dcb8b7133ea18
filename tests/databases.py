"""The databases that a gateway may have: every test that asks for ``database`` runs on SQLite and on PostgreSQL.

PostgreSQL is Debian's own, in a cluster of its own in a temporary folder, reached by a socket there.
"""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

_numbers = count()
#: A database takes about 8 MB, and several processes have a server each.
_ROOM = 4 << 30


def _programs() -> Path:
    """The folder of the newest PostgreSQL: Debian keeps its programs off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    here = shutil.which("postgres")
    if here is None:
        pytest.fail("PostgreSQL is not installed: script/setup --test does it")
    return Path(here).parent


def _place() -> Path:
    """The memory disk, where it has room for a hundred databases; short, as a socket's path has to be."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else Path("/tmp")


class Cluster:
    """A PostgreSQL server with databases for tests."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="farhand-pg-", dir=_place()))
        self._programs = _programs()
        self._user: str | None = None
        if os.geteuid() == 0:  # as whom PostgreSQL refuses to run
            self._user = next(name for name in ("postgres", "nobody") if _there_is(name))
            shutil.chown(self.folder, self._user)
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "farhand", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=60"
        self._run("pg_ctl", "-D", data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://farhand@/{name}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        """Make a database like the template; returns its name."""
        name = f"t{next(_numbers)}"
        self._run("createdb", "-h", self.folder, "-U", "farhand", "-T", template, name)
        return name

    def run(self, program: str, *arguments: object) -> str:
        """Run one of PostgreSQL's programs on this cluster; returns what it printed."""
        return self._run(program, "-h", self.folder, "-U", "farhand", *arguments)

    def stop(self) -> None:
        """End the server, and take the folder away."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: object) -> str:
        done = subprocess.run(
            [self._programs / program, *map(str, arguments)],
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def _there_is(user: str) -> bool:
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False


async def _migrated(url: str, folder: Path) -> None:
    from farhand.gateway.api import api_app  # for all the models  # noqa: F401
    from farhand.gateway.database import Database, database_url
    from farhand.gateway.migrations import migrate

    database = Database(database_url(url, folder))
    await database.open()
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server for this worker's tests."""
    cluster = Cluster()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def _postgres_template(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = postgres.create()
    asyncio.run(_migrated(postgres.url(name), tmp_path_factory.mktemp("template")))
    return name


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    asyncio.run(_migrated("", folder))
    return folder / "gateway.db"


@pytest.fixture
def gateway_folder(tmp_path: Path) -> Path:
    """A gateway's data folder."""
    folder = tmp_path / "gateway"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, gateway_folder: Path) -> str:
    """What to give as ``ServiceSettings.database``: a database of this test's own, with today's tables."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), gateway_folder / "gateway.db")
        return ""
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.url(cluster.create(request.getfixturevalue("_postgres_template")))
