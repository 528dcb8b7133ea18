"""What the gateway's benchmarks share: a process that serves a gateway with seeded hosts, and how to read a process."""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from farhand.core.ids import new_id
from farhand.core.tasks import run
from farhand.gateway.accounts.models import PersonRow
from farhand.gateway.app import Gateway
from farhand.gateway.database import Database, database_url
from farhand.gateway.hosts.listing import search_text, sort_key
from farhand.gateway.hosts.models import HostGroup, HostMember, HostRow, HostTag
from farhand.gateway.limits import Limits
from farhand.gateway.migrations import migrate
from farhand.gateway.security import add_session
from farhand.gateway.settings import GatewaySettings, ServiceSettings
from farhand.protocol.certificate import Certificate
from farhand.protocol.envelope import host_id

#: All calls come from one address here; everything else is as it is by default.
LIMITS = Limits(calls_burst=1_000_000)
TAGS = ("berlin", "web", "database", "kiosk", "laptop", "test", "spare", "lab")


async def seed(folder: Path, url: str, certificates: list[bytes], groups: int = 40) -> None:
    """Fill a new database: hosts with these certificates, in groups, with tags."""
    database = Database(database_url(url, folder))
    await database.open()
    await migrate(database)
    now = int(time.time() * 1000)
    names = [new_id("hosts") for _ in range(groups)]
    async with database.write() as db:
        db.add_all(
            HostGroup(id=one, name=f"Group {number}", name_key=sort_key(f"Group {number}"), created_ms=now)
            for number, one in enumerate(names)
        )
        await db.flush()
        rows, tags, members = [], [], []
        for number, data in enumerate(certificates):
            host = host_id(Certificate.decode(data).identity).hex() if len(data) == 210 else data.hex()
            name = f"{TAGS[number % 8]}-{number:05d}.example"
            row = HostRow(
                id=host, name=name, name_key=sort_key(name), search="", notes=f"rack {number % 97}", certificate=data,
                endorsement=b"x", enrolled_ms=now - number, last_seen_ms=now - number * 1000, system="Debian 12",
                version="0.1.0", screens="1920x1080", removed_ms=0, online=False,
            )  # fmt: skip
            held = [TAGS[number % 8], TAGS[(number // 8) % 8]]
            row.search = search_text(row, held)
            rows.append(row)
            tags += [HostTag(host_id=host, tag=tag) for tag in sorted(set(held))]
            members += [HostMember(group_id=names[number % groups], host_id=host)]
        db.add_all(rows)
        await db.flush()
        db.add_all(tags + members)
    async with database.write() as db:
        await db.execute(text("ANALYZE"))  # as any database does by itself that has been running for a while
    await database.close()


async def serve(folder: str, url: str, port: int) -> None:
    """The gateway's process: says its port and an administrator's token, and runs until its input ends."""
    service = ServiceSettings(data=Path(folder), database=url)
    gateway = Gateway(GatewaySettings(host="127.0.0.1", port=port, registration="", service=service, limits=LIMITS))
    await gateway.start()
    assert gateway.service is not None
    backend = gateway.service.backend
    async with backend.database.write() as db:
        person, name = new_id("person"), secrets.token_hex(4)
        db.add(PersonRow(id=person, name=name, name_key=name, admin=True, created_ms=0, handle=secrets.token_bytes(32)))
        await db.flush()
        _, token = add_session(db, backend, person, method="device", address="", name="bench", browser=False)
    print(json.dumps({"port": gateway.port, "token": token}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await gateway.close()


@contextmanager
def served(folder: Path, url: str = "", port: int = 0) -> Iterator["Served"]:
    """A gateway in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), url, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said: dict[str, Any] = json.loads(process.stdout.readline())
        yield Served(process, said["port"], said["token"])
    finally:
        if process.poll() is None:
            process.communicate()


class Served:
    """The process."""

    def __init__(self, process: subprocess.Popen[str], port: int, token: str) -> None:
        self.process = process
        self.pid = process.pid
        self.port = port
        self.headers = {"authorization": f"Bearer {token}", "x-farhand": "1"}

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


def memory_kib(pid: int) -> int:
    """Resident memory of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def processor(pid: int) -> float:
    """Seconds that a process has run, all its threads (Linux)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
