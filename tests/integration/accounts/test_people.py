"""People, groups, roles, and what the audit says of them."""

import asyncio

from sqlalchemy import select
from tests.service_kit import ServiceKit

from farhand.gateway.audit.models import EntryRow


async def test_people_are_listed_searched_and_paged(kit: ServiceKit) -> None:
    admin = await kit.admin()
    for n in range(7):
        await admin.ok("POST", "/people", {"name": f"Person {n}"})
    seen, cursor = [], ""
    while cursor is not None:
        found = await admin.ok("GET", "/people", limit=3, cursor=cursor)
        assert found["total"] == 8
        seen += [item["name"] for item in found["items"]]
        cursor = found["next"]
    assert seen == ["Ada", *(f"Person {n}" for n in range(7))]
    newest = await admin.ok("GET", "/people", sort="seen", limit=2)
    assert newest["items"][0]["name"] == "Ada"
    assert (await admin.ok("GET", "/people", sort="seen", limit=200, cursor=newest["next"]))["total"] == 8
    assert [p["name"] for p in (await admin.ok("GET", "/people", q="SON 3"))["items"]] == ["Person 3"]
    assert (await admin.ok("GET", "/people", q="%"))["total"] == 0
    for cursor in ("x", "e30", "WzEsIDJd", "bnVsbA", "W10", newest["next"]):
        answer = await admin.get("/api/people", params={"cursor": cursor})
        assert answer.status_code == 400, cursor


async def test_nobody_gets_a_name_that_looks_like_anothers(kit: ServiceKit) -> None:
    admin = await kit.admin()
    for name in ("ada", "ＡＤＡ", "A𝒅a"):
        assert await admin.no("POST", "/people", {"name": name}) == (409, "name-taken")
    for name in ("", " Bob", "B\u202eob", "B\x00b", "x" * 65):
        assert await admin.no("POST", "/people", {"name": name}) == (422, "malformed")
    answers = await asyncio.gather(*(admin.post("/api/people", json={"name": "Bob"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_only_administrators_look_after_people(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await kit.person(admin, "Bob", operator=True, auditor=True)
    me = (await bob.ok("GET", "/me"))["id"]
    for method, path, body in [
        ("GET", "/people", None),
        ("GET", f"/people/{me}", None),
        ("POST", "/people", {"name": "Eve"}),
        ("PATCH", f"/people/{me}", {"admin": True}),
        ("DELETE", f"/people/{me}", None),
        ("POST", f"/people/{me}/invite", None),
        ("GET", "/groups", None),
        ("POST", "/groups", {"name": "x"}),
    ]:
        assert await bob.no(method, path, body) == (403, "forbidden"), path


async def test_disabling_somebody_ends_everything_of_theirs(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await kit.person(admin, "Bob")
    gone: list[str] = []

    async def note(person: str) -> None:
        gone.append(person)

    kit.backend.on_person_gone.append(note)
    me = (await bob.ok("GET", "/me"))["id"]
    await admin.ok("PATCH", f"/people/{me}", {"disabled": True})
    assert await bob.no("GET", "/me") == (401, "signed-out")
    assert (await bob.no("POST", "/login", {"name": "Bob", "password": "a horse that staples batteries"}))[0] == 401
    assert gone == [me]
    assert await admin.no("POST", f"/people/{me}/invite") == (409, "disabled")
    await admin.ok("PATCH", f"/people/{me}", {"disabled": False, "operator": True})
    await bob.sign_in("Bob")
    await admin.ok("DELETE", f"/people/{me}")
    assert await bob.no("GET", "/me") == (401, "signed-out")
    assert gone == [me, me]
    assert await admin.no("GET", f"/people/{me}") == (404, "not-found")


async def test_one_administrator_always_stays(kit: ServiceKit) -> None:
    admin = await kit.admin()
    ada = (await admin.ok("GET", "/me"))["id"]
    for method, change in (("PATCH", {"admin": False}), ("PATCH", {"disabled": True}), ("DELETE", None)):
        assert await admin.no(method, f"/people/{ada}", change) == (409, "last-administrator")
    bob = await kit.person(admin, "Bob", admin=True)
    other = (await bob.ok("GET", "/me"))["id"]
    answers = await asyncio.gather(
        admin.patch(f"/api/people/{other}", json={"admin": False}),
        bob.patch(f"/api/people/{ada}", json={"admin": False}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 409])


async def test_groups_have_exactly_the_people_that_were_named(kit: ServiceKit) -> None:
    admin = await kit.admin()
    people = [(await admin.ok("POST", "/people", {"name": f"P{n}"}))["id"] for n in range(3)]
    group = (await admin.ok("POST", "/groups", {"name": "Help desk"}))["id"]
    assert await admin.no("POST", "/groups", {"name": "HELP DESK"}) == (409, "name-taken")
    assert (await admin.ok("PUT", f"/groups/{group}/members", {"people": people[:2]}))["members"] == 2
    assert (await admin.ok("PUT", f"/groups/{group}/members", {"people": people[1:]}))["members"] == 2
    found = await admin.ok("GET", "/people", group=group)
    assert [p["id"] for p in found["items"]] == people[1:]
    assert found["items"][0]["groups"] == [{"id": group, "name": "Help desk"}]
    unknown = {"people": [f"person_{'a' * 26}"]}
    assert await admin.no("PUT", f"/groups/{group}/members", unknown) == (404, "not-found")
    await admin.ok("PATCH", f"/groups/{group}", {"name": "Support"})
    assert [(g["name"], g["members"]) for g in (await admin.ok("GET", "/groups"))["items"]] == [("Support", 2)]
    await admin.ok("DELETE", f"/groups/{group}")
    assert (await admin.ok("GET", "/people"))["total"] == 4


async def test_what_happens_is_in_the_audit_and_no_secret_is(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bob = await kit.person(admin, "Bob")
    await bob.no("POST", "/login", {"name": "Bob", "password": "my other secret"})
    await bob.no("POST", "/login", {"name": "my password, typed as a name", "password": "x"})
    codes = (await bob.ok("POST", "/recovery", {}))["codes"]
    async with kit.backend.database.read() as db:
        rows = (await db.scalars(select(EntryRow).order_by(EntryRow.id))).all()
    kinds = [row.kind for row in rows]
    for kind in ("setting", "log-in", "person-changed", "account-changed", "log-in-refused"):
        assert kind in kinds
    refused = [row for row in rows if row.kind == "log-in-refused"]
    assert [(row.person, row.address) for row in refused] == [("Bob", "192.0.2.2"), ("", "192.0.2.2")]
    everything = " ".join(f"{row.person} {row.reason} {row.device} {row.content!r}" for row in rows)
    for secret in ("my other secret", "typed as a name", *codes):
        assert secret not in everything
