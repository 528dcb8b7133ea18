"""Files that a running host keeps for others of this user: the current link, and where it runs."""

import contextlib
import os
from pathlib import Path

import msgspec

from farhand.core.config import Paths, write_private


class Running(msgspec.Struct, frozen=True):
    """A running ``farhand up`` or ``farhand host`` of this user; in ``running.json``, 0600.

    Who can read it can call this host: it is what the TARGET ``local`` of the other verbs means.
    """

    pid: int
    address: str
    """The gateway's address."""
    host_id: str
    """The host's id, 32 hexadecimal digits."""
    static_key: str
    """The host's Noise key, hexadecimal: what a caller on this computer pins."""
    certificate: str = ""
    """The TLS certificate's SHA-256, 64 hexadecimal digits, where it is one of its own."""
    link: str = ""
    """The current link with its one-time code; empty where the host gives none."""
    socket: str = ""
    """The socket on which the host hears this user's programs, where the platform has such."""
    key: str = ""
    """What they sign their grants with (Ed25519, hexadecimal), for as long as the host runs."""


class StateFiles:
    """Writes them, and removes what is its own at the end."""

    def __init__(self, paths: Paths, ready_file: Path | None) -> None:
        self._path = paths.runtime / "running.json"
        self._ready = ready_file
        self._running: Running | None = None

    def running(self, state: Running) -> None:
        """Name this process. Raises OSError."""
        write_private(self._path, msgspec.json.encode(state) + b"\n")
        self._running = state

    def ready(self, link: str) -> None:
        """Put the current link into both files. Raises OSError."""
        if self._ready is not None:
            write_private(self._ready, f"{link}\n".encode())
        if self._running is not None and self._own():
            self.running(msgspec.structs.replace(self._running, link=link))

    def remove(self) -> None:
        """Take away what no longer holds."""
        if self._ready is not None:
            with contextlib.suppress(OSError):
                self._ready.unlink()
        if self._running is not None and self._own():
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _own(self) -> bool:
        """Whether the file is still about this process."""
        try:
            return read_running(self._path).pid == os.getpid()
        except (OSError, msgspec.DecodeError):
            return False


def read_running(path: Path) -> Running:
    """Read ``running.json``. Raises OSError, msgspec.DecodeError."""
    return msgspec.json.decode(path.read_bytes(), type=Running)
