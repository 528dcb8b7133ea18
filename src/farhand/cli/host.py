"""`farhand host`."""

from pathlib import Path
from typing import Annotated

import typer

from farhand.cli import options as o
from farhand.cli.exits import told


@o.shares
def command(
    sharing: o.SharingOptions,
    gateway: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The gateway's address, such as https://gateway.example:8443; once enrolled, it is known.",
        ),
    ] = "",
    enrol: Annotated[
        str,
        typer.Option(
            metavar="TOKEN",
            help="Join the organisation, once, by a token of `farhand org token` or the console; - reads it from "
            "standard input.",
        ),
    ] = "",
    enrol_only: Annotated[
        bool, typer.Option("--enrol-only", help="Enrol, and end: the service that runs later finds the rest.")
    ] = False,
    codes: Annotated[
        bool | None,
        typer.Option(
            "--codes/--no-codes",
            help="Whether one-time codes are shown, too; only if this computer is enrolled nowhere.",
            show_default=False,
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Without enrolment: the registration token that the gateway keeps, in a file of your own.",
        ),
    ] = None,
    fingerprint: Annotated[
        str,
        typer.Option(
            metavar="SHA256",
            help="Accept this one certificate of the gateway, and no other: as `farhand gateway` shows.",
        ),
    ] = "",
) -> None:
    """Make this computer reachable through a gateway: nothing listens here, all connections go outwards.

    Reachable when nobody is there, by the organisation's rules. Once, with a token that an administrator made:

    farhand host --gateway https://gateway.example --enrol fhe1.…

    From then on, by hand or as a service that starts with the computer:

    farhand host

    farhand host install --help

    Help for somebody who sits here, by one-time codes and without enrolment:

    farhand host --gateway https://gateway.example --token-file ~/farhand-token

    The owner's rules stand in host.toml in the settings folder (~/.config/farhand, for a service /etc/farhand). What
    the organisation grants is never more than they allow:

    allow = ["view", "control"]   # the most that anyone gets
    silence = "no"                # when nobody answers: no, view or yes
    at_end = "lock"               # then: nothing, lock or log-off
    browser.allow = ["view"]      # viewers that the gateway served

    A gateway with a certificate of its own prints its fingerprint: add --fingerprint 3f0c… once.
    """
    pinned = o.parse_fingerprint(fingerprint)
    if enrol_only and not enrol:
        raise typer.BadParameter("there is no token: add --enrol", param_hint="--enrol-only")
    with told():
        from farhand.cli.attached import GatewayOptions, enrol_host, host

        chosen = GatewayOptions(gateway, token_file, pinned, enrol, codes)
        if enrol_only:
            enrol_host(chosen, sharing)
        else:
            host(chosen, sharing)
