"""`farhand cat`."""

from farhand.cli.files_options import GatewayOption, HostPaths, Reason, parse_reason
from farhand.cli.outcome import reaching


def command(places: HostPaths, reason: Reason = "", gateway: GatewayOption = "") -> None:
    """Write files of a host to standard output.

    farhand cat frontdesk:/var/log/syslog | tail
    """
    why = parse_reason(reason)
    with reaching():
        from farhand.cli.filing import copies
        from farhand.cli.running import Reaching
        from farhand.client.copying import Copy
        from farhand.client.places import Place, remote
        from farhand.client.transfer import Options

        asked = Copy(tuple(remote(one) for one in places), Place("", "-"))
        copies(asked, Options(), Reaching(gateway, why, 0), quiet=True, machine=False)
