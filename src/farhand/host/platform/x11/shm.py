"""A System V shared memory segment that an X server fills (MIT-SHM); the standard library has POSIX ones only."""

import ctypes
import os

import numpy as np
from numpy.typing import NDArray

IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0

_libc = ctypes.CDLL(None, use_errno=True)
_libc.shmat.restype = ctypes.c_void_p
_libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
_libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
_libc.shmdt.argtypes = [ctypes.c_void_p]
_libc.shmctl.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]


class Segment:
    """``size`` bytes, owner only; ``bytes`` is an array of them. Raises OSError."""

    def __init__(self, size: int) -> None:
        self.id = _libc.shmget(IPC_PRIVATE, size, IPC_CREAT | 0o600)
        if self.id < 0:
            raise OSError(ctypes.get_errno(), f"no shared memory of {size} bytes: {os.strerror(ctypes.get_errno())}")
        address = _libc.shmat(self.id, None, 0)
        if address in (None, ctypes.c_void_p(-1).value):
            self.remove()
            raise OSError(ctypes.get_errno(), f"shmat: {os.strerror(ctypes.get_errno())}")
        self._address: int | None = address
        self.bytes: NDArray[np.uint8] = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))

    def remove(self) -> None:
        """Mark it for removal: it goes with the last process that has it, also after a crash."""
        _libc.shmctl(self.id, IPC_RMID, None)

    def close(self) -> None:
        """Detach; the array must not be used afterwards."""
        if self._address is not None:
            _libc.shmdt(self._address)
            self._address = None
