"""Patterns in a host's paths (``*``, ``?``, ``[a-z]``), matched with what the host lists, part by part."""

import fnmatch
import os
import re

from farhand.client.files import FilesClient, joined
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import EntryKind, FileFault

_WILD = re.compile(rb"[*?\[]")


def no_match(files: FilesClient, pattern: str) -> FilesError:
    """What is to be said of a pattern that stands for nothing."""
    name = files.operations.called(os.fsencode(pattern))
    return FilesError(FileFault.NOT_FOUND, "nothing there has a name like this", "look at what there is", name=name)


async def expand(files: FilesClient, path: bytes) -> list[bytes]:
    """The names that a pattern stands for, in order; a path that is there as it is written stands for itself.

    As in a shell, ``*`` is no slash, and no dot at a name's beginning. Raises FilesError, SessionOver.
    """
    if not _WILD.search(path) or await files.find(path, follow=False) is not None:
        return [path]
    found = [b"/" if path.startswith(b"/") else b""]
    parts = [part for part in path.split(b"/") if part]
    for n, part in enumerate(parts):
        if not _WILD.search(part):
            found = [joined(folder, part) for folder in found]
            continue
        matches = re.compile(fnmatch.translate(part.decode("latin-1")).encode("latin-1"))
        inner = n < len(parts) - 1
        following: list[bytes] = []
        for folder in found:
            for entry in await files.list(folder):
                hidden = entry.path.startswith(b".") and not part.startswith(b".")
                if inner and entry.kind not in (EntryKind.FOLDER, EntryKind.LINK):
                    continue
                if not hidden and matches.match(entry.path):
                    following.append(joined(folder, entry.path))
        found = following
    return found
