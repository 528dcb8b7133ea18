"""`farhand doctor`."""

from farhand.cli import options as o
from farhand.cli.exits import told


def command(
    display: o.Display = None,
    listen: o.Listen = o.DEFAULT_LISTEN,
    json: o.Json = False,
) -> None:
    """Look whether everything is here that `farhand up` needs, and say what to do where it is not.

    farhand doctor --display :0 --listen :8443

    Ends with 0 if all is well, with 1 if something is not.
    """
    host, port = o.parse_listen(listen)
    with told():
        from farhand.cli.checks import examine

        raise SystemExit(examine(display, host, port, machine=json))
