"""`farhand host`: a host that is reached through a gateway elsewhere."""

import contextlib
import getpass
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from farhand.cli.codes import CodeKeeper
from farhand.cli.enrol import enrol, lasting_pin, read_enrol_token
from farhand.cli.exits import CliError, Exit
from farhand.cli.installed import check_installed
from farhand.cli.keys import host_keys
from farhand.cli.lines import Lines
from farhand.cli.options import SharingOptions
from farhand.cli.owner import host_paths, host_settings
from farhand.cli.sharing import Sharing, sharing
from farhand.client.gateways import tidy_url
from farhand.core.config import Paths, read_private
from farhand.core.log_lines import configure
from farhand.core.tasks import run
from farhand.host.audit import Kind
from farhand.host.audit_feed import AuditFeed
from farhand.host.enrolment import Enrolment, RootMismatch, keep_enrolment, mark_removed, read_enrolment
from farhand.host.settings import HostSettings
from farhand.host.status import StatusReader
from farhand.protocol.grants import fingerprint
from farhand.protocol.identity import Keys
from farhand.transports.base import Transport
from farhand.transports.relay import GatewayLink, HostRemoved, RegistrationDenied


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Which gateway, and how to be let in there."""

    address: str
    """Empty: where this computer is enrolled."""
    token_file: Path | None
    fingerprint: bytes | None
    enrol: str
    """An enrolment token; empty: none."""
    codes: bool | None
    """Whether one-time codes are given; None: where this computer is not enrolled."""


@dataclass(slots=True)
class _Place:
    """Where this host registers; ``enrolment`` is None for one that callers reach by codes alone."""

    address: str
    fingerprint: bytes | None
    enrolment: Enrolment | None = None
    token: str = ""
    new: bool = False


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


def find_place(chosen: GatewayOptions, paths: Paths) -> _Place:
    """Where to register, by what was said and what is kept. Raises CliError, ConfigError, OSError."""
    kept = read_enrolment(paths.data)
    if chosen.enrol:
        if not chosen.address:
            raise CliError(Exit.USAGE, "--enrol needs the gateway's address", "add --gateway https://gateway.example")
        return _Place(chosen.address, chosen.fingerprint)
    if kept is None:
        if not chosen.address:
            raise CliError(
                Exit.USAGE,
                "this computer is enrolled nowhere, and no gateway is named",
                "farhand host --gateway URL --enrol TOKEN; or, for one-time codes, farhand up",
            )
        return _Place(chosen.address, chosen.fingerprint, token=read_token(chosen.token_file))
    if chosen.address and tidy_url(chosen.address) != kept.gateway:
        raise CliError(
            Exit.SETTINGS,
            f"this computer is enrolled at {kept.gateway}, not at {chosen.address}",
            f"leave out --gateway; to leave that organisation, move {paths.data / 'enrolment.json'} away",
        )
    if kept.removed:
        raise CliError(
            Exit.GATEWAY,
            f"this computer was removed from {kept.gateway} ({kept.removed})",
            "enrol it anew: farhand host --gateway URL --enrol TOKEN",
        )
    return _Place(kept.gateway, kept.fingerprint, enrolment=kept)


async def _host(chosen: GatewayOptions, options: SharingOptions) -> None:
    token = read_enrol_token(chosen.enrol) if chosen.enrol else None
    place = find_place(chosen, host_paths(options))

    async def prepare(paths: Paths, keys: Keys, settings: HostSettings) -> bytes | None:
        if token is not None:
            place.enrolment = await enrol(paths, place.address, token, keys, settings.name, place.fingerprint)
            place.address, place.fingerprint = place.enrolment.gateway, place.enrolment.fingerprint
            place.new = True
        elif place.enrolment is not None and chosen.fingerprint is not None:
            # Another certificate, by the owner's word: from now on its key.
            place.fingerprint = await lasting_pin(place.address, chosen.fingerprint)
            place.enrolment = msgspec.structs.replace(place.enrolment, pin=place.fingerprint.hex())
            keep_enrolment(paths.data, place.enrolment)
        return None if place.enrolment is None else place.enrolment.root_key

    async with sharing(options, prepare) as shared:
        await _serve(chosen, place, shared)


async def _serve(chosen: GatewayOptions, place: _Place, shared: Sharing) -> None:
    keeper: CodeKeeper | None = None
    enrolment = place.enrolment

    async def call(transport: Transport, address: str) -> None:
        await shared.agent.call(transport, address)

    def online() -> None:
        shared.announcer.say("online", f"registered at {place.address}")

    def offline(why: str, wait: float) -> None:
        shared.announcer.say("offline", f"{why}; next try in {wait:.0f} s", why=why, wait=round(wait, 1))

    def route_lost(route: str) -> None:
        if keeper is not None:
            keeper.route_lost(route)

    status = StatusReader(shared.platform, lambda: len(shared.agent.callers))
    link = GatewayLink(
        place.address,
        shared.keys,
        shared.agent.host_name,
        call=call,
        token=place.token,
        fingerprint=place.fingerprint,
        on_online=online,
        on_offline=offline,
        on_route_lost=route_lost,
        on_revoke=shared.revoke if enrolment is not None else None,
        on_removed=shared.agent.shutdown,
        status=status.read if enrolment is not None else None,
        audit=AuditFeed(shared.audit).run if enrolment is not None else None,
        patient=enrolment is not None,
    )
    about = {"gateway": place.address}
    if enrolment is not None:
        about |= {"enrolled": enrolment.gateway_name or "yes", "root": fingerprint(enrolment.root_key)}
        shared.on_event = lambda _: link.status_changed()
        shared.start(status.run(link.status_changed), "status")
    shared.started([place.address.rstrip("/")], about, certificate=place.fingerprint.hex() if place.fingerprint else "")
    if enrolment is not None and place.new:
        shared.audit.record(Kind.ENROLLED, gateway=enrolment.gateway, root=fingerprint(enrolment.root_key))
    shared.start(link.run(), "gateway")
    if enrolment is None or chosen.codes:
        keeper = shared.open(link, [place.address.rstrip("/")])
    try:
        await shared.wait()
    except HostRemoved as error:
        if enrolment is not None:
            mark_removed(shared.paths.data, enrolment)
        raise CliError(Exit.GATEWAY, error.cause, error.cure) from error
    except RegistrationDenied as error:
        raise CliError(Exit.GATEWAY, error.cause, error.cure) from error


async def _enrol(chosen: GatewayOptions, options: SharingOptions) -> None:
    token = read_enrol_token(chosen.enrol)
    place = find_place(chosen, host_paths(options))
    paths = host_paths(options).create()
    settings = host_settings(options, paths)
    keys = host_keys(paths, settings.name or socket.gethostname())
    found = await enrol(paths, place.address, token, keys, settings.name, place.fingerprint)
    about = {
        "enrolled at": found.gateway,
        "root": fingerprint(found.root_key),
        "this host": fingerprint(keys.identity_public),
    }
    Lines(sys.stdout, machine=options.machine).started(about)


def enrol_host(chosen: GatewayOptions, options: SharingOptions) -> None:
    """Enrol, and end. Raises FarhandError, OSError."""
    configure("json" if options.machine else "console", options.log)
    check_installed()
    with told_mismatch():
        run(_enrol(chosen, options))


@contextlib.contextmanager
def told_mismatch() -> Iterator[None]:
    """A root that is another than expected has an exit code of its own."""
    try:
        yield
    except RootMismatch as error:
        raise CliError(Exit.IDENTITY, error.cause, error.cure) from error


def host(gateway: GatewayOptions, options: SharingOptions) -> None:
    """Run until it is ended. Raises FarhandError, OSError."""
    with told_mismatch():
        run(_host(gateway, options))
