"""A host in bad faith: what it says stays text, within its bounds, and takes nothing from the others."""

import time
from pathlib import Path

import pytest
from tests.integration.organisation import Account, Organisation, b64, keys_of, until

from farhand.core.errors import StreamClosed
from farhand.protocol.envelope import AuditCheckpoint, AuditEntries, AuditWanted, Denied, Registered, Status, encode_leg
from farhand.protocol.errors import FailureCode
from farhand.protocol.grants import EnrolToken
from farhand.protocol.identity import Kind
from farhand.protocol.merkle import Checkpoint, Tree

EVIL = "<img src=x onerror=alert(1)>\x00\u202e\u2028\r\n"
TAME = "<img src=x onerror=alert(1)>\ufffd\ufffd\ufffd\ufffd\ufffd"


@pytest.fixture
async def org(tmp_path: Path):
    folder = tmp_path / "gateway"
    folder.mkdir(mode=0o700)
    async with Organisation(folder) as made:
        yield made


@pytest.fixture
async def admin(org: Organisation) -> Account:
    account = await org.account("Root", admin=True)
    await org.join(account)
    return account


async def test_script_in_every_field_that_it_can_name_comes_back_as_text(org: Organisation, admin: Account) -> None:
    token = EnrolToken.decode((await admin.post("/enrol-tokens", {"hours": 1}))["token"])
    keys = keys_of(Kind.HOST, EVIL)
    body = {"secret": b64(token.secret), "certificate": b64(keys.certificate)}
    made = await admin.http.post("/enrol", json=body)
    assert made.status_code == 201
    entry = (
        b'{"<b>":"<script>","deep":[[[[[["x"]]]]]],"device":"\\u202e","from":"<i>","kind":"<script>","n":0,"t":9,'
        b'"who":"\\u0000<a>"}'
    )
    async with org.registered(keys) as end:
        await end.wait_for(AuditWanted)
        await end.say(Status(EVIL, EVIL[:32], [EVIL[:32]] * 8, 1e6, 2**53 - 1, 0, 65535))
        await until(lambda: (here := org.gateway.presence.here(keys.host_id)) and here.status)
        await end.say(AuditEntries(0, [entry]))
        root = Tree([entry]).root()
        await end.say(AuditCheckpoint(Checkpoint(keys.host_id, 1, root, 1).sign(keys.identity)))
        await until(lambda: org.gateway.presence.known[keys.host_id].audit_size == 1)
        listed = await admin.http.get("/hosts")
        assert listed.headers["content-type"] == "application/json"
        assert listed.headers["x-content-type-options"] == "nosniff"
        host = listed.json()["items"][0]
        assert (host["name"], host["system"]) == (TAME, TAME)
        assert (host["version"], host["screens"]) == (TAME[:32], [TAME[:32]] * 8)
    began = time.monotonic()
    while (kept := await admin.get(f"/hosts/{keys.host_id.hex()}"))["online"] or kept["system"] != TAME:
        assert time.monotonic() - began < 5
    found = (await admin.get("/audit", host=keys.host_id.hex()))["items"]
    own = next(one for one in found if one["number"] == 0)
    assert (own["kind"], own["person"], own["address"], own["device"]) == ("<script>", "\ufffd<a>", "<i>", "\ufffd")
    assert own["detail"]["<b>"] == "<script>"


async def test_more_than_its_bounds_ends_its_connection_alone(org: Organisation, admin: Account) -> None:
    keys, other = await org.enrol(admin, "bad"), await org.enrol(admin, "good")
    good = Status("Debian", "1", [], 0, 0, 0, 0)
    async with org.registered(other) as bystander:
        await bystander.wait_for(Registered)
        for wrong in (
            encode_leg(Status("x" * 65, "", [], 0, 0, 0, 0)),
            encode_leg(Status("x", "", ["x"] * 9, 0, 0, 0, 0)),
            encode_leg(Status("x", "", [], float("nan"), 0, 0, 0)),
            encode_leg(Status("x", "", [], -1, 0, 0, 0)),
            encode_leg(Status("x", "", [], 0, -1, 0, 0)),
            b"\x97\x09\xa1\xff\xa1x\x90\xcb" + bytes(8),
            b"\x91" * 5000,
            encode_leg(Registered()),
            b"",
        ):
            async with org.registered(keys) as end:
                await end.wait_for(Registered)
                await end.stream.send(wrong or b"\x00")
                answer = await end.wait_for(Denied)
                assert answer.code is FailureCode.PROTOCOL
                with pytest.raises(StreamClosed):
                    await end.read()
        async with org.registered(keys) as end:
            await end.wait_for(Registered)
            await end.stream.send(bytes(70_000))  # larger than any message
            with pytest.raises(StreamClosed):
                await end.wait_for(Denied)
        await bystander.say(good)
        await until(lambda: (here := org.gateway.presence.here(other.host_id)) and here.status == good)


async def test_a_host_that_talks_without_end_is_read_slowly_and_others_are_not(
    org: Organisation, admin: Account
) -> None:
    keys, other = await org.enrol(admin, "bad"), await org.enrol(admin, "good")
    status = Status("Debian", "1", [], 0, 0, 0, 0)
    async with org.registered(keys) as bad, org.registered(other) as good:
        await bad.wait_for(Registered)
        await good.wait_for(Registered)
        for number in range(400):
            await bad.say(Status("Debian", str(number), [], 0, 0, 0, 0))
        await good.say(status)
        began = time.monotonic()
        await until(lambda: (here := org.gateway.presence.here(other.host_id)) and here.status == status)
        assert time.monotonic() - began < 10
        here = org.gateway.presence.here(keys.host_id)
        assert here is not None
        assert here.status is None or int(here.status.version) < 399


async def test_a_stranger_cannot_take_an_enrolled_hosts_place(org: Organisation, admin: Account) -> None:
    keys = await org.enrol(admin, "web")
    async with org.registered(keys) as end:
        await end.wait_for(Registered)
        thief = keys_of(Kind.HOST)

        class Claims:
            identity = thief.identity
            identity_public = keys.identity_public

        for _ in range(3):
            async with org.registered(Claims()) as false:
                assert isinstance(await false.read(), Denied)
        assert org.gateway.presence.online(keys.host_id)
