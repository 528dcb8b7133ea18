"""The systemd units of a host and a gateway: pure text, held to a score of 2 by the tests.

Nothing in them runs as root, and no part needs to: the screen is its user's own, the gateway's port is above 1024 or
comes with one capability. A host that serves a display runs as the display's user.
"""

from dataclasses import dataclass, field
from pathlib import Path

#: What a start with the same files and arguments would end with again (cli/exits.py).
_FINAL = "2 3 6 7 9"

#: What holds for all of them. MemoryDenyWriteExecute is apart: a desktop's programs may compile as they run.
_SANDBOX = """\
NoNewPrivileges=yes
UMask=0077
LimitCORE=0
LockPersonality=yes
KeyringMode=private
PrivateDevices=yes
DevicePolicy=closed
PrivateTmp=yes
ProtectSystem=strict
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""


@dataclass(frozen=True, slots=True)
class Service:
    """One unit: what is run, as whom, and what it needs beyond the sandbox.

    ``arguments`` follow the program's path; ``user`` is empty for a unit of the user's own manager; ``folder`` is the
    name of its folders below /var/lib and /run.
    """

    description: str
    command: tuple[str, ...]
    user: str = ""
    folder: str = ""
    home: str = "yes"
    """ProtectHome=: yes, tmpfs or read-only."""
    write: tuple[Path, ...] = ()
    """Folders of the user that it writes to."""
    show: tuple[Path, ...] = ()
    """Files and folders outside its view that it reads, where they exist."""
    environment: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, Path] = field(default_factory=dict)
    """Files that systemd reads for it, as ``%d/NAME``."""
    compiles: bool = False
    """Whether a desktop of its own runs inside: an X server, and programs that may compile as they run."""
    low_port: bool = False
    """Whether it listens on a port below 1024."""
    made: tuple[Path, ...] = ()
    """Folders that were made for it, to be taken away with it."""


def unit(service: Service) -> str:
    """The unit file's text."""
    lines = [
        "# Written by `farhand`; `farhand … uninstall` takes it away. To change it: systemctl edit.",
        "[Unit]",
        f"Description={service.description}",
    ]
    if service.user:
        lines += ["Wants=network-online.target", "After=network-online.target"]
    lines += [
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=exec",
        f"ExecStart={' '.join(map(_word, service.command))}",
        "Restart=always",
        "RestartSec=5",
        f"RestartPreventExitStatus={_FINAL}",
        "TimeoutStopSec=20",
        "LimitNOFILE=65536",
    ]
    if service.user:
        lines += [
            f"User={service.user}",
            f"StateDirectory={service.folder}",
            "StateDirectoryMode=0700",
            f"RuntimeDirectory={service.folder}",
            "RuntimeDirectoryMode=0700",
        ]
    else:
        # Below the user's own, where `local` is looked for; others of the user's programs may have files there.
        lines += ["RuntimeDirectory=farhand", "RuntimeDirectoryMode=0700", "RuntimeDirectoryPreserve=yes"]
    capability = "CAP_NET_BIND_SERVICE" if service.low_port else ""
    lines += [f"CapabilityBoundingSet={capability}", f"AmbientCapabilities={capability}"]
    lines += [f"Environment={_quoted(f'{name}={value}')}" for name, value in service.environment.items()]
    lines += [f"LoadCredential={name}:{path}" for name, path in service.credentials.items()]
    lines += _SANDBOX.splitlines()
    lines += [f"ProtectHome={service.home}"]
    lines += [f"ReadWritePaths={_quoted(str(path))}" for path in service.write]
    lines += [f"BindReadOnlyPaths=-{_path(path)}" for path in service.show]
    if service.compiles:
        # An X server gives up rights that it does not have before it starts xkbcomp, and ends where it may not.
        lines += ["SystemCallFilter=@setuid mincore"]
    else:
        lines += ["MemoryDenyWriteExecute=yes"]
    if not service.low_port:
        # A capability over the network is one in the network's own user namespace.
        lines += ["PrivateUsers=yes"]
    lines += ["", "[Install]", f"WantedBy={'multi-user.target' if service.user else 'default.target'}"]
    if service.made:
        lines += ["", "[X-Farhand]", *(f"Made={path}" for path in service.made)]
    return "\n".join(lines) + "\n"


def made_folders(text: str) -> list[Path]:
    """The folders that a unit says were made for it."""
    return [Path(line.removeprefix("Made=")) for line in text.splitlines() if line.startswith("Made=/")]


def _word(word: str) -> str:
    """A word of a command, as systemd reads it: % begins a specifier and $ a variable unless doubled."""
    if word.startswith("%d/"):
        return "%d/" + _quoted(word[3:])
    return _quoted(word.replace("$", "$$"))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if not text or any(c.isspace() or c in "'\"\\;" for c in text) else escaped


def _path(path: Path) -> str:
    text = str(path).replace("%", "%%")
    return text.replace("\\", "\\\\").replace(":", "\\:").replace(" ", "\\x20")
