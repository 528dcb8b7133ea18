"""The database's versions, one file each in ``versions``; run at start, forward and back.

Without Alembic's env.py and alembic.ini: the gateway has the connection and the scripts, and nobody else runs them.
"""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from farhand.gateway.database import Base, Database, DatabaseError

#: Holds other gateways off one PostgreSQL database while one of them migrates it: a number of our own.
_LOCK = 0x66617268616E64


def scripts() -> ScriptDirectory:
    """The versions that this Farhand knows."""
    return ScriptDirectory(str(Path(__file__).parent))


def latest() -> str:
    """The newest version."""
    return scripts().get_current_head() or ""


async def migrate(database: Database, to: str = "head") -> None:
    """Bring the database to a version: ``head``, or an older one; nothing happens where it is there already.

    All steps are one transaction: a failure leaves the database as it was. Raises DatabaseError where the database was
    made by a newer Farhand.
    """
    async with database.write() as session:
        connection = await session.connection()
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(_migrate, to)


async def version(database: Database) -> str | None:
    """The version of the database; None where it is empty."""
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def _migrate(connection: Connection, to: str) -> None:
    script = scripts()
    target = script.get_current_head() if to == "head" else to
    known = {revision.revision for revision in script.walk_revisions()}
    now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now not in known:
        raise DatabaseError(
            f"a newer Farhand made this database (version {now})", "run that one, or go back with it first"
        )
    order = [revision.revision for revision in script.walk_revisions()][::-1]
    back = now is not None and (target is None or target == "base" or order.index(target) < order.index(now))

    def steps(revision: str | tuple[str, ...], _context: MigrationContext) -> list[RevisionStep]:
        walk = script._downgrade_revs if back else script._upgrade_revs
        return walk(target, revision)  # type: ignore[arg-type]  # Alembic's own commands pass the same

    context = EnvironmentContext(Config(), script, fn=steps)
    with context:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        context.run_migrations()
