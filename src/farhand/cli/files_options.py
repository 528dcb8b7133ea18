"""Options that the verbs for a host's files share."""

import sys
from typing import Annotated

from farhand.cli.light import Argument, Misused, Option
from farhand.cli.texts import GATEWAY, JSON, REASON

Retry = Annotated[
    float,
    Option(min=0, max=86400, metavar="SECONDS", help="Try for so long to go on after the line was cut; 0: not at all."),
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="No progress bar; only what went wrong.")]
Recursive = Annotated[bool, Option("--recursive", "-r", help="Folders too, with all that is in them.")]
GatewayOption = Annotated[str, Option("--gateway", metavar="URL", help=GATEWAY)]
Reason = Annotated[str, Option(metavar="TEXT", help=REASON)]
Json = Annotated[bool, Option("--json", help=JSON)]
Interactive = Annotated[
    bool, Option("--interactive", "-i", help="Ask at the terminal where a name is taken, as --conflict ask.")
]
ASKING = "--conflict ask"
_WHERE = (
    "Where at which host: a name, a link with its code, or `local`, then a colon and the path. Relative paths begin at "
    "the first folder that the host's owner has opened, mostly their home."
)
HostPath = Annotated[str, Argument(metavar="TARGET:PATH", help=_WHERE)]
HostPaths = Annotated[list[str], Argument(metavar="TARGET:PATH…", help=_WHERE)]
RETRY = 120.0


def parse_ask(conflict: str, interactive: bool) -> bool:
    """Whether somebody is to be asked about names that are taken; raises Misused where nobody can be."""
    ask = interactive or conflict == "ask"
    if ask and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Misused("there is no terminal to ask at: choose replace, refuse, newer or keep-both", ASKING)
    return ask


def parse_reason(text: str) -> str:
    """Check its length; raises Misused."""
    if len(text) > 200:
        raise Misused("at most 200 characters", "--reason")
    return text
