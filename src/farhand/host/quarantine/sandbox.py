"""What a process gives up before it reads a stranger's bytes: Linux's Landlock, seccomp and limits, by ctypes.

Landlock: no file can be opened, no TCP port used (from its version 4 on), no process outside signalled (6). seccomp, on
x86-64 alone: only the calls below are let through, everything else fails with EPERM; no memory becomes executable.
Sources: Linux's landlock(7), seccomp(2), prctl(2), include/uapi/linux/landlock.h.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys

import msgspec

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_RESTRICT_SELF = 446
#: Rights over files by Landlock's version: each adds to the one before.
_FILES_BY_ABI = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}
_NET = 0x3
_SCOPE = 0x3

_SYS_SECCOMP = 317
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_AUDIT_ARCH_X86_64 = 0xC000003E
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
#: x86-64's numbers: what Python, its allocator, its threads and the socket need.
_CALLS = {
    **{"read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "munmap": 11, "brk": 12},
    **{"rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17, "readv": 19, "sched_yield": 24},
    **{"mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "sendto": 44, "recvfrom": 45, "sendmsg": 46},
    **{"recvmsg": 47, "exit": 60, "fcntl": 72, "gettimeofday": 96, "getrusage": 98, "sigaltstack": 131},
    **{"gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228},
    **{"clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234, "prlimit64": 302},
    **{"getrandom": 318, "membarrier": 324, "rseq": 334},
}
_MMAP, _MPROTECT = 9, 10
_PROT_EXEC = 4
#: BPF: load a word, jump if equal, jump if a bit is set, return.
_LD, _JEQ, _JSET, _RET = 0x20, 0x15, 0x45, 0x06
#: Offsets in struct seccomp_data.
_NR, _ARCH, _ARG2 = 0, 4, 32

#: Descriptors: standard ones, the socket, the file that is looked at, and one to spare.
_FILES_OPEN = 16


class Applied(msgspec.Struct, frozen=True):
    """What holds for a process from now on."""

    no_new_privs: bool = False
    landlock: int = 0
    """Landlock's version; 0: the kernel has none."""
    seccomp: bool = False
    address_space: int = 0
    """The limit in bytes; 0: none."""

    def told(self) -> str:
        """For people."""
        words = [
            *(["no new privileges"] if self.no_new_privs else []),
            *([f"Landlock {self.landlock}"] if self.landlock else []),
            *(["seccomp"] if self.seccomp else []),
            *(["limits"] if self.address_space else []),
        ]
        return ", ".join(words) or "nothing"


def address_space() -> int:
    """What this process has reserved, in bytes. Raises OSError, also once its files are closed to it."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def close_the_files() -> Applied:
    """Give up new privileges and the file system, while there is one thread yet: Landlock holds for it alone."""
    if sys.platform != "linux":
        return Applied()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return Applied()
    return Applied(no_new_privs=True, landlock=_landlock(libc))


def close_the_rest(applied: Applied, space: int) -> Applied:
    """Limit all threads: ``space`` bytes of address space, few descriptors, no process, no file written, few calls."""
    for kind, most in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _FILES_OPEN),
        (resource.RLIMIT_NPROC, 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    return msgspec.structs.replace(applied, seccomp=_seccomp() if applied.no_new_privs else False, address_space=space)


def allow_processor(seconds: int) -> None:
    """From now on so many seconds of processor time; then the kernel ends this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds + 1, hard))


def _landlock(libc: ctypes.CDLL) -> int:
    """Forbid every file, port and outside process; returns the version, 0 where there is none."""
    version = int(libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    if version < 1:
        return 0
    files = _FILES_BY_ABI[max(abi for abi in _FILES_BY_ABI if abi <= version)]
    handled = [files, _NET if version >= 4 else 0, _SCOPE if version >= 6 else 0]
    attributes = struct.pack("=QQQ", *handled)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = int(libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    if ruleset < 0:
        return 0
    try:
        return version if libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _seccomp() -> bool:
    """Let the listed calls through, for all threads; False where this machine is not x86-64 or its kernel has none."""
    if platform.machine() != "x86_64" or sys.maxsize < 2**32:
        return False
    code = _program()
    program = _Filter(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(
        libc.syscall(_SYS_SECCOMP, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program)) == 0
    )


def _program() -> bytes:
    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    steps = [
        step(_LD, _ARCH),
        step(_JEQ, _AUDIT_ARCH_X86_64, yes=1),
        step(_RET, _KILL),
        step(_LD, _NR),
        # x32's numbers have bit 30 set and equal none of these.
        *(part for number in sorted(_CALLS.values()) for part in (step(_JEQ, number, no=1), step(_RET, _ALLOW))),
        step(_JEQ, _MMAP, yes=2),
        step(_JEQ, _MPROTECT, yes=1),
        step(_RET, _REFUSE),
        step(_LD, _ARG2),
        step(_JSET, _PROT_EXEC, no=1),
        step(_RET, _REFUSE),
        step(_RET, _ALLOW),
    ]
    return b"".join(steps)
