"""`farhand host install`, `farhand gateway install`, and how they are undone."""

import os
from pathlib import Path
from typing import Annotated

import typer

from farhand.cli import options as o
from farhand.cli.exits import told

Own = Annotated[bool, typer.Option("--user", help="A service of your own, that begins with your log-in: without root.")]
Root = Annotated[
    Path,
    typer.Option("--root", metavar="DIR", help="Write below this folder instead of /, and start nothing: for images."),
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave settings, keys and records where they are.")]


def host_install(
    gateway: Annotated[str, typer.Option(metavar="URL", help="With --enrol: the gateway's address.")] = "",
    enrol: Annotated[
        str, typer.Option(metavar="TOKEN", help="Enrol this computer first; - reads the token from standard input.")
    ] = "",
    fingerprint: Annotated[
        str, typer.Option(metavar="SHA256", help="The one certificate of the gateway to accept, as it shows it.")
    ] = "",
    user: Annotated[
        str, typer.Option("--as", metavar="USER", help="Whose desktop it is; who called sudo if not given. Never root.")
    ] = "",
    display: o.Display = None,
    virtual: o.Virtual = None,
    own: Own = False,
    root: Root = Path("/"),
) -> None:
    """Have systemd keep this host running: hardened, as an ordinary user, started with the computer.

    sudo farhand host install --gateway https://gateway.example --enrol fhe1.…

    Enrolled already, and only while you are logged in:

    farhand host install --user

    A server without a screen gets a desktop of its own:

    sudo farhand host install --as admin --virtual 1920x1080
    """
    o.parse_fingerprint(fingerprint)
    if virtual is not None:
        o.parse_size(virtual, "--virtual")
    if bool(gateway) is not bool(enrol):
        raise typer.BadParameter("--gateway and --enrol belong together", param_hint="--enrol")
    if enrol and own and root != Path("/"):
        raise typer.BadParameter("your own keys stand in no image: enrol where it runs", param_hint="--enrol")
    user = user or os.environ.get("SUDO_USER", "")
    if not own and not user:
        raise typer.BadParameter("whose desktop is it? Name the user, or take --user", param_hint="--as")
    with told():
        from farhand.cli.enrol import read_token_text
        from farhand.cli.installing import HostService, Where, install_host

        token = read_token_text(enrol) if enrol else ""
        install_host(Where(root, own), HostService(user, display or "", virtual or "", gateway, token, fingerprint))


def host_uninstall(own: Own = False, keep: Keep = False, root: Root = Path("/")) -> None:
    """Stop the service, and remove it with its keys, rules and records: nothing stays behind.

    sudo farhand host uninstall
    """
    with told():
        from farhand.cli.installing import Where, uninstall_host

        uninstall_host(Where(root, own), keep=keep)


def gateway_install(
    listen: o.Listen = o.DEFAULT_LISTEN,
    url: Annotated[
        str, typer.Option(metavar="URL", help="The address by which people reach it, such as https://gateway.example.")
    ] = "",
    cert: o.Certificate = None,
    key: o.Key = None,
    plain: o.Plain = False,
    open_: Annotated[bool, typer.Option("--open", help="Let any host register, without a token.")] = False,
    own: Own = False,
    root: Root = Path("/"),
) -> None:
    """Have systemd keep this gateway running: hardened, as a user of its own, started with the computer.

    sudo farhand gateway install --listen :443 --cert /etc/ssl/gateway.pem --key /etc/ssl/gateway.key

    The key's file may be root's alone. More settings stand in /etc/farhand/gateway.toml.
    """
    o.check_certificate(cert, key, plain)
    _, port = o.parse_listen(listen)
    with told():
        from farhand.cli.installing import GatewayService, Where, install_gateway

        paths = [one.absolute() if one is not None else None for one in (cert, key)]
        install_gateway(Where(root, own), GatewayService(listen, port, url, paths[0], paths[1], plain, open_))


def gateway_uninstall(own: Own = False, keep: Keep = False, root: Root = Path("/")) -> None:
    """Stop the service, and remove it with its database, keys and user: nothing stays behind.

    sudo farhand gateway uninstall
    """
    with told():
        from farhand.cli.installing import Where, uninstall_gateway

        uninstall_gateway(Where(root, own), keep=keep)
