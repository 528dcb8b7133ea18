"""The audit among real processes: killed, in each other's way, and out of room."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.processes import farhand
from tests.unit.host.audit_kit import KEYS, in_memory, judged, opened, written

from farhand.client import connect
from farhand.host.audit_log import Reading, Verdict
from farhand.host.audit_store import AuditBusy

ROUNDS = 300
KILLED = Path(__file__).with_name("audit_killed.py")


@pytest.mark.timeout(120)
def test_killed_hundreds_of_times() -> None:
    # The death of a process leaves the same bytes in memory as on a disk.
    with in_memory() as folder:
        done = subprocess.run(
            [sys.executable, KILLED, folder / "audit", str(ROUNDS), "4711"],
            capture_output=True,
            text=True,
            timeout=110,
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert (found["rounds"], found["agreed"]) == (ROUNDS, ROUNDS), "each round's checkpoint is still true at the end"
    assert found["entries"] > ROUNDS
    assert found["cut"] > ROUNDS / 10, "writes were cut in the middle"


HOLDS = """
import sys
from pathlib import Path
from tests.unit.host.audit_kit import opened
audit = opened(Path(sys.argv[1]))
print(flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_which_one_writes(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path / "audit"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        with pytest.raises(AuditBusy, match=f"process {holder.pid}"):
            opened(tmp_path / "audit")
        holder.kill()
    opened(tmp_path / "audit").close()


LIMITED = """
import resource, sys
from pathlib import Path
from tests.unit.host.audit_kit import opened
audit = opened(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
for number in range(30):
    audit.record("log-in", who=f"person {number}")
assert "cannot be written" in audit.refusal(), audit.refusal()
assert audit.checkpoint() == b""
size = audit.size
assert 5 < size < 20, size
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert audit.refusal() == ""
assert audit.size == 30
audit.close()
"""


def test_the_system_takes_no_more_bytes(tmp_path: Path) -> None:
    """A real limit: the last write is taken in part, as on a disk that fills up."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path / "audit"], capture_output=True, text=True, cwd=root, timeout=55
    )
    assert done.returncode == 0, done.stderr
    verdict = judged(tmp_path / "audit")
    assert (verdict.size, verdict.faults) == (30, [])


def test_a_log_that_grows_while_it_is_read(tmp_path: Path) -> None:
    written(tmp_path, 5)
    audit = opened(tmp_path)
    audit.record("start")
    assert judged(tmp_path).faults == []
    audit.close()
    assert judged(tmp_path).identity == KEYS.identity_public.hex()


async def command(home: Path, *words: object) -> tuple[int, str]:
    """`farhand audit` as this user would say it: exit code and what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "farhand.cli", "audit", *map(str, words)),
        env={**{k: v for k, v in os.environ.items() if not k.startswith("XDG_")}, "HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 40)
    return process.returncode or 0, out.decode()


def judged_by_anyone(home: Path) -> Verdict:
    """Somebody who has the folder and no key."""
    reading = Reading(next(home.rglob("audit")))
    assert sum(1 for _ in reading.entries()) > 2
    return reading.verdict


@pytest.mark.timeout(150)  # several programs, one after the other
async def test_a_host_killed_in_mid_session_and_what_its_audit_says(tmp_path: Path) -> None:
    """From a real session to an export of which one byte was changed, with the programs that people use."""
    home = tmp_path / "home"
    up = ("up", "--plain", "--no-ask", "--json", "--listen", "127.0.0.1:0", "--virtual", "640x480")
    async with farhand(home, *up) as host:
        base, code = (await host.tell("code"))["link"].split("/#")
        session = await connect(base, code, name="Anna")
        await session.wait(lambda s: s.picture.exact)
        await host.end(signal.SIGKILL)
        await session.close()
        assert host.process.stdout is not None
        await asyncio.wait_for(host.process.stdout.read(), 40)  # its desktop has ended too
    assert judged_by_anyone(home).faults == []
    async with farhand(home, *up) as host:
        await host.tell("code")
        assert await host.end() == 0
    done, exported = await command(home, "export")
    assert done == 0
    told = [json.loads(line) for line in exported.splitlines()[1:]]
    kinds = [entry["kind"] for entry in told]
    assert kinds.count("start") == 2
    assert kinds[-1] == "stop"
    assert "Anna" in [entry.get("who") for entry in told if entry["kind"] == "log-in"]
    assert code.split("-")[-1] not in json.dumps(told)

    copy = tmp_path / "audit.jsonl"
    number = kinds.index("log-in")
    copy.write_text(exported.replace("Anna", "Anne"))
    done, said = await command(home, "verify", copy)
    assert done == 1
    assert f"entry {number} was changed" in said
