"""Asks a host for a listing while this end still loads what compares it."""

from farhand.client.errors import SessionOver
from farhand.client.files import WHOLE_TREE, FilesClient, RemotePath, remote_path
from farhand.protocol.messages.files import List


class Begun:
    """The listing of everything beneath ``path``, asked for by ``operation``. Raises SessionOver."""

    def __init__(self, files: FilesClient, path: RemotePath) -> None:
        self.files = files
        self.path = remote_path(path)
        self.operation = files.operations.open(self.path)
        self.operation.send(List(self.operation.id, self.path, WHOLE_TREE, True))


def begin(files: FilesClient, path: RemotePath) -> Begun | None:
    """Ask for it; None where the line is cut already: then whoever needs it asks when there is one again."""
    try:
        return Begun(files, path)
    except SessionOver:
        return None
