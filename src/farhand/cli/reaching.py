"""What the verbs that reach other computers have in common: options, and exit codes for what can go wrong."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from farhand.cli.exits import CliError, Exit, told
from farhand.core.errors import FarhandError

GatewayOption = Annotated[
    str, typer.Option("--gateway", metavar="URL", help="Only this one of the gateways where you are logged in.")
]
Rights = Annotated[
    str,
    typer.Option(metavar="LIST", help="The rights to ask for, with commas; what your rules do not give is left out."),
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why: some rules want a reason. It stands in the audit.")]
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


def say(text: str) -> None:
    """Tell the person at the terminal, beside what the verb prints."""
    print(f"farhand: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """`told`, with the exit codes of what goes wrong between this computer and another."""
    from farhand.client import errors
    from farhand.transports.base import Unreachable

    identity = (
        errors.HostKeyChanged,
        errors.HostUnproven,
        errors.RootChanged,
        errors.CertificateChanged,
        errors.AuditAltered,
    )
    with told():
        try:
            yield
        except CliError:
            raise
        except identity as error:
            raise CliError(Exit.IDENTITY, error.cause, error.cure) from error
        except (errors.AccessRefused, errors.ApprovalRefused) as error:
            raise CliError(Exit.REFUSED, error.cause, error.cure) from error
        except errors.GatewayRefused as error:
            code = Exit.SETTINGS if error.status == 401 else Exit.REFUSED if error.status == 403 else Exit.FAILED
            raise CliError(code, error.cause, error.cure) from error
        except errors.NotLoggedIn:
            raise
        except Unreachable as error:
            raise CliError(Exit.FAILED, error.cause, error.cure) from error
        except FarhandError as error:
            raise CliError(Exit.FAILED, error.cause, error.cure) from error
        except KeyboardInterrupt:
            raise SystemExit(130) from None
