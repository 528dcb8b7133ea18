"""`farhand audit`: show, verify, export."""

from pathlib import Path
from typing import Annotated

import typer

from farhand.cli.exits import told
from farhand.cli.options import Json

app = typer.Typer(
    no_args_is_help=True,
    help="""Read the audit of a host: who was here, by which right, and what was done. Works offline, on any computer.

    farhand audit show --who jana --from 2026-11-17 --to 2026-11-18

    farhand audit verify --checkpoint ~/.local/share/farhand/checkpoints

    farhand audit export --form syslog > audit.txt

    A log is the folder `audit` in a host's data folder, that one or the host's --home, or a file that `farhand audit
    export` wrote.
    """,
)

Logs = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[LOG]...", help="Folders or exported files; this computer's own if none is given."),
]
Who = Annotated[str, typer.Option(metavar="TEXT", help="Entries whose person or device holds this.")]
Host = Annotated[str, typer.Option(metavar="ID", help="Entries of hosts whose id begins so.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", metavar="KIND", help="Entries of this kind; repeatable.")]
From = Annotated[
    str, typer.Option("--from", metavar="TIME", help="From then on: 2026-11-17, 2026-11-17T09:30, or 90m, 12h, 3d ago.")
]
To = Annotated[str, typer.Option("--to", metavar="TIME", help="Until before then; a day alone is its beginning.")]
Checkpoints = Annotated[
    list[Path] | None,
    typer.Option(
        "--checkpoint", metavar="FILE", help="Compare with a checkpoint that was kept, or a folder of them; repeatable."
    ),
]
Against = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Compare entry by entry with a copy: an export, or one JSON entry a line."),
]
Fingerprint = Annotated[
    str, typer.Option(metavar="TEXT", help="The fingerprint that the host's key must have, as the host shows it.")
]
Part = Annotated[bool, typer.Option("--part", help="The log's oldest segments are kept elsewhere: that is no fault.")]
Form = Annotated[
    str,
    typer.Option(
        metavar="FORM",
        help="json: JSON Lines with a proof an entry, which verify takes; syslog: RFC 5424; journal: journald's export "
        "format.",
    ),
]


@app.command()
def show(
    logs: Logs = None,
    who: Who = "",
    host: Host = "",
    kind: Kinds = None,
    since: From = "",
    until: To = "",
    part: Part = False,
    json: Json = False,
) -> None:
    """Show entries, oldest first. Ends with 1 if the log is not sound: then see `verify`."""
    with told():
        from farhand.cli.auditing import Filter, show

        raise SystemExit(show(logs or [], Filter.of(who, host, kind or [], since, until), part=part, machine=json))


@app.command()
def verify(
    logs: Logs = None,
    checkpoint: Checkpoints = None,
    against: Against = None,
    fingerprint: Fingerprint = "",
    part: Part = False,
    json: Json = False,
) -> None:
    """Check every entry and name those that were changed, are missing or moved. Ends with 1 if there is one."""
    with told():
        from farhand.cli.auditing import verify

        raise SystemExit(verify(logs or [], checkpoint or [], against, fingerprint, part=part, machine=json))


@app.command()
def export(
    log: Annotated[
        Path | None, typer.Argument(metavar="[LOG]", help="A folder; this computer's own if not given.")
    ] = None,
    form: Form = "json",
    who: Who = "",
    kind: Kinds = None,
    since: From = "",
    until: To = "",
    part: Part = False,
) -> None:
    """Write entries to standard output for other programs. Ends with 1 if the log is not sound."""
    with told():
        from farhand.cli.auditing import FORMS, Filter, export

        if form not in FORMS:
            raise typer.BadParameter(f"there are {', '.join(FORMS)}", param_hint="--form")
        raise SystemExit(export(log, form, Filter.of(who, "", kind or [], since, until), part=part))
