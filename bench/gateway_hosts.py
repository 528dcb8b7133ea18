"""The console's list of 10,000 hosts: how long a page, a search, a filter takes, on SQLite and on PostgreSQL.

usage: .venv/bin/python bench/gateway_hosts.py [--hosts 10000] [--postgres URL] [--json]

Times are of whole HTTP requests by one person at a time, over loopback, the answer's decoding left out. Without
--postgres a PostgreSQL of its own is started in a temporary folder, as the tests do. Beside them, as what the machine
gives: the same search in the same table by sqlite3 alone.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from gateway_kit import TAGS, percentile, processor, seed, served

from farhand.core.tasks import run

ROUNDS = 60
GOAL_MS = 100.0


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own; yields the address of an empty database."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    programs = found[-1].parent if found else Path(shutil.which("initdb") or "initdb").parent
    folder = Path(tempfile.mkdtemp(prefix="farhand-bench-pg-", dir="/tmp"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)

    def call(*command: object) -> None:
        subprocess.run([str(one) for one in command], user=user, check=True, stdout=subprocess.DEVNULL, cwd="/")

    call(programs / "initdb", "-D", folder / "data", "-U", "farhand", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses="
    call(programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
    try:
        call(programs / "createdb", "-h", folder, "-U", "farhand", "bench")
        yield f"postgresql://farhand@/bench?host={folder}"
    finally:
        call(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def questions(count: int, group: str, deep: str) -> dict[str, list[dict[str, Any]]]:
    """What is asked, by name; each a few variants."""
    return {
        "first page": [{"limit": 50}],
        "deep page": [{"limit": 50, "cursor": deep}],
        "search, many": [{"q": tag} for tag in TAGS],
        "search, one": [{"q": f"{number % count:05d}.example"} for number in range(7, 700, 97)],
        "search, none": [{"q": "nowhere"}],
        "group": [{"group": group}],
        "tag and search": [{"tag": tag, "q": "rack 13"} for tag in TAGS],
        "offline, last seen": [{"state": "offline", "sort": "seen"}],
        "200 by name, down": [{"limit": 200, "sort": "-name"}],
    }


async def measure(folder: Path, url: str, count: int) -> dict[str, dict[str, float]]:
    """Milliseconds by question."""
    await seed(folder, url, [os.urandom(16) for _ in range(count)])
    with served(folder, url) as gateway:
        async with httpx.AsyncClient(base_url=gateway.address, headers=gateway.headers, timeout=30) as client:
            group = (await client.get("/api/host-groups")).json()["items"][0]["id"]
            deep = ""
            for _ in range(count * 9 // 10 // 200):
                page = (await client.get("/api/hosts", params={"limit": 200, "cursor": deep})).json()
                deep = page["next"]
            assert page["total"] == count
            rows = {}
            for name, asked in questions(count, group, deep).items():
                for question in asked[:2]:
                    await client.get("/api/hosts", params=question)
                times, cpu = [], processor(gateway.pid)
                for number in range(ROUNDS):
                    began = time.perf_counter()
                    answer = await client.get("/api/hosts", params=asked[number % len(asked)])
                    times.append((time.perf_counter() - began) * 1e3)
                    assert answer.status_code == 200, answer.text
                rows[name] = {
                    "p50_ms": percentile(times, 0.5),
                    "p95_ms": percentile(times, 0.95),
                    "gateway_cpu_ms": (processor(gateway.pid) - cpu) / ROUNDS * 1e3,
                }
            return rows


def bare(folder: Path) -> float:
    """The p95 of a page of 50 by sqlite3 alone, in milliseconds."""
    with sqlite3.connect(folder / "gateway.db") as db:
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            db.execute("select count(*) from host where removed_ms = 0 and search like '%web%'").fetchone()
            db.execute(
                "select * from host where removed_ms = 0 and search like '%web%' order by name_key, id limit 50"
            ).fetchall()
            times.append((time.perf_counter() - began) * 1e3)
    return percentile(times, 0.95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="farhand-bench-") as name:
        found["sqlite"] = run(measure(Path(name), "", arguments.hosts))
        alone = bare(Path(name))
    with tempfile.TemporaryDirectory(prefix="farhand-bench-") as name:
        if arguments.postgres:
            found["postgresql"] = run(measure(Path(name), arguments.postgres, arguments.hosts))
        else:
            with postgres() as url:
                found["postgresql"] = run(measure(Path(name), url, arguments.hosts))
    if arguments.json:
        print(json.dumps({"hosts": arguments.hosts, "bare_sqlite_search_p95_ms": alone, **found}))
        return
    for database, rows in found.items():
        for question, row in rows.items():
            reached = "reached" if row["p95_ms"] < GOAL_MS else "MISSED"
            print(
                f"{database:11} {question:20} p50 {row['p50_ms']:6.1f} ms  p95 {row['p95_ms']:6.1f} ms  {reached}"
                f"  gateway's processor {row['gateway_cpu_ms']:5.1f} ms"
            )
    print(f"sqlite3 alone, search and count: p95 {alone:.1f} ms")


if __name__ == "__main__":
    main()
