"""`farhand view`."""

from typing import Annotated

import typer

from farhand.cli.reaching import (
    DEFAULT_RIGHTS,
    GatewayOption,
    Reason,
    Rights,
    known_targets,
    parse_reason,
    parse_rights,
    reaching,
)


def command(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A host's name, a link or code, or `local` for this computer's own host.",
            autocompletion=known_targets,
        ),
    ],
    rights: Rights = DEFAULT_RIGHTS,
    reason: Reason = "",
    minutes: Annotated[
        int, typer.Option(min=0, max=1440, metavar="N", help="Ask for the rights for so long; 0: for the session.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser here, or only print the address.")
    ] = True,
    gateway: GatewayOption = "",
) -> None:
    """See and operate a host in the trusted viewer, which this computer itself serves to your browser.

    farhand view frontdesk

    farhand view 'https://10.0.0.5:8443/#4821-739204615'
    """
    asked = parse_rights(rights)
    why = parse_reason(reason)
    if "://" in target and not target.startswith(("http://", "https://")):
        raise typer.BadParameter("not a link, such as https://10.0.0.5:8443/#4821-739204615", param_hint="TARGET")
    with reaching():
        from farhand.cli.viewing import ViewOptions, view

        view(ViewOptions(target, tuple(asked), why, minutes * 60, browser, gateway))
