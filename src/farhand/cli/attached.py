"""`farhand host`: a host that is reached through a gateway elsewhere."""

import getpass
import sys
from dataclasses import dataclass
from pathlib import Path

from farhand.cli.codes import CodeKeeper
from farhand.cli.exits import CliError, Exit
from farhand.cli.options import SharingOptions
from farhand.cli.sharing import sharing
from farhand.core.config import read_private
from farhand.core.tasks import run
from farhand.transports.base import Transport
from farhand.transports.relay import GatewayLink, RegistrationDenied


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Which gateway, and how to be let in there."""

    address: str
    token: str
    fingerprint: bytes | None


def read_token(path: Path | None) -> str:
    """Read the registration token; without a file, ask for it where somebody can answer. Raises FarhandError."""
    if path is not None:
        try:
            return read_private(path).decode().strip()
        except OSError as error:
            raise CliError(Exit.SETTINGS, f"{path} cannot be read ({error.strerror})", "it holds the token") from error
    if sys.stdin.isatty():
        return getpass.getpass("The gateway's registration token (empty if it is --open): ")
    return ""


async def _host(gateway: GatewayOptions, options: SharingOptions) -> None:
    async with sharing(options) as shared:
        keeper: CodeKeeper | None = None

        async def call(transport: Transport, address: str) -> None:
            await shared.agent.call(transport, address)

        def online() -> None:
            shared.announcer.say("online", f"registered at {gateway.address}")

        def offline(why: str, wait: float) -> None:
            shared.announcer.say("offline", f"{why}; next try in {wait:.0f} s", why=why, wait=round(wait, 1))

        def route_lost(route: str) -> None:
            if keeper is not None:
                keeper.route_lost(route)

        link = GatewayLink(
            gateway.address,
            shared.keys,
            shared.agent.host_name,
            call=call,
            token=gateway.token,
            fingerprint=gateway.fingerprint,
            on_online=online,
            on_offline=offline,
            on_route_lost=route_lost,
        )
        shared.start(link.run(), "gateway")
        keeper = shared.open(link, [gateway.address.rstrip("/")], {"gateway": gateway.address})
        try:
            await shared.wait()
        except RegistrationDenied as error:
            raise CliError(Exit.GATEWAY, error.cause, error.cure) from error


def host(gateway: GatewayOptions, options: SharingOptions) -> None:
    """Run until it is ended. Raises FarhandError."""
    run(_host(gateway, options))
