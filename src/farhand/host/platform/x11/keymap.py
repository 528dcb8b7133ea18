"""The host's keyboard map: which key, group and modifiers give a keysym (XKB protocol, sections 2 to 4 and 14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from xcffib import keysymdef
from xcffib.xkb import MapPart

SHIFT, LOCK, CONTROL = 1, 2, 4
CORE_KEYBOARD = 0x100
#: Keysyms of keys that may be pressed and released around another to reach a level of it.
_LEVEL_KEYS = (keysymdef.XK_Shift_L, keysymdef.XK_ISO_Level3_Shift, keysymdef.XK_ISO_Level5_Shift)


class KeyType(NamedTuple):
    """Which modifiers choose which level: those in ``mask`` count, combinations not in ``levels`` give level 0."""

    mask: int
    levels: Mapping[int, int]

    def level(self, modifiers: int) -> int:
        """The level for this state of the real modifiers."""
        return self.levels.get(modifiers & self.mask, 0)


class KeySymbols(NamedTuple):
    """One key: a type for each group, and its keysyms by group and level; ``info`` as in XKB's KeySymMap."""

    types: Sequence[KeyType]
    symbols: Sequence[Sequence[int]]
    info: int = 0

    def group(self, wanted: int) -> int:
        """The group that counts when the keyboard is in group ``wanted``; −1 for a key without symbols."""
        count = len(self.symbols)
        if count == 0:
            return -1
        if wanted < count:
            return wanted
        match self.info & 0xC0:
            case 0x40:  # clamp
                return count - 1
            case 0x80:  # redirect
                redirected = (self.info >> 4) & 3
                return redirected if redirected < count else 0
            case _:
                return wanted % count


class Place(NamedTuple):
    """Where a keysym stands."""

    keycode: int
    group: int
    level: int


class Stroke(NamedTuple):
    """How to get a keysym: press ``keycode`` in ``group`` with exactly ``modifiers`` of those in ``mask`` down.

    ``unlock`` asks to switch Caps Lock off meanwhile.
    """

    keycode: int
    group: int
    modifiers: int
    mask: int
    unlock: bool = False


@dataclass(frozen=True)
class Keymap:
    """A whole keyboard; ``modmap`` gives the real modifiers that a key sets."""

    keys: Mapping[int, KeySymbols]
    modmap: Mapping[int, int]
    places: dict[int, list[Place]] = field(init=False)
    #: Real modifier → the key to press for it, for those that choose levels.
    level_keys: dict[int, int] = field(init=False)
    #: What each key sets: ``modmap``, and keys such as the right Alt that set a level's modifier by their action.
    sets: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        places: dict[int, list[Place]] = {}
        for keycode, key in self.keys.items():
            for group, symbols in enumerate(key.symbols):
                for level, keysym in enumerate(symbols):
                    if keysym:
                        places.setdefault(keysym, []).append(Place(keycode, group, level))
        object.__setattr__(self, "places", places)
        level_keys: dict[int, int] = {}
        for keysym in _LEVEL_KEYS:
            for place in places.get(keysym, ()):
                modifier = self.modmap.get(place.keycode, 0)
                # A key that also sets Control or Alt, or chooses its meaning by level, would do more than is wanted.
                if place.level == 0 and modifier.bit_count() == 1 and modifier not in (LOCK, CONTROL):
                    level_keys.setdefault(modifier, place.keycode)
        object.__setattr__(self, "level_keys", level_keys)
        sets = dict(self.modmap)
        for keysym in _LEVEL_KEYS:
            keycodes = [place.keycode for place in places.get(keysym, ()) if place.level == 0]
            bits = next((self.modmap[keycode] for keycode in keycodes if self.modmap.get(keycode)), 0)
            for keycode in keycodes:
                sets[keycode] = sets.get(keycode, 0) or bits
        object.__setattr__(self, "sets", sets)

    def stroke(
        self, keysyms: Sequence[int], *, group: int, locked: int, near: int = 0, cased: bool = False
    ) -> Stroke | None:
        """The best way to one of the keysyms, or None where this map has none.

        Of several: the keyboard's current group, then the key ``near`` (the one pressed at the viewer), then those of
        the main block, then few modifiers. ``locked`` are the locked modifiers. ``cased``: the character has another
        case, which a Caps Lock that the key's type does not know of would give.
        """
        best: tuple[tuple[int, ...], Stroke] | None = None
        for rank, keysym in enumerate(keysyms):
            for place in self.places.get(keysym, ()):
                for mine in self._groups(place, group):
                    modifiers = self._modifiers(place, locked)
                    if modifiers is None:
                        continue
                    mask = self.keys[place.keycode].types[place.group].mask
                    cost = (
                        mine != group,
                        place.keycode != near,
                        place.keycode > 133,
                        modifiers.bit_count(),
                        rank,
                        place.keycode,
                    )
                    if best is None or cost < best[0]:
                        unlock = cased and bool(locked & LOCK) and not mask & LOCK
                        best = (cost, Stroke(place.keycode, mine, modifiers, mask, unlock))
        return best[1] if best is not None else None

    def keycode(self, keysym: int, near: int = 0) -> int:
        """A key that gives the keysym without further modifiers in some group; 0 where there is none."""
        found = [place for place in self.places.get(keysym, ()) if place.level == 0]
        if any(place.keycode == near for place in found):
            return near
        return min((place.keycode for place in found), default=0)

    def spare(self) -> list[int]:
        """Keys that mean nothing in any group and set no modifier, highest first."""
        return [
            keycode
            for keycode, key in sorted(self.keys.items(), reverse=True)
            if not any(any(symbols) for symbols in key.symbols) and not self.modmap.get(keycode)
        ]

    def _groups(self, place: Place, current: int) -> list[int]:
        """The keyboard groups in which the key shows this place's group: the current one alone if it does."""
        key = self.keys[place.keycode]
        return [current] if key.group(current) == place.group else [place.group]

    def _modifiers(self, place: Place, locked: int) -> int | None:
        """The fewest level modifiers that lead to the place's level, or None where no set of them does."""
        kind = self.keys[place.keycode].types[place.group]
        useful = [modifier for modifier in self.level_keys if modifier & kind.mask]
        for count in range(len(useful) + 1):
            for chosen in combinations(useful, count):
                modifiers = sum(chosen)
                if kind.level(locked | modifiers) == place.level:
                    return modifiers
        return None


def read_keymap(xkb: Any, device: int) -> Keymap:
    """Ask for a device's map and wait for the reply, about 2 ms; raises what the connection raises."""
    reply = xkb.GetMap(device, MapPart.KeyTypes | MapPart.KeySyms | MapPart.ModifierMap, *[0] * 16).reply()
    types = [
        KeyType(kind.mods_mask, {entry.mods_mask: entry.level for entry in kind.map if entry.active})
        for kind in reply.types_rtrn
    ]
    keys: dict[int, KeySymbols] = {}
    for keycode, key in enumerate(reply.syms_rtrn, reply.firstKeySym):
        groups = key.groupInfo & 0x0F
        width = key.width
        symbols = list(key.syms)
        keys[keycode] = KeySymbols(
            [types[index] for index in list(key.kt_index)[:groups]],
            [symbols[group * width : (group + 1) * width] for group in range(groups)],
            key.groupInfo,
        )
    return Keymap(keys, {item.keycode: item.mods for item in reply.modmap_rtrn})
