"""The server of the trusted viewer: two loopback sockets, one page, and an end when nobody looks any more."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Sequence
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from farhand.client.viewing.guard import OPEN, Guard
from farhand.client.viewing.relay import Sockets
from farhand.client.viewing.routes import failure
from farhand.core.errors import FarhandError
from farhand.core.sockets import listen
from farhand.transports.base import Transport
from farhand.transports.websocket import connect, leg_url

#: How long the viewer stays after its line has ended and nobody asks anything; and before it ever had one, while the
#: browser comes up, or a person writes down a reason.
IDLE_SECONDS, OPEN_SECONDS = 60.0, 300.0
_TRIES = 20


class LocalViewer:
    """Serves `pages` (the bundle) and `routes` to one browser, and passes its line on to a gateway.

    `fragment` is what the page begins with: a code, or ``local``. `fingerprint` is as in websocket.connect.
    """

    def __init__(
        self,
        pages: ASGIApp,
        routes: Sequence[Route],
        *,
        gateway: str,
        fingerprint: bytes | None,
        fragment: str,
        idle_seconds: float = IDLE_SECONDS,
        open_seconds: float = OPEN_SECONDS,
    ) -> None:
        self._pages = pages
        self._routes = list(routes)
        self._url = leg_url(gateway, "/v1/viewer")
        self._fingerprint = fingerprint
        self._fragment = fragment
        self._idle_seconds = idle_seconds
        self._open_seconds = open_seconds
        self._servers: list[asyncio.Server] = []
        self._state = ServerState()
        self._sockets: Sockets | None = None
        self._guard: Guard | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()

    @property
    def guard(self) -> Guard:
        """Who is let in; once it is started."""
        if self._guard is None:
            raise RuntimeError("the viewer is not started")
        return self._guard

    async def start(self) -> str:
        """Listen on a random port of this computer alone; the address that opens the viewer, once. Raises OSError."""
        sockets = loopback_sockets()
        guard = self._guard = Guard(sockets[0].getsockname()[1])
        lines = self._sockets = Sockets(guard, self._dial, self._active)
        app = Starlette(
            routes=[Route(f"{OPEN}{{token}}", self._open, methods=["GET"]), *self._routes, Mount("/", self._pages)]
        )
        config = Config(
            _Guarded(app, self),
            http=H11Protocol,
            ws=cast("type[asyncio.Protocol]", lines.make),  # uvicorn calls it as it would a class
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
        )
        config.load()
        loop = asyncio.get_running_loop()
        for sock in sockets:
            self._servers.append(await loop.create_server(lambda: H11Protocol(config, self._state, {}), sock=sock))
        self._stay(self._open_seconds)
        return guard.launch_url()

    async def ended(self) -> None:
        """Return when the browser has been gone for a while, or never came."""
        await self._ended.wait()

    def end(self) -> None:
        """Have it end now."""
        self._ended.set()

    async def close(self) -> None:
        """Stop; safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
        for server in self._servers:
            server.close()
        if self._sockets is not None:
            await self._sockets.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        self._ended.set()

    def asked(self) -> None:
        """A request of the right browser came: somebody is there."""
        self._active()

    def _active(self) -> None:
        lines = self._sockets
        if lines is not None and lines.open:
            self._stay(None)
        else:
            self._stay(self._idle_seconds if lines is not None and lines.ever else self._open_seconds)

    def _stay(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ended.set)

    async def _dial(self) -> Transport:
        return await connect(self._url, fingerprint=self._fingerprint)

    async def _open(self, request: Request) -> Response:
        cookie = self.guard.exchange(request.path_params["token"])
        headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
        if cookie is None:
            return PlainTextResponse("This address was used already. Run farhand view again.\n", 410, headers)
        # Not a redirect: this request may have come from a page on disk, and what it leads to would then be asked
        # for without the cookie. A page that leads on is the same site.
        page = f'<!doctype html><meta http-equiv="refresh" content="0;url=/#{self._fragment}"><title>Farhand</title>'
        return HTMLResponse(page, headers={**headers, "set-cookie": cookie})


class _Guarded:
    """Lets in who the guard lets in."""

    def __init__(self, app: ASGIApp, viewer: LocalViewer) -> None:
        self._app = app
        self._viewer = viewer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._viewer.guard.check(scope["method"], scope["path"], scope["headers"])
        if refusal is not None:
            headers = {"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff"}
            response = failure(refusal.status, refusal.code, refusal.text)
            response.headers.update(headers)
            await response(scope, receive, send)
            return
        if not scope["path"].startswith(OPEN):
            self._viewer.asked()
        await self._app(scope, receive, send)


def loopback_sockets() -> list[socket.socket]:
    """Listening sockets of 127.0.0.1 and, where there is IPv6, of ::1, at the same port. Raises OSError, FarhandError.

    Both, since a browser may try either first: another user of this computer could listen on the one that is free.
    """
    for _ in range(_TRIES):
        four = listen("127.0.0.1", 0)
        port = four.getsockname()[1]
        try:
            return [four, listen("::1", port)]
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                return [four]  # no IPv6 here: nobody else can listen there either
            four.close()
            if error.errno != errno.EADDRINUSE:
                raise
    raise FarhandError("no port is free on this computer", "end some programs that listen")


@contextlib.asynccontextmanager
async def serving(viewer: LocalViewer) -> AsyncIterator[str]:
    """Start it, give the address that opens it, and close it."""
    try:
        yield await viewer.start()
    finally:
        await viewer.close()
