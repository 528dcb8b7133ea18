"""What a connected, idle agent costs MeshCentral: memory and processor time, as gateway_load.py measures Farhand's.

usage: npm install meshcentral --prefix DIR; .venv/bin/python bench/gateway_meshcentral.py DIR [--agents 1000] [--json]

Agents are played: they log in as MeshCentral's own do (its meshagent.js, certificates of their own, a device group) and
then say nothing, over plain WebSockets (its tlsOffload) as Farhand's hosts in gateway_load.py. What real agents do
beyond that, and sessions, which its browser viewer alone opens, are not driven; agents' signatures are not checked.
"""

import argparse
import asyncio
import datetime
import json
import os
import resource
import secrets
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from gateway_kit import memory_kib, processor
from websockets.asyncio.client import ClientConnection, connect

from farhand.core.tasks import run

WARM, PORT = 50, 47_311
IDLE_SECONDS = 20.0


def certificates(count: int) -> list[bytes]:
    """Certificates with public keys of their own; nobody has their private halves, and nobody asks for them."""
    signer = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "agent")])
    now = datetime.datetime.now(datetime.UTC)
    made = []
    for _ in range(count):
        number = secrets.randbits(2048) | 1 << 2047 | 1
        public = rsa.RSAPublicNumbers(65537, number).public_key()
        builder = x509.CertificateBuilder(
            name, name, public, x509.random_serial_number(), now, now + datetime.timedelta(1)
        )
        made.append(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    return made


async def agent(url: str, certificate: bytes, group: bytes, number: int) -> ClientConnection:
    """An agent that is logged in."""
    line = await connect(url, max_size=None, ping_interval=None, compression=None)
    await line.send(struct.pack(">H", 1) + bytes(48) + os.urandom(48))
    await line.send(struct.pack(">HH", 2, len(certificate)) + certificate + bytes(256))
    name = f"agent-{number}".encode()
    info = struct.pack(">HIIII", 3, 1, 6, 0, 3) + group + struct.pack(">I", 0) + struct.pack(">H", len(name)) + name
    await line.send(info)
    async with asyncio.timeout(60):
        while True:
            message = await line.recv()
            data = message.encode() if isinstance(message, str) else message
            if data[:2] == struct.pack(">H", 4):  # MeshCommand_AuthConfirm
                return line


def child(pid: int) -> int:
    """The process that does the work: MeshCentral watches over itself from another one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


async def measure(modules: Path, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="farhand-mesh-") as name:
        folder = Path(name)
        (folder / "config.json").write_text(
            json.dumps(
                {
                    "settings": {
                        "cert": "localhost", "port": PORT, "redirPort": 0, "tlsOffload": True, "WANonly": True,
                        "selfUpdate": False, "ignoreAgentHashCheck": True, "exactPorts": True, "mpsPort": 0,
                    },
                    "domains": {"": {"orphanAgentUser": "admin", "ignoreAgentHashCheck": True}},
                }
            )
        )  # fmt: skip
        base = ["node", str(modules / "node_modules/meshcentral"), "--datapath", name, "--filespath", name + "/files"]
        for more in (["--createaccount", "admin", "--pass", "Bench-1-bench", "--email", "a@b.example"],
                     ["--adminaccount", "admin"]):  # fmt: skip
            subprocess.run([*base, *more], check=True, stdout=subprocess.DEVNULL, cwd=modules, timeout=120)
        log = (folder / "log").open("w+")
        server = subprocess.Popen(base, stdout=log, stderr=log, cwd=modules)
        lines: list[ClientConnection] = []
        try:
            url = f"ws://127.0.0.1:{PORT}/agent.ashx"
            made, group = certificates(count), os.urandom(48)
            async with asyncio.timeout(240):
                while True:
                    try:
                        lines.append(await agent(url, made[0], group, 0))
                        break
                    except OSError:
                        await asyncio.sleep(1)
            for number in range(1, WARM):
                lines.append(await agent(url, made[number], group, number))
            await asyncio.sleep(5)
            pid = child(server.pid)
            before = memory_kib(pid)
            for first in range(WARM, count, 25):
                numbers = range(first, min(count, first + 25))
                lines += await asyncio.gather(*(agent(url, made[number], group, number) for number in numbers))
            await asyncio.sleep(10)
            after, cpu, began = memory_kib(pid), processor(pid), time.monotonic()
            await asyncio.sleep(IDLE_SECONDS)
            return {
                "agents": count,
                "memory_kib": (after - before) / (count - WARM),
                "idle_cpu_percent": 100 * (processor(pid) - cpu) / (time.monotonic() - began),
                "whole_process_mib": after / 1024,
            }
        except BaseException:
            log.seek(0)
            print(log.read()[-2000:])
            raise
        finally:
            inner = child(server.pid)
            server.kill()
            server.wait()
            if inner != server.pid:
                os.kill(inner, signal.SIGKILL)
            for line in lines:
                line.transport.abort()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * arguments.agents + 500), hard))
    row = run(measure(arguments.folder.resolve(), arguments.agents))
    if arguments.json:
        print(json.dumps(row))
        return
    for name, value in row.items():
        print(f"{name:20} {value:9.2f}")


if __name__ == "__main__":
    main()
