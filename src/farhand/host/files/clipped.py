"""Files that desktop programs copied, or are to paste: by URI (RFC 8089) there, by the caller's paths here."""

import socket
import string
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote_from_bytes

import msgspec

from farhand.files.errors import FilesError
from farhand.host.files.opened import OpenedFolders, Place
from farhand.protocol.messages.clipboard import MOST
from farhand.protocol.messages.files import Entry, EntryKind

#: The most bytes that the paths of one message may have in all, and the longest one.
BYTES = 512 << 10
LONGEST = 4096
_SCHEME = b"file:"
_HEX = frozenset(string.hexdigits.encode())


def names_files(uris: Iterable[bytes]) -> bool:
    """Whether any of them is a file's; web addresses alone are none."""
    return any(_is_file(uri) for uri in uris)


def path_of(uri: bytes) -> bytes:
    """The path on this computer that a URI means; ValueError for what is elsewhere, or written otherwise than RFC 8089.

    Escapes of slashes and zero bytes are refused: no file's name has them.
    """
    if not _is_file(uri):
        raise ValueError("not a file's")
    path = uri[len(_SCHEME) :]
    if path.startswith(b"//"):
        host, slash, rest = path[2:].partition(b"/")
        if host.lower() not in (b"", b"localhost", socket.gethostname().lower().encode()):
            raise ValueError("on another computer")
        path = slash + rest
    if not path.startswith(b"/") or any(byte <= 0x20 or byte in b"\x7f?#" for byte in path):
        raise ValueError("no path, or bytes that are escaped in one")
    first, *escaped = path.split(b"%")
    parts = [first]
    for part in escaped:
        if len(part) < 2 or not _HEX.issuperset(part[:2]):
            raise ValueError("a percent sign without two digits")
        byte = bytes.fromhex(part[:2].decode())
        if byte in b"\0/":
            raise ValueError("a byte that no name has")
        parts += [byte, part[2:]]
    return b"".join(parts)


def uri_of(path: bytes) -> bytes:
    """The URI of a whole path: letters, digits and ``/-._~`` as they are, all else escaped."""
    return b"file://" + quote_from_bytes(path, safe="/").encode()


def readable(folders: OpenedFolders, uris: Sequence[bytes]) -> tuple[list[Entry], int]:
    """Describe the files that a caller may read, and count the others; may wait for a disk. Never raises.

    A link that stays within its folder is what it leads to; one that leads out, a device, or what is not there is left
    out. Of many only the first MOST are looked at.
    """
    return _allowed([path for path in map(_path_or_none, uris[:MOST]) if path is not None], folders.readable, len(uris))


def writable(folders: OpenedFolders, paths: Sequence[bytes]) -> tuple[list[Entry], int]:
    """Describe what is there of these paths where a caller may write, and count the others. Never raises."""
    return _allowed(paths, folders.writable, len(paths))


def _allowed(paths: Iterable[bytes], find: Callable[[bytes], Place], count: int) -> tuple[list[Entry], int]:
    found: dict[bytes, Entry] = {}
    twice = 0
    room = BYTES
    for path in paths:
        try:
            place = find(path)
            entry = place.folder.entry(place.parts, follow=True)
        except FilesError:
            continue
        twice += place.path in found
        fits = len(place.path) <= min(room, LONGEST)
        if entry.kind in (EntryKind.FILE, EntryKind.FOLDER) and place.path not in found and fits:
            room -= len(place.path)
            found[place.path] = msgspec.structs.replace(entry, path=place.path)
    return list(found.values()), count - len(found) - twice


def _is_file(uri: bytes) -> bool:
    return uri[: len(_SCHEME)].lower() == _SCHEME


def _path_or_none(uri: bytes) -> bytes | None:
    try:
        return path_of(uri)
    except ValueError:
        return None
