"""Hosts of an organisation: enrolled once, listed by page, told apart from none, removed."""

import itertools
import sqlite3
import time

import httpx
import pytest
from tests.integration.organisation import Account, Organisation, b64, keys_of, unb64, until

from farhand.core.errors import StreamClosed
from farhand.protocol.envelope import AuditWanted, Denied, Registered, Removed, Status
from farhand.protocol.errors import FailureCode
from farhand.protocol.grants import EnrolToken, Use, verify_host
from farhand.protocol.identity import Kind

STATUS = Status("Debian 12", "0.1", ["1920x1080", "1280x720"], 0.25, 10 << 30, 100 << 30, 1)


async def enrol(org: Organisation, body: dict) -> httpx.Response:
    async with httpx.AsyncClient(base_url=org.address + "/api", headers={"x-farhand": "1"}, verify=False) as stranger:
        return await stranger.post("/enrol", json=body)


async def test_a_host_is_enrolled_once_seen_at_once_and_gone_when_it_leaves(org: Organisation, admin: Account) -> None:
    group = await admin.post("/host-groups", {"name": "Servers"})
    keys = await org.enrol(admin, "web-1", group=group["id"])
    host = keys.host_id.hex()
    listed = await admin.get("/hosts")
    assert [(one["id"], one["name"], one["online"], one["groups"]) for one in listed["items"]] == [
        (host, "web-1", False, [{"id": group["id"], "name": "Servers"}])
    ]
    async with org.registered(keys) as end:
        assert (await end.wait_for(AuditWanted)).have == 0
        await end.say(STATUS)
        began = time.monotonic()
        while (found := await admin.get("/hosts", state="online", q="DEBIAN"))["total"] != 1:
            assert time.monotonic() - began < 5
        shown = found["items"][0]
        assert shown["online"]
        assert shown["screens"] == STATUS.screens
        assert (shown["load"], shown["callers"], shown["disk_free"]) == (0.25, 1, 10 << 30)
    began = time.monotonic()
    while (await admin.get("/hosts", state="online"))["total"]:
        assert time.monotonic() - began < 5
    away = await admin.get(f"/hosts/{host}")
    assert not away["online"]
    assert away["system"] == "Debian 12"
    assert away["load"] is None
    assert abs(away["last_seen_ms"] / 1000 - time.time()) < 10


async def test_an_enrolment_token_enrols_one_host_and_its_secret_is_not_stored(
    org: Organisation, admin: Account, database: str
) -> None:
    made = await admin.post("/enrol-tokens", {"name": "one", "hours": 1})
    token = EnrolToken.decode(made["token"])
    first, second = keys_of(Kind.HOST), keys_of(Kind.HOST)
    body = {"secret": b64(token.secret), "certificate": b64(first.certificate)}
    assert (await enrol(org, body)).status_code == 201
    answer = await enrol(org, {**body, "certificate": b64(second.certificate)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "token-used")
    unknown = await enrol(org, {**body, "secret": b64(bytes(16))})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (403, "token-unknown")
    listed = await admin.get("/enrol-tokens")
    assert [one["host_id"] for one in listed["items"]] == [first.host_id.hex()]
    if not database:
        with sqlite3.connect(org.folder / "gateway.db") as db:
            kept = "\n".join(map(str, db.execute("select * from enrol_token").fetchall()))
        assert repr(token.secret)[2:-1] not in kept


async def test_a_token_that_was_removed_or_has_expired_enrols_nobody(org: Organisation, admin: Account) -> None:
    made = await admin.post("/enrol-tokens", {"hours": 1})
    body = {
        "secret": b64(EnrolToken.decode(made["token"]).secret),
        "certificate": b64(keys_of(Kind.HOST).certificate),
    }
    backend = org.gateway.service.backend
    backend.clock = lambda: time.time() + 3601
    answer = await enrol(org, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "token-expired")
    backend.clock = time.time
    await admin.call("DELETE", f"/enrol-tokens/{made['id']}")
    answer = await enrol(org, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "token-unknown")


async def test_who_guesses_enrolment_tokens_is_locked_out(org: Organisation, admin: Account) -> None:
    body = {"certificate": b64(keys_of(Kind.HOST).certificate)}
    codes = [(await enrol(org, {**body, "secret": b64(bytes([number] * 16))})).status_code for number in range(13)]
    assert codes[:10] == [403] * 10
    assert codes[-1] == 429


@pytest.mark.parametrize("what", ["client", "forged", "short"])
async def test_a_certificate_that_is_no_hosts_own_enrols_nobody(org: Organisation, admin: Account, what: str) -> None:
    made = await admin.post("/enrol-tokens", {"hours": 1})
    certificate = keys_of(Kind.CLIENT if what == "client" else Kind.HOST).certificate
    if what == "forged":
        certificate = certificate[:5] + bytes([certificate[5] ^ 1]) + certificate[6:]
    elif what == "short":
        certificate = certificate[:-1]
    secret = b64(EnrolToken.decode(made["token"]).secret)
    assert (await enrol(org, {"secret": secret, "certificate": b64(certificate)})).status_code == 422
    assert (await admin.get("/hosts"))["total"] == 0
    # The token is not used up by it.
    right = await enrol(org, {"secret": secret, "certificate": b64(keys_of(Kind.HOST).certificate)})
    assert right.status_code == 201


async def test_only_the_roots_word_for_these_very_keys_is_taken(org: Organisation, admin: Account) -> None:
    keys, other = await org.enrol(admin, "a", signed=False), keys_of(Kind.HOST)
    host = keys.host_id.hex()
    assert (await admin.get(f"/hosts/{host}/proof"))["proof"] is None
    assert (await admin.get("/hosts", state="unsigned"))["total"] == 1
    foreign = Organisation(org.folder)  # another root
    for wrong in (foreign.endorse(keys), org.endorse(other), b"x" * 200):
        await admin.post(f"/hosts/{host}/endorsement", {"endorsement": b64(wrong)}, status=422)
    await admin.post(f"/hosts/{host}/endorsement", {"endorsement": b64(org.endorse(keys))})
    proof = unb64((await admin.get(f"/hosts/{host}/proof"))["proof"])
    said = verify_host(proof, root=org.root_public, host_id=keys.host_id, now=time.time())
    assert (said.identity, said.static) == (keys.identity_public, keys.static_public)


async def test_a_removed_host_is_told_and_comes_back_only_by_a_new_token(org: Organisation, admin: Account) -> None:
    keys = await org.enrol(admin, "web")
    async with org.registered(keys) as end:
        await end.wait_for(Registered)
        await admin.call("DELETE", f"/hosts/{keys.host_id.hex()}")
        await end.wait_for(Removed)
        with pytest.raises(StreamClosed):
            await end.read()
    assert (await admin.get("/hosts"))["total"] == 0
    await admin.call("GET", f"/hosts/{keys.host_id.hex()}", status=404)
    async with org.registered(keys) as end:
        assert isinstance(await end.read(), Removed)
    made = await admin.post("/enrol-tokens", {"hours": 1})
    secret = b64(EnrolToken.decode(made["token"]).secret)
    assert (await enrol(org, {"secret": secret, "certificate": b64(keys.certificate)})).status_code == 201
    async with org.registered(keys) as end:
        assert isinstance(await end.read(), Registered)


async def test_a_host_without_the_key_is_nobody(org: Organisation, admin: Account) -> None:
    keys, thief = await org.enrol(admin, "web"), keys_of(Kind.HOST)
    stolen = type(keys)(thief.identity, keys.static, keys.certificate)
    object.__setattr__(stolen, "certificate", keys.certificate)
    async with org.registered(_Claiming(stolen, keys)) as end:
        answer = await end.read()
        assert isinstance(answer, Denied)
        assert answer.code is FailureCode.POLICY
    assert not org.gateway.presence.online(keys.host_id)


class _Claiming:
    """Says another's public key and signs with its own."""

    def __init__(self, own, other) -> None:
        self.identity = own.identity
        self.identity_public = other.identity_public


async def test_lists_are_paged_searched_filtered_and_sorted(org: Organisation, admin: Account) -> None:
    group = (await admin.post("/host-groups", {"name": "Group"}))["id"]
    names = ["Äpfel", "birne", "Zebra", "100%", "under_score", "a\\b"]
    ids = {}
    for number, name in enumerate(names):
        keys = await org.enrol(admin, name, group=group if number % 2 else None)
        ids[name] = keys.host_id.hex()
    await admin.call("PATCH", f"/hosts/{ids['birne']}", {"tags": ["obst", "süß"], "notes": "im Keller\nlinks"})
    pages, cursor = [], {}
    for _ in itertools.count():
        page = await admin.get("/hosts", limit=4, **cursor)
        assert page["total"] == 6
        pages.append([one["name"] for one in page["items"]])
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert pages == [["100%", "a\\b", "birne", "under_score"], ["Zebra", "Äpfel"]]
    down = await admin.get("/hosts", sort="-name")
    assert [one["name"] for one in down["items"]] == [name for page in pages for name in page][::-1]
    for query, found in {"ÄPFEL": ["Äpfel"], "%": ["100%"], "_": ["under_score"], "\\": ["a\\b"], "obst": ["birne"],
                         "keller birne": ["birne"], ids["Zebra"][:12]: ["Zebra"], "nirgends": []}.items():  # fmt: skip
        assert [one["name"] for one in (await admin.get("/hosts", q=query))["items"]] == found
    assert (await admin.get("/hosts", tag="obst"))["total"] == 1
    assert (await admin.get("/hosts", group=group))["total"] == 3
    for sort in ("state", "seen", "enrolled"):
        first = await admin.get("/hosts", sort=sort, limit=3)
        rest = await admin.get("/hosts", sort=sort, limit=3, cursor=first["next"])
        assert len({one["id"] for one in first["items"] + rest["items"]}) == 6
        await admin.call("GET", "/hosts", cursor=first["next"], status=422)  # a cursor of another order
    for wrong in ("x", b64(b'["name","\\u0000","x"]').rstrip("="), b64(b"[" * 300).rstrip("=")):
        await admin.call("GET", "/hosts", cursor=wrong, status=422)


async def test_who_may_not_see_a_host_cannot_tell_it_from_none(org: Organisation, admin: Account) -> None:
    keys = await org.enrol(admin, "secret-1")
    host = keys.host_id.hex()
    someone = await org.account("Someone", operator=True)
    outsider = await org.account("Outsider")
    there, nowhere = f"/hosts/{host}", "/hosts/" + "0" * 32
    device = keys_of(Kind.CLIENT)
    await someone.post("/devices", {"certificate": b64(device.certificate)})
    body = {"device": b64(device.identity_public), "capabilities": ["view"]}
    for method, path, sent in (("GET", "", None), ("GET", "/proof", None), ("POST", "/grant", body)):
        answers = [await someone.http.request(method, base + path, json=sent) for base in (there, nowhere)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert (await someone.get("/hosts", q="secret"))["total"] == 0
    await outsider.call("GET", "/hosts", status=403)
    for method, path, sent in (
        ("PATCH", there, {"name": "x"}),
        ("DELETE", there, None),
        ("POST", there + "/endorsement", {"endorsement": ""}),
        ("POST", "/host-groups", {"name": "x"}),
        ("POST", "/enrol-tokens", {}),
        ("GET", "/enrol-tokens", None),
        ("POST", "/rules", {}),
        ("GET", "/rules", None),
        ("GET", "/audit", None),
    ):
        answer = await someone.http.request(method, path, json=sent)
        assert answer.status_code in (403, 422), (method, path)
        assert answer.status_code == 403 or sent == {}
    await someone.call(
        "POST", "/rules", {"person": someone.id, "host": host, "rights": [{"capability": "view"}]}, status=403
    )


async def test_the_root_is_taken_once_and_the_delegation_only_from_it(org: Organisation) -> None:
    admin = await org.account("Root", admin=True)
    await admin.post("/enrol-tokens", {"hours": 1}, status=409)
    await org.join(admin)
    other = Organisation(org.folder)
    await admin.post("/org", {"root": b64(other.root_public)}, status=409)
    shown = await admin.get("/org")
    assert unb64(shown["root"]) == org.root_public
    assert shown["delegation"]["state"] == "valid"
    from farhand.protocol.capability import Capability
    from farhand.protocol.grants import Delegation, sign_delegation

    now = int(time.time())
    base = {"version": 1, "use": Use.GRANTS, "key": unb64(shown["gateway_key"]), "ceiling": [Capability.VIEW],
            "not_before": now - 10, "not_after": now + 10, "name": "g"}  # fmt: skip
    for change, signer in (
        ({}, other.root),
        ({"key": bytes(32)}, org.root),
        ({"use": Use.ENROL}, org.root),
        ({"not_after": now - 5}, org.root),
    ):
        data = sign_delegation(signer, Delegation(**{**base, **change}))
        await admin.post("/org", {"root": b64(org.root_public), "delegation": b64(data)}, status=422)
    assert (await admin.get("/org"))["delegation"]["ceiling"] == shown["delegation"]["ceiling"]
    key_file = org.folder / "grant.key"
    assert key_file.stat().st_mode & 0o777 == 0o600


async def test_hosts_that_are_not_enrolled_need_the_token(gateway_folder, database: str) -> None:
    async with Organisation(gateway_folder, database, registration="token") as org:
        keys = keys_of(Kind.HOST)
        async with org.registered(keys) as end:
            assert isinstance(await end.read(), Denied)
        async with org.registered(keys, token="token") as end:
            assert isinstance(await end.read(), Registered)
            await until(lambda: org.gateway.presence.online(keys.host_id))
        assert keys.host_id not in org.gateway.presence.known
