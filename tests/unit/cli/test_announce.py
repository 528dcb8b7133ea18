"""What a host tells whoever started it."""

import io
import json

import pytest

from farhand.cli.announce import Announcer, Invitation, link
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
from farhand.protocol.capability import Capability

ANNA = CallerInfo("00ff", "Anna", "192.0.2.7", (Capability.VIEW, Capability.CONTROL))
INVITATION = Invitation(
    "https://192.0.2.1:8443/#4821-739204615", "4821-739 204 615", ("https://[2001:db8::1]:8443/#…",)
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_code_stands_in_the_fragment() -> None:
    assert link("https://192.0.2.1:8443", "4821", "739204615") == INVITATION.link


def test_people_get_link_code_and_other_links() -> None:
    out = io.StringIO()
    Announcer(out).invitation(INVITATION)
    assert INVITATION.link in out.getvalue()
    assert INVITATION.code in out.getvalue()
    assert INVITATION.others[0] in out.getvalue()
    assert "█" not in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_terminal_gets_a_qr_code_once() -> None:
    out = Terminal()
    announcer = Announcer(out)
    announcer.invitation(INVITATION)
    assert "█" in out.getvalue()
    first = len(out.getvalue())
    announcer.invitation(INVITATION)
    assert "█" not in out.getvalue()[first:]
    assert INVITATION.link in out.getvalue()[first:]


def test_machines_get_one_object_a_line() -> None:
    out = Terminal()
    announcer = Announcer(out, machine=True)
    announcer.started({"host": "tower", "callers get": "view"})
    announcer.invitation(INVITATION)
    announcer.heard(CallerConnected(ANNA, again=False))
    started, code, connected = (json.loads(line) for line in out.getvalue().splitlines())
    assert started == {"event": "started", "host": "tower", "callers_get": "view"}
    assert code["link"] == INVITATION.link
    assert connected["event"] == "connected"
    assert connected["capabilities"] == ["view", "control"]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (CallerConnected(ANNA, again=False), "Anna (192.0.2.7) is connected: view, control"),
        (CallerConnected(ANNA, again=True), "Anna (192.0.2.7) is back"),
        (CallerRefused("Anna", "192.0.2.7", "nobody answered"), "was refused: nobody answered"),
        (CallerCut(ANNA, 120), "may come back for 120 s"),
        (CallerEnded(ANNA, "ended by the caller"), "is gone: ended by the caller"),
        (CodeClosed("4821", CodeEnd.BURNT), "had the code wrong"),
        (CodeClosed("4821", CodeEnd.EXPIRED), "not used in time"),
        (Locked(300), "for 300 s"),
        (Unlocked(), "work again"),
    ],
)
def test_who_comes_and_goes_is_said(event: AgentEvent, words: str) -> None:
    out = io.StringIO()
    Announcer(out).heard(event)
    assert words in out.getvalue()


def test_a_code_that_was_used_says_nothing_of_its_own() -> None:
    out = io.StringIO()
    Announcer(out).heard(CodeClosed("4821", CodeEnd.USED))
    assert out.getvalue() == ""


def test_a_reader_who_has_gone_ends_nothing() -> None:
    out = io.StringIO()
    announcer = Announcer(out)
    out.close()
    announcer.say("connected", "Anna")
