"""Files by the command line, as a user copies them: real processes, a real host."""

import asyncio
import contextlib
import json
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tests.integration.processes import PATIENCE, farhand

UP = ("up", "--no-ask", "--virtual", "640x480", "--listen", "127.0.0.1:0", "--json")


async def run(home: Path, *arguments: str, given: bytes = b"", code: int = 0, out: bool = False) -> bytes:
    """One command's output, of one that fails what it says of that unless ``out``; it ends with ``code``."""
    process = await start(home, *arguments)
    told, errors = await asyncio.wait_for(process.communicate(given), PATIENCE)
    assert process.returncode == code, errors.decode()
    return told if code == 0 or out else errors


def environment_of(home: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**environment, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}


async def at_a_terminal(
    home: Path, *arguments: str, answers: Sequence[str], question: str = "rest, too)? "
) -> tuple[int, str]:
    """Run one command at a terminal of its own; each time it asks, the next of the answers is typed."""
    ours, theirs = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *("setsid", "--ctty", "--wait", sys.executable, "-m", "farhand.cli", *arguments),
            env={**environment_of(home), "TERM": "xterm"},
            stdin=theirs,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=theirs,
            cwd=home,
        )
    finally:
        os.close(theirs)
    seen = ""
    left = list(answers)
    with os.fdopen(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):  # EIO: nobody has it any more
        while piece := await asyncio.wait_for(asyncio.to_thread(terminal.read, 4096), PATIENCE):
            seen += piece.decode()
            if seen.endswith(question) and left:
                os.write(ours, left.pop(0).encode())
    return await asyncio.wait_for(process.wait(), PATIENCE), seen


async def start(home: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "farhand.cli", *arguments),
        env=environment_of(home),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=home,
    )


@contextlib.asynccontextmanager
async def host(folder: Path) -> AsyncIterator[tuple[Path, Path]]:
    """A host whose user's home is the one path, and a folder of the caller's, the other."""
    home, mine = folder / "home", folder / "mine"
    mine.mkdir()
    home.mkdir(mode=0o700)
    settings = folder / "host.toml"
    settings.write_text('allow = ["view", "files-read", "files-write"]\n')
    async with farhand(home, *UP, "--settings", str(settings)) as up:
        await up.tell("code")
        yield home, mine
        await up.end()


@pytest.mark.timeout(120)
async def test_the_verbs_as_a_user_types_them(tmp_path: Path) -> None:
    async with host(tmp_path) as (home, mine):
        (mine / "site" / "images").mkdir(parents=True)
        (mine / "site" / "index.html").write_text("<p>")
        (mine / "site" / "images" / "a.png").write_bytes(os.urandom(200_000))
        await run(home, "cp", "-r", str(mine / "site"), "local:")
        assert (home / "site/images/a.png").read_bytes() == (mine / "site/images/a.png").read_bytes()
        await run(home, "cp", "local:site/*.html", f"{mine}/")
        assert (mine / "index.html").read_text() == "<p>"
        assert (
            "farhand: local:site: it is a folder"
            in (await run(home, "cp", "local:site", str(mine / "x"), code=1)).decode()
        )
        await run(home, "cp", "-", "local:dump.sql", given=b"insert")
        assert await run(home, "cat", "local:dump.sql") == b"insert"
        assert await run(home, "cp", "local:dump.sql", "-") == b"insert"
        await run(home, "mkdir", "-p", "local:x/y")
        await run(home, "mv", "local:dump.sql", "x/y/")
        assert (await run(home, "ls", "local:x/y")).decode() == "dump.sql\n"
        listed = [json.loads(line) for line in (await run(home, "ls", "--json", "-r", "local:site")).splitlines()]
        assert {one["path"]: one["kind"] for one in listed} == {
            "index.html": "file",
            "images": "folder",
            "images/a.png": "file",
        }
        assert b"not empty" in await run(home, "rm", "--for-good", "local:x", code=1)
        await run(home, "rm", "-r", "--for-good", "local:x")
        assert not (home / "x").exists()
        assert b"free of" in await run(home, "df", "local:")
        assert b"no such file" in await run(home, "cp", "local:none", str(mine), code=1)
        assert b"SRC" in await run(home, "cp", "alone", code=2)
        await run(home, "cp", str(mine / "index.html"), "local:new/folder/")
        assert (home / "new/folder/index.html").read_text() == "<p>"
        await run(home, "cp", str(mine / "index.html"), "local:again.html", "--conflict", "refuse")
        (mine / "index.html").write_text("<p>other")
        refused = await run(home, "cp", str(mine / "index.html"), "local:again.html", "--conflict", "refuse", code=1)
        assert b"the name is taken; this: 8 bytes" in refused
        told = await run(
            home, "cp", "--json", str(mine / "index.html"), "local:again.html", "--conflict", "refuse", code=1, out=True
        )
        assert json.loads(told)["theirs"]["size"] == 3
        again = ("cp", "-i", str(mine / "index.html"), "local:again.html")
        assert b"keep-both" in await run(home, *again, code=2)
        code, seen = await at_a_terminal(home, *again, answers="\x03")
        assert (code, (home / "again.html").read_text()) == (130, "<p>")
        assert "local:again.html is there already\r\n  this:  8 bytes of" in seen
        code, seen = await at_a_terminal(home, *again, answers=["what\n", "k\n"])
        assert (code, (home / "again (2).html").read_text()) == (0, "<p>other")
        assert (home / "again.html").read_text() == "<p>"


async def killed_in_the_middle(home: Path, source: Path) -> str:
    """Begin a copy and kill it when 8 MiB have arrived; its target. One that was too quick is begun anew."""
    incoming = home / ".local/share/farhand/.farhand-incoming"
    for number in range(20):
        process = await start(home, "cp", "-q", str(source), f"local:big-{number}")
        ended = asyncio.ensure_future(process.wait())
        while not ended.done() and received(incoming) < 8 << 20:
            await asyncio.sleep(0)
        if not ended.done():
            process.send_signal(signal.SIGKILL)
        await ended
        if not (home / f"big-{number}").exists():
            return f"big-{number}"
    raise AssertionError("every copy was over before it was killed")


def received(incoming: Path) -> int:
    """Bytes of partial files."""
    try:
        return sum(one.stat().st_size for one in incoming.glob("p*"))
    except FileNotFoundError:
        return 0


@pytest.mark.timeout(120)
async def test_a_copy_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    async with host(tmp_path) as (home, mine):
        data = os.urandom(96 << 20)
        (mine / "big").write_bytes(data)
        name = await killed_in_the_middle(home, mine / "big")
        assert not (home / name).exists()
        told = (await run(home, "cp", "--json", str(mine / "big"), f"local:{name}")).splitlines()
        done = json.loads(told[-1])
        assert done["event"] == "done"
        assert done["resumed"] >= 8 << 20
        assert done["crossed"] + done["resumed"] == len(data)
        assert (home / name).read_bytes() == data
