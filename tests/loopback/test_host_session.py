"""From a code to a picture and keys: a real host and a real caller, bytes between them."""

import os
from pathlib import Path

import numpy as np
import pytest
from tests.loopback.host_kit import HostKit, until

from farhand.client import AccessRefused, SessionOver, connect
from farhand.host.consent import Reason
from farhand.host.events import CallerConnected, CallerEnded, CallerRefused, CodeClosed, CodeEnd
from farhand.host.files.clipped import uri_of
from farhand.host.platform.base import Answer, Cursor, Rect
from farhand.protocol.capability import Capability
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import ClipFiles, FilesOffered
from farhand.protocol.messages.control import NoticeCode, Ping

VIEW, CONTROL, CLIPBOARD = Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD


@pytest.mark.parametrize("piece", [64 << 10, 7, 1])
async def test_from_the_code_to_the_same_picture(piece: int) -> None:
    async with HostKit(200, 120) as kit:
        kit.platform.desktop.draw(Rect(10, 20, 50, 30), 0x336699)
        caller = await kit.connect(to=kit.dial(piece=piece))
        await kit.same_picture(caller)
        kit.platform.desktop.draw(Rect(0, 0, 64, 64), np.arange(64 * 64, dtype=np.uint32).reshape(64, 64) * 997)
        await kit.same_picture(caller)
        assert caller.granted == {VIEW, CONTROL, CLIPBOARD}


async def test_the_decision_names_host_session_and_grace() -> None:
    async with HostKit(name="laboratory", grace_seconds=77) as kit:
        caller = await kit.connect()
        assert caller.decision is not None
        assert (caller.decision.host_name, caller.decision.grace_seconds) == ("laboratory", 77)
        assert kit.agent.callers[0].session == caller.decision.session.hex()
        assert isinstance(kit.heard[0], CodeClosed)
        assert kit.heard[0].end is CodeEnd.USED
        assert (await kit.hear(CallerConnected)).caller.name == "Ada"


async def test_input_reaches_the_sink_in_order_and_comes_back_with_the_picture() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        caller.press("KeyA", "a")
        caller.click(12, 34)
        caller.wheel(0, 120)
        last = caller.type("ß€")
        await until(lambda: kit.platform.inputs and ("text", "ß€") in kit.platform.inputs[0].events)
        assert kit.platform.inputs[0].events == [
            ("key", "KeyA", True),
            ("key", "KeyA", False),
            ("pointer", 12, 34, 0),
            ("pointer", 12, 34, 1),
            ("pointer", 12, 34, 0),
            ("wheel", 0, 120),
            ("text", "ß€"),
        ]
        kit.platform.desktop.draw(Rect(0, 0, 5, 5), 1)
        await caller.wait(lambda s: s.picture.input_seq == last)


async def test_the_clipboard_both_ways() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        caller.copy("from afar")
        await until(lambda: kit.platform.clipboards[0].text == "from afar")
        await kit.platform.clipboards[0].copy("from here")
        await caller.wait(lambda s: s.clipboard == ["from here"])


async def test_files_that_are_copied_are_named_fetched_and_offered(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "a \u202e.txt").write_text("hello")
    everything = ["clipboard", "files-read", "files-write"]
    roots = {"files": {"roots": [{"path": str(there)}]}}
    async with HostKit(allow=everything, **roots) as kit:
        caller = await kit.connect(capabilities=[Capability(each) for each in everything], view=False)
        await until(lambda: kit.platform.clipboards)
        (clipboard,) = kit.platform.clipboards
        uri = uri_of(os.fsencode(there / "a \u202e.txt"))
        await clipboard.copy("", [uri, b"file:///etc/passwd"])
        await caller.wait(lambda s: s.copied is not None)
        assert caller.copied is not None
        (file,) = caller.copied.files
        assert (file.size, caller.copied.left_out) == (5, 1)
        assert (await caller.files.get(os.fsdecode(file.path), tmp_path / "here.txt")).files == 1
        assert (tmp_path / "here.txt").read_text() == "hello"
        assert await caller.copy_files([file.path, "/etc/passwd"]) == FilesOffered(1, 1)
        assert clipboard.files == [uri]
        assert caller.copied is None
        await clipboard.copy("", [b"file:///nowhere"])
        await caller.wait(lambda s: s.copied == ClipFiles([], 1))
        caller.let_go([Capability.FILES_READ, Capability.FILES_WRITE])
        await caller.wait(lambda s: s.granted == {CLIPBOARD})
        assert caller.copied is None
        with pytest.raises(AccessRefused, match="files-write"):
            await caller.copy_files([file.path])


async def test_the_pointers_shape_travels_apart() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        kit.platform.desktop.set_cursor(Cursor(1, 2, 2, 2, bytes(range(16))))
        await caller.wait(lambda s: s.cursor is not None and s.cursor.rgba == bytes(range(16)))


async def test_the_desktop_changes_its_size() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        caller.resize(400, 300)
        await until(lambda: kit.platform.desktop.size == (400, 300))
        kit.platform.desktop.draw(Rect(300, 200, 100, 100), 0xABCDEF)
        await kit.same_picture(caller)


async def test_statistics_come_once_a_second_while_watched() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        assert caller.stats is None
        caller.watch()
        await caller.wait(lambda s: s.stats is not None)
        first = caller.stats
        await kit.clock.advance(1.0)
        await caller.wait(lambda s: s.stats is not first)
        assert caller.stats is not None
        assert first is not None
        assert caller.stats.uptime_ms >= first.uptime_ms + 1000
        assert caller.stats.rtt_us > 0
        assert caller.stats.grab_us > 0
        caller.watch(False)
        newest = caller.stats
        caller.type("x")
        await until(lambda: kit.platform.inputs[0].events)
        await kit.clock.advance(3.0)
        assert caller.stats is newest


@pytest.mark.parametrize(
    ("answer", "granted"),
    [(Answer.YES, {VIEW, CONTROL, CLIPBOARD}), (Answer.VIEW_ONLY, {VIEW})],
)
async def test_the_person_grants(answer: Answer, granted: set[Capability]) -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answer = answer
        caller = await kit.connect()
        assert caller.granted == granted
        question = kit.platform.person.questions[0]
        assert (question.caller, question.address) == ("Ada", "192.0.2.7")
        assert question.capabilities == ("view", "control", "clipboard")
        await kit.same_picture(caller)
        shown = kit.platform.person.shown
        assert [(s.caller, set(s.capabilities)) for s in shown] == [("Ada", granted)]


async def test_the_person_refuses() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answer = Answer.NO
        with pytest.raises(AccessRefused) as caught:
            await kit.connect()
        assert caught.value.cause == Reason.NO
        assert (await kit.hear(CallerRefused)).reason == Reason.NO
        assert kit.platform.person.shown == []


async def test_silence_is_a_no() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answer = None
        caller, opening = await kit.asking()
        assert caller.asking == 30
        await kit.clock.advance(29)
        assert not opening.done()
        await kit.clock.advance(1.1)
        with pytest.raises(AccessRefused) as caught:
            await opening
        assert caught.value.cause == Reason.SILENCE


async def test_while_the_person_thinks_nothing_is_granted_and_input_does_nothing() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answer = None
        caller, opening = await kit.asking()
        for _ in range(3):
            caller.type("too early")
        caller.want()
        caller.send(Channel.CONTROL, Ping(7))
        caller.resize(10, 10)
        await kit.clock.advance(20)
        assert kit.agent.callers == ()
        assert kit.platform.inputs == []
        assert kit.platform.desktop.size == (320, 240)
        assert not opening.done()
        assert (caller.picture.layout, caller.granted) == (None, frozenset())
        await kit.clock.advance(11)
        with pytest.raises(AccessRefused):
            await opening


async def test_a_caller_who_hangs_up_withdraws_the_question() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answer = None
        caller, opening = await kit.asking()
        await caller.close()
        with pytest.raises(SessionOver):
            await opening
        await until(lambda: kit.agent.questions() == 0)
        assert kit.agent.callers == ()


async def test_what_the_owner_forbids_is_not_even_asked_about() -> None:
    async with HostKit(ask=True, allow=["view"]) as kit:
        caller = await kit.connect()
        assert caller.granted == {VIEW}
        assert kit.platform.person.questions[0].capabilities == ("view",)
        with pytest.raises(AccessRefused) as caught:
            await kit.connect(capabilities=[CONTROL])
        assert caught.value.cause == Reason.FORBIDDEN


async def test_a_strangers_name_is_one_printable_line() -> None:
    async with HostKit(ask=True) as kit:
        async with await connect(kit.dial(), kit.code(), name="Eve\u202e\n\x1b[2J  x"):
            pass
        assert kit.platform.person.questions[0].caller == "Eve [2J x"


async def test_the_caller_ends_it() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs[0].down)
        await caller.close()
        assert "by the caller" in (await kit.hear(CallerEnded)).why
        assert kit.agent.callers == ()
        assert kit.platform.inputs[0].closed
        assert kit.platform.person.shown == []


async def test_the_person_ends_it_with_one_click() -> None:
    async with HostKit() as kit:
        callers = [await kit.connect(), await kit.connect()]
        kit.platform.person.controls.end_all()
        for caller in callers:
            end = await caller.closed()
            assert isinstance(end, Ended)
            assert (end.by_peer, end.code) == (True, ByeCode.ENDED)
        await kit.hear(CallerEnded, 2)


async def test_one_session_is_ended_and_the_other_goes_on() -> None:
    async with HostKit() as kit:
        one, other = await kit.connect(), await kit.connect()
        assert one.decision is not None
        kit.agent.end(one.decision.session.hex())
        assert isinstance(await one.closed(), Ended)
        kit.platform.desktop.draw(Rect(1, 1, 9, 9), 0x123456)
        await kit.same_picture(other)


async def test_shutdown_says_goodbye_and_closes_what_comes_later() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.agent.shutdown()
        end = await caller.closed()
        assert isinstance(end, Ended)
        assert end.code is ByeCode.SHUTDOWN
        assert kit.platform.person.closed
        line = kit.dial()
        await until(lambda: line._incoming.ended)


async def test_rights_are_taken_back_in_mid_session() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs[0].down)
        session = kit.agent.callers[0].session
        await kit.agent.take_back(session, frozenset({CONTROL}), "look, do not touch")
        assert kit.platform.inputs[0].closed
        await caller.wait(lambda s: s.granted == {VIEW, CLIPBOARD})
        caller.type("x")
        await caller.wait(lambda s: any(n.code is NoticeCode.DENIED for n in s.notices))
        assert ("text", "x") not in kit.platform.inputs[0].events
        kit.platform.desktop.draw(Rect(1, 1, 9, 9), 0x123456)
        await kit.same_picture(caller)
        await kit.agent.take_back(session, frozenset({VIEW, CLIPBOARD}))
        end = await caller.closed()
        assert isinstance(end, Ended)
        assert end.code is ByeCode.RIGHTS


async def test_a_question_is_put_to_the_person_one_at_a_time() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answers = [None, Answer.YES]
        first, first_opening = await kit.asking()
        second, second_opening = await kit.asking()
        assert (first.asking, second.asking) == (30, 60)
        assert len(kit.platform.person.questions) == 1
        await kit.clock.advance(31)
        with pytest.raises(AccessRefused):
            await first_opening
        await second_opening
        assert second.granted == {VIEW, CONTROL, CLIPBOARD}
        await second.close()
