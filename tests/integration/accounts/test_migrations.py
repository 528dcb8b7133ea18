"""The database's versions: forward and back with data in it, on both databases."""

import asyncio
import os
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from tests.databases import Cluster
from tests.service_kit import ServiceKit, service_kit

from farhand.gateway.database import Base, Database, DatabaseError, FolderLock, database_url
from farhand.gateway.migrations import latest, migrate, scripts, version


async def tables(database: Database) -> set[str]:
    async with database.read() as db:
        connection = await db.connection()
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_the_tables_are_what_the_models_say(kit: ServiceKit) -> None:
    async with kit.backend.database.read() as db:
        connection = await db.connection()
        found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata))
    assert not found


async def test_every_version_goes_back_and_forward_again_with_data_in_it(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await kit.person(admin, "Bob", operator=True)
    await admin.ok("POST", "/groups", {"name": "Help desk"})
    await admin.ok("POST", "/recovery", {})
    database = kit.backend.database
    order = [revision.revision for revision in scripts().walk_revisions()]
    assert await version(database) == order[0] == latest()
    for older in order[1:]:
        await migrate(database, older)
        assert await version(database) == older
        async with database.read() as db:
            assert (await db.execute(text("SELECT count(*) FROM person"))).scalar_one() == 2
    await migrate(database)
    assert await version(database) == latest()
    other = await kit.browser("192.0.2.77")
    await other.sign_in("Bob")
    await migrate(database, "base")
    assert await tables(database) == {"alembic_version"}
    await migrate(database)
    assert (await other.ok("GET", "/setup")) is not None


async def test_a_step_that_fails_leaves_the_database_as_it_was(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kit.admin()
    script = scripts()
    module = script.get_revision(latest()).module
    down = module.downgrade

    def broken() -> None:
        down()
        raise RuntimeError("in the middle")

    monkeypatch.setattr(module, "downgrade", broken)
    monkeypatch.setattr("farhand.gateway.migrations.scripts", lambda: script)
    before = await tables(kit.backend.database)
    with pytest.raises(RuntimeError, match="in the middle"):
        await migrate(kit.backend.database, "base")
    assert await tables(kit.backend.database) == before
    assert await version(kit.backend.database) == latest()


async def test_a_database_of_a_newer_version_is_left_alone(kit: ServiceKit) -> None:
    async with kit.backend.database.write() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer Farhand"):
        await migrate(kit.backend.database)


async def test_gateways_that_start_at_once_migrate_once(postgres: Cluster, tmp_path: Path) -> None:
    url = database_url(postgres.url(postgres.create()), tmp_path)
    databases = [Database(url) for _ in range(3)]
    for database in databases:
        await database.open()
    await asyncio.gather(*(migrate(database) for database in databases))
    assert await version(databases[0]) == latest()
    for database in databases:
        await database.close()


async def test_a_database_that_cannot_be_used_is_named_without_its_password(tmp_path: Path) -> None:
    for url in ("postgresql://u:secret@127.0.0.1:1/n", "postgresql://u:secret@/n?host=/nowhere"):
        with pytest.raises(DatabaseError) as caught:
            await Database(database_url(url, tmp_path)).open()
        assert "secret" not in str(caught.value)
        assert "/n" in caught.value.cause
    for url in ("mysql://x/y", "not an address", "sqlite://"):
        with pytest.raises(DatabaseError):
            database_url(url, tmp_path)


async def test_sqlite_is_for_its_owner_alone_and_its_folder_for_one_process(gateway_folder: Path) -> None:
    async with service_kit(gateway_folder) as kit:
        await kit.admin()
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in gateway_folder.iterdir()}
        assert {"gateway.db", "gateway.db-wal", "gateway.secret"} <= set(files)
        assert set(files.values()) == {0o600}
        with pytest.raises(DatabaseError, match="another gateway"):
            FolderLock(gateway_folder)
    FolderLock(gateway_folder).release()


async def test_another_key_file_than_the_databases_is_noticed_at_the_start(gateway_folder: Path, database: str) -> None:
    async with service_kit(gateway_folder, database):
        pass
    (gateway_folder / "gateway.secret").write_bytes(os.urandom(32))
    with pytest.raises(DatabaseError, match=r"another gateway\.secret"):
        async with service_kit(gateway_folder, database):
            pass
    FolderLock(gateway_folder).release()
