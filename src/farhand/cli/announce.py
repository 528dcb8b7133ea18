"""What a host tells whoever started it: link, code, who comes and goes; for people, or one JSON object a line."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from farhand.host.events import (
    AgentEvent,
    CallerConnected,
    CallerCut,
    CallerEnded,
    CallerInfo,
    CallerRefused,
    CodeClosed,
    CodeEnd,
    Locked,
    Unlocked,
)

_ENDS = {
    CodeEnd.BURNT: "somebody had the code wrong: it is dead now",
    CodeEnd.ABANDONED: "somebody took the code and left: it is dead now",
    CodeEnd.EXPIRED: "the code was not used in time: it is dead now",
}


@dataclass(frozen=True, slots=True)
class Invitation:
    """One code and where it leads."""

    link: str
    """The viewer's whole address, the code in its fragment."""
    code: str
    """The code as a person reads it out."""
    others: tuple[str, ...] = ()
    """The same link by other addresses of this computer."""


def link(base: str, route: str, secret: str) -> str:
    """The address that opens the viewer with its code: the fragment is sent to nobody."""
    return f"{base}/#{route}-{secret}"


class Announcer:
    """Writes to ``out``; ``machine`` for JSON lines."""

    def __init__(self, out: TextIO = sys.stdout, *, machine: bool = False) -> None:
        self._out = out
        self._machine = machine
        self._people = out.isatty() and not machine

    def started(self, lines: dict[str, str]) -> None:
        """Say what runs here: labels and their values."""
        if self._machine:
            self._json("started", **lines)
            return
        width = max(map(len, lines))
        for label, value in lines.items():
            self._line(f"  {label:<{width}}  {value}")

    def invitation(self, invitation: Invitation) -> None:
        """Show a link and its code, as a QR code too where there is a terminal."""
        if self._machine:
            self._json("code", link=invitation.link, code=invitation.code, links=[invitation.link, *invitation.others])
            return
        self._line("")
        if self._people:
            import segno  # costs 8 MiB, and only a terminal shows it

            segno.make(invitation.link, error="l").terminal(self._out, border=2, compact=True)
        self._line("  Open this link on the computer or phone that you want to use:")
        self._line("")
        self._line(f"    {self._bold(invitation.link)}")
        for other in invitation.others:
            self._line(f"    {other}")
        self._line("")
        self._line(f"  Code  {self._bold(invitation.code)}   (for one caller; give it to nobody you do not expect)")
        self._line("")

    def say(self, event: str, text: str, **details: Any) -> None:
        """One line about something that happened."""
        if self._machine:
            self._json(event, text=text, **details)
        else:
            self._line(f"{time.strftime('%H:%M:%S')}  {text}")

    def heard(self, event: AgentEvent) -> None:
        """Say what the agent tells."""
        match event:
            case CallerConnected(caller, again):
                rights = ", ".join(caller.capabilities)
                self.say(
                    "connected",
                    f"{_who(caller)} {'is back' if again else 'is connected'}: {rights}",
                    **_fields(caller),
                    again=again,
                )
            case CallerRefused(name, address, reason):
                self.say("refused", f"{name} ({address}) was refused: {reason}", name=name, address=address)
            case CallerCut(caller, seconds):
                self.say(
                    "cut",
                    f"the line to {_who(caller)} is cut: they may come back for {seconds} s",
                    **_fields(caller),
                    seconds=seconds,
                )
            case CallerEnded(caller, why):
                self.say("ended", f"{_who(caller)} is gone: {why}", **_fields(caller), why=why)
            case CodeClosed(route, end):
                if text := _ENDS.get(end):
                    self.say("code-closed", text, route=route, end=end.value)
            case Locked(seconds):
                self.say("locked", f"too many wrong codes: nobody gets in for {seconds} s", seconds=seconds)
            case Unlocked():
                self.say("unlocked", "codes work again")

    def _json(self, event: str, **fields: Any) -> None:
        self._line(json.dumps({"event": event, **fields}, ensure_ascii=False))

    def _line(self, text: str) -> None:
        try:
            print(text, file=self._out, flush=True)
        except (BrokenPipeError, ValueError):
            return  # whoever read this is gone; the computer stays reachable

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._people else text


def _who(caller: CallerInfo) -> str:
    return f"{caller.name} ({caller.address})"


def _fields(caller: CallerInfo) -> dict[str, Any]:
    return {
        "session": caller.session,
        "name": caller.name,
        "address": caller.address,
        "capabilities": list(caller.capabilities),
    }


Hear = Callable[[AgentEvent], None]
