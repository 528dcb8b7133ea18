"""`farhand mkdir`."""

from typing import Annotated

from farhand.cli.files_options import GatewayOption, HostPaths, Reason, parse_reason
from farhand.cli.light import Option
from farhand.cli.outcome import reaching


def command(
    places: HostPaths,
    parents: Annotated[bool, Option("--parents", "-p", help="Those above it too; no error where it is there.")] = False,
    reason: Reason = "",
    gateway: GatewayOption = "",
) -> None:
    """Make folders at a host.

    farhand mkdir -p frontdesk:site/2026/images
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import make
        from farhand.cli.running import Reaching

        make(places, Reaching(gateway, why), parents=parents)
