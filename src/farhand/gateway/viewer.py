"""The viewer's and the console's pages: the built bundle from memory, with headers that leave a page only its own."""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PERMISSIONS = {
    "(self)": (
        "autoplay",
        "clipboard-read",
        "clipboard-write",
        "fullscreen",
        "keyboard-map",
        "publickey-credentials-create",
        "publickey-credentials-get",
        "screen-wake-lock",
    ),
    "()": (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
        "xr-spatial-tracking",
    ),
}
#: The console's pages by the paths that lead to it.
_CONSOLE = {"console": "console.html", "console.html": "console.html"}
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?")
_HASHED = re.compile(r".*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".woff2": "font/woff2"}
_COMPRESSIBLE = ("text/", "application/json", "application/wasm", "image/svg")
_YEAR = 365 * 24 * 3600


def page_policy(host: str) -> str:
    """The Content-Security-Policy of a page that was asked of this Host.

    ``'self'`` covers WebSockets in the newer browsers only; the others need their addresses spelt out.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "worker-src 'self'",
            "style-src 'self'",
            f"connect-src 'self'{sockets}",
            "img-src 'self' data: blob:",
            "media-src 'self' blob: mediastream:",
            "font-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types farhand lit-html",
        )
    )


def console_policy() -> str:
    """The Content-Security-Policy of the console: it has no sockets, workers, media or WebAssembly."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types lit-html",
        )
    )


def security_headers(*, trusted_tls: bool) -> dict[str, str]:
    """The headers of every answer; ``trusted_tls`` where browsers trust the certificate."""
    headers = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": ", ".join(f"{name}={who}" for who, names in _PERMISSIONS.items() for name in names),
        "x-frame-options": "DENY",
    }
    if trusted_tls:
        headers["strict-transport-security"] = f"max-age={_YEAR}"
    return headers


class _Guarded:
    """Adds the headers to every answer, those of errors too."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = next((value for name, value in scope.get("headers", ()) if name == b"host"), b"")
        policy = page_policy(host.decode("latin-1")).encode()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
                if not any(name == b"content-security-policy" for name, _ in message["headers"]):
                    message["headers"].append((b"content-security-policy", policy))
            await send(message)

        await self._app(scope, receive, guarded)


def guarded(app: ASGIApp, *, trusted_tls: bool) -> ASGIApp:
    """The app, with the headers of every answer; one that has a Content-Security-Policy keeps its own."""
    return _Guarded(app, security_headers(trusted_tls=trusted_tls))


class _File:
    """One file of the bundle."""

    def __init__(self, name: str, content: bytes) -> None:
        kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._content = content
        self._compressed: bytes | None = None
        self._compressible = kind.startswith((*_COMPRESSIBLE, "text/javascript")) and len(content) > 1024
        self._headers = {
            "content-type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            # A hashed name stands for its content for ever; anything else may be another one after an update.
            "cache-control": f"public, max-age={_YEAR}, immutable" if _HASHED.fullmatch(name) else "no-cache",
            "etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
            "vary": "accept-encoding",
        }

    def respond(self, request: Request) -> Response:
        if request.headers.get("if-none-match") == self._headers["etag"]:
            return Response(status_code=304, headers=self._headers)
        content, headers = self._content, dict(self._headers)
        if self._compressible and "gzip" in request.headers.get("accept-encoding", ""):
            if self._compressed is None:
                self._compressed = gzip.compress(content, 6, mtime=0)
            content, headers["content-encoding"] = self._compressed, "gzip"
        return Response(content, headers=headers)


def viewer_app(folder: Path | None, *, trusted_tls: bool) -> ASGIApp:
    """The pages: the folder's files by their names, its index.html at ``/``, ``/console``, and ``/healthz``.

    The files are read now, once: no path that a stranger sends ever reaches the file system.
    """
    files = dict(_read(folder)) if folder is not None else {}

    async def page(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        file = files.get(_CONSOLE.get(name, name))
        if file is None:
            return PlainTextResponse("There is nothing here.\n", 404)
        answer = file.respond(request)
        if name in _CONSOLE:
            answer.headers["content-security-policy"] = console_policy()
        return answer

    async def health(_request: Request) -> Response:
        return PlainTextResponse("farhand\n", headers={"cache-control": "no-store"})

    app = Starlette(
        routes=[
            Route("/healthz", health),
            Route("/", page),
            Route("/{name:path}", page),
        ]
    )
    return _Guarded(app, security_headers(trusted_tls=trusted_tls))


def _read(folder: Path) -> Iterable[tuple[str, _File]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            yield name, _File(name, path.read_bytes())
