"""What goes with a file's content: permissions, time and extended attributes, read from and written to a descriptor."""

import errno
import os
import stat

from farhand.protocol.messages.files import Attribute, Entry, EntryKind, Meta

_KINDS = {stat.S_IFREG: EntryKind.FILE, stat.S_IFDIR: EntryKind.FOLDER, stat.S_IFLNK: EntryKind.LINK}
_TYPE = 0o170000
#: The largest number of the protocol.
NUMBER_MAX = 2**53 - 1
_NAME_SPACE = "user."
_ATTRIBUTES_MAX = 16
_VALUE_MAX = 4096
#: There is no place for attributes, or not for this one; ENODATA: it has just gone.
_NOT_HERE = (errno.EOPNOTSUPP, errno.ENOSPC, errno.E2BIG, errno.ERANGE, errno.EPERM, errno.ENODATA)


def kind_of(mode: int) -> EntryKind:
    """Give the kind of what has this ``st_mode``."""
    return _KINDS.get(mode & _TYPE, EntryKind.OTHER)


def micros(nanoseconds: int) -> int:
    """Give a file's time as the protocol has it; one beyond its bounds (the year 2255) is at them."""
    time = nanoseconds // 1000
    return time if -NUMBER_MAX <= time <= NUMBER_MAX else max(-NUMBER_MAX, min(time, NUMBER_MAX))


def make_entry(path: bytes, status: os.stat_result, target: bytes = b"") -> Entry:
    """Describe one name; a size beyond 2^53 - 1 is that."""
    mode = status.st_mode
    size = status.st_size
    return Entry(
        path,
        _KINDS.get(mode & _TYPE, EntryKind.OTHER),
        size if size <= NUMBER_MAX else NUMBER_MAX,
        micros(status.st_mtime_ns),
        mode & 0o777,
        target,
    )


def read_meta(fd: int, status: os.stat_result | None = None) -> Meta:
    """Read an open file's; ``status`` where it is known already. At most 16 ``user.`` attributes of 4096 bytes."""
    status = status or os.fstat(fd)
    return Meta(status.st_mode & 0o777, micros(status.st_mtime_ns), _attributes(fd))


def write_meta(target: int | bytes, meta: Meta) -> None:
    """Give a file (descriptor or path) its attributes, permissions and time, in this order; raises OSError.

    Attributes outside ``user.``, and such as this file system cannot hold, are left out.
    """
    for attribute in meta.attributes:
        if attribute.name.startswith(_NAME_SPACE.encode()) and b"\0" not in attribute.name:
            try:
                os.setxattr(target, attribute.name, attribute.value)
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
    os.chmod(target, meta.mode & 0o777)
    os.utime(target, ns=(meta.mtime * 1000, meta.mtime * 1000))


def _attributes(fd: int) -> list[Attribute]:
    found: list[Attribute] = []
    try:
        for name in os.listxattr(fd):
            if name.startswith(_NAME_SPACE) and len(found) < _ATTRIBUTES_MAX:
                value = os.getxattr(fd, name)
                if len(value) <= _VALUE_MAX:
                    found.append(Attribute(os.fsencode(name), value))
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
    return found
