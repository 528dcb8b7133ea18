"""`farhand verify-viewer`."""

from typing import Annotated

import typer

from farhand.cli.options import Json, parse_fingerprint
from farhand.cli.reaching import reaching


def command(
    url: Annotated[str, typer.Argument(metavar="URL", help="The gateway's address.")],
    fingerprint: Annotated[
        str, typer.Option(metavar="SHA256", help="Accept this TLS certificate, as `farhand gateway` prints it.")
    ] = "",
    json: Json = False,
) -> None:
    """Compare the viewer that a gateway serves with this release: 0 the same, 7 something differs, 1 cannot be told.

    farhand verify-viewer https://gateway.example:8443
    """
    pinned = parse_fingerprint(fingerprint)
    with reaching():
        from farhand.cli.verifying import verify_viewer

        verify_viewer(url, pinned, machine=json)
