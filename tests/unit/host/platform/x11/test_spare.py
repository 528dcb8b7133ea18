"""Spare keys, on a keyboard that has three of them."""

from typing import Any

from farhand.host.platform.x11.keymap import Keymap, KeySymbols, KeyType
from farhand.host.platform.x11.spare import KEEP, SparePool

ONE = KeyType(0, {})


class Server:
    """Keeps what was mapped."""

    def __init__(self) -> None:
        self.core = self
        self.mapped: dict[int, int] = {}

    def ChangeKeyboardMapping(self, count: int, keycode: int, width: int, keysyms: list[int]) -> None:
        assert (count, width, keysyms[0]) == (1, 2, keysyms[1])
        self.mapped[keycode] = keysyms[0]

    def keymap(self) -> Keymap:
        keys = {code: KeySymbols([ONE], [[self.mapped.get(code, 0)]]) for code in (10, 11, 12)}
        return Keymap({**keys, 38: KeySymbols([ONE], [[0x61]])}, {})


def pool(server: Any) -> SparePool:
    pool = SparePool(server)
    pool.renew(server.keymap())
    return pool


def test_each_keysym_gets_a_key_and_keeps_it() -> None:
    server = Server()
    spares = pool(server)
    assert spares.take(0x100_4E00, 0.0, ()) == (12, 0.0)
    assert spares.take(0x100_4E01, 0.0, ()) == (11, 0.0)
    assert spares.take(0x100_4E00, 0.0, ()) == (12, 0.0)
    assert server.mapped == {12: 0x100_4E00, 11: 0x100_4E01}
    assert spares.owns([10, 11, 12])
    assert not spares.owns([12, 38])


def test_the_longest_unused_changes_but_not_before_programs_have_read_it() -> None:
    server = Server()
    spares = pool(server)
    for n in range(3):
        spares.take(1000 + n, n / 10, ())
    keycode, wait = spares.take(2000, 0.5, ())
    assert keycode == 0
    assert 0 < wait <= KEEP - 0.5 + 1e-9
    spares.take(1000, 0.6, ())  # used again: the next in line is 1001
    assert spares.take(2000, KEEP + 0.1, ()) == (11, 0.0)
    assert server.mapped[11] == 2000


def test_a_key_that_is_down_never_changes() -> None:
    spares = pool(Server())
    for n in range(3):
        spares.take(1000 + n, 0.0, ())
    assert spares.take(2000, 10.0, {12, 11}) == (10, 0.0)
    assert spares.take(2001, 20.0, {10, 11, 12}) == (0, KEEP)


def test_everything_is_given_back() -> None:
    server = Server()
    spares = pool(server)
    spares.take(1000, 0.0, ())
    spares.take(1001, 0.0, ())
    spares.restore()
    assert set(server.mapped.values()) == {0}
    assert spares.take(1002, 0.0, ())[0]


def test_a_new_map_keeps_what_still_stands() -> None:
    server = Server()
    spares = pool(server)
    spares.take(1000, 0.0, ())
    spares.take(1001, 0.0, ())
    server.mapped[11] = 0  # the new map took this one away
    rest = spares.renew(server.keymap())
    assert 12 not in rest.keys, "nobody else finds a lent key"
    assert spares.take(1000, 0.0, ()) == (12, 0.0)
    assert spares.take(1001, 0.0, ())[0] in (10, 11)


def test_a_keyboard_without_spare_keys() -> None:
    spares = SparePool(Server())
    spares.renew(Keymap({38: KeySymbols([ONE], [[0x61]])}, {}))
    assert spares.take(1000, 0.0, ()) == (0, -1.0)
