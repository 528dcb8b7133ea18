"""What `farhand doctor` looks at."""

import importlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from farhand.cli.exits import Exit
from farhand.core.assets import AssetsError, viewer_directory
from farhand.core.config import Paths
from farhand.core.sockets import listen
from farhand.host.platform import close_platform, open_platform
from farhand.host.platform.base import PlatformError

_PACKAGES = ("av", "cryptography", "msgspec", "numpy", "starlette", "uvicorn", "websockets", "zstandard")
#: Programs of a virtual desktop, by the Debian package that has them.
_VIRTUAL = {"Xvfb": "xvfb", "openbox": "openbox", "xterm": "xterm"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``cure`` where it is not well."""

    check: str
    ok: bool
    text: str
    cure: str = ""


def examine(display: str | None, host: str, port: int, *, machine: bool) -> int:
    """Look at everything, print what was found, and return the exit code."""
    findings = list(_findings(display, host, port))
    for finding in findings:
        if machine:
            print(
                json.dumps(
                    {"check": finding.check, "ok": finding.ok, "text": finding.text, "cure": finding.cure},
                    ensure_ascii=False,
                )
            )
        else:
            print(f"  {'ok ' if finding.ok else 'NOT'}  {finding.check:<9} {finding.text}")
            if finding.cure:
                print(f"                 {finding.cure}")
    return Exit.OK if all(finding.ok for finding in findings) else Exit.FAILED


def _findings(display: str | None, host: str, port: int) -> Iterator[Finding]:
    yield _python()
    yield _packages()
    yield _viewer()
    yield _folders()
    yield from _screen(display or os.environ.get("DISPLAY") or None)
    yield _port(host, port)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Finding("python", ok, f"Python {version}", "" if ok else "install Python 3.11 or newer")


def _packages() -> Finding:
    missing = []
    for name in _PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        return Finding("packages", False, f"cannot be imported: {', '.join(missing)}", "install Farhand anew")
    return Finding("packages", True, "all that Farhand imports is here")


def _viewer() -> Finding:
    try:
        return Finding("viewer", True, f"built, in {viewer_directory()}")
    except AssetsError as error:
        return Finding("viewer", False, error.cause, error.cure)


def _folders() -> Finding:
    paths = Paths.default()
    try:
        paths.create()
    except OSError as error:
        return Finding("folders", False, f"{error.filename} cannot be made ({error.strerror})", "set HOME")
    for folder in (paths.data, paths.runtime):
        if not os.access(folder, os.W_OK):
            return Finding("folders", False, f"{folder} cannot be written", f"make {folder} this user's own")
    return Finding("folders", True, f"keys are kept in {paths.data}")


def _screen(display: str | None) -> Iterator[Finding]:
    if display is not None:
        problem = _display_problem(display)
        yield Finding(
            "display",
            not problem,
            problem or f"{display} can be reached",
            "run this as the user of that display, or name another with --display" if problem else "",
        )
        return
    missing = {program: package for program, package in _VIRTUAL.items() if shutil.which(program) is None}
    yield Finding(
        "display",
        "Xvfb" not in missing,
        "none; a desktop without a screen would be started"
        if not missing
        else f"none, and {', '.join(missing)} not found to start one without a screen",
        f"apt-get install {' '.join(missing.values())}" if missing else "",
    )


def _display_problem(display: str) -> str:
    try:
        close_platform(open_platform(display))
    except (PlatformError, ImportError) as error:
        return str(error)
    return ""


def _port(host: str, port: int) -> Finding:
    name = f"{host}:{port}"
    try:
        listen(host, port).close()
    except OSError as error:
        return Finding(
            "port", False, f"{name} cannot be listened on ({error.strerror})", "name another one with --listen"
        )
    return Finding("port", True, f"{name} is free (on {socket.gethostname()}; a firewall may still close it)")
