"""Copying files beside scp and rsync, in one run: seconds, bytes on the wire, CPU a GB, memory.

usage: .venv/bin/python bench/files.py [--works big,small,delta,again]
       [--ways local,direct,relay,unscanned] [--rounds 3] [--megabytes 2048] [--where /dev/shm]
       [--link PROGRAM --line wan]

`local` is this computer's own host by its socket, `direct` a host's own address, `relay` a gateway between,
`unscanned` as `local` where the owner wants no look for malware: what scanning costs. The peers go through a private
sshd with OpenSSH's defaults. Each round measures all of them one after the other. With --link, host and caller are in
namespaces of their own (this needs root), and PROGRAM makes the line between them: it is given the namespaces' names
and the options of LINES, makes 10.77.0.1 and 10.77.0.2, and says when it is up.
One JSON object a line on standard output, a table of medians on standard error.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from files_kit import (
    FARHAND,
    Network,
    Run,
    Server,
    cpu,
    forget_peak,
    gateway,
    host,
    network,
    own_environment,
    peak,
    sshd,
    timed,
    workplace,
)

LINES = {
    "wan": ("--delay", "20", "--jitter", "2", "--rate", "20"),
    "bad": ("--delay", "40", "--jitter", "10", "--loss", "2", "--rate", "8"),
}
#: Work, and what a way's median is to reach beside which peer: (peer, at most this factor of its seconds).
GOALS = {
    ("big", "local"): ("scp", 1.0),
    ("big", "direct"): ("scp", 1.0),
    ("big", "relay"): ("scp", 1 / 0.7),
    ("small", "local"): ("rsync", 1.5),
    ("small", "direct"): ("rsync", 1.5),
    ("delta", "local"): ("rsync", 1.2),
    ("delta", "direct"): ("rsync", 1.2),
    ("again", "local"): ("rsync", 1.0),
    ("again", "direct"): ("rsync", 1.0),
}
#: A host whose owner wants no look for malware.
UNSCANNED = """[files.scan]
yara = false
clamd = "off"
unavailable = "accept"
"""
#: What scanning may leave of a copy's throughput.
SCANNED = 0.8


@dataclass
class Product:
    """One way to copy: its command for a source and a target's name, and whose CPU and memory count."""

    name: str
    environment: dict[str, str]
    command: Callable[[Path, str], list[str]]
    servers: list[Server]
    works: tuple[str, ...]

    def copy(self, source: Path, name: str) -> tuple[Run, float, float]:
        """The run, CPU seconds of the other side, and its largest process in MiB."""
        pids = [pid for server in self.servers for pid in server.pids]
        forget_peak(pids)
        before = cpu(pids)
        run = timed(self.command(source, name), self.environment)
        pids = list({*pids, *(pid for server in self.servers for pid in server.pids)})
        return run, cpu(pids) - before, peak(pids)


def plant(where: Path, works: list[str], megabytes: int) -> None:
    """The sources."""
    chance = random.Random(1)
    if "big" in works:
        with (where / "big").open("wb") as file:
            for _ in range(megabytes):
                file.write(chance.randbytes(1 << 20))
    if "small" in works:
        (where / "small").mkdir()
        for n in range(5000):
            (where / "small" / f"{n:05}.dat").write_bytes(chance.randbytes(4096))
    if "delta" in works:
        with (where / "delta").open("wb") as file:
            for _ in range(megabytes // 2):
                file.write(chance.randbytes(1 << 20))
    if "again" in works:
        for n in range(500):
            folder = where / "again" / f"{n:03}"
            folder.mkdir(parents=True)
            for m in range(100):
                (folder / f"{m:02}").write_bytes(b"%d" % m)


def edit(path: Path, seed: int) -> None:
    """Change 1 MB of it in 20 places."""
    chance = random.Random(seed)
    with path.open("r+b") as file:
        for _ in range(20):
            file.seek(chance.randrange(path.stat().st_size - 52_000))
            file.write(chance.randbytes(50_000))


def products(stack: ExitStack, work: Path, root: Path, net: Network, ways: list[str]) -> Iterator[Product]:
    """Everything that copies."""
    peer = stack.enter_context(sshd(work / "sshd", net))
    plain = dict(os.environ)
    ssh = f"ssh -F {work}/sshd/config"
    scp = ["scp", "-q", "-F", f"{work}/sshd/config", "-r"]
    yield Product(
        "scp", plain, lambda source, name: [*net.here, *scp, str(source), f"bench:{root}/scp-{name}"], [peer],
        ("big", "small"),
    )  # fmt: skip
    yield Product(
        "rsync", plain,
        lambda source, name: [
            *net.here, "rsync", "-a", "-e", ssh, f"{source}/" if source.is_dir() else str(source),
            f"bench:{root}/rsync-{name}",
        ],
        [peer], ("big", "small", "delta", "again"),
    )  # fmt: skip
    if "local" in ways or "direct" in ways:
        here = stack.enter_context(host(work / "up", root, net))
    for way in ways:
        if way == "unscanned":
            there = stack.enter_context(host(work / "unscanned", root, net, more=UNSCANNED))
            yield farhand(way, Network(), there.environment, lambda: "local", [there])
        elif way == "local":
            yield farhand(way, Network(), here.environment, lambda: "local", [here])
        elif way == "direct":
            yield farhand(way, net, own_environment(work / "caller"), here.link, [here])
        else:
            between = stack.enter_context(gateway(work / "gateway", net))
            address = f"http://{net.address}:{between.port}"
            there = stack.enter_context(host(work / "host", root, net, gateway=address))
            yield farhand(way, net, own_environment(work / "caller"), there.link, [there, between])


def farhand(
    way: str, net: Network, environment: dict[str, str], target: Callable[[], str], servers: list[Server]
) -> Product:
    """This one."""

    def command(source: Path, name: str) -> list[str]:
        verb = ["sync", str(source)] if name.startswith("again") else ["cp", "-q", "-r", str(source)]
        return [*net.here, *FARHAND, *verb, f"{target()}:{way}-{name}"]

    return Product(way, environment, command, servers, ("big", "small", "delta", "again"))


def measure(product: Product, work: str, source: Path, root: Path, number: int) -> dict[str, object]:
    """One row."""
    target = root / f"{product.name}-{work}"
    if work in ("big", "small"):
        shutil.rmtree(target, ignore_errors=True)
        target.unlink(missing_ok=True)
    elif not target.exists() and work == "delta":
        shutil.copy2(source, target)
    elif not target.exists():
        product.copy(source, work)
    if work == "delta":
        edit(source, number)
    run, other, memory = product.copy(source, work)
    size = source.stat().st_size if source.is_file() else sum(one.stat().st_size for one in source.rglob("*"))
    if source.is_file() and source.stat().st_size != target.stat().st_size:
        raise RuntimeError(f"{target} is not whole")
    return {
        "product": product.name,
        "work": work,
        "seconds": round(run.seconds, 3),
        "mb_per_second": round(size / run.seconds / 1e6, 1),
        "cpu_seconds": round(run.cpu + other, 2),
        "cpu_per_gb": round((run.cpu + other) / max(size / 1e9, 1e-9), 2),
        "caller_mib": round(run.memory),
        "host_mib": round(memory),
    }


def table(rows: list[dict[str, object]], line: str) -> None:
    """Medians, ratios and what is to be reached."""
    medians: dict[tuple[str, str], dict[str, float]] = {}
    for key in sorted({(str(row["work"]), str(row["product"])) for row in rows}):
        own = [row for row in rows if (row["work"], row["product"]) == key]
        medians[key] = {
            name: statistics.median(float(str(row[name])) for row in own)
            for name in ("seconds", "mb_per_second", "cpu_seconds", "caller_mib", "host_mib")
        }
    print(f"\n| line | work | product | s | MB/s | CPU s | MiB here/there | beside |\n{'|---' * 8}|", file=sys.stderr)
    for (work, product), one in medians.items():
        beside = ""
        for peer in ("scp", "rsync"):
            if (work, peer) in medians and product not in ("scp", "rsync"):
                ratio = one["seconds"] / medians[work, peer]["seconds"]
                beside += f"{ratio:.2f} × {peer}'s time "
                goal = GOALS.get((work, product))
                if goal is not None and goal[0] == peer:
                    beside += f"({'reached' if ratio <= goal[1] else f'to reach {goal[1]:.2f}'}) "
        if product == "local" and (work, "unscanned") in medians:
            share = medians[work, "unscanned"]["seconds"] / one["seconds"]
            judged = "reached" if share >= SCANNED else f"to reach {SCANNED:.2f}"
            beside += f"{share:.2f} × the throughput without scanning ({judged}) "
        print(
            f"| {line} | {work} | {product} | {one['seconds']:.2f} | {one['mb_per_second']:.0f} | "
            f"{one['cpu_seconds']:.2f} | {one['caller_mib']:.0f}/{one['host_mib']:.0f} | {beside}|",
            file=sys.stderr,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", default="big,small,delta,again")
    parser.add_argument("--ways", default="local,direct,relay")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--where", type=Path, default=Path("/dev/shm"))
    parser.add_argument("--link", default="")
    parser.add_argument("--line", choices=LINES, default="wan")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended then, too
    works, ways = given.works.split(","), given.ways.split(",")
    line = given.line if given.link else "loopback"
    if given.link:
        ways = [way for way in ways if way not in ("local", "unscanned")]
    rows: list[dict[str, object]] = []
    with ExitStack() as stack:
        place = stack.enter_context(workplace(given.where))
        (root := place / "root").mkdir()
        print("writing the sources", file=sys.stderr)
        plant(place, works, given.megabytes)
        net = stack.enter_context(network(given.link, LINES[given.line]))
        every = list(products(stack, place, root, net, ways))
        for number in range(given.rounds):
            for work in works:
                for product in every:
                    if work not in product.works:
                        continue
                    row = {"line": line, **measure(product, work, place / work, root, number)}
                    rows.append(row)
                    print(json.dumps(row), flush=True)
                    print(f"round {number + 1} {work} {product.name}: {row['seconds']} s", file=sys.stderr)
                    if work in ("big", "small"):
                        target = root / f"{product.name}-{work}"
                        shutil.rmtree(target, ignore_errors=True)
                        target.unlink(missing_ok=True)
        table(rows, line)


if __name__ == "__main__":
    main()
