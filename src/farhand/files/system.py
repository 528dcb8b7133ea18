"""The two system calls that Python does not have: openat2 and renameat2 (Linux), each with its fallback's signal."""

import contextlib
import ctypes
import errno
import os
import stat

_libc = ctypes.CDLL(None, use_errno=True)
#: The same number on every architecture (the table that all share since Linux 5.0).
_SYS_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08
_RENAME_NOREPLACE = 1
#: openat2 answers EAGAIN where something was renamed while it looked.
_ATTEMPTS = 64


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: int, path: bytes, flags: int, links: bool) -> int:
    """Open a relative path without leaving ``folder``, through symbolic links only with ``links``; raises OSError.

    EXDEV: it leads out; ELOOP or ENOTDIR: a link where none may be. Without openat2 no link is followed at all.
    """
    flags |= os.O_CLOEXEC
    return _openat2(folder, path, flags, links) if OPENAT2 else _step_by_step(folder, path, flags)


def _openat2(folder: int, path: bytes, flags: int, links: bool) -> int:
    how = _OpenHow(flags, 0, _RESOLVE_BENEATH | (_RESOLVE_NO_MAGICLINKS if links else _RESOLVE_NO_SYMLINKS))
    number = 0
    for _ in range(_ATTEMPTS):
        fd = _libc.syscall(_SYS_OPENAT2, folder, path, ctypes.byref(how), ctypes.sizeof(how))
        if fd >= 0:
            return int(fd)
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(number, os.strerror(number))


def _step_by_step(folder: int, path: bytes, flags: int) -> int:
    *above, last = path.split(b"/")
    here = os.dup(folder)
    try:
        for part in above:
            here, passed = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here), here
            os.close(passed)
        return os.open(last, flags | os.O_NOFOLLOW, dir_fd=here)
    finally:
        os.close(here)


def _has_openat2() -> bool:
    here = os.open("/", os.O_PATH)
    try:
        os.close(_openat2(here, b".", os.O_PATH, links=False))
    except OSError:
        return False
    finally:
        os.close(here)
    return True


#: Linux 5.6 or newer, and no filter of system calls in the way.
OPENAT2 = _has_openat2()


def rename_new(source: int, name: bytes, target: int, to: bytes) -> None:
    """Rename within one file system unless the new name is taken; raises OSError, EEXIST above all.

    Where the file system has no such rename, a second link and an unlink do the same for a file, a look for a folder.
    """
    rename = getattr(_libc, "renameat2", None)
    if rename and rename(source, name, target, to, _RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno() if rename else errno.ENOSYS
    if number not in (errno.ENOSYS, errno.EINVAL):
        raise OSError(number, os.strerror(number))
    if stat.S_ISDIR(os.stat(name, dir_fd=source, follow_symlinks=False).st_mode):
        # It has no second link; what could take the name in this moment is replaced only if it is an empty folder.
        with contextlib.suppress(FileNotFoundError):
            os.stat(to, dir_fd=target, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        os.rename(name, to, src_dir_fd=source, dst_dir_fd=target)
        return
    os.link(name, to, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
    os.unlink(name, dir_fd=source)
