"""A gateway's accounts, hosts, rights and audit: opens what they stand on, and gives the app that serves them."""

import contextlib
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from starlette.types import ASGIApp

from farhand.core.config import read_private, write_private
from farhand.gateway.accounts.models import PersonRow
from farhand.gateway.api import api_app
from farhand.gateway.audit.copies import AuditCopies
from farhand.gateway.backend import Backend
from farhand.gateway.database import Database, DatabaseError, FolderLock, Setting, database_url
from farhand.gateway.hosts import enrol_routes as hosts
from farhand.gateway.hosts.directory import write_sights
from farhand.gateway.hosts.presence import Presence, Sight
from farhand.gateway.migrations import migrate
from farhand.gateway.origin import parse_url
from farhand.gateway.rendezvous.service import Rendezvous
from farhand.gateway.settings import ServiceSettings
from farhand.gateway.vault import Vault, open_vault


class Service:
    """One gateway's; ``app`` serves it. ``close`` it at the end."""

    def __init__(self, backend: Backend, lock: FolderLock) -> None:
        self.backend = backend
        self.app: ASGIApp = api_app(backend)
        self.copies = AuditCopies(backend)
        """Copies of hosts' records."""
        self._lock = lock

    @classmethod
    async def open(
        cls, settings: ServiceSettings, rendezvous: Rendezvous, *, tls: bool, presence: Presence | None = None
    ) -> "Service":
        """Open database and keys, and bring the database to this version.

        Raises DatabaseError, VaultError, UrlError, ConfigError, OSError.
        """
        if settings.url:
            parse_url(settings.url)
        async with contextlib.AsyncExitStack() as stack:
            try:
                settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = FolderLock(settings.data)
                stack.callback(lock.release)
                vault = open_vault(settings.data)
            except OSError as error:
                raise DatabaseError(
                    f"{error.filename or settings.data} cannot be used ({error.strerror})",
                    "the gateway's data folder must be this user's own",
                ) from error
            database = Database(database_url(settings.database, settings.data))
            await database.open()
            stack.push_async_callback(database.close)
            await migrate(database)
            await _check_vault(database, vault)
            backend = Backend(settings, database, vault, rendezvous, tls)
            if presence is not None:
                backend.presence = presence
            backend.setup_token = await _setup_token(backend)
            service = cls(backend, lock)
            await hosts.load(backend)
            stack.pop_all()
            return service

    async def write_sights(self, sights: Sequence[Sight]) -> None:
        """Write down which hosts came and went."""
        await write_sights(self.backend.database, sights)

    async def close(self) -> None:
        """End what runs, and close the database; safe to call twice."""
        for close in self.backend.on_close:
            await close()
        self.backend.on_close.clear()
        await self.backend.tasks.close()
        await self.backend.database.close()
        self._lock.release()


async def _check_vault(database: Database, vault: Vault) -> None:
    """Say at the start, not at somebody's log-in, that database and key file are of two gateways."""
    mark = vault.hash("", "mark").hex()
    async with database.write() as db:
        kept = await db.get(Setting, "vault")
        if kept is None:
            db.add(Setting(key="vault", value=mark))
        elif kept.value != mark:
            raise DatabaseError(
                "this database was used with another gateway.secret", "restore the one from the same backup"
            )


async def _setup_token(backend: Backend) -> str | None:
    path = backend.setup_file
    async with backend.database.read() as db:
        done = await db.get(Setting, "setup") is not None
        done = done or (await db.execute(select(PersonRow.id).limit(1))).first() is not None
    if done:
        path.unlink(missing_ok=True)
        return None
    try:
        return read_private(path).decode().strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(24)
        write_private(path, f"{token}\n".encode())
        backend.setup_is_new = True
        return token
