"""`farhand login`."""

from typing import Annotated

import typer

from farhand.cli.options import parse_fingerprint
from farhand.cli.reaching import reaching


def command(
    url: Annotated[str, typer.Argument(metavar="URL", help="The gateway's address.")],
    fingerprint: Annotated[
        str,
        typer.Option(
            metavar="SHA256", help="The gateway's TLS certificate, as `farhand gateway` prints it, to be pinned."
        ),
    ] = "",
    root: Annotated[
        str,
        typer.Option(
            metavar="FINGERPRINT",
            help="The organisation's root key, as `farhand org show` prints it: none else will do.",
        ),
    ] = "",
) -> None:
    """Log in at a gateway: open the address that is shown, in any browser, and approve the code.

    farhand login https://gateway.example:8443
    """
    pinned = parse_fingerprint(fingerprint)
    with reaching():
        from farhand.cli.logging_in import login

        login(url, pinned, root)
