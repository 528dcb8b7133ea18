"""`farhand quarantine`: list, release, delete."""

from pathlib import Path
from typing import Annotated

import typer

from farhand.cli.exits import told
from farhand.cli.options import Home, Json

app = typer.Typer(
    no_args_is_help=True,
    help="""Look at the files that this host kept from their place, because malware was found in them.

    farhand quarantine list

    farhand quarantine release q3f81c0 --to /tmp/looked-at.bin

    farhand quarantine delete q3f81c0

    Run it on the host, as the user that the host runs as; for a service with its --home.
    """,
)

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="As `list` shows them; the beginning is enough.")
]


@app.command("list")
def list_(home: Home = None, json: Json = False) -> None:
    """Show what is in quarantine, oldest first.

    farhand quarantine list --json
    """
    with told():
        from farhand.cli.quarantined import show

        raise SystemExit(show(home, machine=json))


@app.command()
def release(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it; the beginning is enough.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="PATH", help="A file that is not there yet, or a folder; else where it was sent."),
    ] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Give a file its place after all, when it was no malware. It is readable by you alone, and not executable.

    farhand quarantine release q3f81c0
    """
    with told():
        from farhand.cli.quarantined import release

        raise SystemExit(release(id, to, home, machine=json))


@app.command()
def delete(
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is in quarantine.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Delete files for good.

    farhand quarantine delete q3f81c0 q90aa12

    farhand quarantine delete --all
    """
    if bool(ids) is everything:
        raise typer.BadParameter("name what to delete, or give --all", param_hint="ID")
    with told():
        from farhand.cli.quarantined import delete

        raise SystemExit(delete(ids or [], home, machine=json))
