"""A client of clamd, as far as scanning needs it: PING, VERSION and INSTREAM (clamd(8), section COMMANDS).

A connection carries one conversation (IDSESSION), so that many small files cost one. What clamd says is believed about
the file and nothing else: an answer that comes early, late, too long or for something else is a failure.
"""

import contextlib
import os
import re
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

from farhand.core.errors import FarhandError
from farhand.host.quarantine.jobs import harmless

#: Where Debian's, Fedora's, Arch's and Homebrew's clamd listens.
SOCKETS = (
    "/run/clamav/clamd.ctl",
    "/run/clamd.scan/clamd.sock",
    "/run/clamav/clamd.sock",
    "/usr/local/var/run/clamav/clamd.sock",
)
_CHUNK = 256 << 10
_ANSWER_MAX = 4096
_ANSWER = re.compile(r"(?P<number>\d+): (?P<text>.*)", re.DOTALL)
_FOUND = re.compile(r"stream: (?P<name>.+) FOUND", re.DOTALL)


class ClamdError(FarhandError):
    """It is not there, or what it did is not what it should have done: nothing is known about the file."""


class ClamdAway(ClamdError):
    """Nothing listens at its address."""


class TooLargeForClamd(ClamdError):
    """The file is beyond its own limit."""


def find_clamd(setting: str) -> str:
    """The address that a setting means; empty: none is wanted, or with ``auto`` none is there."""
    if setting in ("", "off"):
        return ""
    if setting != "auto":
        return setting
    for path in SOCKETS:
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.stat(path).st_mode):
                return path
    return ""


class Clamd:
    """One conversation; ``seconds`` for all of a file. Use as a context manager."""

    def __init__(self, address: str, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._number = 0
        self._rest = b""
        self._sock = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._sock.sendall(b"zEND\0")
        self._sock.close()

    def version(self) -> str:
        """Its version, the number and the day of its signatures: ``ClamAV 1.4.6/27821/Mon Nov 16 …``."""
        self._begin(b"zVERSION\0")
        return self._answer()

    def scan_bytes(self, data: bytes) -> str:
        """Name what is found, or nothing. Raises ClamdError."""
        return self._scan([data])

    def scan_file(self, fd: int, size: int) -> str:
        """Name what is found in a file, or nothing. Raises ClamdError, OSError of the file."""
        return self._scan(_pieces(fd, size))

    def _scan(self, pieces: Iterable[bytes]) -> str:
        self._begin(b"zINSTREAM\0")
        try:
            for piece in pieces:
                if piece:
                    self._send(struct.pack(">I", len(piece)), piece)
            if self._has_answered():
                raise ClamdError("clamd answered before it had the whole file")
            self._send(bytes(4))
        except ClamdError as error:
            # It says why before it hangs up: a limit of its own, or what it has found already. Never that all is well.
            try:
                found = _found(self._answer())
            except TooLargeForClamd:
                raise
            except ClamdError:
                found = ""
            if found:
                return found
            raise error
        return _found(self._answer())

    def _begin(self, command: bytes) -> None:
        self._end = self._clock() + self._seconds
        self._number += 1
        self._send(command)

    def _connect(self) -> socket.socket:
        try:
            if self._address.startswith(("/", "~")):
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                try:
                    sock.settimeout(self._seconds)
                    sock.connect(str(Path(self._address).expanduser()))
                except BaseException:
                    sock.close()
                    raise
            else:
                host, _, port = self._address.rpartition(":")
                sock = socket.create_connection((host.strip("[]"), int(port)), timeout=self._seconds)
        except (ValueError, OverflowError) as error:
            raise ClamdError(
                f"clamd = {self._address!r} is no address", "name a socket's path, host:port, auto or off"
            ) from error
        except OSError as error:
            raise ClamdAway(
                f"clamd does not answer at {self._address} ({error.strerror or error})",
                "start it, or correct its address",
            ) from error
        sock.sendall(b"zIDSESSION\0")
        return sock

    def _has_answered(self) -> bool:
        self._sock.settimeout(0)
        try:
            return bool(self._rest) or bool(self._sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        except OSError as error:
            raise ClamdError("clamd hung up") from error

    def _left(self) -> float:
        left = self._end - self._clock()
        if left <= 0:
            raise ClamdError(f"clamd takes longer than {self._seconds:g} s")
        return left

    def _send(self, *parts: bytes) -> None:
        for part in parts:
            self._sock.settimeout(self._left())
            try:
                self._sock.sendall(part)
            except TimeoutError as error:
                raise ClamdError(f"clamd takes longer than {self._seconds:g} s") from error
            except OSError as error:
                raise ClamdError("clamd hung up") from error

    def _answer(self) -> str:
        while b"\0" not in self._rest:
            if len(self._rest) > _ANSWER_MAX:
                raise ClamdError("clamd answered something that is no answer")
            self._sock.settimeout(self._left())
            try:
                part = self._sock.recv(_ANSWER_MAX)
            except TimeoutError as error:
                raise ClamdError(f"clamd takes longer than {self._seconds:g} s") from error
            except OSError as error:
                raise ClamdError("clamd hung up") from error
            if not part:
                raise ClamdError("clamd hung up")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        text = line.decode("utf-8", "replace")
        if text.endswith("INSTREAM size limit exceeded. ERROR"):
            raise TooLargeForClamd("the file is larger than clamd takes", "raise StreamMaxLength in clamd.conf")
        match = _ANSWER.fullmatch(text)
        if match is None or int(match["number"][:9]) != self._number:
            raise ClamdError(f"clamd answered something else: {harmless(text)}")
        return match["text"]


def _found(text: str) -> str:
    if text == "stream: OK":
        return ""
    match = _FOUND.fullmatch(text)
    if match is None:
        raise ClamdError(f"clamd could not scan it: {harmless(text)}")
    return harmless(match["name"])


def _pieces(fd: int, size: int) -> Iterator[bytes]:
    at = 0
    while at < size:
        piece = os.pread(fd, min(_CHUNK, size - at), at)
        if not piece:
            raise ClamdError("the file became shorter while it was read")
        at += len(piece)
        yield piece
