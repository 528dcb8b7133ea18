"""`farhand gateway`."""

from pathlib import Path
from typing import Annotated

import typer

from farhand.cli import options as o
from farhand.cli.exits import told


def command(
    listen: o.Listen = o.DEFAULT_LISTEN,
    open_: Annotated[
        bool, typer.Option("--open", help="Let any host register, without a token: for a network that you trust.")
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the registration token is kept (0600); made if it is not there."),
    ] = None,
    url: Annotated[
        str,
        typer.Option(metavar="URL", help="The address by which people reach it, such as https://gateway.example."),
    ] = "",
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where accounts, hosts and keys are kept (0700).")
    ] = None,
    database: Annotated[
        str,
        typer.Option(metavar="URL", help="postgresql://user@host/name instead of SQLite in the data folder."),
    ] = "",
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings; gateway.toml in the user's own if not given.")
    ] = None,
    cert: o.Certificate = None,
    key: o.Key = None,
    plain: o.Plain = False,
    json: o.Json = False,
    log: o.LogLevel = "info",
) -> None:
    """Run a gateway: accounts, computers and rights, and where computers behind routers and their callers meet.

    It relays what it cannot read. The first start says how the first administrator is made.

    farhand gateway --cert /etc/ssl/gateway.pem --key /etc/ssl/gateway.key --listen :443

    and then, as it says, on each computer to reach: farhand host --gateway …
    """
    o.check_certificate(cert, key, plain)
    host, port = o.parse_listen(listen)
    with told():
        from farhand.cli.gateway_file import ServiceOptions
        from farhand.cli.listening import ListenOptions
        from farhand.cli.standalone import StandaloneOptions, gateway

        gateway(
            ListenOptions(host, port, cert, key, plain),
            StandaloneOptions(open_, token_file, ServiceOptions(settings, data, database, url), json, log),
        )
