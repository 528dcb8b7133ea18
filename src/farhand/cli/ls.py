"""`farhand ls`."""

from typing import Annotated

from farhand.cli.files_options import GatewayOption, HostPath, Json, Reason, parse_reason
from farhand.cli.light import Option
from farhand.cli.outcome import reaching


def command(
    place: HostPath,
    long: Annotated[bool, Option("--long", "-l", help="Permissions, sizes and times, too.")] = False,
    every: Annotated[bool, Option("--all", "-a", help="Names that begin with a dot, too.")] = False,
    recursive: Annotated[bool, Option("--recursive", "-r", help="The whole tree.")] = False,
    roots: Annotated[bool, Option("--roots", help="The folders that the host's owner has opened.")] = False,
    reason: Reason = "",
    gateway: GatewayOption = "",
    json: Json = False,
) -> None:
    """List a host's files.

    farhand ls frontdesk:

    farhand ls -l 'frontdesk:Documents/*.pdf'

    farhand ls frontdesk: --roots
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import Listed, list_files, list_roots
        from farhand.cli.running import Reaching

        if roots:
            list_roots(place, Reaching(gateway, why), machine=json)
        else:
            list_files(place, Listed(long, every, recursive, json), Reaching(gateway, why))
