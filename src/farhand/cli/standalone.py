"""`farhand gateway`: a gateway for hosts that are elsewhere."""

import asyncio
import secrets
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from farhand.cli.addresses import base_url, reachable_at
from farhand.cli.gateway_file import ServiceOptions, service_settings
from farhand.cli.installed import check_installed
from farhand.cli.lines import Lines
from farhand.cli.listening import ListenOptions, about_tls, gateway_settings, start_gateway
from farhand.cli.options import LogLevels
from farhand.core.config import Paths, read_private, write_private
from farhand.core.log_lines import configure
from farhand.core.tasks import run
from farhand.gateway.app import Gateway
from farhand.gateway.tls import certificate_fingerprint


@dataclass(frozen=True, slots=True)
class StandaloneOptions:
    """What ``farhand gateway`` is told beside where to listen."""

    open: bool
    token_file: Path | None
    service: ServiceOptions
    machine: bool
    log: LogLevels


def registration_token(path: Path) -> str:
    """The token with which hosts register, made at the first start and kept (0600). Raises ConfigError, OSError."""
    try:
        return read_private(path).decode().strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(24)
        write_private(path, f"{token}\n".encode())
        return token


async def _gateway(listen: ListenOptions, options: StandaloneOptions) -> None:
    configure("json" if options.machine else "console", options.log)
    check_installed()
    paths = Paths.default().create()
    token_file = options.token_file or paths.data / "registration.token"
    settings = gateway_settings(listen, paths)
    settings = replace(
        settings,
        registration="" if options.open else registration_token(token_file),
        service=service_settings(options.service, paths),
    )
    gateway = Gateway(settings)
    await start_gateway(gateway, listen)
    try:
        base = base_url(reachable_at(listen.host)[0], gateway.port, plain=listen.plain)
        command = f"farhand host --gateway {base}"
        if settings.tls is not None and not settings.tls.trusted:
            command += f" --fingerprint {certificate_fingerprint(settings.tls).replace(':', '').lower()}"
        if not options.open:
            command += " --token-file FILE"
        about = about_tls(settings, listen)
        if options.open:
            about["hosts"] = "anyone may register"
        else:
            about["hosts"] = f"register with the token in {token_file}: copy it to FILE there, for its owner alone"
        lines = Lines(machine=options.machine)
        about |= _first_administrator(gateway, base, lines)
        lines.started({"gateway": base, **about, "on a host": command, "to end": "Ctrl-C"})
        await _signal()
    finally:
        await gateway.close()


def _first_administrator(gateway: Gateway, base: str, lines: Lines) -> dict[str, str]:
    """How the first administrator is made, as long as there is none; the token itself once, and to people only."""
    backend = gateway.service.backend if gateway.service is not None else None
    if backend is None or backend.setup_token is None:
        return {}
    link = f"{backend.settings.url or base}/console#/setup"
    if backend.setup_is_new and lines.people:
        return {"first administrator": f"open {link}?token={backend.setup_token}"}
    return {"first administrator": f"open {link}; the token is in {backend.setup_file}"}


async def _signal() -> None:
    loop = asyncio.get_running_loop()
    end: asyncio.Future[None] = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: None if end.done() else end.set_result(None))
    await end


def gateway(listen: ListenOptions, options: StandaloneOptions) -> None:
    """Run until it is ended. Raises FarhandError, OSError."""
    run(_gateway(listen, options))
