"""`farhand doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from farhand.cli import options as o
from farhand.cli.exits import told


def command(
    role: Annotated[
        str,
        typer.Argument(metavar="[ROLE]", help="up, host, gateway or client; all that this user set up if not given."),
    ] = "",
    gateway: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Look whether this gateway can be reached, and how; repeatable."),
    ] = None,
    fingerprint: Annotated[
        str, typer.Option(metavar="SHA256", help="The certificate that those gateways must show.")
    ] = "",
    display: o.Display = None,
    listen: o.Listen = o.DEFAULT_LISTEN,
    settings: Annotated[Path | None, typer.Option(metavar="FILE", help="The gateway's settings.")] = None,
    data: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The gateway's data folder.")] = None,
    database: Annotated[str, typer.Option(metavar="URL", help="The gateway's database.")] = "",
    home: o.Home = None,
    json: o.Json = False,
) -> None:
    """Look what is not well on this computer and on the way to its gateways, and say what to do about it.

    farhand doctor

    farhand doctor client --gateway https://gateway.example:8443

    Ends with 0 if all is well, with 1 if something is not.
    """
    host, port = o.parse_listen(listen)
    pin = o.parse_fingerprint(fingerprint)
    with told():
        from farhand.cli.checks import ROLES, Doctor, examine

        if role and role not in ROLES:
            raise typer.BadParameter(f"there are {', '.join(ROLES)}", param_hint="ROLE")
        doctor = Doctor(role, display, host, port, tuple(gateway or ()), pin, settings, data, database, home)
        raise SystemExit(examine(doctor, machine=json))
