"""`farhand org` at a real gateway: the root key signs what it should, and nothing for another organisation."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.organisation import Account, Organisation, b64, keys_of, unb64
from typer.testing import CliRunner

from farhand.cli import organising
from farhand.cli.app import app
from farhand.cli.exits import CliError
from farhand.cli.organising import Choice, Desk
from farhand.client.errors import NotLoggedIn, RootChanged
from farhand.client.gateways import Gateways, Login
from farhand.client.rootkey import RootKeyFile
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.protocol.grants import (
    EnrolToken,
    HostProof,
    Use,
    fingerprint,
    read_delegation,
    read_endorsement,
    root_hash,
    verify_host,
)
from farhand.protocol.identity import Kind

PASSPHRASE = "correct horse battery"


class Office:
    """Who holds the root key, logged in as an administrator."""

    def __init__(self, org: Organisation, admin: Account, paths: Paths, folder: Path) -> None:
        self.org, self.admin, self.paths, self.folder = org, admin, paths, folder
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(f"{PASSPHRASE}\n")
        self.passphrase.chmod(0o600)
        self.file = RootKeyFile(paths.data / "org.key")
        self.key = self.file.make("Example", PASSPHRASE, memory_kib=64)

    def desk(self, file: Path | None = None) -> Desk:
        return Desk(file, self.passphrase, machine=True)


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    paths = Paths.under(tmp_path / "office").create()
    monkeypatch.setattr(Paths, "default", classmethod(lambda _: paths))
    async with Organisation(tmp_path / "gateway") as org:
        admin = await org.account("Root", admin=True)
        token = admin.http.headers["authorization"].removeprefix("Bearer ")
        Gateways(paths).keep(Login(org.address, token, "Root"))
        yield Office(org, admin, paths, tmp_path)


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_a_gateway_gets_a_ceiling_and_pins_the_root(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    await organising._delegate(office.desk(), "", ["view", "shell"], 30)
    (about,) = said(capsys)
    state = await office.admin.get("/org")
    assert unb64(state["root"]) == office.key.public
    assert state["delegation"]["ceiling"] == ["view", "shell"]
    assert about["its_key"] == state["gateway_fingerprint"]
    assert Gateways(office.paths).all()[0].root == office.key.public.hex()
    await organising._delegate(office.desk(), "", ["view"], 30)
    assert (await office.admin.get("/org"))["delegation"]["ceiling"] == ["view"]


async def test_a_token_holds_a_key_that_the_gateway_never_sees(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FarhandError, match="does not know the organisation"):
        await organising._token(office.desk(), "", "", "", 1)
    await organising._delegate(office.desk(), "", ["view"], 30)
    group = await office.admin.post("/host-groups", {"name": "Office"})
    capsys.readouterr()
    await organising._token(office.desk(), "", "tower", "Office", 2)
    (about,) = said(capsys)
    token = EnrolToken.decode(about["token"])
    assert about["on_the_host"].endswith(f"--gateway {office.org.address} --enrol {about['token']}")
    assert token.root_hash == root_hash(office.key.public)
    private = Ed25519PrivateKey.from_private_bytes(token.seed)
    now = office.org.gateway.service.backend.clock()  # type: ignore[union-attr]
    found = read_delegation(token.delegation, root=office.key.public, use=Use.ENROL, now=now)
    assert found.key == private.public_key().public_bytes_raw()
    assert found.ceiling == []
    assert found.not_after <= now + 2 * 3600
    (row,) = (await office.admin.get("/enrol-tokens"))["items"]
    assert (row["name"], row["group"]) == ("tower", group["id"])
    with pytest.raises(CliError, match="no group"):
        await organising._token(office.desk(), "", "", "Elsewhere", 1)


async def test_hosts_that_wait_are_listed_and_signed(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    await organising._delegate(office.desk(), "", ["view"], 30)
    office.org.root = office.key._private
    first = await office.org.enrol(office.admin, "front", signed=False)
    second = await office.org.enrol(office.admin, "back", signed=False)
    capsys.readouterr()
    await organising._sign(office.desk(), "", Choice((), True, False))
    assert {one["fingerprint"] for one in said(capsys)} == {
        fingerprint(keys.identity_public) for keys in (first, second)
    }
    with pytest.raises(CliError, match="nobody to ask"):
        await organising._sign(office.desk(), "", Choice((), False, False))
    with pytest.raises(CliError, match="is called middle"):
        await organising._sign(office.desk(), "", Choice(("middle",), False, True))
    await organising._sign(office.desk(), "", Choice(("front",), False, True))
    proof = unb64((await office.admin.get(f"/hosts/{first.host_id.hex()}/proof"))["proof"])
    now = office.org.gateway.service.backend.clock()  # type: ignore[union-attr]
    word = verify_host(proof, root=office.key.public, host_id=first.host_id, now=now)
    assert (word.identity, word.static, word.name) == (first.identity_public, first.static_public, "front")
    assert read_endorsement(HostProof.decode(proof).endorsement, signer=office.key.public) == word
    assert (await office.admin.get(f"/hosts/{second.host_id.hex()}/proof"))["proof"] is None


@pytest.mark.parametrize("verb", ["delegate", "token", "sign"])
async def test_nothing_is_signed_for_a_gateway_of_another_root(office: Office, verb: str) -> None:
    await office.org.join(office.admin)  # with the kit's own root
    run = {
        "delegate": lambda: organising._delegate(office.desk(), "", ["view"], 1),
        "token": lambda: organising._token(office.desk(), "", "", "", 1),
        "sign": lambda: organising._sign(office.desk(), "", Choice((), False, True)),
    }[verb]
    with pytest.raises(RootChanged) as caught:
        await run()
    assert fingerprint(office.key.public) in caught.value.cause
    assert fingerprint(office.org.root_public) in caught.value.cause


async def test_a_host_whose_keys_a_gateway_exchanged_is_not_signed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await organising._delegate(office.desk(), "", ["view"], 30)
    genuine = organising.GatewayApi.call

    async def call(self: Any, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        if path == "/api/hosts":
            return 200, {"items": [{"id": "00" * 16}], "next": None}
        if path.startswith("/api/hosts/"):
            return 200, {"name": "front", "certificate": b64(keys_of(Kind.HOST).certificate)}
        return await genuine(self, method, path, body, **query)

    monkeypatch.setattr(organising.GatewayApi, "call", call)
    with pytest.raises(FarhandError, match="not its own"):
        await organising._sign(office.desk(), "", Choice((), False, True))


async def test_without_a_log_in_or_with_several_it_says_which_gateway(office: Office) -> None:
    Gateways(office.paths).keep(Login("https://other.example", "fht_x"))
    with pytest.raises(CliError, match="more than one"):
        await organising._delegate(office.desk(), "", ["view"], 1)
    for login in Gateways(office.paths).all():
        Gateways(office.paths).forget(login.url)
    with pytest.raises(NotLoggedIn):
        await organising._delegate(office.desk(), "", ["view"], 1)


def test_the_key_is_shown_copied_and_never_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths.under(tmp_path).create()
    monkeypatch.setattr(Paths, "default", classmethod(lambda _: paths))
    key = RootKeyFile(paths.data / "org.key").make("Example", PASSPHRASE, memory_kib=64)
    run = CliRunner().invoke
    assert fingerprint(key.public) in run(app, ["org", "show"]).output
    assert run(app, ["org", "export"]).output.strip() == b64(key.public)
    copy = tmp_path / "copy"
    assert run(app, ["org", "export", str(copy)]).exit_code == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    assert RootKeyFile(copy).open(PASSPHRASE).public == key.public
    assert run(app, ["org", "export", str(copy)]).exit_code == 3
    again = run(app, ["org", "init"])
    assert again.exit_code == 1
    assert RootKeyFile(copy).open(PASSPHRASE).public == RootKeyFile(paths.data / "org.key").public
    assert run(app, ["org", "delegate", "--allow", "everything"]).exit_code == 2
