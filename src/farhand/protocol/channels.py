"""Channels: many streams of messages in one stream of records, by credit and priority (spec/protocol.md, section 3)."""

import struct
from collections import deque
from collections.abc import Callable

from farhand.protocol import limits
from farhand.protocol.errors import MuxError
from farhand.protocol.messages import Channel

_HEADER = struct.Struct(">BBH")
_GRANT = struct.Struct(">BI")
#: A data record's kind and the header of what it begins with.
_START = struct.Struct(">BBBH")
_END = 1
_MOST_CREDIT = 2**31 - 1
#: A message goes on in the next record rather than leave a piece smaller than this at a record's end.
_LEAST_PIECE = 512
#: A buffer for a message's pieces is kept for the next one up to this size, in bytes.
_ROOM = 512 << 10
#: Channels whose records are padded to a multiple of 256 bytes.
SMALL = frozenset((Channel.MUX, Channel.CONTROL, Channel.INPUT, Channel.CURSOR, Channel.CLIPBOARD))
_CHANNELS = {int(channel): channel for channel in Channel}

Buffer = bytes | bytearray | memoryview

#: A large message is encoded behind so many bytes, where a record's kind and its header in it are written later.
HEADROOM = 1 + limits.MUX_HEADER


class _Waiting:
    """A message that waits: ``data`` from ``at`` on. Before that, a bytearray may be written to."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes | bytearray, at: int) -> None:
        self.data = data
        self.at = at


class Outbox:
    """What waits to be sent, by channel, and the credit that the other end has given."""

    def __init__(self) -> None:
        self._credit = dict(limits.CREDIT)
        self._queues: dict[Channel, deque[_Waiting]] = {Channel(number): deque() for number in sorted(limits.CREDIT)}
        self._waiting = dict.fromkeys(self._queues, 0)

    def put(self, channel: Channel, message: bytes | bytearray, at: int = 0) -> None:
        """Queue one encoded message; a bytearray is the outbox's from now on, and its message begins ``at``."""
        self._queues[channel].append(_Waiting(message, at))
        self._waiting[channel] += len(message) - at

    def waiting(self, channel: Channel) -> int:
        """Bytes queued and not yet taken."""
        return self._waiting[channel]

    def all_waiting(self) -> int:
        """The same of all channels."""
        return sum(self._waiting.values())

    def ready(self) -> bool:
        """Whether ``fill`` would find anything."""
        return any(queue and self._credit[channel] for channel, queue in self._queues.items())

    def keep_only(self, *channels: Channel) -> None:
        """Forget what waits on all other channels."""
        for channel, queue in self._queues.items():
            if channel not in channels:
                queue.clear()
                self._waiting[channel] = 0

    def add_credit(self, payload: memoryview) -> None:
        """Take a mux message of the other end; raises MuxError."""
        if len(payload) % _GRANT.size:
            raise MuxError("a credit message of odd length")
        for number, amount in _GRANT.iter_unpack(payload):
            if number not in self._credit:
                raise MuxError(f"credit for channel {number}")
            total = self._credit[number] + amount
            if not amount or total > _MOST_CREDIT:
                raise MuxError(f"credit of {amount} bytes on top of {total - amount}")
            self._credit[number] = total

    def take_full(self, length: int) -> memoryview | None:
        """A record's plaintext of exactly ``length`` bytes where the next message that may be sent is longer.

        The same bytes as by ``fill``, but uncopied; None where there is no such message. To be sealed before the next.
        """
        for channel, queue in self._queues.items():
            credit = self._credit[channel]
            if not queue or not credit:
                continue
            waiting, size = queue[0], length - HEADROOM
            data, at = waiting.data, waiting.at
            if credit < size or len(data) - at <= size or at < HEADROOM or isinstance(data, bytes):
                return None
            _START.pack_into(data, at - HEADROOM, 0, channel, 0, size)
            waiting.at = at + size
            self._credit[channel] = credit - size
            self._waiting[channel] -= size
            return memoryview(data)[at - HEADROOM : at + size]
        return None

    def fill(self, space: int, grants: bytes, parts: list[Buffer]) -> tuple[int, bool]:
        """Append multiplexed frames of up to ``space`` bytes to ``parts``: ``grants``, then by urgency.

        Returns how many bytes they are and whether all are of the channels that are padded to 256.
        """
        left, small = space, True
        if grants:
            parts.append(_HEADER.pack(Channel.MUX, _END, len(grants)) + grants)
            left -= limits.MUX_HEADER + len(grants)
        for channel, queue in self._queues.items():
            if not queue:
                continue
            credit = self._credit[channel]
            before = left
            while queue and credit:
                room = left - limits.MUX_HEADER
                waiting = queue[0]
                data, at = waiting.data, waiting.at
                size = min(len(data) - at, credit)
                if size > room:
                    if room < _LEAST_PIECE and left < space:
                        break
                    size = room
                if size <= 0:
                    break
                end = at + size == len(data)
                parts.append(_HEADER.pack(channel, end, size))
                parts.append(data if size == len(data) else memoryview(data)[at : at + size])
                waiting.at = at + size
                if end:
                    queue.popleft()
                credit -= size
                left -= limits.MUX_HEADER + size
                self._waiting[channel] -= size
            self._credit[channel] = credit
            small = small and (left == before or channel in SMALL)
        return space - left, small


class Inbox:
    """What arrives: checks credit and sizes, puts messages together and says what credit to give back."""

    def __init__(self, outbox: Outbox, deliver: Callable[[Channel, Buffer], None]) -> None:
        self._outbox = outbox
        self._deliver = deliver
        #: Messages of which there is a part, and how much; their buffers serve one message after the other.
        self._partial: dict[int, int] = {}
        self._rooms: dict[int, bytearray] = {}
        #: Bytes received on each channel for which no credit was given back.
        self._owed = dict.fromkeys(limits.CREDIT, 0)
        self._due: set[int] = set()
        self._withheld: set[int] = set()
        #: How much of what is owed is given next, where that is not all.
        self._allowed: dict[int, int] = {}

    def grants_due(self) -> bool:
        """Whether ``take_grants`` has something to give."""
        return bool(self._due)

    def withhold(self, channel: Channel, on: bool) -> None:
        """Give no more credit for a channel whose messages this end cannot take any faster, or go on giving it."""
        if on:
            self._withheld.add(channel)
            if channel not in self._allowed:
                self._due.discard(channel)
        else:
            self._withheld.discard(channel)
            self._allowed.pop(channel, None)
            if self._owed[channel] >= limits.CREDIT[channel] // 2:
                self._due.add(channel)

    def allow(self, channel: Channel, amount: int) -> None:
        """Withhold a channel's credit but for so much, or what there is of it."""
        self._withheld.add(channel)
        if self._owed[channel]:
            self._allowed[channel] = amount
            self._due.add(channel)

    def take_grants(self) -> bytes:
        """The mux message to send now, empty if none is due: half of a channel's first credit was used."""
        if not self._due:
            return b""
        grants = []
        for number in sorted(self._due):
            amount = min(self._owed[number], self._allowed.pop(number, limits.CREDIT[number]))
            self._owed[number] -= amount
            grants.append(_GRANT.pack(number, amount))
        self._due.clear()
        return b"".join(grants)

    def accept(self, plaintext: Buffer) -> None:
        """Take a data record's plaintext; delivers every message that is complete. Raises MuxError.

        What is delivered is good until that returns.
        """
        view = memoryview(plaintext)
        at, end = 1, len(plaintext)
        while at < end:
            number = plaintext[at]
            if number == 0:
                if bytes(view[at:]).count(0) != end - at:
                    raise MuxError("padding that is not zeros")
                return
            if end - at <= limits.MUX_HEADER:
                raise MuxError("a multiplexed frame that is cut off")
            _, flags, size = _HEADER.unpack_from(plaintext, at)
            at += limits.MUX_HEADER
            if flags > _END or not size or size > end - at:
                raise MuxError("a multiplexed frame with unknown flags or a wrong length")
            payload = view[at : at + size]
            at += size
            if number == Channel.MUX:
                if not flags or size > limits.MESSAGE_MAX[number]:
                    raise MuxError("a credit message in pieces or too large")
                self._outbox.add_credit(payload)
            else:
                self._take(number, payload, size, flags == _END)

    def _take(self, number: int, payload: memoryview, size: int, ends: bool) -> None:
        owed = self._owed.get(number)
        if owed is None:
            raise MuxError(f"an unknown channel {number}")
        owed += size
        first = limits.CREDIT[number]
        if owed > first:
            raise MuxError(f"more on channel {number} than there was credit for")
        self._owed[number] = owed
        if owed >= first // 2 and number not in self._withheld:
            self._due.add(number)
        had = self._partial.get(number, 0)
        total = had + size
        if total > limits.MESSAGE_MAX[number]:
            raise MuxError(f"a message on channel {number} that is too large")
        if ends and not had:
            self._deliver(_CHANNELS[number], payload)
            return
        room = self._rooms.get(number) or bytearray()
        if len(room) < total:
            room = self._rooms[number] = room[:had].ljust(max(total, min(2 * total, _ROOM)), b"\0")
        room[had:total] = payload
        self._partial[number] = total
        if not ends:
            return
        del self._partial[number]
        if total > _ROOM:
            del self._rooms[number]
        self._deliver(_CHANNELS[number], memoryview(room)[:total])
