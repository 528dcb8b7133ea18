"""What every route of the API works with: the database, the keys beside it, the clock, the hosts that are here."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from farhand.core.tasks import Tasks
from farhand.gateway.database import Database
from farhand.gateway.hosts.presence import Presence
from farhand.gateway.rendezvous.service import Rendezvous
from farhand.gateway.settings import ServiceSettings
from farhand.gateway.vault import Vault

#: Under which a request's scope holds the backend of its gateway.
BACKEND = "farhand.backend"


@dataclass(slots=True)
class Backend:
    """One gateway's; made by ``gateway/app.py`` before the first request, closed after the last."""

    settings: ServiceSettings
    database: Database
    vault: Vault
    rendezvous: Rendezvous
    tls: bool
    """Whether the gateway itself speaks TLS: what an address without ``url`` begins with."""
    setup_token: str | None = None
    """What makes the first administrator; None: there is one."""
    setup_is_new: bool = False
    """Whether that token was made by this start."""
    clock: Callable[[], float] = time.time
    presence: Presence = field(default_factory=Presence)
    """Which hosts are here."""
    tasks: Tasks = field(default_factory=lambda: Tasks("service"))
    on_person_gone: list[Callable[[str], Awaitable[None]]] = field(default_factory=list)
    """Called with the id of a person who was disabled or removed, after that was stored."""
    parts: dict[str, Any] = field(default_factory=dict)
    """Services by name: made once by their folder's ``install(backend)``."""
    on_close: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def setup_file(self) -> Path:
        """Where the set-up token stands (0600) until it was used."""
        return self.settings.data / "setup.token"

    def now_ms(self) -> int:
        """The time as the database keeps it."""
        return int(self.clock() * 1000)

    async def person_gone(self, person_id: str) -> None:
        """Tell everybody who has to act on it."""
        for tell in self.on_person_gone:
            await tell(person_id)


def _backend(request: Request) -> Backend:
    backend: Backend = request.scope[BACKEND]
    return backend


InBackend = Annotated[Backend, Depends(_backend)]
"""A route's parameter: the backend of its gateway."""
