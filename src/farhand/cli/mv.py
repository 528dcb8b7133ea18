"""`farhand mv`."""

from typing import Annotated, Literal

from farhand.cli.files_options import GatewayOption, HostPath, Interactive, Reason, parse_ask, parse_reason
from farhand.cli.light import Argument, Option
from farhand.cli.outcome import reaching


def command(
    place: HostPath,
    to: Annotated[
        str, Argument(metavar="PATH", help="Its new name: a path at the same host, or a folder that is there.")
    ],
    conflict: Annotated[
        Literal["replace", "refuse", "newer", "keep-both", "ask"],
        Option(
            help="Where the name is taken: replace it, refuse, replace what is older, take another name, or ask at the "
            "terminal."
        ),
    ] = "refuse",
    interactive: Interactive = False,
    reason: Reason = "",
    gateway: GatewayOption = "",
) -> None:
    """Give a file or folder at a host another name or place.

    farhand mv frontdesk:draft.txt letters/final.txt
    """
    why = parse_reason(reason)
    ask = parse_ask(conflict, interactive)
    with reaching():
        from farhand.cli.filing import move
        from farhand.cli.running import Reaching
        from farhand.protocol.messages.files import Conflict

        how = None if ask else Conflict[conflict.upper().replace("-", "_")]
        move(place, to, how, Reaching(gateway, why))
