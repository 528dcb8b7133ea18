"""A host joins an organisation by a token, is reached when nobody is there, and goes when it is removed."""

import asyncio
import contextlib
import dataclasses
import datetime
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.gateway_kit import GatewayKit
from tests.integration.organisation import Account, Organisation, b64, until
from tests.integration.processes import Farhand, farhand
from tests.integration.x11_server import x_server

from farhand.cli import attached
from farhand.cli.attached import GatewayOptions
from farhand.cli.enrol import enrol, lasting_pin, read_enrol_token
from farhand.cli.exits import CliError, Exit
from farhand.cli.keys import host_keys
from farhand.cli.options import sharing_options
from farhand.client import connect
from farhand.client.api import GatewayApi
from farhand.client.gateways import Gateways, Login
from farhand.client.keys import client_keys
from farhand.core.config import Paths
from farhand.core.tasks import Tasks
from farhand.gateway.app import Gateway
from farhand.gateway.tls import certificate_fingerprint, own_certificate
from farhand.host.agent import Agent
from farhand.host.audit import Audit
from farhand.host.audit import Kind as Entry
from farhand.host.audit_feed import AuditFeed
from farhand.host.enrolment import RootMismatch, mark_removed, read_enrolment
from farhand.host.platform.fake import FakePlatform
from farhand.host.remembered import Remembered
from farhand.host.settings import HostSettings
from farhand.host.status import StatusReader
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.grants import Delegation, EnrolToken, Use, fingerprint, root_hash, sign_delegation
from farhand.protocol.identity import Keys
from farhand.transports.base import Unreachable
from farhand.transports.relay import GatewayLink, HostRemoved
from farhand.transports.websocket import connect as open_leg


@pytest.fixture
async def org(tmp_path: Path) -> AsyncIterator[Organisation]:
    async with Organisation(tmp_path / "gateway") as made:
        yield made


@pytest.fixture
async def admin(org: Organisation) -> Account:
    account = await org.account("Root", admin=True)
    await org.join(account)
    return account


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "host").create()


async def token_of(org: Organisation, admin: Account, *, seconds: int = 3600, seed: bool = True) -> EnrolToken:
    """As `farhand org token` makes one; without a seed, as the console does."""
    bare = EnrolToken.decode((await admin.post("/enrol-tokens", {"hours": 1}))["token"])
    if not seed:
        return bare
    private = Ed25519PrivateKey.generate()
    delegation = Delegation(
        version=1,
        use=Use.ENROL,
        key=private.public_key().public_bytes_raw(),
        ceiling=[],
        not_before=int(time.time()) - 86_400,
        not_after=int(time.time()) + seconds,
        name="enrolment",
    )
    signed = sign_delegation(org.root, delegation)
    return msgspec.structs.replace(bare, seed=private.private_bytes_raw(), delegation=signed)


async def operator(org: Organisation, admin: Account, host: str, folder: Path, *capabilities: str) -> Paths:
    """Somebody with a rule for this host, logged in on a device of their own."""
    person = await org.account("Ada", operator=True)
    paths = Paths.under(folder).create()
    device = client_keys(paths)
    await person.post("/devices", {"certificate": b64(device.certificate)})
    rights = [{"capability": one} for one in capabilities]
    await admin.post("/rules", {"person": person.id, "host": host, "rights": rights})
    token = person.http.headers["authorization"].removeprefix("Bearer ")
    Gateways(paths).keep(Login(org.address, token, "Ada", root=org.root_public.hex()))
    return paths


class Host:
    """A host in this process, with all that `farhand host` gives it."""

    def __init__(self, paths: Paths, org: Organisation) -> None:
        enrolment = read_enrolment(paths.data)
        assert enrolment is not None
        self.heard: list[str] = []
        self.audit = Audit.open(paths.data / "audit", keys := keys_in(paths))
        self.platform = FakePlatform(320, 240)
        self.platform.desktop.pixels[:] = np.arange(320 * 240, dtype=np.uint32).reshape(240, 320) * 7
        remembered = Remembered(paths.data / "remembered.json")
        self.agent = Agent(
            self.platform, keys, HostSettings(), root=enrolment.root_key, remembered=remembered, audit=self.audit
        )
        status = StatusReader(self.platform, lambda: len(self.agent.callers))
        self.link = GatewayLink(
            org.address,
            keys,
            "tower",
            call=self.agent.call,
            on_online=lambda: self.heard.append("online"),
            on_offline=lambda why, _: self.heard.append(why),
            on_revoke=self.agent.revoke,
            on_removed=self.agent.shutdown,
            status=status.read,
            audit=AuditFeed(self.audit, pause=0).run,
            patient=True,
            chance=lambda: 0.0,
        )
        self.status = status


def keys_in(paths: Paths) -> Keys:
    return host_keys(paths, "tower")


@asynccontextmanager
async def running(paths: Paths, org: Organisation) -> AsyncIterator[Host]:
    host = Host(paths, org)
    async with Tasks("host") as tasks:
        tasks.start(host.status.run(host.link.status_changed), "status")
        task = tasks.start(host.link.run(), "link")
        try:
            await until(lambda: "online" in host.heard)
            yield host
        finally:
            task.cancel()
            await host.agent.shutdown()
            host.audit.close()


async def test_a_token_pins_the_root_and_vouches_for_the_host_at_once(
    org: Organisation, admin: Account, paths: Paths
) -> None:
    keys = keys_in(paths)
    made = await enrol(paths, org.address, await token_of(org, admin), keys, "tower", None)
    assert read_enrolment(paths.data) == made
    assert made.root_key == org.root_public
    assert ((paths.data / "enrolment.json").stat().st_mode & 0o777) == 0o600
    listed = await admin.get(f"/hosts/{keys.host_id.hex()}")
    assert listed["endorsed"]
    assert listed["fingerprint"] == fingerprint(keys.identity_public)


async def test_a_token_of_the_console_leaves_the_host_waiting_for_a_signature(
    org: Organisation, admin: Account, paths: Paths
) -> None:
    keys = keys_in(paths)
    await enrol(paths, org.address, await token_of(org, admin, seed=False), keys, "tower", None)
    assert [one["id"] for one in (await admin.get("/hosts", state="unsigned"))["items"]] == [keys.host_id.hex()]


async def test_a_token_enrols_one_host_until_it_expires_and_at_its_own_gateway(
    org: Organisation, admin: Account, paths: Paths, tmp_path: Path
) -> None:
    keys = keys_in(paths)
    token = await token_of(org, admin, seed=False)
    await enrol(paths, org.address, token, keys, "", None)
    other = Paths.under(tmp_path / "other").create()
    with pytest.raises(CliError, match="used already") as used:
        await enrol(other, org.address, token, keys_in(other), "", None)
    assert used.value.code is Exit.GATEWAY
    unknown = msgspec.structs.replace(token, secret=bytes(16))
    with pytest.raises(CliError, match="knows no such"):
        await enrol(other, org.address, unknown, keys_in(other), "", None)
    late = await token_of(org, admin, seed=False)
    backend = org.gateway.service.backend  # type: ignore[union-attr]
    backend.clock = lambda: time.time() + 3601
    with pytest.raises(CliError, match="expired"):
        await enrol(other, org.address, late, keys_in(other), "", None)
    assert read_enrolment(other.data) is None
    with pytest.raises(CliError, match="no enrolment token"):
        read_enrol_token("fhe1.nonsense")


async def test_a_gateway_with_another_root_than_the_tokens_is_not_trusted(
    org: Organisation, admin: Account, paths: Paths
) -> None:
    """A gateway that answers for another organisation, or swaps the root: nothing of it is kept."""
    genuine = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    token = msgspec.structs.replace(await token_of(org, admin, seed=False), root_hash=root_hash(genuine))
    with pytest.raises(RootMismatch) as caught:
        await enrol(paths, org.address, token, keys_in(paths), "", None)
    assert fingerprint(org.root_public) in caught.value.cause
    assert root_hash(genuine).hex()[:4] in caught.value.cause
    assert read_enrolment(paths.data) is None


async def test_a_pinned_root_is_never_changed_by_a_token(org: Organisation, admin: Account, paths: Paths) -> None:
    keys = keys_in(paths)
    made = await enrol(paths, org.address, await token_of(org, admin), keys, "", None)
    genuine = await token_of(org, admin, seed=False)
    forged = msgspec.structs.replace(genuine, root_hash=root_hash(bytes(32)))
    with pytest.raises(RootMismatch) as caught:
        await enrol(paths, org.address, forged, keys, "", None)
    assert fingerprint(org.root_public) in caught.value.cause
    assert root_hash(bytes(32)).hex()[:4] in caught.value.cause
    assert read_enrolment(paths.data) == made
    await enrol(paths, org.address, genuine, keys, "", None)  # it was not used up


async def test_an_enrolled_host_is_reached_and_a_revoked_device_is_out_of_it(
    org: Organisation, admin: Account, paths: Paths, tmp_path: Path
) -> None:
    keys = keys_in(paths)
    await enrol(paths, org.address, await token_of(org, admin), keys, "tower", None)
    host_id = keys.host_id.hex()
    ada = await operator(org, admin, host_id, tmp_path / "ada", "view", "control")
    async with running(paths, org) as host:
        session = await connect(host_id, paths=ada)
        await session.wait(lambda s: s.picture.exact)
        assert {str(one) for one in session.granted} == {"view", "control"}
        async with asyncio.timeout(10):
            while (shown := await admin.get(f"/hosts/{host_id}"))["callers"] != 1 or shown["screens"] != ["320x240"]:
                await asyncio.sleep(0)
        (device,) = (await admin.get("/devices"))["items"]
        began = time.monotonic()
        await admin.call("DELETE", f"/devices/{device['id']}")
        end = await session.closed()
        assert time.monotonic() - began < 10
        assert isinstance(end, Ended)
        assert end.code is ByeCode.REVOKED
        await session.close()
        # The gateway's copy of the record grows by itself.
        async with asyncio.timeout(10):
            while (await admin.get(f"/hosts/{host_id}"))["audit_size"] < host.audit.size:
                await asyncio.sleep(0)
        assert not (await admin.get(f"/hosts/{host_id}"))["audit_fault"]
    assert Entry.REVOKED in entries(paths, keys)


async def test_a_host_that_is_removed_says_goodbye_and_comes_no_more(
    org: Organisation, admin: Account, paths: Paths, tmp_path: Path
) -> None:
    keys = keys_in(paths)
    await enrol(paths, org.address, await token_of(org, admin), keys, "tower", None)
    ada = await operator(org, admin, keys.host_id.hex(), tmp_path / "ada", "view")
    host = Host(paths, org)
    running = asyncio.ensure_future(host.link.run())
    await until(lambda: "online" in host.heard)
    session = await connect(keys.host_id.hex(), paths=ada)
    await admin.call("DELETE", f"/hosts/{keys.host_id.hex()}")
    with pytest.raises(HostRemoved):
        await asyncio.wait_for(running, 10)
    end = await session.closed()
    assert isinstance(end, Ended)
    assert end.code is ByeCode.SHUTDOWN
    await session.close()
    host.audit.close()


def entries(paths: Paths, keys: Keys) -> str:
    audit = Audit.open(paths.data / "audit", keys)
    try:
        return b"\n".join(audit.entries(0, 1 << 20)).decode()
    finally:
        audit.close()


async def test_a_host_that_is_removed_while_away_is_told_when_it_comes(
    org: Organisation, admin: Account, paths: Paths
) -> None:
    keys = keys_in(paths)
    await enrol(paths, org.address, await token_of(org, admin), keys, "tower", None)
    await admin.call("DELETE", f"/hosts/{keys.host_id.hex()}")
    host = Host(paths, org)
    with pytest.raises(HostRemoved):
        await asyncio.wait_for(host.link.run(), 10)
    await host.agent.shutdown()
    host.audit.close()


async def test_a_gateway_that_is_restarted_finds_its_hosts_again(
    org: Organisation, admin: Account, paths: Paths
) -> None:
    keys = keys_in(paths)
    await enrol(paths, org.address, await token_of(org, admin), keys, "tower", None)
    async with running(paths, org) as host:
        port = org.gateway.port
        await org.gateway.close()
        await until(lambda: len(host.heard) > 1)
        org.gateway = Gateway(dataclasses.replace(org.settings, port=port))
        await org.gateway.start()
        await until(lambda: host.heard.count("online") == 2)


async def test_a_gateway_that_knows_an_enrolled_host_no_more_is_asked_again_seldom(
    tmp_path: Path, paths: Paths
) -> None:
    """A gateway that was restored from a backup must not cost every host for ever."""
    async with Organisation(tmp_path / "one") as org:
        admin = await org.account("Root", admin=True)
        await org.join(admin)
        await enrol(paths, org.address, await token_of(org, admin), keys_in(paths), "tower", None)
    async with Organisation(tmp_path / "two", registration="a token") as other:
        waits: list[float] = []
        link = GatewayLink(
            other.address,
            keys_in(paths),
            "tower",
            call=lambda *_: asyncio.sleep(0),
            patient=True,
            on_offline=lambda _, wait: waits.append(wait),
        )
        async with Tasks("host") as tasks:
            tasks.start(link.run(), "link")
            await until(lambda: waits)
        assert waits[0] >= 100


async def test_a_service_is_enrolled_before_it_runs(
    org: Organisation, admin: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `farhand host install --enrol` does: in the service's own folder, with nothing left running."""
    home = tmp_path / "service"
    options = sharing_options(home=home, name="tower", json=True)
    token = (await token_of(org, admin)).encode()
    await attached._enrol(GatewayOptions(org.address, None, None, token, None), options)
    told = msgspec.json.decode(capsys.readouterr().out)
    assert told["root"] == fingerprint(org.root_public)
    (row,) = (await admin.get("/hosts"))["items"]
    assert (row["name"], row["endorsed"], row["online"]) == ("tower", True, False)
    place = attached.find_place(GatewayOptions("", None, None, "", None), Paths.under(home))
    assert place.address == org.address
    assert place.enrolment is not None
    with pytest.raises(CliError, match="enrolled nowhere") as nowhere:
        attached.find_place(GatewayOptions("", None, None, "", None), Paths.under(tmp_path / "elsewhere"))
    assert nowhere.value.code is Exit.USAGE
    mark_removed(Paths.under(home).data, place.enrolment)
    with pytest.raises(CliError, match="was removed"):
        attached.find_place(GatewayOptions("", None, None, "", None), Paths.under(home))


async def test_a_pinned_gateway_is_found_again_after_its_certificate_was_renewed(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    tls = own_certificate(tmp_path, ["127.0.0.1"], now)
    first = bytes.fromhex(certificate_fingerprint(tls).replace(":", ""))
    async with GatewayKit(tls=tls) as kit:
        port = kit.gateway.port
        url = f"https://127.0.0.1:{port}"
        pin = await lasting_pin(url, first)
        assert pin != first
        assert await lasting_pin(url, bytes(32)) == bytes(32)  # not the one that was pinned: nothing is learnt from it
    renewed = own_certificate(tmp_path, ["127.0.0.1", "192.0.2.7"], now)
    kit = GatewayKit(tls=renewed)
    kit.gateway = Gateway(dataclasses.replace(kit.gateway._settings, port=port))
    async with kit:
        leg = await open_leg(f"wss://127.0.0.1:{port}/v1/viewer", fingerprint=pin)
        await leg.close()
        with pytest.raises(Unreachable, match="not trusted"):
            await open_leg(f"wss://127.0.0.1:{port}/v1/viewer", fingerprint=first)
        async with GatewayApi(url, fingerprint=pin) as api:
            with pytest.raises(Unreachable, match="HTTP status 404"):  # reached: it has no accounts
                await api.me()


# ---- As processes --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server(640, 480) as name:
        yield name


def listening(pid: int) -> list[str]:
    """The sockets of this process on which others could reach it, out of /proc/net."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    assert inodes, "a running host has sockets: this looks at another process"
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            listens = fields[3] == "0A" if table.startswith("tcp") else fields[2].endswith(":0000")
            if listens and fields[9] in inodes:
                found.append(f"{table} {fields[1]}")
    return found


async def told(folder: Path, *arguments: str) -> dict[str, Any]:
    """What one command prints with --json."""
    async with farhand(folder, *arguments, "--json") as process:
        assert process.process.stdout is not None
        said = (await process.process.stdout.read()).decode()
        assert await process.ended() == 0, process.errors()
    return dict(msgspec.json.decode(said))


async def ends(host: Farhand, code: Exit, words: str) -> None:
    assert await host.ended() == code, host.errors()
    assert words in host.errors()
    assert "Traceback" not in host.errors()


@pytest.mark.timeout(180)
async def test_from_the_root_key_to_an_unattended_session_and_away_again(display: str, tmp_path: Path) -> None:
    async with Organisation(tmp_path / "gateway") as org:
        admin = await org.account("Root", admin=True)
        desk = tmp_path / "desk"
        secret = tmp_path / "passphrase"
        secret.write_text("correct horse battery\n")
        secret.chmod(0o600)
        pass_by = ("--passphrase-file", str(secret))
        token = admin.http.headers["authorization"].removeprefix("Bearer ")
        data = desk / ".local" / "share" / "farhand"
        data.mkdir(parents=True)
        Gateways(Paths(desk, data, desk, desk)).keep(Login(org.address, token, "Root"))

        made = await told(desk, "org", "init", "--name", "Example", *pass_by)
        assert (await told(desk, "org", "show"))["fingerprint"] == made["fingerprint"]
        delegated = await told(desk, "org", "delegate", "--allow", "view,control", "--days", "30", *pass_by)
        assert delegated["root"] == made["fingerprint"]
        state = await admin.get("/org")
        assert state["fingerprint"] == made["fingerprint"]
        assert state["delegation"]["ceiling"] == ["view", "control"]
        enrolment = (await told(desk, "org", "token", "--name", "tower", *pass_by))["token"]

        home = tmp_path / "host"
        reach = ("--gateway", org.address, "--enrol", enrolment)
        async with farhand(home, "host", *reach, "--json", display=display) as host:
            started = await host.tell("started")
            assert started["root"] == made["fingerprint"]
            await host.tell("online")
            assert listening(host.process.pid) == []
            (row,) = (await admin.get("/hosts"))["items"]
            assert (row["name"], row["endorsed"]) == ("tower", True)
            ada = await operator(org, admin, row["id"], tmp_path / "ada", "view", "clipboard")
            Gateways(ada).keep(msgspec.structs.replace(Gateways(ada).all()[0], root=""))
            async with await connect("tower", paths=ada) as session:
                await session.wait(lambda s: s.picture.exact)
                assert session.picture.pixels.shape == (480, 640)
                assert {str(one) for one in session.granted} == {"view"}  # the rule's, within the root's ceiling
            await host.tell("connected")
            assert await host.end() == 0

        async with farhand(tmp_path / "second", "host", *reach, display=display) as second:
            await ends(second, Exit.GATEWAY, "used already")
        async with farhand(home, "host", "--gateway", "https://other.example", display=display) as elsewhere:
            await ends(elsewhere, Exit.SETTINGS, "is enrolled at")
        async with farhand(home, "host", "--json", display=display) as host:
            await host.tell("online")
            await admin.call("DELETE", f"/hosts/{row['id']}")
            await ends(host, Exit.GATEWAY, "removed")
        async with farhand(home, "host", display=display) as host:
            await ends(host, Exit.GATEWAY, "removed")
