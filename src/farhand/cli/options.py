"""Options that several verbs share, and what their texts mean."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from farhand.cli.signatures import stands_for
from farhand.cli.texts import JSON

#: Every address, since the link is opened elsewhere: what protects the computer is the code in it. A port above
#: 1024, so that nobody runs this as root, and the customary one for HTTPS beside a web server.
DEFAULT_LISTEN = "0.0.0.0:8443"

#: Those that this version has a service for (host/agent.py); the test holds the two together.
CAPABILITIES = ("view", "control", "clipboard", "files-read", "files-write")

Listen = Annotated[
    str,
    typer.Option(
        metavar="ADDR:PORT", help="Where to listen: 127.0.0.1:8443 for this computer alone, [::]:8443 for IPv6 too."
    ),
]
ReadyFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Keep the current link in this file (one line, 0600), once viewers can connect."),
]
Allow = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="The most that a caller gets, with commas; view,control,clipboard,files-read,files-write if neither this "
        "nor the settings say.",
    ),
]
Ask = Annotated[
    bool | None,
    typer.Option(
        "--ask/--no-ask",
        help="Whether somebody here is asked about each caller with a code; yes if the settings do not say.",
        show_default=False,
    ),
]
Silences = Literal["no", "view", "yes"]
Silence = Annotated[
    Silences | None,
    typer.Option(
        help="What a question comes to that nobody answers: nothing, seeing only, all of it; no if the settings do not "
        "say.",
        show_default=False,
    ),
]
Settings = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="The owner's rules (TOML); host.toml in the settings folder if not given. Options here go before it.",
    ),
]
Certificate = Annotated[
    Path | None, typer.Option("--cert", metavar="FILE", help="TLS certificate and chain, PEM; with --key.")
]
Key = Annotated[Path | None, typer.Option("--key", metavar="FILE", help="The certificate's key, PEM.")]
Plain = Annotated[
    bool,
    typer.Option(
        "--plain",
        help="HTTP without TLS. The session is encrypted all the same; but browsers give a page what it needs for "
        "that over HTTPS and on localhost only.",
    ),
]
Name = Annotated[str, typer.Option(metavar="NAME", help="What callers see; the computer's own name if not given.")]
Json = Annotated[bool, typer.Option("--json", help=JSON)]
Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="Keep keys, enrolment and records below this folder: for a service, or a second host of one user.",
    ),
]
Grace = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        metavar="SECONDS",
        help="How long a caller whose line was cut may come back; 120 if the settings do not say.",
    ),
]
Once = Annotated[bool, typer.Option("--once", help="End after the first caller has gone.")]
Display = Annotated[
    str | None, typer.Option(metavar="DISPLAY", help="The X display to show, such as :0; $DISPLAY if not given.")
]
Virtual = Annotated[
    str | None,
    typer.Option(metavar="WxH", help="Start a desktop of this size without a screen, also where there is a display."),
]
Size = Annotated[
    str, typer.Option(metavar="WxH", help="The size of the desktop that is started where there is no display.")
]
LogLevels = Literal["debug", "info", "warning", "error"]
LogLevel = Annotated[LogLevels, typer.Option("--log", help="How much is logged on standard error.")]


def parse_listen(text: str) -> tuple[str, int]:
    """Read ``ADDR:PORT``, ``[ADDR]:PORT`` or ``:PORT``; raises typer.BadParameter."""
    match = re.fullmatch(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[^:\[\]]*)):(?P<port>\d{1,5})", text)
    if match is None or int(match["port"]) > 65535:
        raise typer.BadParameter(
            f"{text!r} is no address with a port, such as 0.0.0.0:8443 or [::]:8443", param_hint="--listen"
        )
    return match["six"] or match["four"] or DEFAULT_LISTEN.partition(":")[0], int(match["port"])


def parse_size(text: str, hint: str) -> tuple[int, int]:
    """Read ``WxH`` in pixels; raises typer.BadParameter."""
    match = re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", text)
    if match is None or not all(64 <= int(side) <= 16384 for side in match.groups()):
        raise typer.BadParameter(f"{text!r} is no size, such as 1280x720", param_hint=hint)
    return int(match[1]), int(match[2])


def parse_allow(text: str) -> frozenset[str]:
    """Read a list of capabilities; raises typer.BadParameter."""
    asked = frozenset(word.strip() for word in text.split(",") if word.strip())
    if unknown := sorted(asked - set(CAPABILITIES)):
        raise typer.BadParameter(
            f"{', '.join(unknown)}: this version cannot grant that; there are {', '.join(CAPABILITIES)}",
            param_hint="--allow",
        )
    if not asked:
        raise typer.BadParameter("nothing is allowed: name at least view", param_hint="--allow")
    return asked


def check_certificate(certificate: Path | None, key: Path | None, plain: bool) -> None:
    """Refuse what contradicts itself; raises typer.BadParameter."""
    if (certificate is None) is not (key is None):
        raise typer.BadParameter("--cert and --key belong together", param_hint="--cert")
    if plain and certificate is not None:
        raise typer.BadParameter("--plain is without TLS: leave out --cert and --key", param_hint="--plain")


def parse_fingerprint(text: str) -> bytes | None:
    """Read a SHA-256 in hexadecimal, with or without colons; raises typer.BadParameter."""
    if not text:
        return None
    digits = re.sub(r"[:\s]", "", text)
    if re.fullmatch(r"[0-9a-fA-F]{64}", digits) is None:
        raise typer.BadParameter("a SHA-256 has 64 hexadecimal digits", param_hint="--fingerprint")
    return bytes.fromhex(digits)


@dataclass(frozen=True, slots=True)
class SharingOptions:
    """What a host is told on the command line; None is for the settings file to say."""

    display: str | None
    virtual: tuple[int, int] | None
    size: tuple[int, int]
    home: Path | None
    settings: Path | None
    allow: frozenset[str] | None
    ask: bool | None
    silence: Silences | None
    name: str
    grace: int | None
    once: bool
    ready_file: Path | None
    machine: bool
    log: LogLevels


def sharing_options(
    display: Display = None,
    virtual: Virtual = None,
    size: Size = "1280x720",
    home: Home = None,
    settings: Settings = None,
    allow: Allow = None,
    ask: Ask = None,
    silence: Silence = None,
    name: Name = "",
    grace: Grace = None,
    once: Once = False,
    ready_file: ReadyFile = None,
    json: Json = False,
    log: LogLevel = "warning",
) -> SharingOptions:
    """Read the options that every verb has which makes a computer reachable; raises typer.BadParameter."""
    if len(name) > 64:
        raise typer.BadParameter("at most 64 characters", param_hint="--name")
    return SharingOptions(
        display=display,
        virtual=parse_size(virtual, "--virtual") if virtual is not None else None,
        size=parse_size(size, "--size"),
        home=home.absolute() if home is not None else None,
        settings=settings.absolute() if settings is not None else None,
        allow=parse_allow(allow) if allow is not None else None,
        ask=ask,
        silence=silence,
        name=name,
        grace=grace,
        once=once,
        ready_file=ready_file.absolute() if ready_file is not None else None,
        machine=json,
        log=log,
    )


def shares(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of ``sharing_options`` in place of its parameter ``sharing``, which is made of them."""
    common = inspect.signature(sharing_options).parameters

    def command(**given: Any) -> None:
        sharing = sharing_options(**{name: given.pop(name) for name in common})
        verb(sharing=sharing, **given)

    parameters = [*inspect.signature(verb).parameters.values(), *common.values()]
    stands_for(command, verb, [parameter for parameter in parameters if parameter.name != "sharing"])
    return command
