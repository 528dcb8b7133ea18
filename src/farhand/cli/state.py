"""Files that a running host keeps for others of this user: the current link, and where it runs."""

import contextlib
import os
from pathlib import Path

import msgspec

from farhand.core.config import Paths, write_private


class Running(msgspec.Struct, frozen=True):
    """A running ``farhand up`` or ``farhand host`` of this user; in ``running.json``, 0600."""

    pid: int
    address: str
    """The gateway's address."""
    host_id: str
    """The host's id, 32 hexadecimal digits."""
    static_key: str
    """The host's Noise key, hexadecimal: what a caller on this computer pins."""
    certificate: str = ""
    """The TLS certificate's SHA-256, where it is one of its own."""
    link: str = ""
    """The current link with its one-time code, for `farhand view local`."""


class StateFiles:
    """Writes them, and removes what is its own at the end."""

    def __init__(self, paths: Paths, ready_file: Path | None) -> None:
        self._running = paths.runtime / "running.json"
        self._ready = ready_file
        self._state: Running | None = None
        self._link = ""

    def running(self, state: Running) -> None:
        """Name this process. Raises OSError."""
        self._state = msgspec.structs.replace(state, link=self._link)
        write_private(self._running, msgspec.json.encode(self._state) + b"\n")

    def ready(self, link: str) -> None:
        """Put the current link into the ready file, and beside where this process runs. Raises OSError."""
        self._link = link
        if self._ready is not None:
            write_private(self._ready, f"{link}\n".encode())
        if self._state is not None:
            self.running(self._state)

    def remove(self) -> None:
        """Take away what no longer holds."""
        if self._ready is not None:
            with contextlib.suppress(OSError):
                self._ready.unlink()
        if self._state is not None:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                if read_running(self._running).pid == os.getpid():
                    self._running.unlink()


def read_running(path: Path) -> Running:
    """Read ``running.json``. Raises OSError, msgspec.DecodeError."""
    return msgspec.json.decode(path.read_bytes(), type=Running)
