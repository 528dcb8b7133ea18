"""Options that the verbs for a host's files share."""

from typing import Annotated

import typer

Retry = Annotated[
    float,
    typer.Option(
        min=0, max=86400, metavar="SECONDS", help="Try for so long to go on after the line was cut; 0: not at all."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar; only what went wrong.")]
_WHERE = (
    "Where at which host: a name, a link with its code, or `local`, then a colon and the path. Relative paths begin at "
    "the first folder that the host's owner has opened, mostly their home."
)
HostPath = Annotated[str, typer.Argument(metavar="TARGET:PATH", help=_WHERE)]
HostPaths = Annotated[list[str], typer.Argument(metavar="TARGET:PATH…", help=_WHERE)]
RETRY = 120.0
