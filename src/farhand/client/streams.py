"""A host's file as a stream, for programs and `farhand cat`."""

import contextlib
from collections.abc import AsyncGenerator

from farhand.client.errors import SessionOver
from farhand.client.files import FilesClient, answer
from farhand.client.files_errors import refused
from farhand.files.digest import Digester, digest_zeros
from farhand.files.packing import unpack
from farhand.protocol.messages.files import Data, FileFault, Finish, Get, Opened, StopReading, Working, Zeros

#: Zeros come in pieces of so many bytes.
_ZEROS = bytes(256 << 10)


async def read(files: FilesClient, path: bytes) -> AsyncGenerator[bytes, None]:
    """The content, piece by piece; raises FilesError, with MISMATCH at its end if it is not what the host read."""
    digester = Digester()
    with files.operations.open(path) as operation:
        operation.send(Get(operation.id, path, 0, b"", False))
        try:
            await answer(operation, Opened)
            while True:
                message = await operation.next()
                match message:
                    case Data(packed=packed, data=data):
                        content = unpack(data) if packed else data
                        digester.update(content)
                        operation.taken([message])
                        yield content
                    case Zeros(length=length):
                        digest_zeros(digester, length)
                        while length:
                            yield _ZEROS[:length]
                            length -= min(length, len(_ZEROS))
                    case Finish(size=size, digest=digest):
                        operation.last()
                        if (size, digest) != (digester.size, digester.digest()):
                            raise refused(FileFault.MISMATCH, name=operation.name)
                        return
                    case Working():
                        pass
                    case _:
                        raise refused(FileFault.PROTOCOL, f"{type(message).__name__} came in a file", operation.name)
        except BaseException:
            with contextlib.suppress(SessionOver):
                operation.stop(StopReading(operation.id))
            raise
