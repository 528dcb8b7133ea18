"""Refuses to run a program that was changed after it was installed (core/integrity.py)."""

from farhand.cli.exits import CliError, Exit
from farhand.core.integrity import InstallationChanged, check_installation
from farhand.core.logging import get_logger

_log = get_logger(__name__)


def check_installed() -> None:
    """Compare the installation with what was installed; a development tree has nothing to compare. Raises CliError."""
    try:
        found = check_installation()
    except InstallationChanged as error:
        raise CliError(Exit.CHANGED, f"this program was changed: {error.cause}", error.cure) from error
    if found.development:
        _log.debug("a development tree: its files are not compared with a wheel's", folder=str(found.folder))
    else:
        _log.debug("the installation is as it was installed", folder=str(found.folder), files=found.files)
