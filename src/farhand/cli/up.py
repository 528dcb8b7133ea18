"""`farhand up`."""

from farhand.cli import options as o
from farhand.cli.exits import told


@o.shares
def command(
    sharing: o.SharingOptions,
    listen: o.Listen = o.DEFAULT_LISTEN,
    cert: o.Certificate = None,
    key: o.Key = None,
    plain: o.Plain = False,
) -> None:
    """Make this computer reachable: prints a link with a one-time code, to open in a browser elsewhere.

    Where there is no display, a desktop is started that needs no screen.

    Somebody to help you:            farhand up

    They may look, nothing else:     farhand up --allow view

    Your own machine, nobody there:  farhand up --no-ask

    A server without a screen:       farhand up --virtual 1920x1080 --no-ask

    By a script:                     farhand up --no-ask --ready-file /tmp/link --listen 10.0.0.5:8443
    """
    o.check_certificate(cert, key, plain)
    host, port = o.parse_listen(listen)
    with told():
        from farhand.cli.embedded import up
        from farhand.cli.listening import ListenOptions

        up(ListenOptions(host, port, cert, key, plain), sharing)
