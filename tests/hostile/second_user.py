"""What a second user of the same computer tries, as a process of its own; prints one JSON object of what it got.

usage: second_user.py UID PID... -- FILE...   (as root: the first thing it does is to become UID)

FILE are the first user's files, and its folders with a slash at the end; PID are its processes. Standard input holds
the local sockets that were there before them, as a JSON list.
"""

import ctypes
import json
import os
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

SHM_RDONLY = 0o10000
KINDS = ("read", "listed", "written", "proc", "shm", "socket", "display")


class Spy:
    """Tries, and notes what went through."""

    def __init__(self, pids: list[int], files: list[str]) -> None:
        self.pids = pids
        self.paths = files
        self.got: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.tried = dict.fromkeys(KINDS, 0)

    def attempt(self, kind: str, name: object, act: Callable[[], object]) -> None:
        """Whatever is no error and not False went through."""
        self.tried[kind] += 1
        try:
            if act() is not False:
                self.got[kind].append(str(name))
        except OSError:
            return

    def files(self) -> None:
        """Each file and folder, to be read, listed and written."""
        for name in self.paths:
            path = Path(name)
            if name.endswith("/"):
                self.attempt("listed", path, lambda path=path: os.listdir(path))
                self.attempt("written", path, lambda path=path: (path / "planted").touch())
            else:
                self.attempt("read", path, lambda path=path: path.read_bytes())
                self.attempt("written", path, lambda path=path: path.open("r+b"))

    def processes(self) -> None:
        """What /proc tells of the processes."""
        for pid in self.pids:
            for name in ("environ", "mem", "maps", "auxv", "stack", "syscall"):
                path = Path(f"/proc/{pid}/{name}")
                self.attempt("proc", path, lambda path=path: len(path.read_bytes()) > 0)
            for name in ("fd", "map_files", "cwd"):
                self.attempt("proc", f"{pid}/{name}", lambda pid=pid, name=name: os.listdir(f"/proc/{pid}/{name}"))

    def shared_memory(self) -> None:
        """Every System V segment of the processes."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_ssize_t
        libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
        columns, *lines = (line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines())
        for line in lines:
            row = dict(zip(columns, map(int, line), strict=True))
            if {row["cpid"], row["lpid"]} & set(self.pids):
                for flags in (SHM_RDONLY, 0):
                    number = row["shmid"]
                    self.attempt(
                        "shm", number, lambda number=number, flags=flags: libc.shmat(number, None, flags) != -1
                    )

    def sockets(self, before: set[str]) -> None:
        """Every local socket that came with the processes; a display answers whom it lets in."""
        for name in sorted(local_sockets() - before):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(5)
                address = "\0" + name[1:] if name.startswith("@") else name
                if "/.X11-unix/" in name:
                    self.attempt("display", name, lambda sock=sock, address=address: _opens(sock, address))
                else:
                    self.attempt("socket", name, lambda sock=sock, address=address: sock.connect(address))


def _opens(sock: socket.socket, address: str) -> bool:
    """The X protocol's opening without a cookie: the answer 1 is "come in", 0 and 2 are "no"."""
    sock.connect(address)
    sock.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
    return sock.recv(8)[:1] == b"\1"


def local_sockets() -> set[str]:
    """The names of all Unix sockets that listen."""
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return {row[7] for row in rows if len(row) > 7 and int(row[3], 16) & 0x10000}


def main() -> None:
    """Become the other user, and try everything."""
    words = sys.argv[1:]
    split = words.index("--")
    uid = int(words[0])
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    before = set(json.loads(sys.stdin.read()))
    spy = Spy([int(word) for word in words[1:split]], words[split + 1 :])
    spy.files()
    spy.processes()
    spy.shared_memory()
    spy.sockets(before)
    print(json.dumps({"got": spy.got, "tried": spy.tried}))


if __name__ == "__main__":
    main()
