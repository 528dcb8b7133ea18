"""Callers without a code: a grant lets them in, on its terms, for its time, and no further."""

import contextlib
import secrets
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.loopback.grants_kit import Organisation
from tests.loopback.host_kit import KEYS, HostKit, until

from farhand.client import AccessRefused, ConnectFailed, Session, SessionOver
from farhand.client.session import prepare_unattended
from farhand.host.events import CallerConnected, CallerCut, CallerEnded, DesktopNotLeft
from farhand.host.platform.base import Answer
from farhand.host.remembered import Remembered
from farhand.protocol.capability import ALL, Capability
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended
from farhand.protocol.grants import AtEnd, Conditions, Credential
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.control import AskMore, NoticeCode

VIEW, CONTROL, CLIPBOARD, SHELL = Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD, Capability.SHELL
ORG = Organisation(time.time())
DEVICE = Keys.generate(Kind.CLIENT, "laptop", time.time(), secrets.token_bytes)
BROWSER = Keys.generate(Kind.BROWSER, "page", time.time(), secrets.token_bytes)


class Granted(HostKit):
    """A host of the organisation."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(root=ORG.root_public, **{"allow": sorted(ALL), **settings})

    def credential(self, keys: Keys = DEVICE, **changes: Any) -> bytes:
        return ORG.credential(keys.identity_public, now=self.clock.unix(), **changes)

    async def come(
        self,
        credential: bytes | None = None,
        *,
        keys: Keys = DEVICE,
        wanted: tuple[Capability, ...] = (VIEW, CONTROL),
        to: Any = None,
        reason: str = "",
        **changes: Any,
    ) -> Session:
        session = prepare_unattended(
            to or self.dial(),
            keys,
            KEYS.host_id,
            KEYS.static_public,
            credential or self.credential(keys, **changes),
            name="Ann",
            capabilities=wanted,
            reason=reason,
        )
        await session.open()
        self.sessions.append(session)
        return session


async def refused(kit: Granted, *arguments: Any, **changes: Any) -> str:
    with pytest.raises(AccessRefused) as caught:
        await kit.come(*arguments, **changes)
    return str(caught.value)


async def end_of(session: Session) -> ByeCode:
    end = await session.closed()
    assert isinstance(end, Ended)
    assert end.by_peer
    return end.code


async def test_a_grant_lets_in_without_asking_anyone_and_everybody_sees_who() -> None:
    async with Granted(ask=True) as kit:
        caller = await kit.come(rights={VIEW: 0, CONTROL: 300}, reason="the printer")
        await kit.same_picture(caller)
        assert caller.granted == {VIEW, CONTROL}
        assert caller.decision is not None
        assert caller.decision.person == "Anna Müller"
        assert set(caller.until) == {CONTROL}
        assert kit.clock.unix() + 295 < caller.until[CONTROL] <= kit.clock.unix() + 300
        assert kit.platform.person.questions == []
        (shown,) = kit.platform.person.shown
        assert (shown.account, shown.device, shown.caller, shown.reason) == (
            "Anna Müller",
            "laptop",
            "Ann",
            "the printer",
        )
        assert (await kit.hear(CallerConnected)).caller.account == "Anna Müller"


async def test_nobody_comes_without_a_root() -> None:
    async with HostKit() as kit:
        with pytest.raises(ConnectFailed) as caught:
            await Granted.come(kit, ORG.credential(DEVICE.identity_public))
        assert caught.value.failure is FailureCode.POLICY


async def test_a_grant_that_was_used_or_altered_is_refused_and_written_down() -> None:
    async with Granted() as kit:
        data = kit.credential()
        await kit.come(data)
        assert "used before" in await refused(kit, data)
        assert "signed" in await refused(kit, ORG.forged(DEVICE.identity_public))
        assert [entry["why"] for entry in kit.audit.of("log-in-refused")] == ["replayed", "signature"]
        assert len(kit.agent.callers) == 1


async def test_who_the_rule_wants_asked_about_is_asked_about() -> None:
    async with Granted(consent_seconds=7) as kit:
        kit.platform.person.answer = Answer.NO
        assert "said no" in await refused(kit, conditions=Conditions(ask=True), reason="the printer")
        question = kit.platform.person.questions[0]
        assert (question.account, question.device, question.reason) == ("Anna Müller", "laptop", "the printer")
        kit.platform.person.answer = Answer.VIEW_ONLY
        assert (await kit.come(conditions=Conditions(ask=True))).granted == {VIEW}


async def test_a_page_that_a_gateway_served_is_asked_about_and_gets_no_shell() -> None:
    async with Granted() as kit:
        wanted = (VIEW, CONTROL, SHELL)
        caller = await kit.come(keys=BROWSER, wanted=wanted, rights=dict.fromkeys(wanted, 0))
        assert caller.granted == {VIEW, CONTROL}
        assert kit.platform.person.questions[0].capabilities == ("view", "control")
    async with Granted(silence="no", consent_seconds=1) as kit:
        kit.platform.person.answer = Answer.SILENCE
        assert "Nobody" in await refused(kit, keys=BROWSER)


async def test_conditions_are_said_to_the_caller() -> None:
    async with Granted() as kit:
        assert "address" in await refused(kit, conditions=Conditions(networks=["198.51.100.0/24"]))
        assert "reason" in await refused(kit, conditions=Conditions(reason=True))
        assert (await kit.come(conditions=Conditions(networks=["192.0.2.0/24"]))).granted


# ---- Time ---------------------------------------------------------------------------------------------------------


async def test_a_right_lapses_by_itself_and_the_rest_goes_on() -> None:
    async with Granted() as kit:
        caller = await kit.come(rights={VIEW: 0, CONTROL: 300})
        await kit.same_picture(caller)
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs and kit.platform.inputs[0].down)
        caller.key("KeyA", "a", down=False)
        await until(lambda: not kit.platform.inputs[0].down)
        await kit.clock.live(299)
        assert caller.granted == {VIEW, CONTROL}
        await kit.clock.live(2)
        await caller.wait(lambda s: s.granted == {VIEW})
        assert kit.platform.inputs[0].closed
        caller.type("too late")
        await caller.wait(lambda s: bool(s.notices))
        assert ("text", "too late") not in kit.platform.inputs[0].events
        await kit.same_picture(caller)
        assert kit.audit.of("right-lost")[0]["rights"] == ["control"]
        assert [entry["rights"] for entry in kit.audit.of("right-used")] == [["view"], ["control"], ["control"]]


async def test_the_last_right_that_lapses_ends_the_session() -> None:
    async with Granted() as kit:
        caller = await kit.come(rights={VIEW: 60})
        await kit.clock.live(61)
        assert await end_of(caller) is ByeCode.EXPIRED


@pytest.mark.parametrize("where", ["grant", "settings"])
async def test_a_session_ends_after_its_seconds(where: str) -> None:
    settings = {"max_seconds": 60} if where == "settings" else {}
    conditions = Conditions(max_seconds=60) if where == "grant" else Conditions()
    async with Granted(**settings) as kit:
        caller = await kit.come(conditions=conditions)
        assert set(caller.until) == {VIEW, CONTROL}
        await kit.clock.live(61)
        assert await end_of(caller) is ByeCode.EXPIRED
        await kit.hear(CallerEnded)


async def test_idleness_is_what_the_caller_does_not_do() -> None:
    async with Granted() as kit:
        caller = await kit.come(conditions=Conditions(idle_seconds=60))
        await kit.same_picture(caller)
        for _ in range(3):
            await kit.clock.live(40)
            caller.type("x")
            sink = kit.platform.inputs[0]
            count = len(sink.events)
            await until(lambda sink=sink, count=count: len(sink.events) > count or caller.over)
            assert not caller.over
        await kit.clock.live(61)
        assert await end_of(caller) is ByeCode.IDLE


async def test_time_goes_on_while_the_line_is_cut() -> None:
    async with Granted(grace_seconds=3600) as kit:
        line = kit.dial()
        caller = await kit.come(to=line, conditions=Conditions(max_seconds=60))
        line.cut()
        await kit.hear(CallerCut)
        await kit.clock.live(61)
        await kit.hear(CallerEnded)
        with pytest.raises(ConnectFailed):
            await caller.rejoin(kit.dial())


async def test_rights_and_their_time_outlive_a_cut() -> None:
    async with Granted() as kit:
        line = kit.dial()
        caller = await kit.come(to=line, rights={VIEW: 0, CONTROL: 300})
        line.cut()
        await caller.closed()
        await kit.hear(CallerCut)
        again = await caller.rejoin(kit.dial())
        kit.sessions.append(again)
        assert again.until == caller.until
        assert again.decision is not None
        assert again.decision.person == "Anna Müller"
        await kit.clock.live(301)
        await again.wait(lambda s: s.granted == {VIEW})


async def test_the_networks_of_a_grant_hold_also_for_who_comes_back() -> None:
    async with Granted() as kit:
        line = kit.dial()
        caller = await kit.come(to=line, conditions=Conditions(networks=["192.0.2.0/24"]))
        line.cut()
        await caller.closed()
        await kit.hear(CallerCut)
        with pytest.raises(AccessRefused, match="address"):
            await caller.rejoin(kit.dial("203.0.113.9"))
        assert kit.platform.inputs == [] or all(sink.closed for sink in kit.platform.inputs)
        again = await caller.rejoin(kit.dial("192.0.2.99"))
        kit.sessions.append(again)
        assert again.granted == {VIEW, CONTROL}


# ---- More, less ---------------------------------------------------------------------------------------------------


async def test_more_needs_a_new_grant_and_has_its_time() -> None:
    async with Granted(ask=True) as kit:
        caller = await kit.come(wanted=(VIEW,), rights={VIEW: 0})
        with pytest.raises(AccessRefused):
            await caller.ask_more([CONTROL])
        await kit.clock.live(10)

        async def more(capabilities: Any, seconds: int, _: str) -> bytes:
            return kit.credential(rights=dict.fromkeys(capabilities, seconds), reason="the printer")

        caller.more = more
        await caller.ask_more([CONTROL], seconds=300)
        assert caller.granted == {VIEW, CONTROL}
        assert set(caller.until) == {CONTROL}
        assert kit.platform.person.questions == [], "the new grant decides"
        assert kit.audit.of("right-added")[0]["rights"] == ["control"]
        await kit.clock.live(200)
        await caller.ask_more([CONTROL], seconds=300)
        await kit.clock.live(200)
        assert caller.granted == {VIEW, CONTROL}, "what is asked for anew counts anew"
        await kit.clock.live(101)
        await caller.wait(lambda s: s.granted == {VIEW})


async def test_a_flood_of_wishes_is_answered_at_a_bounded_rate_and_asks_nobody() -> None:
    async with Granted() as kit:
        caller = await kit.come(wanted=(VIEW,))
        for _ in range(3000):
            caller.send(Channel.CONTROL, AskMore([CONTROL], 0, "", b"no grant"))
        caller.type("x")
        await until(lambda: any(entry.get("message") == "TypedText" for entry in kit.audit.of("right-used")))
        assert 1 <= len(caller.notices) <= 4
        assert caller.granted == {VIEW}
        assert kit.platform.person.questions == []


async def test_who_comes_back_after_a_cut_still_needs_a_grant_for_more() -> None:
    async with Granted(ask=False) as kit:
        line = kit.dial()
        caller = await kit.come(to=line, wanted=(VIEW,))
        line.cut()
        await caller.closed()
        await kit.hear(CallerCut)
        again = await caller.rejoin(kit.dial())
        kit.sessions.append(again)
        again.more = None
        with pytest.raises(AccessRefused):
            await again.ask_more([CONTROL])
        assert again.granted == {VIEW}
        await kit.clock.live(10)

        async def more(*_: Any) -> bytes:
            return kit.credential(rights={CONTROL: 0})

        again.more = more
        await again.ask_more([CONTROL])
        assert again.granted == {VIEW, CONTROL}


async def test_a_device_that_is_revoked_while_its_grant_is_noted_does_not_come_in() -> None:
    async with Granted() as kit:
        saved = kit.agent._save

        async def slowly() -> None:
            await kit.agent.revoke(DEVICE.identity_public)
            await saved()

        kit.agent._save = slowly  # the moment between check and entry
        assert "revoked" in await refused(kit)
        assert kit.agent.callers == ()


async def test_another_persons_grant_adds_nothing() -> None:
    async with Granted() as kit:
        caller = await kit.come(wanted=(VIEW,))

        async def more(*_: Any) -> bytes:
            return kit.credential(person="Eve")

        caller.more = more
        with pytest.raises(AccessRefused, match="another person"):
            await caller.ask_more([CONTROL])
        assert caller.granted == {VIEW}


async def test_what_the_person_here_took_back_no_grant_gives_again() -> None:
    async with Granted() as kit:
        caller = await kit.come()
        kit.platform.person.controls.take_back(kit.agent.callers[0].session, "control")
        await caller.wait(lambda s: s.granted == {VIEW})

        async def more(*_: Any) -> bytes:
            return kit.credential()

        caller.more = more
        with pytest.raises(AccessRefused, match="taken that right back"):
            await caller.ask_more([CONTROL])
        assert caller.granted == {VIEW}


# ---- Revocation ---------------------------------------------------------------------------------------------------


async def test_a_revoked_device_is_out_of_every_session_at_once_and_stays_out(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "remembered.json")
    async with Granted() as kit:
        kit.agent._remembered = kit.agent._authority._remembered = remembered
        line = kit.dial()
        live, cut, other = await kit.come(), await kit.come(to=line), await kit.come(keys=BROWSER)
        live.key("KeyA", "a", down=True)
        await until(lambda: any(sink.down for sink in kit.platform.inputs))
        line.cut()
        await kit.hear(CallerCut)
        began = time.monotonic()
        await kit.agent.revoke(DEVICE.identity_public)
        assert await end_of(live) is ByeCode.REVOKED
        assert time.monotonic() - began < 10
        assert not any(sink.down for sink in kit.platform.inputs)
        with pytest.raises(ConnectFailed) as caught:
            await cut.rejoin(kit.dial())
        assert caught.value.failure is FailureCode.REJOIN_REFUSED
        assert "revoked" in await refused(kit)
        await kit.same_picture(other)
        assert kit.audit.of("revoked")[0]["sessions"] == 2
    again = Remembered(tmp_path / "remembered.json")
    assert again.is_revoked(DEVICE.identity_public)
    assert (tmp_path / "remembered.json").stat().st_mode & 0o777 == 0o600


async def test_a_revoked_caller_who_reads_nothing_is_of_no_effect_at_once() -> None:
    async with Granted() as kit:
        line = kit.dial()
        caller = await kit.come(to=line)
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs and kit.platform.inputs[0].down)
        line.hold()
        await kit.agent.revoke(DEVICE.identity_public)
        await until(lambda: kit.platform.inputs[0].closed)
        assert kit.agent.callers == ()
        assert kit.platform.person.shown == []
        await kit.clock.advance(2.1)
        await until(lambda: not kit.agent._calls)


async def test_a_device_is_revoked_while_the_person_is_asked_about_it() -> None:
    async with Granted() as kit:
        kit.platform.person.answer = None
        session = prepare_unattended(
            kit.dial(), BROWSER, KEYS.host_id, KEYS.static_public, kit.credential(BROWSER), name="Ann"
        )
        kit.sessions.append(session)
        opening = kit.tasks.start(_quiet(session), "opening")
        await session.wait(lambda s: s.asking is not None)
        await kit.agent.revoke(BROWSER.identity_public)
        assert await end_of(session) is ByeCode.REVOKED
        await opening
        assert kit.agent.callers == ()


async def _quiet(session: Session) -> None:
    with contextlib.suppress(SessionOver):
        await session.open()


# ---- The end ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at_end", "locked", "logged_off"), [(AtEnd.LOCK, 1, 0), (AtEnd.LOG_OFF, 0, 1)])
async def test_the_desktop_is_left_as_the_rule_says_once_the_last_one_is_gone(
    at_end: AtEnd, locked: int, logged_off: int
) -> None:
    async with Granted() as kit:
        first = await kit.come(conditions=Conditions(at_end=at_end))
        second = await kit.come()
        await first.close()
        await kit.hear(CallerEnded)
        assert (kit.platform.locked, kit.platform.logged_off) == (0, 0), "somebody is still at work"
        await second.close()
        await until(lambda: (kit.platform.locked, kit.platform.logged_off) == (locked, logged_off))


async def test_a_desktop_that_cannot_be_locked_is_told_of() -> None:
    async with Granted(at_end="lock") as kit:
        kit.platform.lockable = False
        caller = await kit.come()
        await caller.close()
        told = await kit.hear(DesktopNotLeft)
        assert (told.what, "no lock" in told.why) == (AtEnd.LOCK, True)
        entry = kit.audit.of("session-end")[-1]
        assert (entry["desktop"], entry["failed"]) == ("lock", True)


async def test_the_checkpoint_goes_out_before_bye_and_covers_the_end() -> None:
    async with Granted() as kit:
        caller = await kit.come()
        kit.agent.end(kit.agent.callers[0].session)
        assert await end_of(caller) is ByeCode.ENDED
        kinds = [kind for kind, _ in kit.audit.entries]
        assert caller.checkpoint == b"checkpoint over %d" % (kinds.index("session-end") + 1)


async def test_what_is_written_down_names_who_and_holds_no_secret() -> None:
    async with Granted() as kit:
        caller = await kit.come(reason="the printer")
        caller.type("hunter2")
        caller.let_go([CONTROL])
        await caller.wait(lambda s: s.granted == {VIEW})
        caller.let_go([VIEW])
        assert await end_of(caller) is ByeCode.RIGHTS
        kinds = [kind for kind, _ in kit.audit.entries]
        assert kinds[:2] == ["grant", "log-in"]
        assert kinds[-1] == "session-end"
        for kind, fields in kit.audit.entries:
            assert (fields["who"], fields["from_"], fields["reason"]) == ("Anna Müller", "192.0.2.7", "the printer"), (
                kind
            )
            assert fields["device"]
        assert "hunter2" not in str(kit.audit.entries)


async def test_no_session_where_the_owner_wants_it_written_down_and_it_cannot_be() -> None:
    async with Granted() as kit:
        caller = await kit.come()
        kit.audit.trouble = "the disk is full"
        assert "audit" in await refused(kit)
        assert await end_of(caller) is ByeCode.ENDED
        with pytest.raises(AccessRefused):
            await kit.connect()


async def test_a_denied_message_is_written_down_once_a_kind() -> None:
    async with Granted() as kit:
        caller = await kit.come(wanted=(VIEW,))
        for _ in range(20):
            caller.type("x")
        await caller.wait(lambda s: any(n.code is NoticeCode.DENIED for n in s.notices))
        await caller.close()
        await kit.hear(CallerEnded)
        (entry,) = [entry for entry in kit.audit.of("right-used") if entry.get("refused")]
        assert (entry["message"], entry["rights"]) == ("TypedText", ["control"])
        assert kit.audit.of("session-end")[0]["refused"] == ["TypedText: 20"]


class TestThisUsersOwnPrograms:
    OWN = Ed25519PrivateKey.generate()

    def credential(self, kit: HostKit, key: Ed25519PrivateKey) -> bytes:
        return Credential(b"", ORG.grant(key, DEVICE.identity_public, kit.clock.unix(), {})).encode()

    async def test_come_in_by_the_key_of_the_running_host(self) -> None:
        async with Granted(ask=True) as kit:
            kit.agent.trust_own(self.OWN.public_key().public_bytes_raw())
            async with await kit.come(self.credential(kit, self.OWN)) as session:
                assert session.granted == {VIEW, CONTROL}
            async with await kit.come() as session:  # and the organisation's still do
                assert session.granted

    async def test_where_there_is_no_organisation(self) -> None:
        async with HostKit(ask=True) as kit:
            kit.agent.trust_own(self.OWN.public_key().public_bytes_raw())
            session = prepare_unattended(
                kit.dial(), DEVICE, KEYS.host_id, KEYS.static_public, self.credential(kit, self.OWN)
            )
            await session.open()
            await session.close()
            kit.agent.trust_own(None)
            again = prepare_unattended(
                kit.dial(), DEVICE, KEYS.host_id, KEYS.static_public, self.credential(kit, self.OWN)
            )
            with pytest.raises(ConnectFailed):
                await again.open()

    async def test_no_other_key_serves_and_none_longer_than_its_host_runs(self) -> None:
        async with Granted() as kit:
            kit.agent.trust_own(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
            with pytest.raises(AccessRefused):
                await kit.come(self.credential(kit, self.OWN))
