"""What every gateway needs before it listens: an address, a certificate, and words for what can go wrong."""

import datetime
import errno
import ipaddress
from dataclasses import dataclass, replace
from pathlib import Path

from farhand.cli.addresses import certificate_names
from farhand.cli.exits import CliError, Exit
from farhand.core.assets import viewer_directory
from farhand.core.config import Paths
from farhand.core.ids import grouped
from farhand.gateway.app import Gateway
from farhand.gateway.settings import GatewaySettings
from farhand.gateway.tls import certificate_fingerprint, given_certificate, own_certificate


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """What a gateway is told on the command line."""

    host: str
    port: int
    certificate: Path | None
    key: Path | None
    plain: bool


def gateway_settings(listen: ListenOptions, paths: Paths) -> GatewaySettings:
    """Settings with a certificate: the given one, or one of this computer's own. Raises FarhandError, OSError."""
    settings = GatewaySettings(host=listen.host, port=listen.port, viewer=viewer_directory())
    if listen.plain:
        return settings
    if listen.certificate is not None and listen.key is not None:
        return replace(settings, tls=given_certificate(listen.certificate, listen.key))
    now = datetime.datetime.now(datetime.UTC)
    return replace(settings, tls=own_certificate(paths.data, certificate_names(listen.host), now))


async def start_gateway(gateway: Gateway, listen: ListenOptions) -> None:
    """Listen. Raises CliError with what to do about it."""
    where = f"{listen.host}:{listen.port}"
    try:
        await gateway.start()
    except OSError as error:
        cures = {
            errno.EADDRINUSE: f"something listens there already; try --listen {listen.host}:{listen.port + 1}",
            errno.EACCES: "ports below 1024 are for root; try --listen with a higher one",
            errno.EADDRNOTAVAIL: "that is no address of this computer; 0.0.0.0 stands for all of its addresses",
        }
        cure = cures.get(error.errno or 0, "try another address with --listen")
        raise CliError(Exit.LISTEN, f"cannot listen on {where} ({error.strerror or error})", cure) from error


def about_tls(settings: GatewaySettings, listen: ListenOptions) -> dict[str, str]:
    """What to say about how browsers see this gateway."""
    if settings.tls is None:
        if _loopback(listen.host):
            return {}
        return {"page": "plain HTTP: browsers run the viewer on this computer only; over HTTPS they do everywhere"}
    if settings.tls.trusted:
        return {}
    shown = certificate_fingerprint(settings.tls)
    return {
        "page": "the browser warns once: nobody vouches for this computer's own certificate, whose fingerprint is",
        "certificate": f"SHA-256 {grouped(shown.replace(':', '').lower(), 8)}",
    }


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
