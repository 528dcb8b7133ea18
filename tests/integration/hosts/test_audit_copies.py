"""What hosts recorded, as the gateway keeps it: only what they signed, and whoever signs two stories is named."""

import json
import time

from tests.integration.organisation import Account, HostEnd, Organisation, unb64

from farhand.protocol.envelope import AuditCheckpoint, AuditEntries, AuditWanted
from farhand.protocol.identity import Keys
from farhand.protocol.merkle import Checkpoint, Tree


def entry(number: int, **more) -> bytes:
    """An entry as a host writes it."""
    fields = {
        "n": number,
        "t": 1_700_000_000_000 + number,
        "kind": "log-in",
        "who": "Otto",
        "from": "192.0.2.1",
        **more,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def checkpoint(keys: Keys, entries: list[bytes]) -> AuditCheckpoint:
    """The host's word for all of them."""
    root = Tree(entries).root()
    return AuditCheckpoint(Checkpoint(keys.host_id, len(entries), root, int(time.time() * 1000)).sign(keys.identity))


async def wanted(end: HostEnd) -> int:
    """How many the gateway has."""
    return (await end.wait_for(AuditWanted)).have


async def copied(org: Organisation, admin: Account, keys: Keys) -> tuple[int, str]:
    """Entries that are covered, and what is wrong."""
    shown = await admin.get(f"/hosts/{keys.host_id.hex()}")
    return shown["audit_size"], shown["audit_fault"]


async def settle(org: Organisation, admin: Account, keys: Keys, size: int, fault: str = "") -> None:
    """Return once the copy is there."""
    began = time.monotonic()
    while True:
        have, wrong = await copied(org, admin, keys)
        if have == size and fault in wrong and bool(fault) == bool(wrong):
            return
        assert time.monotonic() - began < 10, (have, wrong)


async def test_entries_count_once_a_checkpoint_covers_them(org: Organisation, admin: Account) -> None:
    keys = await org.enrol(admin, "web")
    host = keys.host_id.hex()
    entries = [entry(number, reason=f"<script>{number}", path="/etc") for number in range(12)]
    async with org.registered(keys) as end:
        assert await wanted(end) == 0
        await end.say(AuditEntries(0, entries[:5]))
        await end.say(checkpoint(keys, entries[:3]))
        await settle(org, admin, keys, 3)
        assert (await admin.get("/audit", host=host, kind="log-in"))["total"] == 3
        await end.say(checkpoint(keys, entries[:10]))  # ahead of its entries
        await end.say(AuditEntries(5, entries[5:7]))
        await end.say(AuditEntries(6, entries[6:]))  # an overlap is fine
        await settle(org, admin, keys, 10)
    async with org.registered(keys) as end:
        assert await wanted(end) == 10
        await end.say(AuditEntries(10, entries[10:]))
        await end.say(checkpoint(keys, entries))
        await settle(org, admin, keys, 12)
    found = await admin.get("/audit", person="OTTO", limit=5)
    assert found["total"] == 12
    newest = found["items"][0]
    assert (newest["number"], newest["address"], newest["reason"]) == (11, "192.0.2.1", "<script>11")
    assert newest["detail"] == {"path": "/etc"}
    assert newest["host"] == {"id": host, "name": "web"}
    rest = await admin.get("/audit", person="OTTO", limit=50, cursor=found["next"])
    assert [one["number"] for one in found["items"] + rest["items"]] == list(range(11, -1, -1))
    assert (await admin.get("/audit", **{"from": 1_700_000_000_002, "to": 1_700_000_000_004}))["total"] == 2
    kept = await admin.get(f"/hosts/{host}/checkpoints")
    assert [one["size"] for one in kept["items"]] == [12, 10, 3]
    assert Checkpoint.verify(unb64(kept["items"][0]["data"]), keys.identity_public).root == Tree(entries).root()


async def test_a_host_that_rewrites_history_is_named_and_changes_nothing(org: Organisation, admin: Account) -> None:
    keys = await org.enrol(admin, "web")
    entries = [entry(number) for number in range(6)]
    changed = [*entries[:2], entry(2, who="Nobody"), *entries[3:]]
    async with org.registered(keys) as end:
        assert await wanted(end) == 0
        await end.say(AuditEntries(0, entries))
        await end.say(checkpoint(keys, entries))
        await settle(org, admin, keys, 6)
        # The same length, another history; and what follows it is believed no more.
        await end.say(checkpoint(keys, changed))
        await settle(org, admin, keys, 6, "not the one")
        more = [*changed, entry(6)]
        await end.say(AuditEntries(6, more[6:]))
        await end.say(checkpoint(keys, more))
    events = await admin.get("/audit", kind="audit-rewritten")
    assert [(one["host"]["name"], one["number"]) for one in events["items"]] == [("web", None)]
    assert (await copied(org, admin, keys))[0] == 6
    assert (await admin.get("/audit", person="Nobody"))["total"] == 0


async def test_a_history_that_continues_another_one_is_not_appended(org: Organisation, admin: Account) -> None:
    keys = await org.enrol(admin, "web")
    entries = [entry(number) for number in range(3)]
    other = [entry(0, who="Else"), *entries[1:], entry(3)]
    async with org.registered(keys) as end:
        await wanted(end)
        await end.say(AuditEntries(0, entries))
        await end.say(checkpoint(keys, entries))
        await settle(org, admin, keys, 3)
    async with org.registered(keys) as end:
        await wanted(end)
        await end.say(AuditEntries(3, other[3:]))
        await end.say(checkpoint(keys, other))
        await settle(org, admin, keys, 3, "not the one")


async def test_a_record_cut_short_is_named(org: Organisation, admin: Account) -> None:
    keys = await org.enrol(admin, "web")
    entries = [entry(number) for number in range(5)]
    async with org.registered(keys) as end:
        await wanted(end)
        await end.say(AuditEntries(0, entries))
        await end.say(checkpoint(keys, entries))
        await settle(org, admin, keys, 5)
    async with org.registered(keys) as end:
        await wanted(end)
        await end.say(checkpoint(keys, [entry(0, who="Anew")]))
        await settle(org, admin, keys, 5, "not the one")


async def test_what_is_no_entry_ends_the_copying_and_not_the_connection(org: Organisation, admin: Account) -> None:
    good = entry(0)
    for wrong in (
        b"{",
        b"[]",
        b'{"n":1}',
        entry(7),
        b'{"n":0,"t":-1,"kind":"x"}',
        b'{"n":0,"t":1,"kind":2}',
        b" " * 20_000,
        b'{"n":0,"t":1,"kind":"x","a":' + b"[" * 2000 + b"]" * 2000 + b"}",
    ):
        keys = await org.enrol(admin, "web")
        async with org.registered(keys) as end:
            await wanted(end)
            await end.say(AuditEntries(0, [wrong]))
            await settle(org, admin, keys, 0, "entry 0")
            assert org.gateway.presence.online(keys.host_id)
        async with org.registered(keys) as end:  # what was wrong then does not stand in the way of what is right
            await wanted(end)
            await end.say(AuditEntries(0, [good]))
            await end.say(checkpoint(keys, [good]))


async def test_a_checkpoint_by_another_key_or_of_another_host_covers_nothing(org: Organisation, admin: Account) -> None:
    keys, other = await org.enrol(admin, "a"), await org.enrol(admin, "b")
    entries = [entry(0)]
    async with org.registered(keys) as end:
        await wanted(end)
        await end.say(AuditEntries(0, entries))
        await end.say(checkpoint(other, entries))
        await settle(org, admin, keys, 0, "does not hold")


async def test_the_gateways_own_events_stand_in_the_same_list(org: Organisation, admin: Account) -> None:
    auditor = await org.account("Ada", auditor=True)
    await admin.post("/host-groups", {"name": "Servers"})
    keys = await org.enrol(admin, "web")
    found = await auditor.get("/audit")
    kinds = [one["kind"] for one in found["items"]]
    assert kinds[:3] == ["host-enrolled", "enrol-token", "group-changed"]
    assert found["items"][0]["host"] == {"id": keys.host_id.hex(), "name": "web"}
    assert (await auditor.get("/audit", host=keys.host_id.hex()))["total"] == 1
    await auditor.call("GET", "/audit", cursor="AAAA", status=422)
    operator = await org.account("Otto", operator=True)
    await operator.call("GET", "/audit", status=403)
    await operator.call("GET", f"/hosts/{keys.host_id.hex()}/checkpoints", status=403)
