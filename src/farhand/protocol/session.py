"""A session's two ends, without input or output: bytes, time and randomness are arguments.

The owner passes what arrives to ``receive_data``, then acts on ``events()``, then sends what ``data_to_send`` returns
until that is empty, and calls ``handle_timer`` at ``next_timer``. After Ended or Failed it sends what is left and
closes the connection. ``now`` is in seconds of any steady clock.
"""

import enum
from collections.abc import Callable
from functools import partial

from farhand.protocol import codec, limits
from farhand.protocol.channels import HEADROOM, Buffer, Inbox, Outbox
from farhand.protocol.envelope import Failure, FrameReader, FrameType, Hello, Mode, Welcome, frame
from farhand.protocol.errors import (
    ByeCode,
    FailureCode,
    HandshakeFailed,
    IdentityMismatch,
    MalformedFrame,
    MuxError,
    NotAuthenticated,
    ProtocolError,
    RecordError,
    Refused,
    SessionEnded,
)
from farhand.protocol.events import Authenticated, Ended, Event, Failed, HelloReceived, MessageReceived
from farhand.protocol.handshake import (
    Encapsulate,
    Entropy,
    HostHandshake,
    Opening,
    Secrets,
    ViewerHandshake,
    encapsulate,
)
from farhand.protocol.identity import Certificate, Keys
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Request
from farhand.protocol.records import OVERHEAD, Kind, Opener, Sealer, decode_bye, encode_bye, padded

_BATCH = 256 * 1024
#: The least room that a record is worth making for, in bytes.
_LEAST = limits.SMALL_PADDING + OVERHEAD
#: What headers and padding mostly add to the messages of one write, in bytes.
_SLACK = 2048
#: Channels whose messages may take several records.
_LARGE = frozenset((Channel.SCREEN, Channel.FILES))


class State(enum.StrEnum):
    """How far a session is."""

    HANDSHAKE = "handshake"
    OPEN = "open"
    #: The last word waits in ``data_to_send``.
    ENDING = "ending"
    ENDED = "ended"


class _Keyed:
    """What a session has only once there are keys, so that a stranger's half-open one stays small."""

    def __init__(self, secrets: Secrets, deliver: Callable[[Channel, Buffer], None], now: float) -> None:
        self.outbox = Outbox()
        self.inbox = Inbox(self.outbox, deliver)
        self.sealer = Sealer(secrets.send, now)
        self.opener = Opener(secrets.receive)


class _Records:
    """The records of one write, one behind the other in one piece of memory."""

    def __init__(self, keyed: _Keyed, first: bytes, limit: int) -> None:
        self._keyed = keyed
        self._room = bytearray(len(first) + min(limit, keyed.outbox.all_waiting() + _SLACK))
        self._room[: len(first)] = first
        self.size = len(first)

    def add(self, most: int) -> bool:
        """Seal what waits, at most so many bytes; whether there was anything."""
        most = min(limits.PLAINTEXT_MAX, most)
        outbox, inbox = self._keyed.outbox, self._keyed.inbox
        plaintext: Buffer | None = None if inbox.grants_due() else outbox.take_full(most)
        if plaintext is None:
            parts: list[Buffer] = [b"\0"]
            used, small = outbox.fill(most - 1, inbox.take_grants(), parts)
            if not used:
                return False
            parts.append(bytes(padded(used + 1, small, most) - used - 1))
            plaintext = b"".join(parts)
        end = self.size + len(plaintext) + OVERHEAD
        self._make_room(end)
        self._keyed.sealer.seal_into(plaintext, memoryview(self._room)[self.size : end])
        self.size = end
        return True

    def add_whole(self, record: bytes) -> None:
        """Add one that is sealed."""
        end = self.size + len(record)
        self._make_room(end)
        self._room[self.size : end] = record
        self.size = end

    def taken(self) -> bytearray:
        """All of them."""
        del self._room[self.size :]
        return self._room

    def _make_room(self, end: int) -> None:
        if end > len(self._room):
            self._room += bytes(end - len(self._room))


class _Session:
    """What both ends share: frames in, records both ways, the end."""

    def __init__(self, entropy: Entropy, now: float, *expected: FrameType) -> None:
        self.state = State.HANDSHAKE
        self._entropy = entropy
        self._now = now
        self._deadline = now + limits.HANDSHAKE_SECONDS
        self._frames = FrameReader(*expected)
        self._events: list[Event] = []
        self._raw: list[Buffer] = []
        self._keyed: _Keyed | None = None
        self._last = b""
        #: What takes the next handshake frame's body.
        self._step: Callable[[memoryview], None] = self._handle_first

    def _is_over(self) -> bool:
        return self.state in (State.ENDING, State.ENDED)

    def receive_data(self, data: bytes | memoryview, now: float) -> None:
        """Take what arrived, in pieces of any size. Never raises for what the other end did: see ``events``."""
        self._now = now
        if self._is_over():
            return
        try:
            for kind, header, body in self._frames.feed(data):
                if kind is FrameType.RECORD:
                    self._handle_record(header, body)
                elif kind is FrameType.FAILURE:
                    self._handle_failure(body)
                else:
                    self._step(body)
                if self._is_over():
                    return
        except RecordError as error:
            self._fail(error, silent=True)
        except ProtocolError as error:
            self._fail(error)
        except Refused as refusal:
            self._refuse(refusal.code, refusal.retry, str(refusal))

    def data_to_send(self, limit: int = _BATCH, now: float | None = None) -> bytes | bytearray:
        """Whole frames of about ``limit`` bytes at most, the most urgent first; empty when there is nothing to send."""
        if now is not None:
            self._now = now
        raw, self._raw = b"".join(self._raw), []
        keyed = self._keyed
        if keyed is None or self.state not in (State.OPEN, State.ENDING):
            if self.state is State.ENDING:
                self.state = State.ENDED
            return raw
        records = _Records(keyed, raw, limit)
        while limit - records.size >= _LEAST or not records.size:
            if keyed.sealer.rekey_due(self._now):
                records.add_whole(keyed.sealer.rekey(self._now))
            if records.add(max(_LEAST, limit - records.size) - OVERHEAD):
                continue
            if self._last and self.state is State.ENDING:
                records.add_whole(keyed.sealer.seal(self._last))
                self.state = State.ENDED
            break
        return records.taken()

    def has_data_to_send(self) -> bool:
        """Whether ``data_to_send`` would return anything now."""
        if self._raw or self.state is State.ENDING:
            return True
        keyed = self._keyed
        return self.state is State.OPEN and keyed is not None and (keyed.outbox.ready() or keyed.inbox.grants_due())

    def events(self) -> list[Event]:
        """What happened since the last call, oldest first."""
        events, self._events = self._events, []
        return events

    def send(self, channel: Channel, message: Message) -> None:
        """Queue a message.

        Raises SessionEnded, NotAuthenticated, MessageTooLarge, TypeError for a message of another channel.
        """
        if self.state is not State.OPEN or self._keyed is None:
            raise (NotAuthenticated if self.state is State.HANDSHAKE else SessionEnded)(f"cannot send: {self.state}")
        if channel in _LARGE:
            self._keyed.outbox.put(channel, codec.encode_behind(channel, message, HEADROOM), HEADROOM)
        else:
            self._keyed.outbox.put(channel, codec.encode(channel, message))

    def pending(self, channel: Channel) -> int:
        """Bytes of ``channel`` that are queued and not yet in what ``data_to_send`` returned."""
        return self._keyed.outbox.waiting(channel) if self._keyed else 0

    def withhold(self, channel: Channel, on: bool) -> None:
        """Give the other end no more credit for ``channel``, or go on giving it."""
        if self._keyed:
            self._keyed.inbox.withhold(channel, on)

    def allow(self, channel: Channel, amount: int) -> None:
        """Give the other end so much credit for a channel that is withheld."""
        if self._keyed:
            self._keyed.inbox.allow(channel, amount)

    def bye(self, code: ByeCode, text: str = "") -> None:
        """End the session. What waits on ``control`` is still sent, all else is forgotten; safe to call twice."""
        if self.state is State.OPEN:
            self._say_bye(code, text)
            self._events.append(Ended(False, code, text))
        elif self.state is State.HANDSHAKE:
            self.state = State.ENDED
            self._raw.clear()
            self._events.append(Ended(False, code, text))

    def next_timer(self) -> float | None:
        """When ``handle_timer`` is due next, None if never."""
        if self.state is State.HANDSHAKE:
            return self._deadline
        if self.state is State.OPEN and self._keyed:
            return self._keyed.sealer.rekey_at
        return None

    def handle_timer(self, now: float) -> None:
        """Do what is due: give up a handshake that takes too long, renew a key."""
        self._now = now
        if self.state is State.HANDSHAKE:
            if now >= self._deadline:
                self._refuse(FailureCode.TIMEOUT, 0, "the handshake took too long")
        elif self.state is State.OPEN and self._keyed and self._keyed.sealer.rekey_due(now):
            self._raw.append(self._keyed.sealer.rekey(now))

    def _handle_first(self, body: memoryview) -> None:
        """The other end's first frame."""
        raise NotImplementedError

    def _handle_failure(self, body: memoryview) -> None:
        failure = Failure.decode(body)
        self.state = State.ENDED
        self._raw.clear()
        self._events.append(Failed(failure.code, True, failure.retry, "told by the other side"))

    def _handle_record(self, header: memoryview, body: memoryview) -> None:
        keyed = self._keyed
        if keyed is None:
            raise MalformedFrame("a record before there are keys")
        plaintext = keyed.opener.open(header, body)
        if self.state is State.HANDSHAKE:
            self._confirmed()
        kind = plaintext[0]
        if kind == Kind.DATA:
            keyed.inbox.accept(plaintext)
        elif kind == Kind.BYE:
            number, text = decode_bye(bytes(plaintext))
            try:
                code = ByeCode(number)
            except ValueError:
                raise MuxError(f"a bye of unknown code {number}") from None
            self.state = State.ENDED
            self._raw.clear()
            self._events.append(Ended(True, code, text))
        elif kind != Kind.REKEY:
            raise MuxError(f"a record of unknown kind {kind}")

    def _confirmed(self) -> None:
        """The first record opened: the other end holds the same keys."""

    def _deliver(self, channel: Channel, data: Buffer) -> None:
        self._events.append(MessageReceived(channel, codec.decode(channel, data)))

    def _use(self, secrets: Secrets) -> None:
        self._keyed = _Keyed(secrets, self._deliver, self._now)

    def _say_bye(self, code: ByeCode, text: str) -> None:
        if self._keyed:
            self._keyed.outbox.keep_only(Channel.CONTROL)
        self._last = encode_bye(code, text)
        self.state = State.ENDING

    def _fail(self, error: ProtocolError, silent: bool = False) -> None:
        if self.state is State.HANDSHAKE and not silent:
            self._refuse(error.failure, 0, str(error))
            return
        if silent:
            self.state = State.ENDED
            self._raw.clear()
        else:
            self._say_bye(ByeCode.PROTOCOL, "")
        self._events.append(Failed(error.failure, False, 0, str(error)))

    def _refuse(self, code: FailureCode, retry: int, reason: str) -> None:
        """End before authentication: only a host tells the other end (a viewer closes the connection)."""
        self.state = State.ENDED
        self._raw.clear()
        self._events.append(Failed(code, False, retry, reason))


class HostSession(_Session):
    """The host's end of one session.

    ``take_code(route)`` returns the secret that waits under a route and burns it, None if there is none; it and
    ``find_rejoin(session id)``, which returns the Noise key that may take a cut session up again, may raise Refused.
    ``wrong_code()`` hears that the secret was another, and returns the seconds that the caller is told to wait.
    ``feed`` is the version of the host's advisory feed. Callers of other ``modes`` are turned away.

    Of an unattended caller the session checks that its certificate is for its own key, and hands out both with the
    grant: whether certificate and grant hold now, and what they allow, is for the owner to say (protocol/grants.py).
    """

    def __init__(
        self,
        *,
        keys: Keys,
        take_code: Callable[[str], str | None],
        find_rejoin: Callable[[bytes], bytes | None],
        feed: int,
        entropy: Entropy,
        now: float,
        modes: frozenset[Mode] = frozenset((Mode.ATTENDED, Mode.REJOIN)),
        wrong_code: Callable[[], int] = lambda: 0,
        encapsulate: Encapsulate = encapsulate,
    ) -> None:
        super().__init__(entropy, now, FrameType.HELLO)
        self._keys = keys
        self._take_code = take_code
        self._find_rejoin = find_rejoin
        self._feed = feed
        self._modes = modes
        self._wrong_code = wrong_code
        self._encapsulate = encapsulate

    def refuse(self, code: FailureCode, retry: int = 0) -> None:
        """Turn the caller away before authentication; ``retry`` in seconds. Afterwards it is ``bye`` that ends."""
        if self.state is State.HANDSHAKE:
            self._refuse(code, retry, "turned away")

    def _handle_first(self, body: memoryview) -> None:
        hello = Hello.decode(body)
        if hello.mode not in self._modes:
            raise Refused(FailureCode.POLICY)
        if isinstance(hello.route, bytes) and hello.route != self._keys.host_id:
            raise Refused(FailureCode.UNKNOWN_ROUTE)
        welcome = Welcome(hello.mode, self._keys.host_id, self._entropy(32), self._feed)
        self._step = partial(self._handle_1, Opening(hello, welcome))
        self._raw.append(frame(FrameType.WELCOME, welcome.encode()))
        self._frames.expected = frozenset((FrameType.HANDSHAKE_1,))
        self._events.append(HelloReceived(hello))

    def _handle_1(self, opening: Opening, body: memoryview) -> None:
        secret = None
        if isinstance(opening.hello.route, str):
            secret = self._take_code(opening.hello.route)
            if secret is None:
                raise Refused(FailureCode.UNKNOWN_ROUTE)
        handshake = HostHandshake(opening, self._keys, secret, self._entropy, self._encapsulate)
        handshake.read_1(bytes(body))
        self._step = partial(self._handle_3, handshake, opening.hello.mode)
        self._raw.append(frame(FrameType.HANDSHAKE_2, handshake.write_2()))
        self._frames.expected = frozenset((FrameType.HANDSHAKE_3,))

    def _handle_3(self, handshake: HostHandshake, mode: Mode, body: memoryview) -> None:
        try:
            peer, payload, secrets = handshake.read_3(bytes(body))
        except HandshakeFailed:
            if mode is Mode.ATTENDED:
                raise Refused(FailureCode.WRONG_CODE, self._wrong_code()) from None
            raise
        request = codec.decode_request(payload)
        if (request.rejoin is not None) != (mode is Mode.REJOIN):
            raise MalformedFrame("a request that does not suit its mode")
        if mode is Mode.UNATTENDED and not (request.certificate and request.grant):
            raise MalformedFrame("a request without a certificate or a grant where no person is asked")
        if request.rejoin is not None and self._find_rejoin(request.rejoin) != peer:
            raise Refused(FailureCode.REJOIN_REFUSED)
        certificate = None
        if request.certificate:
            certificate = Certificate.decode(request.certificate)
            if certificate.static != peer:
                raise IdentityMismatch("the viewer's certificate is for another key than the viewer has")
        self._use(secrets)
        self.state = State.OPEN
        self._frames.expected = frozenset((FrameType.RECORD,))
        self._events.append(
            Authenticated(peer, certificate, request, mode, self._keys.host_id, secrets.handshake_hash, self._feed)
        )

    def _refuse(self, code: FailureCode, retry: int, reason: str) -> None:
        super()._refuse(code, retry, reason)
        told = FailureCode.PROTOCOL if code is FailureCode.IDENTITY else code
        self._raw.append(frame(FrameType.FAILURE, Failure(told, retry).encode()))
        self.state = State.ENDING


class ViewerSession(_Session):
    """The viewer's end of one session.

    ``route`` is a code's route part (attended, with its ``secret``) or a host id (with ``pin``, the host's Noise key
    as seen before or out of its HostProof). ``keys.static`` is the Noise key: a throwaway one if attended, the same one
    to rejoin, the one in ``request.certificate`` if unattended.
    """

    def __init__(
        self,
        *,
        keys: Keys,
        mode: Mode,
        route: str | bytes,
        secret: str | None,
        pin: bytes | None,
        request: Request,
        entropy: Entropy,
        now: float,
    ) -> None:
        super().__init__(entropy, now, FrameType.WELCOME, FrameType.FAILURE)
        attended = mode is Mode.ATTENDED
        if attended != (secret is not None) or attended != isinstance(route, str) or (pin is None and not attended):
            raise ValueError("a code's route and secret go with attended, a host id and a pin with all else")
        if (request.rejoin is not None) != (mode is Mode.REJOIN):
            raise ValueError("a session to take up again goes with rejoin, and only there")
        if mode is Mode.UNATTENDED and not (request.certificate and request.grant):
            raise ValueError("a certificate and a grant go with unattended")
        self._keys = keys
        self._secret = secret
        self._pin = pin
        self._request = request
        self._hello = Hello(mode, route, entropy(32))
        self._authenticated: Authenticated | None = None
        self._raw.append(frame(FrameType.HELLO, self._hello.encode()))

    def _handle_first(self, body: memoryview) -> None:
        welcome = Welcome.decode(body)
        if welcome.mode is not self._hello.mode:
            raise MalformedFrame("a welcome for another mode")
        if isinstance(self._hello.route, bytes) and welcome.host_id != self._hello.route:
            raise IdentityMismatch("another host answered than the one that was called")
        opening = Opening(self._hello, welcome)
        handshake = ViewerHandshake(opening, self._keys.static, self._secret, self._entropy)
        self._secret = None
        self._step = partial(self._handle_2, handshake, welcome)
        self._raw.append(frame(FrameType.HANDSHAKE_1, handshake.write_1()))
        self._frames.expected = frozenset((FrameType.HANDSHAKE_2, FrameType.FAILURE))

    def _handle_2(self, handshake: ViewerHandshake, welcome: Welcome, body: memoryview) -> None:
        certificate = handshake.read_2(bytes(body))
        if self._pin is not None and certificate.static != self._pin:
            raise IdentityMismatch(
                "the host's key is not the one it had before: someone stands between, or it was reset"
            )
        message, secrets = handshake.write_3(codec.encode_request(self._request))
        self._raw.append(frame(FrameType.HANDSHAKE_3, message))
        self._frames.expected = frozenset((FrameType.RECORD, FrameType.FAILURE))
        self._use(secrets)
        self._authenticated = Authenticated(
            certificate.static,
            certificate,
            self._request,
            self._hello.mode,
            welcome.host_id,
            secrets.handshake_hash,
            welcome.feed,
        )

    def _confirmed(self) -> None:
        self.state = State.OPEN
        self._frames.expected = frozenset((FrameType.RECORD,))
        if self._authenticated:
            self._events.append(self._authenticated)
