"""An organisation as its people set it up: gateway, host, command lines are processes, each with a home of its own."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.real import FARHAND, PATIENCE

PASSWORD = "correct horse battery staple"
HOST = "frontdesk"


class Process:
    """A `farhand` that runs: its lines, as they come."""

    def __init__(self, home: Path, *command: str | Path, **environment: str) -> None:
        self.home = home
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [*command],
            env=environment_of(home) | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def until(self, pattern: str, after: int = 0) -> re.Match[str]:
        """The first line that matches, once it is there."""

        def found() -> re.Match[str] | None:
            return next((hit for line in self.lines[after:] if (hit := re.search(pattern, line))), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, PATIENCE)
            hit = found()
        assert hit is not None, f"no {pattern!r}:\n" + "\n".join(self.lines)
        return hit

    def say(self, line: str) -> None:
        """A line on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End it in order."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join(PATIENCE)
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()


def environment_of(home: Path) -> dict[str, str]:
    """A user's environment, without a display."""
    home.mkdir(mode=0o700, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY") and not k.startswith("XDG_")}
    return kept | {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "COLUMNS": "200"}


@dataclass
class Person:
    """Somebody with an account: a browser session for the API, and a home for the command line."""

    name: str
    id: str
    http: httpx.Client
    home: Path
    url: str
    processes: list[Process] = field(default_factory=list)

    def api(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """One request to the API, in their name."""
        answer = self.http.request(method, f"/api{path}", json=body)
        assert answer.is_success if status is None else answer.status_code == status, (path, answer.text)
        return answer.json() if answer.content else None

    def cli(self, *arguments: str, code: int = 0) -> str:
        """A `farhand` that runs and ends; its standard output."""
        run = subprocess.run(
            [FARHAND, *arguments], env=environment_of(self.home), capture_output=True, text=True, timeout=PATIENCE
        )
        assert run.returncode == code, f"farhand {' '.join(arguments)}: {run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout + run.stderr if code else run.stdout

    def start(self, *arguments: str) -> Process:
        """A `farhand` that goes on."""
        process = Process(self.home, FARHAND, *arguments)
        self.processes.append(process)
        return process

    def log_in(self) -> None:
        """`farhand login`, approved in their browser session."""
        asking = self.start("login", self.url)
        code = asking.until(r"code +(\S+)")[1]
        self.api("POST", "/device-login/approve", {"user_code": code})
        assert asking.ended() == 0, asking.lines

    def view(self, *options: str) -> tuple[Process, str]:
        """`farhand view`, and the address that opens it."""
        viewing = self.start("view", HOST, "--no-browser", *options)
        return viewing, viewing.until(r"open +(http://\S+)")[1]


class Office:
    """A gateway and an enrolled host; `ada` is the administrator."""

    def __init__(self, folder: Path, display: str) -> None:
        self.folder = folder
        self.display = display
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://localhost:{port}"
        self.gateway = Process(
            folder / "gateway", FARHAND, "gateway", "--listen", f"127.0.0.1:{port}", "--plain", "--url", self.url
        )
        self.people: list[Person] = []
        self.host: Process | None = None
        self.passphrase = folder / "passphrase"
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text("a passphrase that only Ada knows\n")

    def setup_token(self) -> str:
        """As `farhand gateway` says where it is."""
        where = self.gateway.until(r"the token is in (\S+)|token=(\S+)")
        return where[2] or Path(where[1]).read_text().strip()

    def person(self, name: str, client: httpx.Client) -> Person:
        """Somebody who is signed in by this client."""
        me = client.get("/api/me").raise_for_status().json()
        made = Person(name, me["id"], client, self.folder / name.lower(), self.url)
        self.people.append(made)
        return made

    def client(self, **cookies: str) -> httpx.Client:
        """A browser's session as the API sees it."""
        return httpx.Client(
            base_url=self.url, headers={"x-farhand": "1", "origin": self.url}, cookies=cookies, timeout=PATIENCE
        )

    def first(self) -> Person:
        """The first administrator, without the console."""
        client = self.client()
        body = {"token": self.setup_token(), "name": "Ada", "password": PASSWORD}
        client.post("/api/setup", json=body).raise_for_status()
        return self.person("Ada", client)

    def invited(self, by: Person, name: str, **roles: bool) -> Person:
        """Somebody new, by an administrator's invitation."""
        made = by.api("POST", "/people", {"name": name, "operator": True, **roles})
        token = by.api("POST", f"/people/{made['id']}/invite", {})["token"]
        client = self.client()
        client.post("/api/login/invite", json={"token": token}).raise_for_status()
        return self.person(name, client)

    def enrol(self, by: Person) -> None:
        """The root key, a delegation, a token, and a host that nobody sits at."""
        key = ("--passphrase-file", str(self.passphrase))
        by.cli("org", "init", "--name", "Example", *key)
        by.cli("org", "delegate", *key)
        token = json.loads(by.cli("org", "token", "--name", HOST, "--json", *key))["token"]
        wrapped = (sys.executable, str(Path(__file__).with_name("host_with_clock.py")))
        options = ("host", "--gateway", self.url, "--enrol", token, "--display", self.display, "--json")
        self.host = Process(self.folder / "host", *wrapped, *options)
        self.host.until('"event": "online"')

    def advance(self, seconds: float) -> None:
        """Put the host's clock forward."""
        assert self.host is not None
        before = len(self.host.lines)
        self.host.say(f"advance {seconds}")
        self.host.until('"advanced"', before)

    def host_id(self, by: Person) -> str:
        """The host's id."""
        end = time.monotonic() + PATIENCE
        while True:
            row = by.api("GET", "/hosts")["items"][0]
            if row["online"]:
                return str(row["id"])
            assert time.monotonic() < end, row

    def rule(self, by: Person, whom: Person, rights: dict[str, int], **conditions: Any) -> str:
        """A rule for one person on the host."""
        body = {
            "person": whom.id,
            "host": self.host_id(by),
            "rights": [{"capability": one, "seconds": seconds} for one, seconds in rights.items()],
            "conditions": conditions,
        }
        return str(by.api("POST", "/rules", body)["id"])

    def close(self) -> None:
        """End everything."""
        for person in self.people:
            for process in person.processes:
                process.close()
            person.http.close()
        for process in (self.host, self.gateway):
            if process is not None:
                process.close()
        for process in (self.host, self.gateway):
            assert process is None or "Traceback" not in "\n".join(process.lines), "\n".join(process.lines)


@contextlib.contextmanager
def office(folder: Path, display: str) -> Iterator[Office]:
    """Start the gateway, and end everything afterwards."""
    made = Office(folder, display)
    try:
        made.gateway.until(r"first administrator")
        yield made
    finally:
        made.close()
