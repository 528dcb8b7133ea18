"""This computer's keys as a host."""

import os
import time

from farhand.cli.exits import CliError, Exit
from farhand.core.config import Paths, read_private, write_private
from farhand.protocol.errors import IdentityMismatch
from farhand.protocol.identity import Certificate, Keys, Kind

_RENEW_SECONDS = 90 * 86400


def host_keys(paths: Paths, name: str) -> Keys:
    """Return the keys, made at the first start and kept (0600). Raises CliError, ConfigError, OSError."""
    path = paths.data / "host.keys"
    try:
        keys = Keys.load(read_private(path))
    except FileNotFoundError:
        keys = Keys.generate(Kind.HOST, name, time.time(), os.urandom)
        write_private(path, keys.dump())
        return keys
    except IdentityMismatch as error:
        raise CliError(
            Exit.SETTINGS, f"{path} is damaged", "move it away: new keys are made, and pins change"
        ) from error
    if not Certificate.decode(keys.certificate).valid_at(time.time() + _RENEW_SECONDS):
        raise CliError(
            Exit.SETTINGS, f"the keys in {path} are too old", "move it away: new keys are made, and pins change"
        )
    return keys
