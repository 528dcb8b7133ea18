"""This user's keys as a client: made at first need, and kept."""

import getpass
import os
import platform
import time
from pathlib import Path

from farhand.client.records import one_at_a_time
from farhand.core.config import ConfigError, Paths, read_private, write_private
from farhand.protocol.errors import IdentityMismatch
from farhand.protocol.identity import Certificate, Keys, Kind

_RENEW_SECONDS = 90 * 86400


def device_name() -> str:
    """What this device is called in lists: who, and on which computer."""
    try:
        who = getpass.getuser()
    except (OSError, KeyError, ImportError):
        who = "someone"
    return f"{who} on {platform.node() or 'this computer'}"[:63]


def key_file(paths: Paths) -> Path:
    """Where they are."""
    return paths.data / "client.key"


def client_keys(paths: Paths) -> Keys:
    """Return the identity (Ed25519) and static key (X25519), made where there are none (0600).

    Raises ConfigError, OSError.
    """
    path = key_file(paths)
    cure = f"move it away and run `farhand login` again: new keys are made (mv {path} {path}.old)"
    with one_at_a_time(path):
        try:
            keys = Keys.load(read_private(path))
        except FileNotFoundError:
            keys = Keys.generate(Kind.CLIENT, device_name(), time.time(), os.urandom)
            write_private(path, keys.dump())
            return keys
        except IdentityMismatch as error:
            raise ConfigError(f"{path} is damaged", cure) from error
    if not Certificate.decode(keys.certificate).valid_at(time.time() + _RENEW_SECONDS):
        raise ConfigError(f"the keys in {path} are too old", cure)
    return keys
