"""Keys without a meaning, lent to characters that the host's layout lacks."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Any

from farhand.host.platform.x11.keymap import Keymap

#: How long a key keeps its character after its last press, in seconds. A program looks the character up when it
#: handles the press, in the map that holds then; one that is slower than this gets a later character.
KEEP = 1.0
MOST = 32


class SparePool:
    """Lends spare keys to keysyms, the one that was used longest ago first; gives them back at the end."""

    def __init__(self, x: Any) -> None:
        self._x = x
        self._free: list[int] = []
        self._lent: OrderedDict[int, int] = OrderedDict()  # keysym → keycode, longest unused first
        self._used: dict[int, float] = {}

    def renew(self, keymap: Keymap) -> Keymap:
        """Work with this map from now on; what was lent and still stands in it stays lent.

        Returns the map without what is lent, so that nobody else finds those keys.
        """
        for keysym, keycode in [*self._lent.items()]:
            symbols = keymap.keys[keycode].symbols if keycode in keymap.keys else ()
            if not any(keysym in group for group in symbols):
                del self._lent[keysym], self._used[keycode]
        lent = set(self._lent.values())
        rest = Keymap({keycode: key for keycode, key in keymap.keys.items() if keycode not in lent}, keymap.modmap)
        self._free = rest.spare()[: MOST - len(lent)]
        return rest if lent else keymap

    def owns(self, keycodes: Iterable[int]) -> bool:
        """Whether all of these keys are the pool's, lent or not."""
        return {*self._free, *self._lent.values()}.issuperset(keycodes)

    def take(self, keysym: int, now: float, down: Collection[int]) -> tuple[int, float]:
        """A key that gives the keysym, and 0; or 0 and the seconds until there will be one; or 0 and −1: never.

        Queues a request for the server and waits for nothing: it takes effect before any later press.
        """
        keycode = self._lent.get(keysym)
        if keycode is None:
            keycode = self._assign(keysym, now, down)
            if keycode <= 0:
                return 0, self._wait(now, down)
        self._lent.move_to_end(keysym)
        self._used[keycode] = now
        return keycode, 0.0

    def restore(self) -> None:
        """Take every meaning away again."""
        for keycode in self._lent.values():
            self._map(keycode, 0)
            self._free.append(keycode)
        self._lent.clear()
        self._used.clear()

    def _assign(self, keysym: int, now: float, down: Collection[int]) -> int:
        if self._free:
            keycode = self._free.pop(0)
        else:
            old = next((s for s, k in self._lent.items() if k not in down), None)
            if old is None or now - self._used[self._lent[old]] < KEEP:
                return 0
            keycode = self._lent.pop(old)
        self._map(keycode, keysym)
        self._lent[keysym] = keycode
        return keycode

    def _wait(self, now: float, down: Collection[int]) -> float:
        """Seconds until the key that was used longest ago may change; −1 where there is no key at all."""
        times = [KEEP - (now - self._used[keycode]) for keycode in self._lent.values() if keycode not in down]
        if times:
            return max(0.001, min(times))
        return KEEP if self._lent else -1.0

    def _map(self, keycode: int, keysym: int) -> None:
        # Twice the same: one symbol alone would be taken for a letter with an upper case at the second level.
        self._x.core.ChangeKeyboardMapping(1, keycode, 2, [keysym, keysym])
