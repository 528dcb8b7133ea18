"""`farhand host`."""

from pathlib import Path
from typing import Annotated

import typer

from farhand.cli import options as o
from farhand.cli.exits import told


def command(
    gateway: Annotated[
        str, typer.Option(metavar="URL", help="The gateway's address, such as https://gateway.example:8443.")
    ],
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The registration token that the gateway keeps, in a file of your own."),
    ] = None,
    fingerprint: Annotated[
        str,
        typer.Option(
            metavar="SHA256",
            help="Accept this one certificate of the gateway, and no other: as `farhand gateway` shows.",
        ),
    ] = "",
    display: o.Display = None,
    virtual: o.Virtual = None,
    size: o.Size = "1280x720",
    ready_file: o.ReadyFile = None,
    allow: o.Allow = "view,control,clipboard",
    ask: o.Ask = True,
    name: o.Name = "",
    grace: o.Grace = 120,
    once: o.Once = False,
    json: o.Json = False,
    log: o.LogLevel = "warning",
) -> None:
    """Make this computer reachable through a gateway: nothing listens here, all connections go outwards.

    farhand host --gateway https://gateway.example:8443 --token-file ~/farhand-token

    A gateway with a certificate of its own, whose fingerprint `farhand gateway` prints:

    farhand host --gateway https://10.0.0.5:8443 --token-file ~/farhand-token --fingerprint 3f0c…
    """
    pinned = o.parse_fingerprint(fingerprint)
    chosen = o.sharing_options(
        display=display,
        virtual=virtual,
        size=size,
        allow=allow,
        ask=ask,
        name=name,
        grace=grace,
        once=once,
        ready_file=ready_file,
        json=json,
        log=log,
    )
    with told():
        from farhand.cli.attached import GatewayOptions, host, read_token

        host(GatewayOptions(gateway, read_token(token_file), pinned), chosen)
