"""`farhand view`."""

import webbrowser
from typing import Annotated
from urllib.parse import urlsplit

import typer

from farhand.cli.exits import CliError, Exit, told


def command(
    link: Annotated[str, typer.Argument(metavar="LINK", help="What `farhand up` or `farhand host` printed.")],
) -> None:
    """Open a link in the browser.

    farhand view 'https://10.0.0.5:8443/#4821-739204615'
    """
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise typer.BadParameter("not a link, such as https://10.0.0.5:8443/#4821-739204615", param_hint="LINK")
    with told():
        if not webbrowser.open(link):
            raise CliError(Exit.FAILED, "no browser can be opened here", "open the link in a browser yourself")
