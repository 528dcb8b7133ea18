"""Rules, grants, approvals and devices, from the API to what a host would believe."""

import time

import pytest
from tests.integration.organisation import Account, Organisation, b64, keys_of, unb64

from farhand.protocol.capability import Capability
from farhand.protocol.envelope import AuditWanted, Registered, Revoke
from farhand.protocol.grants import GrantFault, GrantRefused, Verified, verify_credential, verify_host
from farhand.protocol.identity import Keys, Kind

VIEW, CONTROL = Capability.VIEW, Capability.CONTROL
CONDITIONS = {"networks", "windows", "ask", "reason", "approval", "max_seconds", "idle_seconds", "at_end"}


class Case:
    """An operator with a device, and a host in a group."""

    def __init__(
        self, org: Organisation, admin: Account, operator: Account, device: Keys, host: Keys, group: str
    ) -> None:
        self.org, self.admin, self.operator, self.device, self.host, self.group = (
            org,
            admin,
            operator,
            device,
            host,
            group,
        )
        self.path = f"/hosts/{host.host_id.hex()}/grant"

    async def rule(self, *rights: str | tuple[str, int], **more) -> str:
        """A rule about the operator and the host, unless it says otherwise; returns its id."""
        body = {
            "person": self.operator.id,
            "host": self.host.host_id.hex(),
            "rights": [
                {"capability": one} if isinstance(one, str) else {"capability": one[0], "seconds": one[1]}
                for one in rights
            ],
            "conditions": {key: value for key, value in more.items() if key in CONDITIONS},
            **{key: value for key, value in more.items() if key not in CONDITIONS},
        }
        return (await self.admin.post("/rules", body))["id"]

    async def ask(self, *capabilities: str, status: int = 200, by: Account | None = None, **more):
        """Ask for a grant."""
        body = {"device": b64(self.device.identity_public), "capabilities": list(capabilities), **more}
        return await (by or self.operator).post(self.path, body, status=status)

    def verified(self, answer) -> Verified:
        """What the host makes of an answer."""
        verify_host(unb64(answer["proof"]), root=self.org.root_public, host_id=self.host.host_id, now=time.time())
        return verify_credential(
            unb64(answer["credential"]), root=self.org.root_public, host_id=self.host.host_id,
            viewer=self.device.identity_public, now=time.time(),
        )  # fmt: skip


@pytest.fixture
async def case(org: Organisation, admin: Account) -> Case:
    operator = await org.account("Otto", operator=True)
    device = keys_of(Kind.CLIENT, "laptop")
    await operator.post("/devices", {"certificate": b64(device.certificate)}, status=201)
    group = (await admin.post("/host-groups", {"name": "Servers"}))["id"]
    host = await org.enrol(admin, "web-1", group=group)
    return Case(org, admin, operator, device, host, group)


async def test_a_grant_is_rule_and_ceiling_and_what_was_asked(case: Case) -> None:
    await case.ask("view", status=404)  # without a rule the host is not even there
    rule = await case.rule("view", ("control", 300), "shell", max_seconds=3600, idle_seconds=600, at_end="lock")
    await case.org.join(case.admin, frozenset((VIEW, CONTROL)))
    verified = case.verified(await case.ask("view", "control", "shell", "manage"))
    assert verified.rights == {VIEW: 0, CONTROL: 300}
    grant = verified.grant
    assert (grant.person, grant.device) == ("Otto", "laptop")
    assert (grant.conditions.max_seconds, grant.conditions.idle_seconds, grant.conditions.at_end) == (3600, 600, "lock")
    assert grant.not_after - grant.not_before <= 300
    assert case.verified(await case.ask("view", "control", seconds=60)).rights == {VIEW: 60, CONTROL: 60}
    assert case.verified(await case.ask("view")).grant.nonce != grant.nonce
    await case.ask("shell", status=403)
    await case.admin.call("DELETE", f"/rules/{rule}")
    await case.ask("view", status=404)


async def test_rules_of_groups_apply_and_stop_to_when_one_leaves(case: Case) -> None:
    people = await case.admin.post("/groups", {"name": "Night shift"})
    await case.admin.call("PUT", f"/groups/{people['id']}/members", {"people": [case.operator.id]})
    await case.rule("view", person=None, people_group=people["id"], host=None, host_group=case.group)
    assert case.verified(await case.ask("view")).rights == {VIEW: 0}
    await case.admin.call("PATCH", f"/hosts/{case.host.host_id.hex()}", {"groups": []})
    await case.ask("view", status=404)
    await case.admin.call("PATCH", f"/hosts/{case.host.host_id.hex()}", {"groups": [case.group]})
    await case.ask("view")
    await case.admin.call("PUT", f"/groups/{people['id']}/members", {"people": []})
    await case.ask("view", status=404)


async def test_conditions_are_asked_for_before_a_grant_is_signed(case: Case) -> None:
    await case.rule("view", reason=True)
    await case.rule("control", networks=["192.0.2.0/24"])
    answer = await case.ask("view", status=422)
    assert answer["error"]["code"] == "reason-needed"
    verified = case.verified(await case.ask("view", reason="ticket 7"))
    assert verified.grant.reason == "ticket 7"
    assert verified.grant.conditions.reason
    await case.ask("control", status=403)  # from 127.0.0.1


async def test_a_device_that_is_not_the_askers_gets_nothing(case: Case) -> None:
    await case.rule("view")
    other = keys_of(Kind.CLIENT)
    body = {"device": b64(other.identity_public), "capabilities": ["view"]}
    await case.operator.post(case.path, body, status=409)
    thief = await case.org.account("Thief", operator=True)
    await thief.post("/devices", {"certificate": b64(case.device.certificate)}, status=409)
    await case.rule("view", person=thief.id)
    await case.ask("view", by=thief, status=409)
    await thief.call("DELETE", f"/devices/{(await case.operator.get('/devices'))['items'][0]['id']}", status=404)
    with pytest.raises(GrantRefused) as refused:
        verify_credential(
            unb64((await case.ask("view"))["credential"]), root=case.org.root_public, host_id=case.host.host_id,
            viewer=other.identity_public, now=time.time(),
        )  # fmt: skip
    assert refused.value.why is GrantFault.OTHER_VIEWER


async def test_without_the_organisations_word_there_is_no_grant(case: Case) -> None:
    await case.rule("view", host=None, host_group=case.group)
    unsigned = await case.org.enrol(case.admin, "new", group=case.group, signed=False)
    path = f"/hosts/{unsigned.host_id.hex()}/grant"
    body = {"device": b64(case.device.identity_public), "capabilities": ["view"]}
    assert (await case.operator.post(path, body, status=409))["error"]["code"] == "host-not-signed"
    case.org.gateway.service.backend.parts["organisation"].delegation = b""
    assert (await case.ask("view", status=409))["error"]["code"] == "no-delegation"


async def test_a_second_person_approves_and_never_the_asker(case: Case) -> None:
    approvers = await case.admin.post("/groups", {"name": "Leads"})
    lead = await case.org.account("Lea", operator=True)
    await case.admin.call("PUT", f"/groups/{approvers['id']}/members", {"people": [lead.id, case.operator.id]})
    await case.rule("view")
    await case.rule("control", approval=True, reason=True, approvers=approvers["id"])
    assert not case.verified(await case.ask("view")).grant.conditions.approval
    waiting = await case.ask("view", "control", reason="disk full", status=202)
    again = await case.ask("view", "control", reason="disk full", status=202)
    assert again["approval"] == waiting["approval"]
    path = f"/approvals/{waiting['approval']}"
    stranger = await case.org.account("Stranger", operator=True)
    await stranger.call("GET", path, status=404)
    await stranger.post(path, {"approve": True}, status=404)
    await case.operator.post(path, {"approve": True}, status=404)
    assert (await stranger.get("/approvals"))["total"] == 0
    seen = (await lead.get("/approvals", waiting=True))["items"]
    assert [(one["person"]["name"], one["reason"], one["decidable"]) for one in seen] == [("Otto", "disk full", True)]
    assert (await case.operator.get(path))["state"] == "waiting"
    assert (await lead.post(path, {"approve": True}))["state"] == "approved"
    await lead.post(path, {"approve": True}, status=409)
    found = await case.operator.get(path)
    verified = case.verified(found["grant"])
    assert verified.rights == {VIEW: 0, CONTROL: 0}
    assert verified.grant.approver == "Lea"
    assert (await lead.get(path))["grant"] is None
    refused = await case.ask("control", reason="again", status=202)
    await case.admin.post(f"/approvals/{refused['approval']}", {"approve": False})
    found = await case.operator.get(f"/approvals/{refused['approval']}")
    assert (found["state"], found["grant"], found["decided_by"]) == ("refused", None, "Root")


async def test_an_approval_counts_by_the_rules_of_its_moment(case: Case) -> None:
    rule = await case.rule("control", approval=True)
    waiting = await case.ask("control", status=202)
    await case.admin.call("DELETE", f"/rules/{rule}")
    await case.admin.post(f"/approvals/{waiting['approval']}", {"approve": True}, status=403)
    assert (await case.operator.get(f"/approvals/{waiting['approval']}"))["state"] == "waiting"
    backend = case.org.gateway.service.backend
    backend.clock = lambda: time.time() + 3600
    assert (await case.operator.get(f"/approvals/{waiting['approval']}"))["state"] == "expired"


async def test_a_revoked_device_is_told_to_every_host_within_two_seconds_and_to_others_later(case: Case) -> None:
    await case.rule("view")
    away = await case.org.enrol(case.admin, "away")
    async with case.org.registered(case.host) as end:
        await end.wait_for(AuditWanted)
        listed = (await case.operator.get("/devices"))["items"]
        began = time.monotonic()
        await case.operator.call("DELETE", f"/devices/{listed[0]['id']}")
        revoke = await end.wait_for(Revoke)
        assert time.monotonic() - began < 10
        assert revoke.viewer == case.device.identity_public
    async with case.org.registered(away) as end:
        assert (await end.wait_for(Revoke)).viewer == case.device.identity_public
    await case.ask("view", status=409)
    await case.operator.post("/devices", {"certificate": b64(case.device.certificate)}, status=409)
    assert (await case.operator.get("/devices"))["total"] == 0
    assert (await case.admin.get("/devices", revoked=True))["total"] == 1


async def test_a_disabled_or_removed_person_loses_every_device(case: Case) -> None:
    async with case.org.registered(case.host) as end:
        await end.wait_for(Registered)
        await case.admin.call("PATCH", f"/people/{case.operator.id}", {"disabled": True})
        assert (await end.wait_for(Revoke)).viewer == case.device.identity_public
        leaving, device = await case.org.account("Leo", operator=True), keys_of(Kind.BROWSER)
        await leaving.post("/devices", {"certificate": b64(device.certificate)})
        await case.admin.call("DELETE", f"/people/{leaving.id}")
        assert (await end.wait_for(Revoke)).viewer == device.identity_public
    assert (await case.admin.get("/devices"))["total"] == 0
    gone = (await case.admin.get("/devices", revoked=True))["items"]
    assert {one["kind"] for one in gone} == {"client", "browser"}


async def test_a_rule_that_is_none_is_refused(case: Case) -> None:
    right = {"person": case.operator.id, "host": case.host.host_id.hex(), "rights": [{"capability": "view"}]}
    for change in (
        {"person": None},
        {"people_group": "people_" + "a" * 26},
        {"host_group": "hosts_" + "a" * 26},
        {"rights": []},
        {"rights": [{"capability": "view"}, {"capability": "view"}]},
        {"rights": [{"capability": "fly"}]},
        {"rights": [{"capability": "view", "seconds": -1}]},
        {"conditions": {"networks": ["everywhere"]}},
        {"conditions": {"windows": [{"days": 0, "start": 0, "end": 60}]}},
        {"conditions": {"windows": [{"days": 1, "start": 60, "end": 60}]}},
        {"conditions": {"at_end": "explode"}},
        {"conditions": {"ask": "yes"}},
        {"host": "0" * 32},
        {"person": "person_" + "a" * 26},
        {"approvers": "group_" + "a" * 26},
        {"more": 1},
    ):
        answer = await case.admin.http.request("POST", "/rules", json={**right, **change})
        assert answer.status_code == 422, change
    assert (await case.admin.get("/rules"))["total"] == 0


async def test_host_and_device_names_of_strangers_stay_text(case: Case) -> None:
    odd = keys_of(Kind.CLIENT, "<script>\u202e\x00\n")
    shown = await case.operator.post("/devices", {"certificate": b64(odd.certificate)})
    assert shown["name"] == "<script>\ufffd\ufffd\ufffd"
