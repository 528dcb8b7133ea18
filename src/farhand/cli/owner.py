"""The owner's rules: out of the settings file and the command line, and every change of them in the audit."""

from typing import Any

import msgspec

from farhand.cli.exits import CliError, Exit
from farhand.cli.options import SharingOptions
from farhand.core.config import Paths, read_settings, write_private
from farhand.host.audit import AuditSink, Kind
from farhand.host.settings import HostSettings, Silence
from farhand.protocol.capability import Capability


def host_paths(options: SharingOptions) -> Paths:
    """The folders of this host; nothing is created."""
    return Paths.default() if options.home is None else Paths.under(options.home)


def host_settings(options: SharingOptions, paths: Paths, *, own_page: bool = False) -> HostSettings:
    """The owner's rules: what the command line says, else the settings file, else the defaults. Raises ConfigError.

    ``own_page``: browsers have their viewer from this host itself, and no other is to be trusted less than it.
    """
    path = options.settings or paths.config / "host.toml"
    if options.settings is not None and not path.is_file():
        raise CliError(Exit.SETTINGS, f"{path} is not there", "name another file with --settings, or leave it out")
    said: dict[str, Any] = {}
    if options.name:
        said["name"] = options.name
    if options.allow is not None:
        said["allow"] = frozenset(Capability(word) for word in options.allow)
    if options.ask is not None:
        said["ask"] = options.ask
    if options.silence is not None:
        said["silence"] = Silence(options.silence)
    if options.grace is not None:
        said["grace_seconds"] = options.grace
    settings = msgspec.structs.replace(read_settings(path, HostSettings), **said)
    if own_page and settings.browser.allow is None:
        browser = msgspec.structs.replace(settings.browser, allow=settings.allow)
        settings = msgspec.structs.replace(settings, browser=browser)
    return settings


def note_settings(paths: Paths, settings: HostSettings, audit: AuditSink) -> None:
    """Write into the audit what differs from the rules of the last start. Raises OSError."""
    path = paths.data / "settings.last"
    now = _plain(settings)
    try:
        before = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, msgspec.DecodeError):
        before = _plain(HostSettings())
    changed = {name: value for name, value in now.items() if before.get(name) != value}
    for name, value in changed.items():
        audit.record(Kind.SETTING, name=name, before=_words(before.get(name)), after=_words(value))
    if changed or not path.exists():
        write_private(path, msgspec.json.encode(now))


def _plain(settings: HostSettings) -> dict[str, Any]:
    """As it comes back out of a file."""
    return msgspec.json.decode(msgspec.json.encode(settings, order="deterministic"), type=dict[str, Any])


def _words(value: Any) -> str:
    return msgspec.json.encode(sorted(value) if isinstance(value, list) else value).decode()
