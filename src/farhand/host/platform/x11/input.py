"""A caller's input on an X display: XTEST for keys and pointer, XKB for what the keys mean.

A key arrives as a place (``code``) and a meaning (``key``). A character is typed by whichever key of the host's layout
gives it, with the modifiers that this needs and no others for as long as the press takes; one that the layout lacks
goes on a spare key. Everything else is found by its name, then by its place. Nothing here waits for the server but
opening, closing and a change of the host's layout.
"""

import asyncio
import sys
import time
from collections import deque
from typing import Any, NamedTuple

import xcffib
import xcffib.xinput
import xcffib.xkb
import xcffib.xproto
import xcffib.xtest
from xcffib import keysymdef

from farhand.core.logging import get_logger
from farhand.host.platform.base import DisplayGone
from farhand.host.platform.x11 import connection, keysyms
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.keymap import CORE_KEYBOARD, LOCK, Stroke, read_keymap
from farhand.host.platform.x11.pointer import Pointer
from farhand.host.platform.x11.spare import SparePool
from farhand.host.platform.x11.strokes import MODIFIER_KEYS, Strokes, is_shortcut
from farhand.host.platform.x11.turns import Action, Turns
from farhand.protocol.messages import input as wire
from farhand.protocol.messages.input import Key

_log = get_logger(__name__)

_KEY_PRESS, _KEY_RELEASE = 2, 3
#: XKB's bits for key types, keysyms and the modifier map; for the one control that matters here, and for "controls".
_MAP_PARTS, _REPEAT_KEYS, _CONTROLS_ENABLED = 0b111, 1, 1 << 31
#: After so many seconds without a key the server repeats the real keyboard's keys again.
_REST = 3.0
#: Modifiers of a shortcut → the keys to press for them where the caller's own press was lost.
_MISSING = (
    (wire.CONTROL, keysymdef.XK_Control_L),
    (wire.ALT, keysymdef.XK_Alt_L),
    (wire.META, keysymdef.XK_Super_L),
)


class _Pressed(NamedTuple):
    """A key that the viewer holds: the host's key (0 for none), and the viewer's modifier if it is one."""

    keycode: int
    modifier: int = 0


class X11Input:
    """An InputSink (host/platform/base.py) of the X display named ``display``, used on one event loop.

    On a running loop it watches its own connection; elsewhere call ``poll`` when ``fileno`` is readable. Raises
    DisplayGone where no server answers, PlatformError where it lacks XTEST, XKB or XInput.
    """

    def __init__(self, display: str, guard: Guard | None = None) -> None:
        self._guard = guard if guard is not None else Guard()
        self._pointer = Pointer(self._fake, self._guard)
        self._turns = Turns(self._resume)
        self._down: dict[str, _Pressed] = {}
        self._hushed = False
        self._rest: asyncio.TimerHandle | None = None
        self._last_key = 0.0
        #: Our own requests between whose sequence numbers the keyboard's state is not the host's.
        self._brackets: deque[tuple[int, int]] = deque(maxlen=256)
        self._watch: connection.Watch | None = None
        self._told = self._closed = False
        self._x = connection.connect(display)
        self._spares = SparePool(self._x)
        try:
            with connection.gone():
                self._open()
        except BaseException:
            connection.disconnect(self._x)
            raise
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._watch = connection.Watch(self._x, self._ready)
        self._ready()

    def _open(self) -> None:
        self._xtest = connection.extension(self._x, xcffib.xtest.key, "XTEST")
        self._xkb = connection.extension(self._x, xcffib.xkb.key, "XKEYBOARD")
        xinput = connection.extension(self._x, xcffib.xinput.key, "XInputExtension")
        self._xkb_event = self._x.core.QueryExtension(len("XKEYBOARD"), "XKEYBOARD").reply().first_event
        self._xtest.GetVersion(2, 2).reply()
        self._xkb.UseExtension(1, 0).reply()
        xinput.XIQueryVersion(2, 0).reply()
        self._root = self._x.get_setup().roots[self._x.pref_screen].root
        # Injected keys are read by the XTEST device's own map, which may differ from that of the real keyboards.
        self._device = next(
            (d.deviceid for d in xinput.XIQueryDevice(0).reply().infos if "XTEST keyboard" in d.name.to_string()),
            CORE_KEYBOARD,
        )
        self._xtest.GrabControl(True)  # another program's server grab does not hold up what we inject
        kinds = xcffib.xkb.EventType
        maps = kinds.NewKeyboardNotify | kinds.MapNotify
        self._xkb.SelectEvents(self._device, maps, 0, maps, 0xFF, 0xFF, [])
        self._xkb.SelectEvents(CORE_KEYBOARD, kinds.StateNotify, 0, kinds.StateNotify, 0, 0, [])
        self._repeating = bool(self._xkb.GetControls(CORE_KEYBOARD).reply().enabledControls & _REPEAT_KEYS)
        if self._repeating:
            # Should this process die, the server itself lets keys repeat again.
            auto_reset = xcffib.xkb.PerClientFlag.AutoResetControls
            self._xkb.PerClientFlags(
                CORE_KEYBOARD, auto_reset, auto_reset, _REPEAT_KEYS, _REPEAT_KEYS, _REPEAT_KEYS
            ).reply()
        self._read_map()

    # ---- What happens at the host ---------------------------------------------------------------------------------

    def fileno(self) -> int:
        """The connection's socket."""
        return int(self._x.get_file_descriptor())

    def poll(self) -> None:
        """Take in changes of layout, group and locks; raises DisplayGone."""
        changed = True
        while changed:
            changed = False
            while (event := connection.raw_event(self._x)) is not None:
                if event[0] & ~connection.SENT == self._xkb_event:
                    changed = self._xkb_happened(event) or changed
            if changed:
                with connection.gone():
                    self._read_map()
            # and again: events that came while the reply was awaited wake no selector

    def _xkb_happened(self, event: bytes) -> bool:
        """Whether the map must be read anew."""
        device, changed = event[8], event[10]
        match event[1]:
            # The core keyboard takes over the map of whichever device was used last: that is no news.
            case 0 if device == self._device:  # NewKeyboardNotify
                return True
            case 1 if device == self._device and changed & _MAP_PARTS:  # MapNotify: nor is a spare key that was lent
                keys = range(event[16], event[16] + event[17])
                return not keys or not self._spares.owns(keys)
            case 2:  # StateNotify
                sequence = int.from_bytes(event[2:4], sys.byteorder)
                if not any((sequence - first) & 0xFFFF < last - first for first, last in self._brackets):
                    self._strokes.changed(event[13], event[12])
        return False

    def _read_map(self) -> None:
        keymap = self._spares.renew(read_keymap(self._xkb, self._device))
        state = self._xkb.GetState(CORE_KEYBOARD).reply()
        self._modmap = keymap.sets
        self._level_keys = keymap.level_keys
        self._strokes = Strokes(keymap, int(state.group), int(state.lockedMods))
        self._missing = [(bit, keymap.keycode(keysym)) for bit, keysym in _MISSING]
        self._num_lock = keymap.modmap.get(keymap.keycode(keysymdef.XK_Num_Lock), 0)

    def _ready(self) -> None:
        try:
            self.poll()
        except DisplayGone as error:
            # Whoever uses this sink next is told; here nobody listens.
            _log.warning("input lost its display", reason=str(error))
            if self._watch is not None:
                self._watch.close()

    # ---- Keys -----------------------------------------------------------------------------------------------------

    def key(self, key: Key) -> None:
        """Press or release. A repeat is a release and a press, as X's own are; the server adds none."""
        if not key.down or not self._guard.asking:
            self._run(lambda: self._key(key))

    def _key(self, key: Key) -> float:
        identity = key.code or key.key.casefold()
        if not key.down:
            pressed = self._down.pop(identity, None)
            if pressed is not None and pressed.keycode:
                self._fake(_KEY_RELEASE, pressed.keycode)
            return 0.0
        modifier = MODIFIER_KEYS.get(key.key, 0)
        held = self._down.get(identity)
        if modifier:
            if held is not None:
                return 0.0
        else:
            self._synchronise(key)
        stroke = self._strokes.of_key(key)
        if stroke is None and (keysym := self._strokes.lacked(key)):
            stroke, wait = self._borrow(keysym)
            if wait > 0:
                return wait
        if held is not None and held.keycode:
            self._fake(_KEY_RELEASE, held.keycode)
        self._down[identity] = _Pressed(0, modifier)
        if stroke is not None:
            self._free(stroke.keycode)
            self._press(stroke, key.modifiers if is_shortcut(key) and not modifier else 0)
            self._down[identity] = _Pressed(stroke.keycode, modifier)
        return 0.0

    def _synchronise(self, key: Key) -> None:
        """Let go of modifiers that the viewer no longer holds (their release was lost); follow its locks."""
        for identity, pressed in [*self._down.items()]:
            # Alt and AltGraph are one key on some systems and two bits in the state: either bit keeps both.
            either = wire.ALT | wire.ALTGR
            bits = either if pressed.modifier & either else pressed.modifier
            if bits and not key.modifiers & bits:
                if pressed.keycode:
                    self._fake(_KEY_RELEASE, pressed.keycode)
                del self._down[identity]
        known, locks = LOCK, LOCK if key.modifiers & wire.CAPS_LOCK else 0
        if key.code.startswith("Numpad") or key.key == "NumLock":
            # Elsewhere Num Lock changes nothing, and many viewers have none to report.
            known |= self._num_lock
            locks |= self._num_lock if key.modifiers & wire.NUM_LOCK else 0
        strokes = self._strokes
        if (strokes.locked ^ locks) & known:
            self._lock(known, locks)
            strokes.changed(strokes.group, strokes.locked & ~known | locks)

    def _borrow(self, keysym: int) -> tuple[Stroke | None, float]:
        down = {pressed.keycode for pressed in self._down.values()}
        keycode, wait = self._spares.take(keysym, time.monotonic(), down)
        if keycode:
            return self._strokes.of_borrowed(keycode), 0.0
        if wait < 0 and not self._told:
            self._told = True
            _log.warning("the host's keyboard map has no spare key: characters outside its layout are lost")
        return None, max(0.0, wait)

    def _free(self, keycode: int) -> None:
        """Let go of a key that another of the viewer's keys holds, so that it can be pressed anew."""
        for identity, pressed in self._down.items():
            if pressed.keycode == keycode:
                self._fake(_KEY_RELEASE, keycode)
                self._down[identity] = _Pressed(0, pressed.modifier)

    # ---- Strokes --------------------------------------------------------------------------------------------------

    def _press(self, stroke: Stroke, wanted: int) -> None:
        """Press a key with the modifiers as they must be, and put those back as the caller holds them.

        ``wanted`` are bits of the wire's modifiers that a shortcut needs even where their press was lost.
        """
        held = {}
        for pressed in self._down.values():
            if bits := self._modmap.get(pressed.keycode, 0):
                held[pressed.keycode] = bits
        state = 0
        for bits in held.values():
            state |= bits
        up = [keycode for keycode, bits in held.items() if bits & stroke.mask & ~stroke.modifiers]
        need = [key for bit, key in self._level_keys.items() if stroke.modifiers & ~state & bit]
        if wanted:
            need += [key for bit, key in self._missing if wanted & bit and key and not self._modmap.get(key, 0) & state]
        for keycode in up:
            self._fake(_KEY_RELEASE, keycode)
        for keycode in need:
            self._fake(_KEY_PRESS, keycode)
        self._hush()
        group, locked = self._strokes.group, self._strokes.locked
        if stroke.group != group or stroke.unlock:
            affected = LOCK if stroke.unlock else 0
            began = self._lock(affected, 0, stroke.group)
            self._fake(_KEY_PRESS, stroke.keycode)
            self._brackets.append((began, self._lock(affected, locked, group)))
        else:
            self._fake(_KEY_PRESS, stroke.keycode)
        for keycode in reversed(need):
            self._fake(_KEY_RELEASE, keycode)
        for keycode in up:
            self._fake(_KEY_PRESS, keycode)

    def _fake(self, kind: int, detail: int, x: int = 0, y: int = 0) -> None:
        self._xtest.FakeInput(kind, detail, 0, self._root, x, y, 0)

    def _lock(self, affected: int, locks: int, group: int | None = None) -> int:
        """Lock modifiers and, if given, the group; returns the request's sequence number."""
        cookie = self._xkb.LatchLockState(
            CORE_KEYBOARD, affected, locks & affected, group is not None, group or 0, 0, False, 0
        )
        return int(cookie.sequence)

    # The server would repeat a held key by itself; the viewer's repeats are the ones that count. So its own are off
    # while somebody types from afar, and on again when they rest.

    def _hush(self) -> None:
        self._last_key = time.monotonic()
        if self._hushed or not self._repeating:
            return
        self._hushed = True
        self._auto_repeat(False)
        if self._watch is not None:
            self._rest = asyncio.get_running_loop().call_later(_REST, self._rested)

    def _rested(self) -> None:
        quiet = time.monotonic() - self._last_key
        if quiet < _REST or self._down:
            self._rest = asyncio.get_running_loop().call_later(max(0.1, _REST - quiet), self._rested)
        else:
            self._rest = None
            self._resume(self._unhush)

    def _unhush(self) -> None:
        if self._hushed:
            self._hushed = False
            self._auto_repeat(True)

    def _auto_repeat(self, on: bool) -> None:
        for device in {CORE_KEYBOARD, self._device}:
            self._xkb.SetControls(
                device, *[0] * 11, _REPEAT_KEYS, _REPEAT_KEYS if on else 0, _CONTROLS_ENABLED, *[0] * 14, [0] * 32
            )

    # ---- Text, pointer, wheel -------------------------------------------------------------------------------------

    def text(self, text: str) -> None:
        """Type characters, whatever the layout; line ends are Enter, other control characters are left out."""
        if not self._guard.asking:
            for character in text.replace("\r\n", "\n"):
                self._run(self._typing(character))

    def _typing(self, character: str) -> Action:
        return lambda: self._type(character)

    def _type(self, character: str) -> float:
        stroke = self._strokes.of_character(character)
        if stroke is None:
            if not keysyms.keysyms_of(character):
                return 0.0
            stroke, wait = self._borrow(keysyms.keysym_to_make(character))
            if stroke is None:
                return wait
        self._free(stroke.keycode)
        # What the caller holds must not make a command of a text: all modifiers but the locks are put aside.
        held = 0
        for pressed in self._down.values():
            held |= self._modmap.get(pressed.keycode, 0)
        self._press(stroke._replace(mask=stroke.mask | held), 0)
        self._fake(_KEY_RELEASE, stroke.keycode)
        return 0.0

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Move there, then press and release buttons until they are as in the mask (bits as in the wire's Pointer)."""

        def action() -> float:
            self._pointer.move(x, y, buttons)
            return 0.0

        self._run(action)

    def wheel(self, dx: int, dy: int) -> None:
        """Scroll by 1/120 of notches; fractions add up."""

        def action() -> float:
            self._pointer.scroll(dx, dy)
            return 0.0

        if not self._guard.asking:
            self._run(action)

    # ---- Order, release, end --------------------------------------------------------------------------------------

    def _run(self, action: Action) -> None:
        if self._closed:
            raise DisplayGone("this input is closed")
        self.poll()  # a flush may have read events, which then wake no selector
        with connection.gone():
            self._turns.run(action)
            self._x.flush()

    def _resume(self, action: Any = None) -> None:
        """Do what a timer asks for; a display that is gone is told to whoever uses this sink next."""
        try:
            self.poll()
            with connection.gone():
                (action or self._turns.go_on)()
                self._x.flush()
        except DisplayGone as error:
            _log.warning("input lost its display", reason=str(error))

    def release_all(self) -> None:
        """Every key and button that this sink pressed goes up; input that still waits is dropped."""
        if self._closed:
            return
        self._turns.clear()
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        down, self._down = self._down, {}
        with connection.gone():
            # Modifiers last: Alt or Super that goes up after a mere press of itself would open a menu.
            for pressed in sorted(down.values(), key=lambda p: self._modmap.get(p.keycode, 0) != 0):
                if pressed.keycode:
                    self._fake(_KEY_RELEASE, pressed.keycode)
            self._pointer.release()
            self._unhush()
            self._x.flush()

    def close(self) -> None:
        """Release everything, give the spare keys back, end the connection; safe to call twice."""
        if self._closed:
            return
        try:
            self.release_all()
            with connection.gone():
                self._spares.restore()
                self._x.core.GetInputFocus().reply()  # once it answers, the server has done all of the above
        except DisplayGone:
            pass
        finally:
            self._closed = True
            if self._watch is not None:
                self._watch.close()
            connection.disconnect(self._x)
