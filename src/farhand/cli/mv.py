"""`farhand mv`."""

from typing import Annotated, Literal

import typer

from farhand.cli.files_options import HostPath
from farhand.cli.reaching import GatewayOption, Reason, parse_reason, reaching


def command(
    place: HostPath,
    to: Annotated[
        str, typer.Argument(metavar="PATH", help="Its new name: a path at the same host, or a folder that is there.")
    ],
    conflict: Annotated[
        Literal["replace", "refuse", "newer", "keep-both"],
        typer.Option(help="Where the name is taken: replace it, refuse, replace what is older, or take another name."),
    ] = "refuse",
    reason: Reason = "",
    gateway: GatewayOption = "",
) -> None:
    """Give a file or folder at a host another name or place.

    farhand mv frontdesk:draft.txt letters/final.txt
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import Reaching, move
        from farhand.protocol.messages.files import Conflict

        move(place, to, Conflict[conflict.upper().replace("-", "_")], Reaching(gateway, why))
