"""`farhand df`."""

from farhand.cli.files_options import GatewayOption, HostPaths, Json, Reason, parse_reason
from farhand.cli.outcome import reaching


def command(places: HostPaths, reason: Reason = "", gateway: GatewayOption = "", json: Json = False) -> None:
    """Say how much room is free at a host, where a path lies.

    farhand df frontdesk:
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import space
        from farhand.cli.running import Reaching

        space(places, Reaching(gateway, why), machine=json)
