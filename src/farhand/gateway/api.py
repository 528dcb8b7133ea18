"""The API: one FastAPI app under /api, beside the pages and never in the way of the legs.

A part (accounts, hosts, rights, audit) gives a router and, where it has something to set up, ``install(backend)``.
"""

import functools
from collections.abc import Callable

from fastapi import APIRouter, Depends, FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farhand import __version__
from farhand.gateway import answers
from farhand.gateway.accounts import routes as accounts
from farhand.gateway.audit import routes as audit
from farhand.gateway.backend import BACKEND, Backend
from farhand.gateway.hosts import enrol_routes as enrolment
from farhand.gateway.hosts import routes as hosts
from farhand.gateway.rights import routes as rights
from farhand.gateway.security import guard_origin

#: The largest body, in bytes; nothing that people or programs tell a gateway is larger.
BODY_MAX = 64 << 10
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

ROUTERS: list[APIRouter] = [accounts.router, hosts.router, enrolment.router, rights.router, audit.router]
INSTALL: list[Callable[[Backend], None]] = [accounts.install, enrolment.install, rights.install]


def api_app(backend: Backend) -> ASGIApp:
    """The API of one gateway; ``/api`` is part of its paths."""
    for install in INSTALL:
        install(backend)
    return _Bounded(_described(), backend)


@functools.cache
def _described() -> FastAPI:
    """All routes: the same for every gateway of a process, and half a second to build."""
    app = FastAPI(
        title="Farhand gateway",
        version=__version__,
        summary="Accounts, hosts, rights and audit of one gateway.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # one spelling of each path, and every other is none
        dependencies=[Depends(guard_origin)],
        responses=answers.ERRORS,
    )
    answers.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/api")
    return app


class _Bounded:
    """Bounds what a request may send, and keeps every answer out of caches and frames."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[BACKEND] = self._backend
        seen = 0
        started = False

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > BODY_MAX:
                raise _TooLarge
            return message

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = message.setdefault("headers", [])
                headers += [(b"cache-control", b"no-store"), (b"content-security-policy", _POLICY.encode())]
            await send(message)

        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        try:
            if not length.isdigit() or len(length) > 9 or int(length) > BODY_MAX:
                raise _TooLarge
            await self._app(scope, bounded, guarded)
        except _TooLarge:
            if not started:
                refusal = answers.answer(413, "too-large", f"a request has at most {BODY_MAX} bytes")
                await refusal(scope, receive, guarded)


class _TooLarge(HTTPException):
    # Of this kind, because FastAPI takes any other that comes while it reads a body for malformed JSON.
    def __init__(self) -> None:
        super().__init__(413, f"a request has at most {BODY_MAX} bytes")
