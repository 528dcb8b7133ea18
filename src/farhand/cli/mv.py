"""`farhand mv`."""

from typing import Annotated, Literal

from farhand.cli.files_options import GatewayOption, HostPath, Reason, parse_reason
from farhand.cli.light import Argument, Option
from farhand.cli.outcome import reaching


def command(
    place: HostPath,
    to: Annotated[
        str, Argument(metavar="PATH", help="Its new name: a path at the same host, or a folder that is there.")
    ],
    conflict: Annotated[
        Literal["replace", "refuse", "newer", "keep-both"],
        Option(help="Where the name is taken: replace it, refuse, replace what is older, or take another name."),
    ] = "refuse",
    reason: Reason = "",
    gateway: GatewayOption = "",
) -> None:
    """Give a file or folder at a host another name or place.

    farhand mv frontdesk:draft.txt letters/final.txt
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import move
        from farhand.cli.running import Reaching
        from farhand.protocol.messages.files import Conflict

        move(place, to, Conflict[conflict.upper().replace("-", "_")], Reaching(gateway, why))
