"""`farhand hosts`."""

from typing import Annotated

import typer

from farhand.cli.options import Json
from farhand.cli.reaching import GatewayOption, reaching


def command(
    search: Annotated[str, typer.Option(metavar="TEXT", help="Those whose name, tags or notes hold it.")] = "",
    group: Annotated[str, typer.Option(metavar="NAME", help="Those of this group.")] = "",
    online: Annotated[bool, typer.Option("--online", help="Those that are connected.")] = False,
    gateway: GatewayOption = "",
    json: Json = False,
) -> None:
    """List the hosts that you may reach, at every gateway where you are logged in.

    farhand hosts --group office --search front
    """
    with reaching():
        from farhand.cli.listing import HostQuery, hosts

        hosts(HostQuery(search, group, online, gateway, json))
