"""What a host tells whoever started it: link, code, who comes and goes; for people, or one JSON object a line."""

from dataclasses import dataclass
from typing import Any

from farhand.cli.lines import Lines
from farhand.host.events import (
    AgentEvent,
    CallerConnected,
    CallerCut,
    CallerEnded,
    CallerInfo,
    CallerRefused,
    CodeClosed,
    CodeEnd,
    DesktopNotLeft,
    FileStopped,
    Locked,
    RightsChanged,
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


class Announcer(Lines):
    """Lines about one host."""

    _invited = False

    def invitation(self, invitation: Invitation) -> None:
        """Show a link and its code: the first at large, as a QR code too on a terminal; those after it in a line."""
        if self.machine:
            self.json("code", link=invitation.link, code=invitation.code, links=[invitation.link, *invitation.others])
            return
        if self._invited:
            self.say("code", f"the next caller's link: {self.bold(invitation.link)}  code {invitation.code}")
            return
        self._invited = True
        self.line("")
        if self.people:
            import segno  # costs 8 MiB, and only a terminal shows it

            segno.make(invitation.link, error="l").terminal(self.out, border=2, compact=True)
        self.line("  Open this link on the computer or phone that you want to use:")
        self.line("")
        self.line(f"    {self.bold(invitation.link)}")
        for other in invitation.others:
            self.line(f"    {other}")
        self.line("")
        self.line(f"  Code  {self.bold(invitation.code)}   (for one caller; give it to nobody you do not expect)")
        self.line("")

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
            case RightsChanged(caller, why):
                rights = ", ".join(caller.capabilities) or "nothing"
                self.say("rights", f"{_who(caller)} has {rights} now: {why}", **_fields(caller), why=why)
            case FileStopped(caller, path, why):
                self.say(
                    "file-stopped",
                    f"a file of {_who(caller)} was stopped: {path}: {why}; see farhand quarantine list",
                    **_fields(caller),
                    path=path,
                    why=why,
                )
            case DesktopNotLeft(what, why):
                self.say("desktop-not-left", f"{what} was to end the session, and did not: {why}", what=what, why=why)
            case CallerEnded(caller, why):
                self.say("ended", f"{_who(caller)} is gone: {why}", **_fields(caller), why=why)
            case CodeClosed(route, end):
                if text := _ENDS.get(end):
                    self.say("code-closed", text, route=route, end=end.value)
            case Locked(seconds):
                self.say("locked", f"too many wrong codes: nobody gets in for {seconds} s", seconds=seconds)
            case Unlocked():
                self.say("unlocked", "codes work again")


def _who(caller: CallerInfo) -> str:
    return f"{caller.account or caller.name} ({caller.address})"


def _fields(caller: CallerInfo) -> dict[str, Any]:
    return {
        "session": caller.session,
        "name": caller.name,
        "account": caller.account,
        "device": caller.device,
        "reason": caller.reason,
        "paused": caller.paused,
        "address": caller.address,
        "capabilities": list(caller.capabilities),
    }
