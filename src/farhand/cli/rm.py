"""`farhand rm`."""

from typing import Annotated

from farhand.cli.files_options import GatewayOption, HostPaths, Reason, parse_reason
from farhand.cli.light import Option
from farhand.cli.outcome import reaching


def command(
    places: HostPaths,
    recursive: Annotated[bool, Option("--recursive", "-r", help="Folders too, with all that is in them.")] = False,
    trash: Annotated[
        bool,
        Option("--trash/--for-good", help="To the host's trash, from where it can be had back, or for good."),
    ] = True,
    force: Annotated[bool, Option("--force", "-f", help="What is not there is no error.")] = False,
    reason: Reason = "",
    gateway: GatewayOption = "",
) -> None:
    """Delete files at a host.

    farhand rm 'frontdesk:logs/*.gz'

    farhand rm -r frontdesk:build --for-good
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import Removed, remove
        from farhand.cli.running import Reaching

        remove(places, Removed(recursive, trash, force), Reaching(gateway, why))
