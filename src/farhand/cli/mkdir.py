"""`farhand mkdir`."""

from typing import Annotated

import typer

from farhand.cli.files_options import HostPaths
from farhand.cli.reaching import GatewayOption, Reason, parse_reason, reaching


def command(
    places: HostPaths,
    parents: Annotated[
        bool, typer.Option("--parents", "-p", help="Those above it too; no error where it is there.")
    ] = False,
    reason: Reason = "",
    gateway: GatewayOption = "",
) -> None:
    """Make folders at a host.

    farhand mkdir -p frontdesk:site/2026/images
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import Reaching, make

        make(places, Reaching(gateway, why), parents=parents)
