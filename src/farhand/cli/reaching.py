"""Options that the verbs which reach other computers have in common."""

from typing import Annotated

import typer

from farhand.cli.outcome import reaching as reaching
from farhand.cli.outcome import say as say
from farhand.cli.texts import GATEWAY, REASON
from farhand.core.errors import FarhandError

GatewayOption = Annotated[str, typer.Option("--gateway", metavar="URL", help=GATEWAY)]
Rights = Annotated[
    str,
    typer.Option(metavar="LIST", help="The rights to ask for, with commas; what your rules do not give is left out."),
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help=REASON)]
#: What is asked for if nobody says.
DEFAULT_RIGHTS = "view,control,clipboard"


def parse_rights(text: str) -> list[str]:
    """Read a list of capabilities; raises typer.BadParameter."""
    from farhand.protocol.capability import Capability

    known = [str(one) for one in Capability]
    asked = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := sorted(set(asked) - set(known)):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(known)}", param_hint="--rights")
    if not asked:
        raise typer.BadParameter("name at least view", param_hint="--rights")
    return asked


def parse_reason(text: str) -> str:
    """Check its length; raises typer.BadParameter."""
    if len(text) > 200:
        raise typer.BadParameter("at most 200 characters", param_hint="--reason")
    return text


def known_targets(incomplete: str) -> list[str]:
    """Targets that complete what was typed: hosts that were reached before. No gateway is asked."""
    from farhand.client.known import KnownHosts
    from farhand.core.config import Paths

    try:
        names = ["local", *(host.name for host in KnownHosts(Paths.default()).all())]
    except (FarhandError, OSError):
        return []
    return sorted({name for name in names if name.startswith(incomplete)})
