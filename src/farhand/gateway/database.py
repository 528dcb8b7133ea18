"""Where the gateway keeps what must not be lost: SQLite in its data folder, or PostgreSQL.

Two kinds of transactions, so that a writer knows from its first statement on that nobody writes beside it (SQLite),
and readers wait for nobody: ``async with database.read() as db`` and ``async with database.write() as db``. ``write``
commits at the block's end and rolls back when it is left by an exception. Keep slow work (hashing, the network) out of
both. Times are whole milliseconds since 1970 in columns named ``*_ms``.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import BigInteger, MetaData, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from farhand.core.errors import FarhandError

_SQLITE_WAIT_SECONDS = 10
#: So long a closing waits for transactions that are under way.
_CLOSE_SECONDS = 5.0
#: Connections to PostgreSQL at once, or threads that read SQLite.
_POOL = 5


class DatabaseError(FarhandError):
    """The database cannot be used."""


class Base(DeclarativeBase):
    """What every model derives from; constraints have names on every database, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger}


class Setting(Base):
    """What the gateway remembers of itself, by name."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


def database_url(text: str, folder: Path) -> URL:
    """The database to use: ``text`` as its owner wrote it, or, empty, the one in the folder. Raises DatabaseError."""
    if not text:
        return URL.create("sqlite+aiosqlite", database=str(folder / "gateway.db"))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise DatabaseError(
            "the database's address cannot be read", "postgresql://user@host/name, or sqlite:////path/file.db"
        ) from error
    match url.drivername:
        case "postgresql" | "postgres" | "postgresql+asyncpg":
            return url.set(drivername="postgresql+asyncpg")
        case "sqlite" | "sqlite+aiosqlite" if url.database:
            return url.set(drivername="sqlite+aiosqlite")
    raise DatabaseError(f"{url.drivername} is no database for a gateway", "use PostgreSQL (postgresql://…) or SQLite")


class Database:
    """One database; ``open`` it, later ``close``."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        # SQLite has one writer at a time anyway: waiting here costs no thread, and is fair.
        self._writing = asyncio.Lock() if self.is_sqlite else contextlib.nullcontext()
        self._engine: AsyncEngine | None = None
        self._users = 0
        self._unused = asyncio.Event()
        self._unused.set()

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine, once open."""
        if self._engine is None:
            raise RuntimeError("the database is not open")
        return self._engine

    async def open(self) -> None:
        """Connect; makes SQLite's file (0600) where there is none. Raises DatabaseError."""
        if self.is_sqlite:
            _make_private(Path(str(self.url.database)))
            engine = create_async_engine(
                self.url,
                pool_size=_POOL,
                max_overflow=0,
                connect_args={"timeout": _SQLITE_WAIT_SECONDS, "isolation_level": None},
            )
            event.listen(engine.sync_engine, "connect", _on_connect)
            event.listen(engine.sync_engine, "begin", _on_begin)
        else:
            engine = create_async_engine(
                self.url, pool_size=_POOL, max_overflow=_POOL, pool_pre_ping=True, connect_args={"timeout": 10}
            )
        try:
            async with engine.connect():
                pass
        except (OSError, DBAPIError, sqlite3.Error) as error:
            await engine.dispose()
            where = self.url.render_as_string(hide_password=True)
            raise DatabaseError(
                f"the database {where} cannot be used ({getattr(error, 'orig', None) or error})",
                "check that it runs, and the address, user and password in the gateway's settings",
            ) from error
        self._engine = engine

    async def close(self) -> None:
        """Disconnect, once transactions that are under way have ended; safe to call twice."""
        engine, self._engine = self._engine, None
        if engine is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._unused.wait()
            await engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads, of one state of the database."""
        async with self._used(), AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that writes: committed at the end of the block, undone when an exception leaves it.

        On PostgreSQL others may write meanwhile: what has to hold among several rows is held by a constraint, or
        by ``with_for_update()``.
        """
        async with self._used(), self._writing, AsyncSession(self.engine, expire_on_commit=False) as session:
            if self.is_sqlite:
                await session.connection(execution_options={"farhand_write": True})
            async with _committing(session):
                yield session

    @asynccontextmanager
    async def _used(self) -> AsyncIterator[None]:
        """Keep ``close`` waiting: what is given back to a pool that is gone is closed by nobody."""
        self._users += 1
        self._unused.clear()
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                self._unused.set()


@asynccontextmanager
async def _committing(session: AsyncSession) -> AsyncIterator[None]:
    try:
        yield
        await session.commit()
    except BaseException:
        await session.rollback()
        raise


async def upsert(db: AsyncSession, model: type[Base], key: dict[str, Any], values: dict[str, Any]) -> None:
    """Store a row under its key, whether or not there is one; two at once do not disturb each other."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(model).values(**key, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def _make_private(path: Path) -> None:
    # SQLite gives its -wal and -shm files the mode of the database.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        os.chmod(path, 0o600)
    except OSError as error:
        raise DatabaseError(f"{path} cannot be used ({error.strerror})", "it must be a file of this user") from error


def _on_connect(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "trusted_schema=OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Any) -> None:
    # Without IMMEDIATE a transaction that read first and writes later fails when somebody wrote in between.
    writes = connection.get_execution_options().get("farhand_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class FolderLock:
    """Holds the gateway's data folder for one process; presence and codes in memory allow no second one."""

    def __init__(self, folder: Path) -> None:
        """Take it. Raises DatabaseError where another process has it, OSError."""
        self._descriptor = os.open(folder / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise DatabaseError(
                f"another gateway runs with the data in {folder}", "end it first, or name another folder with --data"
            ) from error

    def release(self) -> None:
        """Give it back; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
