"""What a gateway serves as the viewer, against what this release holds.

The installed package carries a list of the bundle's files with their SHA-256, made when it was built. A browser runs
nothing else: every script is named by ``index.html``, which is on the list, and the page's policy lets in no other.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from farhand.client.pinned import tls_context
from farhand.client.texts import plain
from farhand.core.assets import viewer_directory
from farhand.core.errors import FarhandError
from farhand.transports.base import Unreachable

_MANIFEST = Path(__file__).resolve().parent.parent / "viewer_manifest.json"
_SECONDS = 20.0
#: Headers by which a right file would still make a browser run something else.
_LEADING_AWAY = (
    "refresh",
    "link",
    "location",
    "service-worker-allowed",
    "content-location",
    "sourcemap",
    "x-sourcemap",
)
#: Pages that stand at another path besides their own name.
_PAGES = {"index.html": ["/"], "console.html": ["/console"]}
#: What the page's policy must say at least: without it a right page could be made to load wrong scripts.
_POLICY = ("default-src 'none'", "require-trusted-types-for 'script'", "base-uri 'none'")
#: As a browser asks: a gateway that lies to some lies to those.
_HEADERS = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.9",
    "accept-encoding": "gzip",
}


class Manifest(msgspec.Struct, frozen=True):
    """The bundle's files by name, their SHA-256 in hexadecimal."""

    version: str
    files: dict[str, str]
    released: bool = True
    """False where there is no list made at a build, but only a viewer that was built in a checkout."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what it should be; `expected` and `found` are SHA-256, `found` empty where there is none."""

    name: str
    what: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway serves: how many files were compared, and which differ."""

    url: str
    version: str
    compared: int
    differences: list[Difference] = field(default_factory=list)


def manifest() -> Manifest:
    """This release's list. Raises AssetsError, FarhandError."""
    from farhand import __version__

    try:
        return msgspec.json.decode(_MANIFEST.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest(__version__, digests(viewer_directory()), released=False)
    except (OSError, msgspec.DecodeError) as error:
        raise FarhandError(f"{_MANIFEST} cannot be used ({error})", "install the wheel again") from error


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path with slashes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def verify(url: str, expected: Manifest, *, fingerprint: bytes | None = None) -> Report:
    """Fetch every file of the list from a gateway as a browser would, and compare.

    Raises Unreachable where the gateway does not answer, so that nothing can be said.
    """
    differences: list[Difference] = []
    async with httpx.AsyncClient(
        base_url=url, headers=_HEADERS, verify=tls_context(fingerprint), timeout=_SECONDS, trust_env=False
    ) as client:
        for name, digest in expected.files.items():
            for path in [*_PAGES.get(name, ()), f"/{quote(name)}"]:
                found = await _compare(client, path, name, digest)
                if found is not None:
                    differences.append(found)
                    break
    return Report(url, expected.version, len(expected.files), differences)


async def _compare(client: httpx.AsyncClient, path: str, name: str, expected: str) -> Difference | None:
    where = urlsplit(str(client.base_url)).netloc
    hashed = hashlib.sha256()
    most = 64 << 20
    try:
        async with client.stream("GET", path) as response:
            async for piece in response.aiter_bytes():
                hashed.update(piece)
                most -= len(piece)
                if most < 0:
                    return Difference(name, "is far too long", expected)
    except httpx.HTTPError as error:
        raise Unreachable(f"{where} cannot be asked for {path} ({plain(str(error))})", "try again") from error
    if response.status_code != 200:
        return Difference(name, f"is not served (HTTP status {response.status_code})", expected)
    if hashed.hexdigest() != expected:
        return Difference(name, "differs", expected, hashed.hexdigest())
    return _headers(name, response.headers)


def _headers(name: str, headers: Mapping[str, str]) -> Difference | None:
    leading = [one for one in _LEADING_AWAY if one in headers]
    if leading:
        return Difference(name, f"comes with a header that leads elsewhere ({', '.join(leading)})")
    policy = headers.get("content-security-policy", "")
    parts = [part.strip() for part in policy.split(";")]
    if missing := [part for part in _POLICY if part not in parts]:
        return Difference(name, f"comes without the policy that keeps other scripts out ({missing[0]})")
    scripts = next((part for part in parts if part.startswith("script-src ")), "").split()[1:]
    if not scripts or not set(scripts) <= {"'self'", "'wasm-unsafe-eval'"}:
        return Difference(name, "comes with a policy that lets other scripts in (script-src)")
    return None
