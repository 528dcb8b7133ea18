"""`farhand logout`."""

from typing import Annotated

import typer

from farhand.cli.reaching import reaching


def command(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="The gateway's address; not needed where there is only one.")
    ] = "",
) -> None:
    """Log out at a gateway; hosts stay known, and this device stays in the list there until it is revoked.

    farhand logout https://gateway.example:8443
    """
    with reaching():
        from farhand.cli.logging_in import logout

        logout(url)
