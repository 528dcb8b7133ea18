"""One gateway: composes listener, pages, rendezvous and relay."""

import asyncio
import contextlib
import os
import ssl
import sys
import time
from collections.abc import Callable

from uvicorn.config import Config
from uvicorn.server import ServerState

from farhand.core.sockets import listen
from farhand.core.tasks import Tasks
from farhand.gateway.hosts.presence import Presence
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
from farhand.gateway.viewer import viewer_app
from farhand.gateway.visits import Visit
from farhand.protocol.envelope import LEG_MESSAGE_FIRST

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
        tickets = Tickets()
        conduct = Conduct(settings.limits)
        viewer_leg = ViewerLeg(self.rendezvous, conduct, clock)
        exact = {"/v1/viewer": Leg("viewer", viewer_leg.serve, YOUNG_MESSAGE_MAX, from_browsers=True)}
        beneath = {}
        if settings.registration is not None:
            host_leg = HostLeg(
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
        """Listen. Raises OSError (the address is in use, not this machine's, or needs privileges), ssl.SSLError."""
        settings = self._settings
        raise_open_files(_OPEN_FILES)
        context = None
        if settings.tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(settings.tls.certificate, settings.tls.key)
            context.set_alpn_protocols(["http/1.1"])
        config = Config(
            viewer_app(settings.viewer, trusted_tls=settings.tls is not None and settings.tls.trusted),
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

        sock = listen(settings.host, settings.port)
        self._port = sock.getsockname()[1]
        self._tasks.start(self.presence.run(), "presence")
        self._listener = Listener(sock, context, self.connections, settings.limits.handshake_seconds, make)

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
