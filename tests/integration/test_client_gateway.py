"""A client at a gateway that behaves: log-in, targets, hosts, grants and approvals."""

import base64
import datetime
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from tests.hostile.played_gateway import Played, error, playing
from tests.integration.gateway_kit import GatewayKit

from farhand.cli.listing import HostQuery, _hosts
from farhand.client.api import DeviceLogin, GatewayApi, Granted
from farhand.client.authority import Broker
from farhand.client.errors import ApprovalRefused, CertificateChanged, GatewayRefused, NotLoggedIn, TargetError
from farhand.client.gateways import Gateways
from farhand.client.keys import client_keys
from farhand.client.login import CertificateUnknown, LoginRefused, log_in, log_out
from farhand.client.pinned import shown_certificate, untrusted_certificate
from farhand.client.targets import ByCode, ByName, resolve
from farhand.core.config import Paths
from farhand.gateway.tls import own_certificate
from farhand.protocol.capability import Capability
from farhand.protocol.grants import fingerprint, verify_credential
from farhand.transports.base import Unreachable


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    async with playing() as made:
        yield made


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path).create()


async def at_once(_seconds: float) -> None:
    """No time passes between two questions."""


def begun(played: Played, *, verify_url: str = "", polls: list[Response] | None = None) -> None:
    answers = polls if polls is not None else [JSONResponse({"token": "fht_new"})]

    def begin(_request: Request) -> Response:
        return JSONResponse(
            {"device_code": "d" * 32, "user_code": "BCDF-GHJK", "verify_url": verify_url, "interval": 1, "expires": 60}
        )

    def poll(_request: Request) -> Response:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    played.answers |= {"/api/device-login/begin": begin, "/api/device-login/poll": poll}


async def login(played: Played, paths: Paths, **options: object) -> list[str]:
    shown: list[str] = []

    def show(_begun: DeviceLogin, link: str) -> None:
        shown.append(link)

    await log_in(paths, played.url, show=show, say=shown.append, pause=at_once, **options)  # type: ignore[arg-type]
    return shown


async def test_a_log_in_pins_the_root_and_enters_this_device(played: Played, paths: Paths) -> None:
    waits = [error(400, "authorization-pending", "not yet"), JSONResponse({}, 202), JSONResponse({"token": "fht_new"})]
    begun(played, polls=waits)
    shown = await login(played, paths, root=fingerprint(played.org.root))
    assert shown[0] == f"{played.url}/console#/device"
    assert fingerprint(played.org.root) in shown[1]
    kept = Gateways(paths).chosen()[0]
    assert (kept.token, kept.person, kept.root) == ("fht_new", "ada", played.org.root.hex())
    entered = next(body for method, path, body in played.asked if (method, path) == ("POST", "/api/devices"))
    assert base64.b64decode(entered["certificate"]) == client_keys(paths).certificate
    assert (await log_out(paths, ""))[1]
    with pytest.raises(NotLoggedIn):
        Gateways(paths).chosen()


async def test_a_log_in_that_nobody_approves_is_over(played: Played, paths: Paths) -> None:
    begun(played, polls=[error(403, "denied", "the person said no")])
    with pytest.raises(LoginRefused, match="said no"):
        await login(played, paths)
    begun(played, polls=[JSONResponse({}, 202)])
    seconds = iter(range(0, 1000, 20))
    with pytest.raises(LoginRefused, match="in time"):
        await login(played, paths, clock=lambda: float(next(seconds)))


async def test_a_certificate_that_nobody_vouches_for_is_compared_before_anything_is_sent(
    paths: Paths, tmp_path: Path
) -> None:
    tls = own_certificate(tmp_path, ["127.0.0.1"], datetime.datetime.now(datetime.UTC))
    async with GatewayKit(tls=tls) as kit:
        url = kit.address.replace("http:", "https:")
        right = await untrusted_certificate(url)
        assert right is not None
        with pytest.raises(CertificateUnknown) as unknown:
            await log_in(paths, url, show=lambda *_: None, say=lambda _: None)
        assert unknown.value.shown == shown_certificate(right)
        with pytest.raises(CertificateChanged):
            await log_in(paths, url, show=lambda *_: None, say=lambda _: None, fingerprint=bytes(32))
        async with GatewayApi(url, fingerprint=bytes(32)) as api:
            with pytest.raises(CertificateChanged, match="nothing was sent"):
                await api.me()
        async with GatewayApi(url) as api:
            with pytest.raises(Unreachable, match="not trusted"):
                await api.me()
        async with GatewayApi(url, fingerprint=right) as api:
            with pytest.raises(Unreachable, match="HTTP status 404"):  # this gateway has no accounts; it was reached
                await api.me()


async def test_a_name_leads_to_its_host(played: Played, paths: Paths) -> None:
    keys = played.add("Front desk")
    played.add("front office")
    played.login(paths)
    for text in ("Front desk", "front DESK", keys.host_id.hex()):
        target = await resolve(text, paths)
        assert isinstance(target, ByName)
        assert (target.host_id, target.name) == (keys.host_id, "Front desk")


async def test_unknown_and_ambiguous_names_say_what_to_do(played: Played, paths: Paths) -> None:
    with pytest.raises(NotLoggedIn):
        await resolve("desk", paths)
    one = played.add("desk")
    played.login(paths)
    with pytest.raises(TargetError, match="did you mean desk"):
        await resolve("dekc", paths)
    with pytest.raises(TargetError, match="farhand hosts"):
        await resolve("zzz", paths)
    other = played.add("desk ")
    played.hosts = {"desk": one, "DESK": other}
    assert (await resolve("DESK", paths)).name == "DESK"
    with pytest.raises(TargetError) as caught:
        await resolve("Desk", paths)
    assert one.host_id.hex() in caught.value.cure
    assert other.host_id.hex() in caught.value.cure
    with pytest.raises(NotLoggedIn):
        await resolve("desk", paths, "https://elsewhere.example")


async def test_links_codes_and_local(played: Played, paths: Paths) -> None:
    link = f"{played.url}/#4821-739204615"
    found = await resolve(link, paths)
    assert isinstance(found, ByCode)
    assert (found.gateway, found.code, found.fingerprint) == (played.url, "4821-739204615", None)
    played.login(paths)
    by_code = await resolve("4821-739 204 615", paths)
    assert isinstance(by_code, ByCode)
    assert by_code.gateway == played.url
    for text in ("https://x.example/", "https://x.example/#12", "123", "ftp://x#4821-739204615"):
        with pytest.raises(TargetError):
            await resolve(text, paths)
    with pytest.raises(TargetError, match="farhand up"):
        await resolve("local", paths)
    running = paths.runtime / "running.json"
    running.touch(mode=0o600)
    running.write_text(json.dumps({"address": played.url, "host_id": "0" * 32, "link": link, "certificate": "ab" * 32}))
    local = await resolve("local", paths)
    assert isinstance(local, ByCode)
    assert (local.code, local.fingerprint) == ("4821-739204615", b"\xab" * 32)
    keys = played.add("this one")
    running.write_text(json.dumps({"address": played.url, "host_id": keys.host_id.hex()}))
    mine = await resolve("local", paths)
    assert isinstance(mine, ByName)
    assert mine.name == "this one"


async def broker(played: Played, paths: Paths, said: list[str]) -> Broker:
    target = await resolve("desk", paths)
    assert isinstance(target, ByName)
    return Broker(target, paths, client_keys(paths), say=said.append, pause=at_once)


async def test_a_grant_and_a_proven_host(played: Played, paths: Paths) -> None:
    keys = played.add("desk")
    played.login(paths)
    said: list[str] = []
    asking = await broker(played, paths, said)
    authority = await asking.authorise([Capability.VIEW], reason="printer", seconds=300)
    assert authority.static == keys.static_public
    assert fingerprint(keys.identity_public) in said[0]
    mine = client_keys(paths).identity_public
    verified = verify_credential(
        authority.credential, root=played.org.root, host_id=keys.host_id, viewer=mine,
        now=datetime.datetime.now(datetime.UTC).timestamp(),
    )  # fmt: skip
    assert set(verified.rights) == {Capability.VIEW}
    assert played.asked[-1][2] == {
        "device": base64.b64encode(mine).decode(), "capabilities": ["view"], "reason": "printer", "seconds": 300,
    }  # fmt: skip
    await asking.authorise([Capability.VIEW])
    assert len(said) == 1  # only the first contact is told


async def test_a_second_person_is_waited_for(played: Played, paths: Paths) -> None:
    keys = played.add("desk")
    played.login(paths)
    path = f"/api/hosts/{keys.host_id.hex()}/grant"
    played.answers[path] = lambda _request: JSONResponse({"approval": "apv_1"}, 202)
    granted = played.granted(keys.host_id.hex(), {"device": base64.b64encode(bytes(32)), "capabilities": ["view"]})
    played.approvals["apv_1"] = [{"state": "waiting"}, {"state": "approved", **granted}]
    said: list[str] = []
    asking = await broker(played, paths, said)
    await asking.authorise([Capability.VIEW])
    assert "second person" in said[0]
    played.approvals["apv_1"] = [{"state": "waiting"}, {"state": "refused", "decided_by": "bob"}]
    with pytest.raises(ApprovalRefused, match="bob"):
        await asking.authorise([Capability.VIEW])


async def test_a_refusal_is_told_in_the_gateways_words(played: Played, paths: Paths) -> None:
    keys = played.add("desk")
    played.login(paths)
    path = f"/api/hosts/{keys.host_id.hex()}/grant"
    played.answers[path] = lambda _request: error(403, "no-rule", "no rule lets you in: ask an administrator")
    with pytest.raises(GatewayRefused) as caught:
        await (await broker(played, paths, [])).authorise([Capability.VIEW])
    assert (caught.value.cause, caught.value.cure) == ("no rule lets you in", "ask an administrator")


async def test_hosts_are_listed_for_people_and_for_programs(
    played: Played, paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Paths, "default", classmethod(lambda _cls: paths))
    played.add("desk")
    played.add("[red]\x1b[31mtower")
    played.login(paths)
    await _hosts(HostQuery("", "office", False, "", False))
    table = capsys.readouterr().out
    assert "[red] [31mtower" in table
    assert "\x1b[31mtower" not in table
    await _hosts(HostQuery("desk", "", True, "", True))
    row = json.loads(capsys.readouterr().out)
    assert (row["name"], row["state"], row["groups"], row["gateway"]) == ("desk", "online", ["office"], played.url)


async def test_an_approval_that_came_is_a_grant(played: Played, paths: Paths) -> None:
    keys = played.add("desk")
    played.login(paths)
    granted = played.granted(keys.host_id.hex(), {"device": base64.b64encode(bytes(32)), "capabilities": ["view"]})
    played.approvals["apv_2"] = [{"state": "approved", "grant": granted}]
    async with GatewayApi(played.url) as api:
        assert isinstance(await api.approval("apv_2"), Granted)
