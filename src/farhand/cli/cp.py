"""`farhand cp`."""

from typing import Annotated, Literal

from farhand.cli.files_options import (
    ASKING,
    RETRY,
    GatewayOption,
    Interactive,
    Json,
    Quiet,
    Reason,
    Retry,
    parse_ask,
    parse_reason,
)
from farhand.cli.light import Argument, Misused, Option
from farhand.cli.outcome import reaching


def command(
    places: Annotated[
        list[str],
        Argument(
            metavar="SRC… DST",
            help="Paths here, or TARGET:PATH at a host: a name, a link with its code, or `local`. `-` is standard "
            "input or output. `*`, `?` and `[a-z]` in a host's path are matched there: quote them.",
        ),
    ],
    recursive: Annotated[bool, Option("--recursive", "-r", help="Folders too, with all that is in them.")] = False,
    conflict: Annotated[
        Literal["replace", "refuse", "newer", "keep-both", "ask"],
        Option(
            help="Where the name is taken: replace it, refuse, replace what is older, take another name beside it, or "
            "ask about each at the terminal."
        ),
    ] = "replace",
    interactive: Interactive = False,
    preserve: Annotated[
        bool, Option("--preserve/--no-preserve", "-p", help="Permissions, times and attributes go along.")
    ] = True,
    skip: Annotated[
        bool, Option("--skip/--no-skip", help="Leave out what is there already with the same size and time.")
    ] = True,
    delta: Annotated[
        bool, Option("--delta/--no-delta", help="Send only what changed where an older version is there.")
    ] = True,
    pack: Annotated[bool, Option("--pack/--no-pack", help="On a slow line to a host, compress what shrinks.")] = True,
    verify: Annotated[bool, Option("--verify", help="Read both sides once more afterwards, and compare.")] = False,
    retry: Retry = RETRY,
    quiet: Quiet = False,
    reason: Reason = "",
    gateway: GatewayOption = "",
    json: Json = False,
) -> None:
    """Copy files to a host, from a host, or from one host to another.

    What was copied in part is gone on with, also by the same command after a cut or a kill. Every file is compared
    with its BLAKE3 before it gets its name. Exit codes: 0 all is there; 1 something did not arrive; 7 the host is not
    the one it was; 8 a rule or a person said no.

    farhand cp report.pdf frontdesk:

    farhand cp -r frontdesk:Documents/2026 .

    farhand cp -ri photos backup:

    farhand cp 'frontdesk:logs/*.gz' /tmp/

    farhand cp big.iso 'https://10.0.0.5:8443/#4821-739204615:'

    farhand cp -r frontdesk:site backup:sites/

    pg_dump shop | farhand cp - backup:shop.sql
    """
    why = parse_reason(reason)
    if len(places) < 2:
        raise Misused("name at least one source and the target", "SRC… DST")
    ask = parse_ask(conflict, interactive)
    if ask and "-" in places[:-1]:
        raise Misused("standard input is what is copied: it has no answers", ASKING)
    with reaching():
        from farhand.cli.filing import copies
        from farhand.cli.running import Reaching
        from farhand.client.copying import Copy
        from farhand.client.places import place
        from farhand.client.transfer import Options
        from farhand.protocol.messages.files import Conflict

        *sources, target = map(place, places)
        options = Options(
            conflict=Conflict.REFUSE if ask else Conflict[conflict.upper().replace("-", "_")],
            delta=delta,
            pack=pack,
            preserve=preserve,
            skip=skip,
            verify=verify,
        )
        asked = Copy(tuple(sources), target, recursive)
        copies(asked, options, Reaching(gateway, why, retry), ask=ask, quiet=quiet, machine=json)
