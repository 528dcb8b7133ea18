"""`farhand org`: what the holder of the organisation's root key does."""

from pathlib import Path
from typing import Annotated

import typer

from farhand.cli import options as o
from farhand.cli.reaching import parse_rights, reaching

app = typer.Typer(
    help="""Make and use the organisation's root key: what it signs, hosts and viewers trust; no gateway ever has it.

    Once:               farhand org init

    Let a gateway sign grants, up to a ceiling:   farhand org delegate --gateway https://gateway.example

    Enrol a host:       farhand org token

    Vouch for hosts that enrolled without it:     farhand org sign
    """,
    no_args_is_help=True,
)

KeyFile = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="The root key's file; org.key in the data folder if not given."),
]
Passphrase = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Read the passphrase there (0600), instead of asking for it."
    ),
]
Gateway = Annotated[
    str, typer.Option("--gateway", metavar="URL", help="The gateway; not needed if you are logged in at one only.")
]


@app.command()
def init(
    name: Annotated[str, typer.Option(metavar="NAME", help="What the organisation is called.")] = "",
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    json: o.Json = False,
) -> None:
    """Make the root key, encrypted by a passphrase. Do it on a computer that is no gateway, and keep a copy offline.

    farhand org init --name 'Example Ltd'
    """
    with reaching():
        from farhand.cli.organising import Desk, init

        init(Desk(key, passphrase_file, json), name)


@app.command()
def show(key: KeyFile = None, json: o.Json = False) -> None:
    """Show the root key's fingerprint, to be compared by whoever logs in or enrols."""
    with reaching():
        from farhand.cli.organising import Desk, show

        show(Desk(key, None, json))


@app.command()
def delegate(
    gateway: Gateway = "",
    allow: Annotated[
        str, typer.Option(metavar="LIST", help="The most that this gateway may ever grant, whatever its rules say.")
    ] = "view,control,clipboard",
    days: Annotated[int, typer.Option(min=1, max=3650, metavar="DAYS", help="How long.")] = 365,
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    json: o.Json = False,
) -> None:
    """Let a gateway sign grants, up to a ceiling and until a day; again for another ceiling, or to prolong it.

    farhand org delegate --gateway https://gateway.example --allow view,control --days 90
    """
    ceiling = parse_rights(allow)
    with reaching():
        from farhand.cli.organising import Desk, delegate

        delegate(Desk(key, passphrase_file, json), gateway, ceiling, days)


@app.command()
def token(
    gateway: Gateway = "",
    name: Annotated[
        str, typer.Option(metavar="NAME", help="What the host will be called; as it calls itself if not given.")
    ] = "",
    group: Annotated[str, typer.Option(metavar="GROUP", help="The group of hosts to put it into, by name or id.")] = "",
    hours: Annotated[int, typer.Option(min=1, max=720, metavar="HOURS", help="How long the token can be used.")] = 24,
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    json: o.Json = False,
) -> None:
    """Make a token that enrols one host, once, and with which the host is vouched for at the same moment.

    farhand org token --group Office

    Give it to whoever sits at that computer, by a way that you trust; there, as the command says that is printed.
    """
    with reaching():
        from farhand.cli.organising import Desk, token

        token(Desk(key, passphrase_file, json), gateway, name, group, hours)


@app.command()
def sign(
    hosts: Annotated[
        list[str] | None, typer.Argument(metavar="HOST…", help="Only these, by name or id; all that wait if none.")
    ] = None,
    gateway: Gateway = "",
    list_only: Annotated[
        bool, typer.Option("--list", help="List them with their fingerprints, and sign none.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask about none of them: you have compared the fingerprints already.")
    ] = False,
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    json: o.Json = False,
) -> None:
    """Vouch for hosts that enrolled with a token that the console made: compare each fingerprint with the host's own.

    farhand org sign tower
    """
    with reaching():
        from farhand.cli.organising import Choice, Desk, sign

        sign(Desk(key, passphrase_file, json), gateway, Choice(tuple(hosts or ()), list_only, yes))


@app.command()
def export(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to (0600); the public key goes to the terminal if not given."),
    ] = None,
    key: KeyFile = None,
    json: o.Json = False,
) -> None:
    """Copy the root key, encrypted as it is, for a safe; without FILE print its public half, for anyone.

    farhand org export /media/safe/org.key
    """
    with reaching():
        from farhand.cli.organising import Desk, export

        export(Desk(key, None, json), file)
