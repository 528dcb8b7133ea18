"""Installs a host or a gateway as a service of systemd, and takes it away again without a trace."""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from farhand.cli.exits import CliError, Exit
from farhand.cli.units import Service, made_folders, unit
from farhand.core.config import Paths
from farhand.core.integrity import InstallationChanged, check_installation
from farhand.host.enrolment import FILE as ENROLMENT

_HOST, _GATEWAY = "farhand-host", "farhand-gateway"
#: The gateway's own user.
_USER = "farhand"
_HOST_SETTINGS, _GATEWAY_SETTINGS = "/etc/farhand/host.toml", "/etc/farhand/gateway.toml"
_SYSUSERS = f'# The user that farhand-gateway.service runs as.\nu {_USER} - "Farhand gateway" - -\n'

_HOST_TOML = """\
# The owner's rules for this computer: what the organisation grants is never more than they allow.
# `farhand host --help` names the most common; docs/how-to/unattended.md all of them. Read at the start.

# allow = ["view", "control", "clipboard"]
# silence = "no"        # when a question gets no answer: no, view or yes
# at_end = "nothing"    # when the last session is over: nothing, lock or log-off

# [browser]             # viewers that a gateway served
# allow = ["view", "control"]
# ask = true
"""


@dataclass(frozen=True, slots=True)
class Where:
    """``root`` is the folder that stands for /; ``own``: a service of this user alone, without root."""

    root: Path
    own: bool

    @property
    def live(self) -> bool:
        """Whether it is this system, and not a folder that will become one."""
        return self.root == Path("/")

    def at(self, path: str | Path) -> Path:
        """A path of the system, beneath the root."""
        return self.root / str(path).lstrip("/")


@dataclass(frozen=True, slots=True)
class HostService:
    """What a host's service is told."""

    user: str
    display: str
    virtual: str
    gateway: str
    enrol: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class GatewayService:
    """What a gateway's service is told."""

    listen: str
    port: int
    url: str
    certificate: Path | None
    key: Path | None
    plain: bool
    open: bool


def install_host(where: Where, wanted: HostService) -> None:
    """Write the unit of a host, enrol it if there is a token, and start it. Raises CliError, OSError."""
    path = _unit_path(where, _HOST)
    _begin(where, path)
    account = _account(wanted.user, own=where.own)
    _check_program(account.pw_uid)
    if where.live and not wanted.enrol:
        _need_enrolment(Paths.default().data if where.own else Paths.under(Path(_folder(_HOST))).data)
    if where.live and _run_as(account, [*_program(), "--version"], ""):
        raise CliError(Exit.SETTINGS, f"{account.pw_name} cannot run this program", "its error is above")
    display = wanted.display or ("" if wanted.virtual else os.environ.get("DISPLAY", ""))
    command = [*_program(), "host", "--json"]
    shown: list[Path] = []
    environment: dict[str, str] = {}
    if display:
        command += ["--display", display]
        shown.append(Path("/tmp/.X11-unix"))  # noqa: S108  where X servers listen
        if authority := os.environ.get("XAUTHORITY", ""):
            environment["XAUTHORITY"] = authority
            shown.append(Path(authority))
        elif not where.own:
            environment["XAUTHORITY"] = f"{account.pw_dir}/.Xauthority"
            shown.append(Path(environment["XAUTHORITY"]))
    elif wanted.virtual:
        command += ["--virtual", wanted.virtual]
    folder = _folder(_HOST)
    service = Service(
        "Farhand host: this computer, reachable by its organisation's rules",
        tuple(command),
        environment=environment,
        show=tuple(shown),
        compiles=not display,
    )
    if where.own:
        home = Paths.default()
        folders = (home.data, home.state)
        service = replace(service, home="read-only", write=folders)
        new = [*_make_private(where, (*folders, home.config)), *_make(where, path.parent, 0o755)]
        service = replace(service, made=tuple(new))
    else:
        service = replace(
            service,
            user=wanted.user,
            folder=_HOST,
            command=(*command, "--home", folder, "--settings", _HOST_SETTINGS),
            home=_home(account.pw_dir, shown) if display else "read-only",
            # A desktop of its own is for work: its user's files are there, nobody else's can be written.
            write=(Path(account.pw_dir),) if not display and account.pw_dir.startswith("/home/") else (),
        )
        new = [
            *_make(where, path.parent, 0o755),
            *_make(where, Path("/etc/farhand"), 0o755),
            *_make(where, Path(folder), 0o700, account),
        ]
        service = replace(service, made=tuple(new))
        _write(where.at(_HOST_SETTINGS), _HOST_TOML, keep=True)
    _write(path, unit(service))
    if wanted.enrol:
        try:
            _enrol(where, wanted, account)
        except BaseException:
            _remove(where, _HOST, keep=False)
            raise
    _start(where, _HOST)


def install_gateway(where: Where, wanted: GatewayService) -> None:
    """Write the unit of a gateway and the name of its user, and start it. Raises CliError, OSError."""
    path = _unit_path(where, _GATEWAY)
    _begin(where, path)
    if wanted.port < 1024 and where.own:
        raise CliError(Exit.USAGE, "a service of your own listens on no port below 1024", "take a higher --listen")
    _check_program(os.geteuid() if where.own else 0)
    command = [*_program(), "gateway", "--json", "--listen", wanted.listen]
    command += ["--url", wanted.url] if wanted.url else []
    command += ["--plain"] if wanted.plain else []
    command += ["--open"] if wanted.open else []
    service = Service(
        "Farhand gateway: where computers and those who may reach them meet",
        tuple(command),
        low_port=wanted.port < 1024,
        home="read-only" if where.own else "yes",
    )
    if wanted.certificate is not None and wanted.key is not None:
        # systemd reads the key, and the gateway a copy that nobody else sees: it may stay root's alone.
        service = replace(
            service,
            command=(*service.command, "--cert", "%d/certificate", "--key", "%d/key"),
            credentials={"certificate": wanted.certificate, "key": wanted.key},
        )
    if where.own:
        home = Paths.default()
        folders = (home.data, home.state)
        new = [*_make_private(where, (*folders, home.config)), *_make(where, path.parent, 0o755)]
        service = replace(service, write=folders, made=tuple(new))
    else:
        new = [
            *_make(where, path.parent, 0o755),
            *_make(where, Path("/etc/farhand"), 0o755),
            *_make(where, Path("/etc/sysusers.d"), 0o755),
        ]
        state = _folder(_GATEWAY)
        service = replace(
            service,
            user=_USER,
            folder=_GATEWAY,
            environment={"XDG_CONFIG_HOME": "/etc", "XDG_DATA_HOME": state, "XDG_STATE_HOME": f"{state}/state"},
            made=tuple(new),
        )
        _write(where.at(_sysusers()), _SYSUSERS)
    _write(path, unit(service))
    if where.live and not where.own:
        try:
            _run("systemd-sysusers", _sysusers())
        except CliError:
            _remove(where, _GATEWAY, keep=False)
            raise
    _start(where, _GATEWAY)


def uninstall_host(where: Where, *, keep: bool) -> None:
    """Stop it, and remove all of it; with ``keep`` all but rules and keys. Raises CliError, OSError."""
    _uninstall(where, _HOST, keep=keep)


def uninstall_gateway(where: Where, *, keep: bool) -> None:
    """Stop it, and remove all of it; with ``keep`` all but settings and data. Raises CliError, OSError."""
    _uninstall(where, _GATEWAY, keep=keep)


def _uninstall(where: Where, name: str, *, keep: bool) -> None:
    if not _unit_path(where, name).exists():
        raise CliError(Exit.FAILED, f"{_unit_path(where, name)} is not there", "nothing was removed")
    _root_only(where)
    if _manager(where):
        _systemctl(where, "disable", "--now", f"{name}.service")
    _remove(where, name, keep=keep)
    if _manager(where):
        _systemctl(where, "daemon-reload")
    print(f"  {name} is removed{'; its rules and keys are kept' if keep else ''}")


def _remove(where: Where, name: str, *, keep: bool) -> None:
    path = _unit_path(where, name)
    made = made_folders(path.read_text())
    settings = _HOST_SETTINGS if name == _HOST else _GATEWAY_SETTINGS
    if where.own:
        home = Paths.default()
        if not keep:
            for mine in _own_files(name, home):
                _delete(where.at(mine))
    else:
        if not keep:
            _delete(where.at(_folder(name)))
            _delete(where.at(settings))
        _delete(where.at(f"/run/{name}"))
    if name == _GATEWAY and not where.own:
        _delete(where.at(_sysusers()))
        if where.live and not keep:
            with contextlib.suppress(KeyError):
                pwd.getpwnam(_USER)
                _run("userdel", _USER)
    path.unlink()
    for folder in sorted(made, key=lambda one: len(one.parts), reverse=True):
        with contextlib.suppress(OSError):  # it is in use by something else
            where.at(folder).rmdir()


def _own_files(name: str, home: Paths) -> list[Path]:
    """What a service of the user's own leaves in their folders; the client's keys are no business of it."""
    if name == _GATEWAY:
        return [
            *(home.data / one for one in ("gateway", "gateway.key", "gateway.crt", "registration.token")),
            home.config / "gateway.toml",
        ]
    return [
        *(home.data / one for one in ("host.keys", "enrolment.json", "remembered.json", "settings.last", "audit")),
        home.config / "host.toml",
        home.runtime / "running.json",
    ]


def _need_enrolment(folder: Path) -> None:
    """A host that is enrolled nowhere would end at once, each time that it is started."""
    if not (folder / ENROLMENT).is_file():
        raise CliError(
            Exit.USAGE,
            f"nothing is enrolled in {folder}",
            "add --gateway URL --enrol TOKEN: `farhand org token` makes one",
        )


def _begin(where: Where, path: Path) -> None:
    _root_only(where)
    if path.exists():
        raise CliError(Exit.FAILED, f"{path} is there already", "remove it first: farhand … uninstall --keep")


def _root_only(where: Where) -> None:
    if where.live and not where.own and os.geteuid() != 0:
        raise CliError(Exit.FAILED, "a service of the system is root's to make", "use sudo, or --user for your own")


def _account(user: str, *, own: bool) -> pwd.struct_passwd:
    if own:
        return pwd.getpwuid(os.geteuid())
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise CliError(Exit.USAGE, f"there is no user {user!r} here", "--as names whose desktop it is") from None
    if account.pw_uid == 0:
        raise CliError(Exit.USAGE, "a host does not run as root", "--as names whose desktop it is")
    return account


def _check_program(uid: int) -> None:
    try:
        check_installation(runs_as=uid)
    except InstallationChanged as error:
        raise CliError(Exit.CHANGED, f"this program is not to be trusted: {error.cause}", error.cure) from error


def _program() -> tuple[str, ...]:
    """This program, and nothing that a variable or the current folder could put in its place (-I)."""
    return (sys.executable, "-I", "-m", "farhand.cli")


def _home(home: str, shown: list[Path]) -> str:
    """ProtectHome: all of it away, but what is shown; readable where the program itself stands there."""
    inside = Path(sys.prefix).resolve()
    if any(inside.is_relative_to(one) for one in (home, "/home", "/root", "/run/user")):
        return "read-only"
    return "tmpfs" if shown else "yes"


def _unit_path(where: Where, name: str) -> Path:
    if not where.own:
        return where.at(f"/etc/systemd/system/{name}.service")
    return where.at(Paths.default().config.parent / "systemd" / "user" / f"{name}.service")


def _folder(name: str) -> str:
    return f"/var/lib/{name}"


def _sysusers() -> str:
    return f"/etc/sysusers.d/{_GATEWAY}.conf"


def _make_private(where: Where, folders: tuple[Path, ...]) -> list[Path]:
    return [made for folder in folders for made in _make(where, folder, 0o700)]


def _make(where: Where, folder: Path, mode: int, owner: pwd.struct_passwd | None = None) -> list[Path]:
    """Make a folder and those above it; returns the ones that were not there, as paths of the system."""
    actual = folder if folder.is_relative_to(where.root) and not where.live else where.at(folder)
    missing = []
    above = actual
    while not above.exists():
        missing.append(above)
        above = above.parent
    for one in reversed(missing):
        one.mkdir(mode=mode if one == actual else 0o755)
        one.chmod(mode if one == actual else 0o755)
    if owner is not None and missing and os.geteuid() == 0:
        os.chown(actual, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    return [Path("/") / one.relative_to(where.root) for one in missing]


def _write(path: Path, text: str, *, keep: bool = False) -> None:
    if keep and path.exists():
        return
    path.write_text(text)
    path.chmod(0o644)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _enrol(where: Where, wanted: HostService, account: pwd.struct_passwd) -> None:
    """As the user that will run it, so that no key is ever root's; the token is in no list of processes."""
    command = ["host", "--enrol-only", "--enrol", "-", "--gateway", wanted.gateway]
    if not where.own:
        command += ["--home", str(where.at(_folder(_HOST)))]
    command += ["--fingerprint", wanted.fingerprint] if wanted.fingerprint else []
    if code := _run_as(account, [*_program(), *command], f"{wanted.enrol}\n"):
        raise SystemExit(code)  # it has said why


def _run_as(account: pwd.struct_passwd, command: list[str], text: str) -> int:
    """Run it as that user with this standard input; returns how it ended. Raises CliError."""
    other = os.geteuid() == 0 and account.pw_uid != 0
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": account.pw_dir, "LANG": "C.UTF-8"}
    try:
        return subprocess.run(
            command,
            input=text,
            text=True,
            env=environment if other else None,
            cwd="/",
            check=False,
            user=account.pw_uid if other else None,
            group=account.pw_gid if other else None,
            extra_groups=[] if other else None,
        ).returncode
    except PermissionError as error:
        raise CliError(
            Exit.SETTINGS,
            f"{account.pw_name} cannot run {sys.executable}: it, or a folder above it, is closed to them",
            "install Farhand where they can read it: python3 -m venv /opt/farhand",
        ) from error


def _manager(where: Where) -> bool:
    """Whether systemd runs here, and is to be told."""
    return where.live and Path("/run/systemd/system").is_dir()


def _start(where: Where, name: str) -> None:
    mine = "systemctl --user" if where.own else "systemctl"
    if _manager(where):
        _systemctl(where, "daemon-reload")
        _systemctl(where, "enable", "--now", f"{name}.service")
        print(f"  {name} runs, and starts with {'your log-in' if where.own else 'the computer'}")
        print(f"  its log:  {'journalctl --user' if where.own else 'journalctl'} -u {name}")
    else:
        print(f"  {_unit_path(where, name)} is written; systemd does not run here. Where it does:")
        print(f"  {mine} daemon-reload && {mine} enable --now {name}")


def _systemctl(where: Where, *arguments: str) -> None:
    _run("systemctl", *(("--user",) if where.own else ()), *arguments)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CliError(
            Exit.FAILED, f"{command[0]} cannot be run ({error.strerror})", "is systemd installed?"
        ) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it did not say why"]
        raise CliError(Exit.FAILED, f"{' '.join(command)} failed: {said[0]}", "systemctl status has more")
