"""Exit codes of what can go wrong between this computer and another, and words beside what a verb prints."""

import contextlib
import sys
from collections.abc import Iterator

from farhand.cli.exits import CliError, Exit, told
from farhand.core.errors import FarhandError


def say(text: str) -> None:
    """Tell the person at the terminal, beside what the verb prints."""
    print(f"farhand: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """`told`, with the exit codes of what goes wrong between this computer and another."""
    from farhand.client import errors
    from farhand.client.places import PlaceError
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
        except PlaceError as error:
            raise CliError(Exit.USAGE, error.cause, error.cure) from error
        except Unreachable as error:
            raise CliError(Exit.FAILED, error.cause, error.cure) from error
        except FarhandError as error:
            raise CliError(Exit.FAILED, error.cause, error.cure) from error
        except KeyboardInterrupt:
            raise SystemExit(130) from None
