"""What `farhand org` does with the root key and at a gateway."""

import base64
import binascii
import getpass
import json
import os
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farhand.cli.exits import CliError, Exit
from farhand.cli.reaching import say
from farhand.client.api import GatewayApi
from farhand.client.authority import pin_root
from farhand.client.errors import RootChanged
from farhand.client.gateways import Gateways, Login
from farhand.client.rootkey import RootKey, RootKeyFile
from farhand.client.texts import plain
from farhand.core.config import Paths, read_private, write_private
from farhand.core.errors import FarhandError
from farhand.core.tasks import run
from farhand.host.enrolment import shown_hash
from farhand.protocol.capability import Capability
from farhand.protocol.errors import IdentityMismatch
from farhand.protocol.grants import (
    Delegation,
    Endorsement,
    EnrolToken,
    Use,
    fingerprint,
    root_hash,
    sign_delegation,
    sign_endorsement,
)
from farhand.protocol.identity import Certificate, Kind, host_id
from farhand.protocol.limits import EARLY_SECONDS

_PAGE = 200


class Desk:
    """Where the key is, how its passphrase comes, and how answers go out."""

    def __init__(self, key: Path | None, passphrase_file: Path | None, machine: bool) -> None:
        self.paths = Paths.default()
        self.file = RootKeyFile(key or self.paths.data / "org.key")
        self.machine = machine
        self._passphrase_file = passphrase_file

    def passphrase(self, *, twice: bool = False) -> str:
        """Read or ask for it. Raises CliError, ConfigError."""
        if self._passphrase_file is not None:
            try:
                return read_private(self._passphrase_file).decode().rstrip("\r\n")
            except FileNotFoundError as error:
                raise CliError(Exit.SETTINGS, f"{self._passphrase_file} is not there", "") from error
        if not sys.stdin.isatty():
            raise CliError(Exit.USAGE, "there is nobody to ask for the passphrase", "give it by --passphrase-file FILE")
        text = getpass.getpass("The root key's passphrase: ")
        if twice and getpass.getpass("Once more: ") != text:
            raise CliError(Exit.USAGE, "the two are different", "begin anew")
        return text

    def key(self) -> RootKey:
        """Open the key. Raises FarhandError."""
        _ = self.file.public  # whether it is there at all is said before anyone types
        return self.file.open(self.passphrase())

    def login(self, gateway: str) -> Login:
        """The one gateway that is meant. Raises NotLoggedIn, CliError."""
        found = Gateways(self.paths).chosen(gateway)
        if len(found) > 1:
            raise CliError(
                Exit.USAGE, "logged in at more than one gateway", "--gateway " + " or ".join(one.url for one in found)
            )
        return found[0]

    def tell(self, about: dict[str, Any]) -> None:
        """Labels and values; one JSON object for programs."""
        if self.machine:
            print(json.dumps(about, ensure_ascii=False), flush=True)
            return
        width = max(map(len, about))
        for label, value in about.items():
            print(f"  {label.replace('_', ' '):<{width}}  {value}", flush=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which hosts to sign."""

    wanted: tuple[str, ...]
    list_only: bool
    yes: bool


def init(desk: Desk, name: str) -> None:
    """Make the key. Raises FarhandError, OSError."""
    if os.path.lexists(desk.file.path):
        desk.file.make(name, "")  # says that there is one, before anyone thinks up a passphrase
    key = desk.file.make(name, desk.passphrase(twice=True))
    desk.tell({"fingerprint": fingerprint(key.public), "kept_in": str(desk.file.path)})
    if not desk.machine:
        say("without this file and its passphrase no host can be enrolled any more: keep a copy of both, offline")
        say("farhand org export FILE makes one; farhand org delegate comes next")


def show(desk: Desk) -> None:
    """Show the public half. Raises FarhandError."""
    public = desk.file.public
    desk.tell(
        {
            "organisation": plain(desk.file.organisation),
            "fingerprint": fingerprint(public),
            "in_tokens": shown_hash(root_hash(public)),
            "public": _text(public),
            "made": desk.file.made,
            "kept_in": str(desk.file.path),
        }
    )


def export(desk: Desk, file: Path | None) -> None:
    """Copy the encrypted key, or print the public one. Raises FarhandError, OSError."""
    if file is None:
        public = desk.file.public
        if desk.machine:
            desk.tell({"public": _text(public), "fingerprint": fingerprint(public)})
        else:
            print(_text(public))
        return
    if file.exists():
        raise CliError(Exit.SETTINGS, f"{file} is there already", "name another file")
    try:
        write_private(file, desk.file.content())
    except OSError as error:
        raise CliError(Exit.SETTINGS, f"{file} cannot be written ({error.strerror})", "") from error
    desk.tell({"kept_in": str(file), "fingerprint": fingerprint(desk.file.public)})


def delegate(desk: Desk, gateway: str, ceiling: list[str], days: int) -> None:
    """Sign the gateway's grant key, and tell the gateway. Raises FarhandError, OSError."""
    run(_delegate(desk, gateway, ceiling, days))


async def _delegate(desk: Desk, gateway: str, ceiling: list[str], days: int) -> None:
    login = desk.login(gateway)
    async with _api(login) as api:
        org = await _org(api, login, desk.file.public)
        signing = _bytes(org.get("gateway_key"), 32, "its signing key")
        key = desk.key()
        now = int(time.time())
        delegation = Delegation(
            version=1,
            use=Use.GRANTS,
            key=signing,
            ceiling=[Capability(word) for word in ceiling],
            not_before=now - EARLY_SECONDS,
            not_after=now + days * 86_400,
            name=login.url.partition("://")[2][:64],
        )
        signed = sign_delegation(key, delegation)
        await api.call("POST", "/api/org", {"root": _text(key.public), "delegation": _text(signed)})
    pin_root(desk.paths, login, key.public, lambda _: None)
    desk.tell(
        {
            "gateway": login.url,
            "its_key": fingerprint(signing),
            "may_grant": ", ".join(ceiling),
            "until": time.strftime("%Y-%m-%d", time.localtime(delegation.not_after)),
            "root": fingerprint(key.public),
        }
    )


def token(desk: Desk, gateway: str, name: str, group: str, hours: int) -> None:
    """Make an enrolment token whose host is vouched for at once. Raises FarhandError, OSError."""
    run(_token(desk, gateway, name, group, hours))


async def _token(desk: Desk, gateway: str, name: str, group: str, hours: int) -> None:
    login = desk.login(gateway)
    async with _api(login) as api:
        org = await _org(api, login, desk.file.public)
        if not org.get("root"):
            raise FarhandError(
                f"{login.url} does not know the organisation yet", f"first: farhand org delegate --gateway {login.url}"
            )
        body: dict[str, Any] = {"hours": hours}
        if name:
            body["name"] = name
        if group:
            body["group"] = await _group(api, group)
        key = desk.key()
        _, made = await api.call("POST", "/api/enrol-tokens", body)
    bare = EnrolToken.decode(str(made.get("token", "")) if isinstance(made, dict) else "")
    if bare.root_hash != root_hash(key.public):
        raise RootChanged(login.url, shown_hash(root_hash(key.public)), shown_hash(bare.root_hash))
    # The seed is made here: the gateway, which knows the token's secret, never learns it and can vouch for nobody.
    seed = os.urandom(32)
    now = int(time.time())
    delegation = Delegation(
        version=1,
        use=Use.ENROL,
        key=Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw(),
        ceiling=[],
        not_before=now - EARLY_SECONDS,
        not_after=now + hours * 3600,
        name="enrolment",
    )
    whole = msgspec.structs.replace(bare, seed=seed, delegation=sign_delegation(key, delegation)).encode()
    command = ["farhand", "host", "--gateway", login.url]
    if login.pin:
        command += ["--fingerprint", login.pin]
    command += ["--enrol", whole]
    desk.tell({"token": whole, "on_the_host": shlex.join(command), "for_hours": hours})


def sign(desk: Desk, gateway: str, choice: Choice) -> None:
    """Sign the keys of hosts that wait for it. Raises FarhandError, OSError."""
    run(_sign(desk, gateway, choice))


async def _sign(desk: Desk, gateway: str, choice: Choice) -> None:
    login = desk.login(gateway)
    async with _api(login) as api:
        await _org(api, login, desk.file.public)
        waiting = _pick([await _waiting(api, row) for row in await _unsigned(api)], choice.wanted)
        if not waiting:
            if not desk.machine:
                print("  no host waits for a signature")
            return
        key: RootKey | None = None
        for host in waiting:
            about = {"host": host.name, "id": host.id, "fingerprint": fingerprint(host.certificate.identity)}
            if choice.list_only:
                desk.tell(about)
                continue
            if not choice.yes and not _confirm(desk, about):
                continue
            key = key or desk.key()
            endorsement = Endorsement(
                version=1,
                host_id=host_id(host.certificate.identity),
                identity=host.certificate.identity,
                static=host.certificate.static,
                name=host.name,
                issued=int(time.time()),
            )
            body = {"endorsement": _text(sign_endorsement(key, endorsement)), "delegation": ""}
            await api.call("POST", f"/api/hosts/{host.id}/endorsement", body)
            desk.tell(
                {**about, "signed": True} if desk.machine else {"signed": f"{host.name} ({about['fingerprint']})"}
            )


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: str
    name: str
    certificate: Certificate


async def _unsigned(api: GatewayApi) -> list[Any]:
    rows: list[Any] = []
    more: dict[str, str] = {}
    while True:
        _, answer = await api.call("GET", "/api/hosts", state="unsigned", limit=_PAGE, **more)
        items = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise FarhandError("the gateway's list of hosts is malformed")
        rows += items
        following = answer.get("next")
        if not items or not following:
            return rows
        more = {"cursor": str(following)}


async def _waiting(api: GatewayApi, row: Any) -> _Waiting:
    """A host with the keys that it proved to have: what the gateway calls it must be what its keys say."""
    name = str(row.get("id", "")) if isinstance(row, dict) else ""
    if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
        raise FarhandError("the gateway's list of hosts is malformed")
    _, answer = await api.call("GET", f"/api/hosts/{name}")
    found = answer if isinstance(answer, dict) else {}
    try:
        certificate = Certificate.decode(_bytes(found.get("certificate"), None, "the host's certificate"))
    except IdentityMismatch as error:
        raise FarhandError(
            f"the certificate of host {name} is wrong ({error})", "remove the host, and ask why"
        ) from error
    if certificate.kind is not Kind.HOST or host_id(certificate.identity).hex() != name:
        raise FarhandError(f"the keys of host {name} are not its own", "remove the host, and ask why")
    return _Waiting(name, plain(str(found.get("name") or certificate.name), 64), certificate)


def _pick(waiting: list[_Waiting], wanted: tuple[str, ...]) -> list[_Waiting]:
    if not wanted:
        return waiting
    picked = []
    for word in wanted:
        found = [host for host in waiting if word in (host.id, host.name)]
        if len(found) != 1:
            what = "more than one host" if found else "no host"
            raise CliError(Exit.USAGE, f"{what} that waits is called {word}", "see them: farhand org sign --list")
        picked += found
    return picked


def _confirm(desk: Desk, about: dict[str, str]) -> bool:
    if not sys.stdin.isatty():
        raise CliError(Exit.USAGE, "there is nobody to ask", "compare with --list, then name the host and add --yes")
    desk.tell(about)
    return input("  Does that computer show the same fingerprint? [y/N] ").strip().lower() in ("y", "yes")


async def _org(api: GatewayApi, login: Login, public: bytes) -> dict[str, Any]:
    """What the gateway says of the organisation. Raises RootChanged where that has another root than ours."""
    _, answer = await api.call("GET", "/api/org")
    org: dict[str, Any] = answer if isinstance(answer, dict) else {}
    if org.get("root"):
        root = _bytes(org["root"], 32, "its root key")
        if root != public:
            raise RootChanged(login.url, fingerprint(public), fingerprint(root))
    return org


async def _group(api: GatewayApi, wanted: str) -> str:
    _, answer = await api.call("GET", "/api/host-groups", q=wanted, limit=_PAGE)
    groups = [one for one in (answer.get("items") or []) if isinstance(one, dict)] if isinstance(answer, dict) else []
    found = [str(one["id"]) for one in groups if wanted in (one.get("id"), one.get("name"))]
    if len(found) != 1:
        raise CliError(Exit.USAGE, f"there is no group of hosts called {wanted}", "the console lists and makes them")
    return found[0]


def _api(login: Login) -> GatewayApi:
    return GatewayApi(login.url, token=login.token, fingerprint=login.fingerprint)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: object, length: int | None, what: str) -> bytes:
    try:
        data = base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or (length is not None and len(data) != length):
        raise FarhandError(f"the gateway does not tell {what}", "is it a Farhand gateway of this version?")
    return data
