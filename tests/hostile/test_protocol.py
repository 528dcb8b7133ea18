"""A session whose line or whose other end is hostile: what the owner is told, what is sent, and that nothing hangs."""

import os
from collections.abc import Callable
from copy import copy

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.loopback.sessions import GRANT, HOST, SESSION, VIEWER, Pair

from farhand.protocol import codec, limits, pairing
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Failure, FrameType, Mode, frame
from farhand.protocol.errors import ByeCode, FailureCode, HandshakeFailed
from farhand.protocol.events import Authenticated, Ended, Event, Failed, MessageReceived
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import ClipText
from farhand.protocol.messages.control import Ping, Request
from farhand.protocol.messages.input import Pointer
from farhand.protocol.noise import XXPSK3, HandshakeState
from farhand.protocol.records import Sealer, encode_bye
from farhand.protocol.session import State

LOW_ORDER = [
    bytes(32),
    b"\1" + bytes(31),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]


def failures(told: list[Event]) -> list[FailureCode]:
    return [event.failure for event in told if isinstance(event, Failed)]


def edited(from_viewer: bool, number: int, at: int, flip: int = 1) -> Callable[[bool, int, bytes], bytes]:
    """A line that flips bits of one byte of one chunk."""

    def line(side: bool, count: int, data: bytes) -> bytes:
        if (side, count) != (from_viewer, number):
            return data
        out = bytearray(data)
        out[at] ^= flip
        return bytes(out)

    return line


def key() -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(os.urandom(32))


def fork(state: HandshakeState) -> HandshakeState:
    """A copy that goes its own way."""
    out = copy(state)
    out.psks, out._left = list(state.psks), list(state._left)
    out.symmetric = copy(state.symmetric)
    out.symmetric.cipher = copy(state.symmetric.cipher)
    return out


#: What crosses in a handshake: (from the viewer, number in that direction, bytes with the header).
CHUNKS = {
    "hello": (True, 0, 3 + limits.HELLO),
    "welcome": (False, 0, 3 + limits.WELCOME),
    "handshake_1": (True, 1, 3 + limits.HANDSHAKE_1),
    "handshake_2": (False, 1, 3 + limits.HANDSHAKE_2),
    "handshake_3": (True, 2, 3 + limits.HANDSHAKE_3),
}


class TestHandshakeBytes:
    @pytest.mark.parametrize("mode", [Mode.ATTENDED, Mode.REJOIN])
    @pytest.mark.parametrize("name", CHUNKS)
    def test_every_byte_counts(self, name: str, mode: Mode) -> None:
        from_viewer, number, size = CHUNKS[name]
        step = 1 if size < 200 else 29
        for at in range(0, size, step):
            pair = Pair(mode, line=edited(from_viewer, number, at, 1 << at % 8))
            pair.run()
            pair.now += limits.HANDSHAKE_SECONDS
            pair.host.handle_timer(pair.now)
            pair.viewer.handle_timer(pair.now)
            pair.run()
            assert not any(isinstance(event, Authenticated) for event in pair.told_host + pair.told_viewer), at
            assert failures(pair.told_host), at
            assert failures(pair.told_viewer), at
            assert {pair.host.state, pair.viewer.state} == {State.ENDED}, at

    def test_every_single_byte_counts_to_noise(self) -> None:
        # The test above, without the session around it, is quick enough to leave no byte out.
        ends = [
            HandshakeState(XXPSK3, initiator=first, prologue=b"", psks=[bytes(32)], s=key(), e=key())
            for first in (True, False)
        ]
        for number, size in enumerate((1184 + 32, 210 + 1088 + 32 + 8, 4096)):
            writer, reader = ends[number % 2], ends[1 - number % 2]
            message = writer.write_message(bytes(size))
            for at in range(len(message)):
                broken = bytearray(message)
                broken[at] ^= 1 << at % 8
                with pytest.raises(HandshakeFailed):
                    fork(reader).read_message(bytes(broken))
            for at in range(0, len(message), 53):
                with pytest.raises(HandshakeFailed):
                    fork(reader).read_message(message[:at])
            assert reader.read_message(message) == bytes(size)

    @pytest.mark.parametrize("name", CHUNKS)
    def test_cut_off_anywhere_it_waits_and_gives_up_in_time(self, name: str) -> None:
        from_viewer, number, size = CHUNKS[name]
        for at in range(0, size, 97):
            pair = Pair(line=lambda side, n, data, at=at: data[:at] if (side, n) == (from_viewer, number) else data)
            pair.run()
            assert failures(pair.told_host + pair.told_viewer) == []
            pair.host.handle_timer(pair.now + limits.HANDSHAKE_SECONDS)
            pair.run()
            assert failures(pair.told_host) == [FailureCode.TIMEOUT]

    @pytest.mark.parametrize("name", CHUNKS)
    def test_said_twice(self, name: str) -> None:
        from_viewer, number, _ = CHUNKS[name]
        pair = Pair(line=lambda side, n, data: data * 2 if (side, n) == (from_viewer, number) else data)
        pair.run()
        told = pair.told_host if from_viewer else pair.told_viewer
        assert failures(told) == [FailureCode.PROTOCOL]

    @pytest.mark.parametrize("first", list(FrameType))
    @pytest.mark.parametrize("at_host", [True, False])
    def test_a_first_frame_that_is_no_first_frame(self, first: FrameType, at_host: bool) -> None:
        pair = Pair()
        end = pair.host if at_host else pair.viewer
        end.receive_data(bytes((first, 0, 17)), pair.now)
        assert failures(end.events()) == [FailureCode.PROTOCOL]

    def test_a_length_that_is_not_the_type_s_ends_it_at_the_header(self) -> None:
        pair = Pair()
        pair.host.receive_data(b"\x01\xff\xff", pair.now)
        assert failures(pair.host.events()) == [FailureCode.PROTOCOL]
        assert pair.host.data_to_send() == frame(FrameType.FAILURE, Failure(FailureCode.PROTOCOL).encode())
        assert pair.host.data_to_send() == b""

    @pytest.mark.parametrize("point", LOW_ORDER, ids=range(len(LOW_ORDER)))
    @pytest.mark.parametrize("name", ["handshake_1", "handshake_2"])
    def test_low_order_ephemerals(self, name: str, point: bytes) -> None:
        from_viewer, number, _ = CHUNKS[name]

        def line(side: bool, count: int, data: bytes) -> bytes:
            return data[:3] + point + data[35:] if (side, count) == (from_viewer, number) else data

        pair = Pair(line=line)
        pair.run()
        assert failures(pair.told_host if from_viewer else pair.told_viewer) == [FailureCode.PROTOCOL]

    @pytest.mark.parametrize("point", LOW_ORDER, ids=range(len(LOW_ORDER)))
    def test_a_low_order_share_of_the_viewer(self, point: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        pair = Pair()
        pair.step(True)
        with monkeypatch.context() as patch:
            shares(patch, point)
            pair.step(False)
        pair.step(True)
        assert failures(pair.told_host) == [FailureCode.PROTOCOL]

    @pytest.mark.parametrize("point", LOW_ORDER, ids=range(len(LOW_ORDER)))
    def test_a_low_order_share_of_the_host(self, point: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        pair = Pair()
        pair.step(True)
        pair.step(False)
        with monkeypatch.context() as patch:
            shares(patch, point)
            pair.step(True)
        pair.step(False)
        assert failures(pair.told_viewer) == [FailureCode.PROTOCOL]


def shares(patch: pytest.MonkeyPatch, point: bytes) -> None:
    """Every CPace end that is made from now on sends ``point``."""
    before = pairing.CPace.__init__

    def changed(self: pairing.CPace, **inputs: bytes) -> None:
        before(self, **inputs)  # type: ignore[arg-type]  # whatever they are, they are passed on
        self.share = point

    patch.setattr(pairing.CPace, "__init__", changed)


class TestDowngrade:
    @pytest.mark.parametrize(
        ("name", "at", "flip", "host", "viewer"),
        [
            ("hello", 4, 3, FailureCode.VERSION, FailureCode.VERSION),
            ("hello", 5, 2, FailureCode.PROTOCOL, FailureCode.PROTOCOL),
            ("hello", 7, 1, FailureCode.VERSION, FailureCode.VERSION),
            ("hello", 7, 2, FailureCode.PROTOCOL, FailureCode.PROTOCOL),
            ("welcome", 4, 3, None, FailureCode.VERSION),
            ("welcome", 5, 2, None, FailureCode.PROTOCOL),
            ("welcome", 7, 3, None, FailureCode.VERSION),
            ("welcome", 63, 1, FailureCode.PROTOCOL, FailureCode.PROTOCOL),
        ],
    )
    def test_edits_in_the_clear(
        self, name: str, at: int, flip: int, host: FailureCode | None, viewer: FailureCode | None
    ) -> None:
        from_viewer, number, _ = CHUNKS[name]
        pair = Pair(line=edited(from_viewer, number, 3 + at, flip))
        pair.run()
        assert failures(pair.told_host) == ([host] if host else [])
        assert failures(pair.told_viewer) == ([viewer] if viewer else [])


class TestCodes:
    def test_a_wrong_code_is_told_and_burnt(self) -> None:
        pair = Pair(typed="739204616")
        pair.run()
        assert failures(pair.told_host) == [FailureCode.WRONG_CODE]
        assert failures(pair.told_viewer) == [FailureCode.WRONG_CODE]
        assert pair.codes == {}

    def test_the_code_is_gone_before_message_2_exists(self) -> None:
        pair = Pair()
        pair.step(True)
        assert pair.codes != {}
        pair.step(False)
        pair.host.receive_data(pair.viewer.data_to_send(), pair.now)
        assert pair.codes == {}

    def test_an_unknown_route(self) -> None:
        pair = Pair(route="9999")
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.UNKNOWN_ROUTE]
        assert pair.codes != {}

    def test_a_locked_host(self) -> None:
        pair = Pair(route="0000")
        pair.run()
        assert pair.told_viewer == [Failed(FailureCode.LOCKED, True, 300, "told by the other side")]

    def test_a_man_in_the_middle_who_knows_the_route_learns_nothing_to_try_again(self) -> None:
        first = Pair(typed="000000000")
        first.run()
        second = Pair()
        second.codes = first.codes
        second.run()
        assert failures(second.told_viewer) == [FailureCode.UNKNOWN_ROUTE]


class TestIdentity:
    def test_another_host_behind_the_id(self) -> None:
        other = Keys.generate(Kind.HOST, "other", 1_800_000_000, os.urandom)
        pair = Pair(Mode.REJOIN, route=other.host_id, pin=other.static_public)
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.UNKNOWN_ROUTE]

    def test_a_host_that_claims_the_id_with_keys_of_its_own(self) -> None:
        # The gateway swaps the host: it can copy the id and the certificate, not the keys.
        for certificate in (HOST.certificate, None):
            impostor = Keys.generate(Kind.HOST, "desk", 1_800_000_000, os.urandom)
            pair = Pair(Mode.REJOIN)
            pair.host._keys = _Impostor(impostor, certificate or impostor.certificate)
            pair.run()
            assert failures(pair.told_viewer) == [FailureCode.IDENTITY]
            assert not any(isinstance(event, Authenticated) for event in pair.told_host)

    def test_a_pin_that_does_not_match(self) -> None:
        pair = Pair(Mode.REJOIN, pin=os.urandom(32))
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.IDENTITY]
        assert not any(isinstance(event, Authenticated) for event in pair.told_host)

    @pytest.mark.parametrize("mode", [Mode.REJOIN, Mode.UNATTENDED])
    def test_an_impostor_learns_nothing_of_who_calls(self, mode: Mode) -> None:
        # It has a certificate and keys that fit each other, and answers under the id that was called.
        impostor = Keys.generate(Kind.HOST, "desk", 1_800_000_000, os.urandom)
        lines: list[bytes] = []

        def listen(from_viewer: bool, number: int, data: bytes) -> bytes:
            if from_viewer:
                lines.append(data)
            return data

        for certificate in (HOST.certificate, impostor.certificate):
            lines.clear()
            pair = Pair(mode, line=listen)
            pair.host._keys = _Impostor(impostor, certificate)
            pair.run()
            assert failures(pair.told_viewer) == [FailureCode.IDENTITY]
            assert [data[0] for data in lines] == [FrameType.HELLO, FrameType.HANDSHAKE_1]

    def test_the_right_identity_with_another_noise_key_than_was_endorsed(self) -> None:
        # Whoever has the host's identity key alone, or a host that was set up anew in its old name.
        fresh = X25519PrivateKey.generate()
        certificate = HOST.certify(fresh.public_key().public_bytes_raw(), Kind.HOST, "desk", 1_800_000_000, 3600)
        pair = Pair(Mode.UNATTENDED, host_keys=Keys(HOST.identity, fresh, certificate))
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.IDENTITY]
        assert not any(isinstance(event, Authenticated) for event in pair.told_host)

    def test_the_wrong_host_for_an_id(self) -> None:
        other = Keys.generate(Kind.HOST, "other", 1_800_000_000, os.urandom)
        pair = Pair(Mode.UNATTENDED, host_keys=other)
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.UNKNOWN_ROUTE]

        def forged(from_viewer: bool, number: int, data: bytes) -> bytes:
            # The gateway rewrites the id both ways, so that each end hears the one it expects.
            if from_viewer and number == 0:
                return data.replace(HOST.host_id, other.host_id)
            return data if from_viewer else data.replace(other.host_id, HOST.host_id)

        pair = Pair(Mode.UNATTENDED, host_keys=other, line=forged)
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.PROTOCOL]
        assert not any(isinstance(event, Authenticated) for event in pair.told_host)

    def test_a_recorded_call_opens_nothing(self) -> None:
        said: list[bytes] = []

        def listen(from_viewer: bool, number: int, data: bytes) -> bytes:
            if from_viewer:
                said.append(data)
            return data

        Pair(Mode.UNATTENDED, line=listen).open()
        replayed = Pair(Mode.UNATTENDED, line=lambda viewer, number, data: said[number] if viewer else data)
        replayed.run()
        assert failures(replayed.told_host) == [FailureCode.PROTOCOL]
        assert not any(isinstance(event, Authenticated) for event in replayed.told_host)

    @pytest.mark.parametrize(
        ("certificate", "failure"),
        [
            (b"", FailureCode.PROTOCOL),
            (HOST.certificate, FailureCode.IDENTITY),
            (VIEWER.certificate[:-1] + bytes((VIEWER.certificate[-1] ^ 1,)), FailureCode.IDENTITY),
        ],
        ids=["none", "another's", "wrong signature"],
    )
    def test_an_unattended_caller_without_a_certificate_of_its_own(
        self, certificate: bytes, failure: FailureCode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payload = codec.encode_request(Request("", "", [], certificate, GRANT))
        monkeypatch.setattr(codec, "encode_request", lambda request: payload)
        pair = Pair(Mode.UNATTENDED)
        pair.run()
        assert failures(pair.told_host) == [failure]

    def test_an_unattended_caller_without_a_grant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        payload = codec.encode_request(Request("", "", [], VIEWER.certificate))
        monkeypatch.setattr(codec, "encode_request", lambda request: payload)
        pair = Pair(Mode.UNATTENDED)
        pair.run()
        assert failures(pair.told_host) == [FailureCode.PROTOCOL]

    @pytest.mark.parametrize("known", [None, bytes(32), HOST.static_public], ids=["gone", "zeros", "another"])
    def test_rejoining_with_another_key_or_none(self, known: bytes | None) -> None:
        pair = Pair(Mode.REJOIN, rejoining=known)
        pair.run()
        assert failures(pair.told_host) == [FailureCode.REJOIN_REFUSED]
        assert failures(pair.told_viewer) == [FailureCode.REJOIN_REFUSED]

    def test_rejoining_a_session_that_never_was(self) -> None:
        pair = Pair(Mode.REJOIN, request=Request("", "", [], b"", b"", SESSION[::-1]))
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.REJOIN_REFUSED]

    def test_unattended_is_not_for_everyone(self) -> None:
        pair = Pair(Mode.UNATTENDED, modes=frozenset((Mode.ATTENDED, Mode.REJOIN)))
        pair.run()
        assert failures(pair.told_viewer) == [FailureCode.POLICY]

    @pytest.mark.parametrize(
        "certificate",
        [b"x", bytes(210), HOST.certificate, VIEWER.certificate[:-1] + bytes((VIEWER.certificate[-1] ^ 1,))],
        ids=["short", "zeros", "another's", "wrong signature"],
    )
    def test_a_viewer_s_certificate_that_is_not_its_own(self, certificate: bytes) -> None:
        pair = Pair(request=Request("", "", [], certificate))
        pair.run()
        assert failures(pair.told_host) == [FailureCode.IDENTITY]
        assert failures(pair.told_viewer) == [FailureCode.PROTOCOL]

    @pytest.mark.parametrize("at", range(0, 210, 5))
    def test_every_byte_of_a_certificate_is_signed(self, at: int) -> None:
        broken = bytearray(VIEWER.certificate)
        broken[at] ^= 0x10
        pair = Pair(request=Request("", "", [], bytes(broken)))
        pair.run()
        assert failures(pair.told_host) == [FailureCode.IDENTITY]


class _Impostor:
    """A host that shows another's id, and another's certificate or its own."""

    def __init__(self, own: Keys, certificate: bytes) -> None:
        self.static: X25519PrivateKey = own.static
        self.host_id = HOST.host_id
        self.certificate = certificate


class TestRequest:
    @pytest.mark.parametrize(
        "payload",
        [
            bytes(4096),
            b"\xff\xff" + bytes(4094),
            b"\x00\x01\x90" + bytes(4093),
            b"\x00\x07\x97\x00\xa0\xa0\x90\xc4\x00" + bytes(4087),
            codec.encode_request(Request("", "", [], b""))[:-1] + b"\1",
            codec.encode_request(Request("", "", [], b"", b"", SESSION)),
        ],
        ids=["empty", "length", "no fields", "cut", "bytes after it", "rejoin with a code"],
    )
    def test_malformed(self, payload: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        pair = Pair()
        monkeypatch.setattr(codec, "encode_request", lambda request: payload)
        pair.run()
        assert failures(pair.told_host) == [FailureCode.PROTOCOL]
        assert failures(pair.told_viewer) == [FailureCode.PROTOCOL]

    def test_the_largest_fits(self) -> None:
        request = Request("\N{GRINNING FACE}" * 64, "ä" * 128, list(Capability), VIEWER.certificate, bytes(2048))
        pair = Pair(request=request)
        pair.run()
        authenticated = pair.told_host[-1]
        assert isinstance(authenticated, Authenticated)
        assert authenticated.request == request


class TestRecords:
    def records(self, pair: Pair, count: int = 3) -> list[bytes]:
        out = []
        for token in range(count):
            pair.host.send(Channel.CONTROL, Ping(token))
            out.append(pair.host.data_to_send())
        return out

    @pytest.mark.parametrize(
        "order", [[1], [0, 0], [0, 2], [1, 0, 2]], ids=["first dropped", "repeated", "dropped", "reordered"]
    )
    def test_order(self, order: list[int]) -> None:
        pair = Pair().open()
        records = self.records(pair)
        for number in order:
            pair.viewer.receive_data(records[number], pair.now)
        told = pair.viewer.events()
        assert failures(told) == [FailureCode.PROTOCOL]
        assert len(pair.messages(told)) == (1 if order[0] == 0 else 0)
        assert pair.viewer.data_to_send() == b""
        assert pair.viewer.state is State.ENDED

    def test_every_byte(self) -> None:
        for at in range(3 + 256 + 16):
            pair = Pair().open()
            (record,) = self.records(pair, 1)
            broken = bytearray(record)
            broken[at] ^= 1 << at % 8
            pair.viewer.receive_data(bytes(broken) + bytes(65_536), pair.now)
            told = pair.viewer.events()
            assert failures(told) == [FailureCode.PROTOCOL], at
            assert pair.messages(told) == []

    def test_reflected(self) -> None:
        pair = Pair().open()
        (record,) = self.records(pair, 1)
        pair.host.receive_data(record, pair.now)
        assert failures(pair.host.events()) == [FailureCode.PROTOCOL]

    def test_a_cut_is_no_end(self) -> None:
        pair = Pair().open()
        (record,) = self.records(pair, 1)
        pair.viewer.receive_data(record[:-1], pair.now)
        assert pair.viewer.events() == []
        assert pair.viewer.state is State.OPEN

    def test_a_failure_frame_has_no_say_once_there_is_a_session(self) -> None:
        pair = Pair().open()
        pair.viewer.receive_data(frame(FrameType.FAILURE, Failure(FailureCode.LOCKED).encode()), pair.now)
        assert failures(pair.viewer.events()) == [FailureCode.PROTOCOL]
        pair.run()
        assert pair.told_host == [Ended(True, ByeCode.PROTOCOL, "")]

    def test_a_rekey_that_is_overdue(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "REKEY_RECORDS", 10)
        pair = Pair().open()
        monkeypatch.setattr(Sealer, "rekey_due", lambda self, now: False)
        records = self.records(pair, 12)
        for record in records[:9]:  # the first record of the session came before
            pair.viewer.receive_data(record, pair.now)
        assert len(pair.messages(pair.viewer.events())) == 9
        pair.viewer.receive_data(records[9], pair.now)
        assert failures(pair.viewer.events()) == [FailureCode.PROTOCOL]

    def test_nothing_counts_after_bye(self) -> None:
        pair = Pair().open()
        pair.viewer.bye(ByeCode.ENDED)
        data = pair.viewer.data_to_send()
        pair.host.receive_data(data + b"anything at all", pair.now)
        assert [type(event) for event in pair.host.events()] == [Ended]


class Insider:
    """An authenticated end that seals whatever plaintext it likes."""

    def __init__(self) -> None:
        self.pair = Pair().open()
        assert self.pair.viewer._keyed is not None
        self._sealer = self.pair.viewer._keyed.sealer

    def say(self, plaintext: bytes) -> list[Event]:
        self.pair.host.receive_data(self._sealer.seal(plaintext), self.pair.now)
        return self.pair.host.events()

    def refused(self, told: list[Event]) -> bool:
        """The host said so by failure and by bye 2, and the viewer heard it."""
        self.pair.run()
        return failures(told) == [FailureCode.PROTOCOL] and self.pair.told_viewer[-1:] == [
            Ended(True, ByeCode.PROTOCOL, "")
        ]


def mux(channel: int, payload: bytes, flags: int = 1) -> bytes:
    return bytes((channel, flags)) + len(payload).to_bytes(2, "big") + payload


class TestInsiders:
    @pytest.mark.parametrize(
        "plaintext",
        [
            b"\3",
            b"\xff" + bytes(255),
            b"\1\1",
            encode_bye(9, ""),
            b"\2",
            b"\0\0\1",
            b"\0\2",
            b"\0" + mux(11, b"x"),
            b"\0" + mux(2, b""),
            b"\0" + mux(2, b"\x92\x04\x01", 2),
            b"\0" + mux(2, b"\xc1"),
            b"\0" + mux(4, b"\x91\x01"),
            b"\0" + mux(3, bytes(16_385)),
            b"\0" + mux(1, b"\6\0\0\0\0"),
            b"\0" + mux(1, b"\6\x7f\xff\xff\xff"),
            b"\0" + mux(1, b"\1\0\0\0\1"),
            b"\0" + mux(1, b"\6\0\0"),
        ],
        ids=lambda plaintext: plaintext[:8].hex(),
    )
    def test_plaintexts_that_break_the_rules(self, plaintext: bytes) -> None:
        insider = Insider()
        assert insider.refused(insider.say(plaintext))

    def test_messages_before_the_fault_still_count(self) -> None:
        insider = Insider()
        good = codec.encode(Channel.CONTROL, Ping(3))
        told = insider.say(b"\0" + mux(2, good) + mux(2, b"\xc1"))
        assert told[0] == MessageReceived(Channel.CONTROL, Ping(3))
        assert insider.refused(told)

    def test_more_than_there_was_credit_for(self) -> None:
        insider = Insider()
        text = codec.encode(Channel.CLIPBOARD, ClipText("x" * 60_000))
        told: list[Event] = []
        sent = 0
        while not told or isinstance(told[-1], MessageReceived):
            told += insider.say(b"\0" + mux(7, text))
            sent += len(text)
            assert sent < limits.CREDIT[7] + 2 * len(text)
        assert sent > limits.CREDIT[7]
        assert insider.refused(told[-1:])

    def test_a_message_that_never_ends(self) -> None:
        insider = Insider()
        told: list[Event] = []
        sent = 0
        while not told:
            told = insider.say(b"\0" + mux(7, bytes(60_000), 0))
            insider.pair.step(False)
            sent += 60_000
            assert sent < limits.MESSAGE_MAX[7] + 120_000
        assert insider.refused(told)

    def test_a_record_as_small_as_can_be(self) -> None:
        insider = Insider()
        assert insider.say(b"\0") == []
        assert insider.pair.host.state is State.OPEN

    def test_an_input_message_of_numbers_out_of_bounds(self) -> None:
        insider = Insider()
        honest = codec.encode(Channel.INPUT, Pointer(1, 1, 0, 1))
        assert insider.refused(insider.say(b"\0" + mux(3, honest.replace(b"\x00", b"\xcd\x01\x00"))))
