"""One gateway: composes listener, pages, rendezvous and relay."""

import asyncio
import contextlib
import os
import ssl
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from farhand.core.sockets import listen
from farhand.core.tasks import Tasks
from farhand.gateway.hosts.presence import Presence, Sight
from farhand.gateway.http import HEADERS_MAX, HttpConnection
from farhand.gateway.legs import Leg, Legs
from farhand.gateway.limits import Conduct, Connections
from farhand.gateway.listener import Listener
from farhand.gateway.relay.models import Tickets
from farhand.gateway.relay.routes import CallLeg
from farhand.gateway.rendezvous.hosts import HostLeg
from farhand.gateway.rendezvous.routes import MESSAGE_MAX, YOUNG_MESSAGE_MAX, ViewerLeg
from farhand.gateway.rendezvous.service import Rendezvous
from farhand.gateway.settings import GatewaySettings
from farhand.gateway.viewer import guarded, viewer_app
from farhand.gateway.visits import Visit
from farhand.protocol.envelope import LEG_MESSAGE_FIRST

if TYPE_CHECKING:
    from farhand.gateway.service import Service

_OPEN_FILES = 16_384
#: How long connections get to send their last bytes when the gateway ends, in seconds.
_LAST_BYTES_SECONDS = 1.0


class Gateway:
    """Serves the viewer, brings viewers and hosts together, and relays. ``start``, later ``close``."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rendezvous = Rendezvous(entropy)
        self.presence = Presence()
        self.connections = Connections(settings.limits)
        self._settings = settings
        self._port: int | None = None
        self._listener: Listener | None = None
        self._tasks = Tasks("gateway")
        self._state = ServerState()
        self.service: Service | None = None
        """Accounts and what stands on them, once started, where the settings ask for them."""
        tickets = Tickets()
        conduct = Conduct(settings.limits)
        viewer_leg = ViewerLeg(self.rendezvous, conduct, clock)
        exact = {"/v1/viewer": Leg("viewer", viewer_leg.serve, YOUNG_MESSAGE_MAX, from_browsers=True)}
        beneath = {}
        self._host_leg: HostLeg | None = None
        if settings.registration is not None or settings.service is not None:
            host_leg = self._host_leg = HostLeg(
                self.rendezvous,
                tickets,
                conduct,
                self.presence,
                token=settings.registration,
                grace_seconds=settings.host_grace_seconds,
                entropy=entropy,
                clock=clock,
            )
            exact["/v1/host"] = Leg("host", host_leg.serve, LEG_MESSAGE_FIRST, keepalive=False)
            beneath["/v1/call/"] = Leg("call", CallLeg(tickets).serve, MESSAGE_MAX, admit=tickets.__contains__)
        self._legs = Legs(exact, beneath)

    @property
    def port(self) -> int:
        """The port that it listens on, once started."""
        if self._port is None:
            raise RuntimeError("the gateway is not started")
        return self._port

    async def start(self) -> None:
        """Open the service if there is one, and listen.

        Raises OSError (the address is in use, not this machine's, or needs privileges), ssl.SSLError, FarhandError.
        """
        settings = self._settings
        raise_open_files(_OPEN_FILES)
        context = None
        if settings.tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(settings.tls.certificate, settings.tls.key)
            context.set_alpn_protocols(["http/1.1"])
        sock = listen(settings.host, settings.port)
        try:
            pages = await self._pages()
        except BaseException:
            sock.close()
            raise
        config = Config(
            pages,
            http=HttpConnection,
            ws=asyncio.Protocol,  # never made: HttpConnection hands WebSockets over itself
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=HEADERS_MAX,
        )
        config.load()

        def make(visit: Visit) -> HttpConnection:
            return HttpConnection(
                config,
                self._state,
                visit=visit,
                legs=self._legs,
                tasks=self._tasks,
                keepalive=settings.keepalive,
            )

        self._port = sock.getsockname()[1]
        self._tasks.start(self.presence.run(self._write), "presence")
        self._listener = Listener(sock, context, self.connections, settings.limits.handshake_seconds, make)

    async def _pages(self) -> ASGIApp:
        settings = self._settings
        trusted_tls = settings.tls is not None and settings.tls.trusted
        pages = viewer_app(settings.viewer, trusted_tls=trusted_tls)
        if settings.service is None:
            return pages
        # Only now: a gateway without accounts does without the half a second and the memory that this costs.
        from farhand.gateway.service import Service

        self.service = await Service.open(
            settings.service, self.rendezvous, tls=settings.tls is not None, presence=self.presence
        )
        if self._host_leg is not None:
            self._host_leg.copies = self.service.copies
        return _beside(pages, guarded(self.service.app, trusted_tls=trusted_tls))

    async def _write(self, sights: list[Sight]) -> None:
        if self.service is not None:
            await self.service.write_sights(sights)

    async def close(self) -> None:
        """Stop listening, end the legs, and give their last bytes a moment; safe to call twice."""
        if self._listener is not None:
            await self._listener.close()
            self._listener = None
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._tasks.close()
        await self.presence.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_BYTES_SECONDS):
                await self.connections.wait_empty()
        if self.service is not None:
            with contextlib.suppress(Exception):  # the next start finds everybody away in any case
                await self._write(self.presence.sights())
            await self.service.close()
            self.service = None


def _beside(pages: ASGIApp, api: ASGIApp) -> ASGIApp:
    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (api if scope["path"].startswith("/api/") else pages)(scope, receive, send)

    return either


def raise_open_files(wanted: int) -> None:
    """Allow this process as many open files as the system lets it, up to ``wanted``: each connection is one."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
