"""Two ends of a session over a line that behaves, in pieces of every size."""

import os
import random

import pytest
from tests.loopback.sessions import GRANT, HOST, ROUTE, SECRET, SESSION, VIEWER, Pair

from farhand.protocol import limits
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Mode
from farhand.protocol.errors import ByeCode, FailureCode, MessageTooLarge, NotAuthenticated, SessionEnded
from farhand.protocol.events import Authenticated, Ended, Failed, HelloReceived, MessageReceived
from farhand.protocol.identity import Certificate, Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import ClipText
from farhand.protocol.messages.control import Asking, Decision, Ping, Request
from farhand.protocol.messages.input import Pointer, ReleaseAll
from farhand.protocol.messages.screen import TileCodec, Tiles, Update
from farhand.protocol.session import State


def picture(seq: int, size: int) -> Update:
    return Update(seq, 1, 0, False, [Tiles([0, 0, 1, 1], TileCodec.RAW, random.Random(seq).randbytes(size))])


@pytest.mark.parametrize("piece", [1, 2, 100, None])
@pytest.mark.parametrize("mode", Mode)
def test_both_ends_agree(mode: Mode, piece: int | None) -> None:
    pair = Pair(mode, piece=piece)
    pair.run()
    hello, at_host = pair.told_host
    assert isinstance(hello, HelloReceived)
    assert isinstance(at_host, Authenticated)
    assert pair.told_viewer == []
    assert pair.viewer.state is State.HANDSHAKE
    pair.host.send(Channel.CONTROL, Asking(30))
    pair.run()
    at_viewer, asking = pair.told_viewer
    assert isinstance(at_viewer, Authenticated)
    assert asking == MessageReceived(Channel.CONTROL, Asking(30))
    assert at_viewer.handshake_hash == at_host.handshake_hash
    assert at_viewer.request == at_host.request
    assert (at_viewer.mode, at_viewer.feed, at_viewer.host_id) == (mode, 7, HOST.host_id)
    assert (at_host.peer_static, at_viewer.peer_static) == (VIEWER.static_public, HOST.static_public)
    assert at_viewer.certificate == Certificate.decode(HOST.certificate)
    shown = Certificate.decode(VIEWER.certificate) if mode is Mode.UNATTENDED else None
    assert at_host.certificate == shown
    assert at_host.request.grant == (GRANT if shown else b"")


def test_a_page_calls_with_a_key_of_its_own_and_the_client_s_word_for_it() -> None:
    page = Keys.generate(Kind.BROWSER, "", 1_800_000_000, os.urandom)
    certificate = VIEWER.certify(page.static_public, Kind.CLIENT, "notebook", 1_800_000_000, 3600)
    pair = Pair(Mode.UNATTENDED, keys=page, request=Request("", "", [Capability.VIEW], certificate, GRANT)).open()
    assert pair.host.state is State.OPEN
    pair = Pair(Mode.UNATTENDED, keys=page, request=Request("", "", [Capability.VIEW], certificate, GRANT))
    pair.run()
    authenticated = pair.told_host[-1]
    assert isinstance(authenticated, Authenticated)
    assert authenticated.certificate is not None
    assert authenticated.certificate.identity == VIEWER.identity_public
    assert authenticated.peer_static == page.static_public


def test_a_viewer_s_certificate_is_checked_and_handed_on() -> None:
    pair = Pair(request=Request("Ada", "test", [], VIEWER.certificate))
    pair.run()
    authenticated = pair.told_host[-1]
    assert isinstance(authenticated, Authenticated)
    assert authenticated.certificate == Certificate.decode(VIEWER.certificate)


def test_a_code_lets_in_once() -> None:
    pair = Pair().open()
    assert pair.codes == {}


def test_a_large_message_arrives_whole_and_small_ones_overtake_it() -> None:
    pair = Pair().open()
    large = picture(1, 3_000_000)
    pair.host.send(Channel.SCREEN, large)
    assert pair.host.pending(Channel.SCREEN) > 3_000_000
    pair.step(False)
    pair.host.send(Channel.CONTROL, Ping(1))
    pair.run()
    assert pair.messages(pair.told_viewer) == [Ping(1), large]
    assert pair.host.pending(Channel.SCREEN) == 0


def test_a_batch_keeps_to_its_limit_in_whole_frames() -> None:
    pair = Pair().open()
    pair.host.send(Channel.SCREEN, picture(1, 500_000))
    pair.host.send(Channel.INPUT, Pointer(1, 1, 0, 1))
    total = 0
    for limit in (1, 300, 5000, 65_537, 65_538, 100_000, 262_144):
        sent = pair.host.data_to_send(limit)
        assert 0 < len(sent) <= max(limit, 275)
        total += len(sent)
        while sent:
            length = int.from_bytes(sent[1:3], "big")
            assert sent[0] == 0x20
            assert len(sent) >= 3 + length
            sent = sent[3 + length :]
    assert total > 400_000


def test_credit_holds_a_flood_back_and_is_given_again() -> None:
    pair = Pair().open()
    count = 3 * limits.CREDIT[Channel.CLIPBOARD] // 100_000
    for _ in range(count):
        pair.host.send(Channel.CLIPBOARD, ClipText("x" * 100_000))
    sent = 0
    while data := pair.host.data_to_send():
        sent += len(data)
        pair.viewer.receive_data(data, pair.now)
    assert sent < limits.CREDIT[Channel.CLIPBOARD] * 1.2
    assert not pair.host.has_data_to_send()
    assert pair.host.pending(Channel.CLIPBOARD) > 0
    pair.run()
    assert len(pair.messages(pair.told_viewer)) == count
    assert pair.host.pending(Channel.CLIPBOARD) == 0


def test_a_blocked_channel_blocks_no_other() -> None:
    pair = Pair().open()
    for seq in range(6):
        pair.host.send(Channel.SCREEN, picture(seq, 4_000_000))
    while pair.host.data_to_send():
        pass
    pair.host.send(Channel.CLIPBOARD, ClipText("still here"))
    assert pair.host.data_to_send()


def test_messages_of_a_channel_keep_their_order_in_any_pieces() -> None:
    pair = Pair(piece=777).open()
    dice = random.Random(5)
    pictures = [picture(seq, dice.choice([0, 10, 5000, 70_000, 200_000])) for seq in range(40)]
    points = [Pointer(seq, 0, 0, seq) for seq in range(200)]
    for number in range(200):
        if number % 5 == 0:
            pair.host.send(Channel.SCREEN, pictures[number // 5])
        pair.viewer.send(Channel.INPUT, points[number])
        if number % 3 == 0:
            pair.step(dice.random() < 0.5, dice.choice([500, 20_000, 262_144]))
    pair.run()
    assert pair.messages(pair.told_viewer) == pictures
    assert pair.messages(pair.told_host) == points


def test_input_records_show_no_length() -> None:
    pair = Pair().open()
    lengths = set()
    for message in (ReleaseAll(), Pointer(65_535, 65_535, 255, 2**32 - 1), Pointer(0, 0, 0, 0)):
        pair.viewer.send(Channel.INPUT, message)
        lengths.add(len(pair.step(True)))
    assert lengths == {3 + 256 + 16}


class TestTheEnd:
    def test_bye_is_told_on_both_sides(self) -> None:
        pair = Pair().open()
        pair.viewer.bye(ByeCode.ENDED, "tschüss " * 50)
        pair.viewer.bye(ByeCode.INTERNAL, "twice")
        pair.run()
        assert pair.told_viewer == [Ended(False, ByeCode.ENDED, "tschüss " * 50)]
        (ended,) = pair.told_host
        assert isinstance(ended, Ended)
        assert (ended.by_peer, ended.code) == (True, ByeCode.ENDED)
        assert ("tschüss " * 50).startswith(ended.text)
        assert 195 < len(ended.text.encode()) <= 200
        assert pair.host.state is pair.viewer.state is State.ENDED
        with pytest.raises(SessionEnded):
            pair.host.send(Channel.CONTROL, Ping(1))

    def test_control_goes_out_before_bye_and_the_rest_is_dropped(self) -> None:
        pair = Pair().open()
        refusal = Decision([], SESSION, "desk", "Linux", 0, "not now")
        pair.host.send(Channel.SCREEN, picture(1, 1_000_000))
        pair.host.send(Channel.CONTROL, refusal)
        pair.host.bye(ByeCode.RIGHTS)
        assert pair.host.has_data_to_send()
        pair.run()
        assert pair.messages(pair.told_viewer) == [refusal]
        assert pair.told_viewer[-1] == Ended(True, ByeCode.RIGHTS, "")
        assert not pair.host.has_data_to_send()

    def test_a_host_turns_a_caller_away_at_its_hello(self) -> None:
        pair = Pair()
        pair.host.receive_data(pair.viewer.data_to_send(), pair.now)
        pair.host.refuse(FailureCode.LOCKED, 300)
        pair.run()
        assert pair.told_viewer == [Failed(FailureCode.LOCKED, True, 300, "told by the other side")]
        assert pair.codes != {}

    def test_a_handshake_that_takes_too_long(self) -> None:
        pair = Pair()
        pair.step(True)
        due = pair.host.next_timer()
        assert due == pair.now + limits.HANDSHAKE_SECONDS == pair.viewer.next_timer()
        pair.host.handle_timer(due - 0.1)
        assert pair.host.state is State.HANDSHAKE
        pair.host.handle_timer(due)
        pair.step(False)
        told = [event for event in pair.told_host + pair.told_viewer if isinstance(event, Failed)]
        assert [(event.failure, event.by_peer) for event in told] == [
            (FailureCode.TIMEOUT, False),
            (FailureCode.TIMEOUT, True),
        ]
        assert pair.host.next_timer() is None

    def test_a_viewer_gives_up_too(self) -> None:
        pair = Pair()
        pair.viewer.handle_timer(pair.now + 11)
        assert pair.viewer.data_to_send() == b""
        (failed,) = pair.viewer.events()
        assert isinstance(failed, Failed)
        assert failed.failure is FailureCode.TIMEOUT

    def test_bye_before_there_is_a_session(self) -> None:
        pair = Pair()
        pair.viewer.bye(ByeCode.ENDED)
        assert pair.viewer.data_to_send() == b""
        assert pair.viewer.events() == [Ended(False, ByeCode.ENDED, "")]


class TestRekey:
    def test_by_time(self) -> None:
        pair = Pair().open()
        due = pair.viewer.next_timer()
        assert due == pair.now + limits.REKEY_SECONDS
        pair.now = due
        pair.viewer.handle_timer(due)
        assert len(pair.step(True)) == 3 + 256 + 16
        assert pair.viewer.next_timer() == due + limits.REKEY_SECONDS
        pair.viewer.send(Channel.INPUT, ReleaseAll())
        pair.run()
        assert pair.messages(pair.told_host) == [ReleaseAll()]

    def test_by_count_and_again(self) -> None:
        pair = Pair().open()
        message = Pointer(1, 2, 3, 4)
        frames = 0
        for _ in range(2 * limits.REKEY_RECORDS + 10):
            pair.viewer.send(Channel.INPUT, message)
            data = pair.viewer.data_to_send()
            frames += len(data) // 275
            pair.host.receive_data(data, pair.now)
            if pair.host.has_data_to_send():
                pair.viewer.receive_data(pair.host.data_to_send(), pair.now)
        assert frames == 2 * limits.REKEY_RECORDS + 12
        assert len(pair.host.events()) == 2 * limits.REKEY_RECORDS + 10
        assert pair.host.state is State.OPEN


class TestMisuse:
    def test_sending_too_early(self) -> None:
        with pytest.raises(NotAuthenticated):
            Pair().viewer.send(Channel.INPUT, ReleaseAll())

    def test_sending_on_the_wrong_channel(self) -> None:
        with pytest.raises(TypeError):
            Pair().open().host.send(Channel.CONTROL, ReleaseAll())

    def test_sending_too_much(self) -> None:
        with pytest.raises(MessageTooLarge):
            Pair().open().host.send(Channel.SCREEN, picture(1, limits.MESSAGE_MAX[Channel.SCREEN]))

    @pytest.mark.parametrize(
        ("mode", "wrong"),
        [
            (Mode.ATTENDED, {"secret": None}),
            (Mode.ATTENDED, {"route": HOST.host_id}),
            (Mode.ATTENDED, {"request": Request("", "", [], b"", b"", SESSION)}),
            (Mode.REJOIN, {"request": Request("", "", [], b"")}),
            (Mode.REJOIN, {"pin": None}),
            (Mode.REJOIN, {"secret": SECRET}),
            (Mode.REJOIN, {"route": ROUTE}),
            (Mode.UNATTENDED, {"pin": None}),
            (Mode.UNATTENDED, {"request": Request("", "", [], VIEWER.certificate, b"")}),
            (Mode.UNATTENDED, {"request": Request("", "", [], b"", GRANT)}),
        ],
    )
    def test_arguments_that_do_not_go_together(self, mode: Mode, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError):
            Pair(mode, **wrong)
