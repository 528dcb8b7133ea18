"""Priorities, pieces and credit, without records around them."""

from farhand.protocol import limits
from farhand.protocol.channels import HEADROOM, Buffer, Inbox, Outbox
from farhand.protocol.messages import Channel


def frames(parts: list[Buffer]) -> list[tuple[int, int, bytes]]:
    """(channel, flags, payload) of what ``fill`` appended."""
    data, out = b"".join(parts), []
    while data:
        size = int.from_bytes(data[2:4], "big")
        out.append((data[0], data[1], data[4 : 4 + size]))
        data = data[4 + size :]
    return out


def fill(outbox: Outbox, space: int, grants: bytes = b"") -> tuple[list[tuple[int, int, bytes]], int, bool]:
    parts: list[Buffer] = []
    used, small = outbox.fill(space, grants, parts)
    assert used == sum(map(len, parts)) <= space
    return frames(parts), used, small


def test_the_lower_number_goes_first() -> None:
    outbox = Outbox()
    for channel in (Channel.FILES, Channel.SCREEN, Channel.INPUT, Channel.CONTROL):
        outbox.put(channel, channel.name.encode())
    out, _, small = fill(outbox, 1000, b"\6\0\0\1\0")
    assert [frame[0] for frame in out] == [1, 2, 3, 6, 10]
    assert not small
    assert not outbox.ready()


def test_only_urgent_channels_are_padded_small() -> None:
    outbox = Outbox()
    outbox.put(Channel.INPUT, b"x")
    outbox.put(Channel.CURSOR, b"x")
    assert fill(outbox, 1000)[2]
    assert fill(outbox, 1000, b"\6\0\0\1\0")[2]


def test_a_message_goes_on_where_it_was_left() -> None:
    outbox = Outbox()
    message = bytes(range(256)) * 10
    outbox.put(Channel.SCREEN, message)
    pieces = []
    while outbox.ready():
        ((_, flags, payload),), _, _ = fill(outbox, 1000)
        pieces.append((flags, payload))
    assert [flags for flags, _ in pieces] == [0, 0, 1]
    assert b"".join(payload for _, payload in pieces) == message


def test_a_full_record_without_a_copy_has_the_same_bytes() -> None:
    copied, uncopied = Outbox(), Outbox()
    message = bytes(range(256)) * 10
    copied.put(Channel.SCREEN, message)
    uncopied.put(Channel.SCREEN, bytearray(HEADROOM) + message, HEADROOM)
    for _ in range(2):
        plaintext = uncopied.take_full(1000)
        assert plaintext is not None
        parts: list[Buffer] = [b"\0"]
        copied.fill(999, b"", parts)
        assert bytes(plaintext) == b"".join(parts)
    assert uncopied.take_full(1000) is None  # less than that is left
    assert fill(uncopied, 999) == fill(copied, 999)
    assert uncopied.waiting(Channel.SCREEN) == copied.waiting(Channel.SCREEN) == 0


def test_a_full_record_passes_nothing_urgent_and_no_credit() -> None:
    outbox = Outbox()
    outbox.put(Channel.FILES, bytearray(HEADROOM + limits.CREDIT[Channel.FILES] + 5000), HEADROOM)
    outbox.put(Channel.INPUT, b"key")
    assert outbox.take_full(1000) is None
    assert fill(outbox, 8)[0] == [(Channel.INPUT, 1, b"key")]
    sent = 0
    while plaintext := outbox.take_full(1000):
        sent += len(plaintext) - HEADROOM
    assert 0 <= limits.CREDIT[Channel.FILES] - sent < 1000


def test_no_crumbs_at_a_record_s_end() -> None:
    outbox = Outbox()
    outbox.put(Channel.CONTROL, bytes(600))
    outbox.put(Channel.SCREEN, bytes(5000))
    out, _, _ = fill(outbox, 1000)
    assert [frame[0] for frame in out] == [Channel.CONTROL]
    out, _, _ = fill(outbox, 1000)
    assert [(frame[0], len(frame[2])) for frame in out] == [(Channel.SCREEN, 996)]


def test_credit_ends_and_comes_back() -> None:
    outbox = Outbox()
    first = limits.CREDIT[Channel.INPUT]
    outbox.put(Channel.INPUT, bytes(first + 10))
    sent = 0
    while outbox.ready():
        sent += sum(len(payload) for _, _, payload in fill(outbox, 60_000)[0])
    assert sent == first
    assert outbox.waiting(Channel.INPUT) == 10
    outbox.add_credit(memoryview(b"\3\0\0\0\4"))
    ((_, flags, payload),), _, _ = fill(outbox, 60_000)
    assert (flags, len(payload)) == (0, 4)


def test_credit_is_owed_from_half_of_it_on() -> None:
    inbox = Inbox(Outbox(), lambda channel, data: None)
    record = b"\0" + bytes((Channel.INPUT, 1)) + (16_384).to_bytes(2, "big") + bytes(16_384)
    for _ in range(7):
        inbox.accept(record)
        assert not inbox.grants_due()
        assert inbox.take_grants() == b""
    inbox.accept(record)
    assert inbox.grants_due()
    assert inbox.take_grants() == bytes((Channel.INPUT,)) + (8 * 16_384).to_bytes(4, "big")
    assert inbox.take_grants() == b""


def test_credit_that_is_withheld_comes_later_and_for_that_channel_alone() -> None:
    inbox = Inbox(Outbox(), lambda channel, data: None)

    def half(channel: Channel) -> None:
        for _ in range(limits.CREDIT[channel] // 32_768):
            inbox.accept(b"\0" + bytes((channel, 1)) + (16_384).to_bytes(2, "big") + bytes(16_384))

    inbox.withhold(Channel.FILES, True)
    half(Channel.FILES)
    assert not inbox.grants_due()
    half(Channel.INPUT)
    assert inbox.take_grants() == bytes((Channel.INPUT,)) + (128 << 10).to_bytes(4, "big")
    inbox.withhold(Channel.FILES, False)
    assert inbox.take_grants() == bytes((Channel.FILES,)) + (1 << 20).to_bytes(4, "big")
    half(Channel.FILES)
    inbox.withhold(Channel.FILES, True)  # also what was due already
    assert inbox.take_grants() == b""


def test_a_channel_that_is_withheld_is_allowed_some_of_its_credit() -> None:
    inbox = Inbox(Outbox(), lambda channel, data: None)

    def come(count: int) -> None:
        for _ in range(count):
            inbox.accept(b"\0" + bytes((Channel.FILES, 1)) + (16_384).to_bytes(2, "big") + bytes(16_384))

    def given() -> int:
        grants = inbox.take_grants()
        assert grants[:1] in (b"", bytes((Channel.FILES,)))
        return int.from_bytes(grants[1:], "big")

    inbox.allow(Channel.FILES, 10_000)
    assert given() == 0, "nothing is owed"
    come(1)
    assert given() == 0
    inbox.allow(Channel.FILES, 10_000)
    inbox.withhold(Channel.FILES, True)  # another one's doing: what was allowed stays allowed
    assert given() == 10_000
    inbox.allow(Channel.FILES, 10_000)
    assert given() == 6_384
    come(100)
    inbox.allow(Channel.FILES, 10_000)
    inbox.withhold(Channel.FILES, False)
    assert given() == 100 * 16_384


def test_letting_go_of_little_gives_nothing_yet() -> None:
    inbox = Inbox(Outbox(), lambda channel, data: None)
    inbox.withhold(Channel.FILES, True)
    inbox.accept(b"\0" + bytes((Channel.FILES, 1)) + (1000).to_bytes(2, "big") + bytes(1000))
    inbox.withhold(Channel.FILES, False)
    assert not inbox.grants_due()
