"""What the files bench measures with: processes with their CPU and memory, a private sshd, hosts, and a slow line."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FARHAND = (sys.executable, "-m", "farhand.cli")
PATIENCE = 60.0
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """One command: wall and CPU seconds of it and of what it started, and its largest process in MiB."""

    seconds: float
    cpu: float
    memory: float


def timed(command: Sequence[str], environment: dict[str, str], *, source: Path | None = None) -> Run:
    """Run it to its end; RuntimeError with what it said where it failed."""
    with open(source or os.devnull, "rb") as given, open("/tmp/farhand-bench-errors", "w+b") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdin=given, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {errors.read().decode(errors='replace')[-600:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def family(pid: int) -> list[int]:
    """A process and all that it started and that still runs."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu(pids: Sequence[int]) -> float:
    """CPU seconds of these and of children they have waited for."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / TICK


def forget_peak(pids: Sequence[int]) -> None:
    """Let the next ``peak`` be what is used from now on."""
    for pid in pids:
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak(pids: Sequence[int]) -> float:
    """The largest of them, in MiB, at its most; a virtual desktop's X server is none of them."""
    found = [0]
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "Xvfb":
                continue
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    found.append(int(line.split()[1]))
    return max(found) / 1024


@dataclass
class Network:
    """Where host and caller are: on one machine, or each in a namespace of its own with a line between."""

    there: tuple[str, ...] = ()
    here: tuple[str, ...] = ()
    address: str = "127.0.0.1"


@contextlib.contextmanager
def network(link: str, options: Sequence[str]) -> Iterator[Network]:
    """Two namespaces and a ``link`` program between (delay, loss, rate as it takes them), or none of it."""
    if not link:
        yield Network()
        return
    names = [f"farhand-{secrets.token_hex(3)}" for _ in range(2)]
    enter = [("ip", "netns", "exec", name) for name in names]
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        line = subprocess.Popen([link, *names, *options], stdout=subprocess.PIPE)
        try:
            if line.stdout is None or not line.stdout.readline():
                raise RuntimeError("the line did not come up")
            yield Network(enter[0], enter[1], "10.77.0.1")
        finally:
            line.kill()
            line.wait()
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


def until(holds: Callable[[], object]) -> None:
    """Wait until ``holds()``; RuntimeError if it never does."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError("it never came up")
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Server:
    """Something that runs; ``pids`` are its processes."""

    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    folder: Path
    port: int = 0
    used: str = ""
    """The link that was used last."""

    @property
    def pids(self) -> list[int]:
        return family(self.process.pid)

    def link(self) -> str:
        """A link that was not used yet."""
        ready = self.folder / "ready"
        until(lambda: ready.exists() and ready.read_text().strip() not in ("", self.used))
        self.used = ready.read_text().strip()
        return self.used


@contextlib.contextmanager
def running(command: Sequence[str], environment: dict[str, str], folder: Path, port: int = 0) -> Iterator[Server]:
    """Start it, and end it in order."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield Server(process, environment, folder, port)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if process.returncode is None:
            process.kill()
            process.wait()


def own_environment(folder: Path) -> dict[str, str]:
    """A user of its own, as far as files go."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DISPLAY"))}
    return {**kept, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run")}


SETTINGS = """\
ask = false
allow = ["view", "control", "files-read", "files-write"]
[browser]
allow = ["view", "control", "files-read", "files-write"]
[files]
incoming = "{root}/.incoming"
[[files.roots]]
path = "{root}"
"""


@contextlib.contextmanager
def host(folder: Path, root: Path, net: Network, *, gateway: str = "", more: str = "") -> Iterator[Server]:
    """A host of the folder ``root``: reached directly, or through a gateway by codes; ``more`` settings."""
    environment = own_environment(folder)
    settings = folder / "host.toml"
    settings.write_text(SETTINGS.format(root=root) + more)
    port = free_port()
    verb = ["host", "--gateway", gateway] if gateway else ["up", "--listen", f"{net.address}:{port}", "--plain"]
    common = ["--no-ask", "--virtual", "640x480", "--settings", str(settings), "--ready-file", str(folder / "ready")]
    with running([*net.there, *FARHAND, *verb, *common], environment, folder, port) as server:
        server.link()
        server.used = ""  # it is still good for the first caller
        yield server


@contextlib.contextmanager
def gateway(folder: Path, net: Network) -> Iterator[Server]:
    """A gateway that carries sessions and reads none of them."""
    environment = own_environment(folder)
    port = free_port()
    command = [
        *net.there,
        *FARHAND,
        "gateway",
        "--listen",
        f"{net.address}:{port}",
        "--plain",
        "--open",
        "--data",
        str(folder),
    ]
    with running(command, environment, folder, port) as server:
        until(lambda: answers(net, port) or server.process.poll() is not None)
        if server.process.poll() is not None:
            raise RuntimeError((folder / "log").read_text()[-800:])
        yield server


def answers(net: Network, port: int) -> bool:
    """Whether something listens there."""
    probe = f"import socket; socket.create_connection(({net.address!r}, {port}), 1)"
    return not subprocess.run([*net.here, sys.executable, "-c", probe], capture_output=True).returncode


SSHD = """\
Port {port}
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
SetEnv HOME={folder} SHLVL=2
"""


@contextlib.contextmanager
def sshd(folder: Path, net: Network) -> Iterator[Server]:
    """A private sshd with OpenSSH's defaults, and a shell that reads nobody's start-up files; ``config`` is for ssh."""
    folder.mkdir(parents=True)
    port = free_port()
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "sshd_config").write_text(SSHD.format(port=port, address=net.address, folder=folder))
    (folder / "config").write_text(
        f"Host bench\n HostName {net.address}\n Port {port}\n IdentityFile {folder}/key\n IdentitiesOnly yes\n"
        f" UserKnownHostsFile {folder}/known\n StrictHostKeyChecking accept-new\n LogLevel ERROR\n"
    )
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    Path("/run/sshd").mkdir(exist_ok=True)
    command = [*net.there, program, "-D", "-e", "-f", str(folder / "sshd_config")]
    with running(command, dict(os.environ), folder, port) as server:
        until(lambda: answers(net, port))
        yield server


@contextlib.contextmanager
def workplace(where: Path) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = where / f"farhand-bench-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
