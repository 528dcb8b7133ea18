"""What `up` and `host` have in common: a desktop, an agent, a code, and an orderly end."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farhand import __version__
from farhand.cli.announce import Announcer, Invitation, link
from farhand.cli.codes import CodeKeeper, Routes
from farhand.cli.desktop import Desktop, open_desktop
from farhand.cli.exits import CliError, Exit
from farhand.cli.installed import check_installed
from farhand.cli.keys import host_keys
from farhand.cli.options import SharingOptions
from farhand.cli.owner import host_paths, host_settings, note_settings
from farhand.cli.state import Running, StateFiles
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.core.log_lines import configure
from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host import deeds
from farhand.host.agent import Agent
from farhand.host.audit import Audit, Kind
from farhand.host.codes import Code
from farhand.host.events import AgentEvent, CallerEnded
from farhand.host.files.opened import OpenedFolders
from farhand.host.quarantine.scanner import Scanner
from farhand.host.remembered import Remembered
from farhand.host.settings import HostSettings, Silence
from farhand.protocol.capability import in_order
from farhand.protocol.grants import fingerprint
from farhand.protocol.identity import Keys
from farhand.transports.local import LocalDoor, has_local_sockets

_log = get_logger(__name__)

#: What has to be done between the keys and the desktop.
Prepare = Callable[[Paths, Keys, HostSettings], Awaitable[bytes | None]]


class Sharing:
    """One host that runs: say so with ``started``, give it routes with ``open`` where it has codes, then ``wait``."""

    def __init__(
        self,
        options: SharingOptions,
        paths: Paths,
        keys: Keys,
        settings: HostSettings,
        desktop: Desktop,
        audit: Audit,
        files: OpenedFolders,
        root: bytes | None,
    ) -> None:
        self.options = options
        self.paths = paths
        self.keys = keys
        self.settings = settings
        self.platform = desktop.platform
        self.audit = audit
        self.announcer = Announcer(machine=options.machine)
        self.on_event: Callable[[AgentEvent], None] = lambda _: None
        self._remembered = Remembered(paths.data / "remembered.json")
        self._tasks = Tasks("farhand", on_failure=self._failed)
        self.agent = Agent(
            desktop.platform,
            keys,
            settings,
            on_event=self._heard,
            root=root,
            remembered=self._remembered,
            audit=audit,
            files=files,
        )
        self._desktop = desktop
        self._files = StateFiles(paths, options.ready_file)
        self._keeper: CodeKeeper | None = None
        self._own_key = Ed25519PrivateKey.generate()
        self._door = LocalDoor(paths.runtime / "farhand.sock", self.agent.call)
        self._owner = LocalDoor(deeds.door(paths), lambda stream, _: deeds.hear(stream, audit))
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def started(self, bases: Sequence[str], about: dict[str, str], *, certificate: str = "") -> None:
        """Say what runs here, and leave word for other programs of this user.

        ``bases`` are the addresses that lead to the viewer, the best one first; ``about`` is told too; ``certificate``
        is the SHA-256 of the gateway's own, hexadecimal. Raises CliError.
        """
        self.announcer.started(
            {
                "host": self.agent.host_name,
                "desktop": self._desktop.description,
                "fingerprint": fingerprint(self.keys.identity_public),
                **about,
                "callers get": ", ".join(in_order(self.settings.allow)),
                "asked first": self._asked(),
                "to end": "Ctrl-C",
            }
        )
        self.audit.record(Kind.START, version=__version__, gateway=about.get("gateway", ""))
        with _writing():
            note_settings(self.paths, self.settings, self.audit)
            self._files.running(
                Running(
                    os.getpid(),
                    bases[0],
                    self.keys.host_id.hex(),
                    self.keys.static_public.hex(),
                    certificate,
                    socket=str(self._door.path) if self._door.is_open else "",
                    key=self._own_key.private_bytes_raw().hex(),
                )
            )

    async def open_door(self) -> None:
        """Let this user's programs on this computer in, without a code: what TARGET ``local`` means.

        And those by which the owner does what stands in the audit.
        """
        self.agent.trust_own(self._own_key.public_key().public_bytes_raw())
        if has_local_sockets():
            for door in (self._door, self._owner):
                try:
                    await door.open()
                except OSError as error:
                    _log.debug("programs here do without this door", socket=str(door.path), why=str(error))

    def open(self, routes: Routes, bases: Sequence[str]) -> CodeKeeper:
        """Open and show the first code; afterwards there always is one. Raises CliError."""
        keeper = CodeKeeper(self.agent, routes, self.start, self._shower(bases), once=self.options.once)
        self._keeper = keeper
        self.start(keeper.renew(), "code")
        return keeper

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do this meanwhile; what it raises is raised by ``wait``."""
        self._tasks.start(self._attempt(work), name)

    def _asked(self) -> str:
        if not self.settings.ask:
            return "no"
        if self._desktop.attended:
            return "yes: somebody at this display says yes to each caller"
        if _has_terminal():
            return "yes: in this terminal, for each caller"
        if self.settings.silence is not Silence.NO:
            return f"yes, but there is nobody to ask: silence means {self.settings.silence}"
        return "yes, but there is nobody to ask: every caller is refused (--no-ask lets them in)"

    async def revoke(self, viewer: bytes) -> None:
        """Shut a device out, once: a gateway names all that are revoked each time that this host registers."""
        if not self._remembered.is_revoked(viewer):
            await self.agent.revoke(viewer)

    async def wait(self) -> None:
        """Return when it should end: at a signal, or after the one caller. Raises what went wrong."""
        await self._end

    def end(self, error: Exception | None = None) -> None:
        """Have ``wait`` return, or raise."""
        if not self._end.done():
            if error is None:
                self._end.set_result(None)
            else:
                self._end.set_exception(error)

    async def close(self) -> None:
        """Say goodbye to callers and take away what no longer holds."""
        self._files.remove()
        await self.agent.shutdown()
        await self._door.close()
        await self._owner.close()
        self.audit.record(Kind.STOP)
        await self._tasks.close()

    def _shower(self, bases: Sequence[str]) -> Callable[[Code], None]:
        def show(code: Code) -> None:
            links = [link(base, code.route, code.secret) for base in bases]
            with _writing():
                self._files.ready(links[0])
            self.announcer.invitation(Invitation(links[0], str(code), tuple(links[1:])))

        return show

    def _heard(self, event: AgentEvent) -> None:
        self.announcer.heard(event)
        self.on_event(event)
        if self._keeper is not None:
            self._keeper.heard(event)
        if self.options.once and isinstance(event, CallerEnded):
            self.end()

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except FarhandError as error:
            self.end(error)  # for a person: no traceback in the log

    def _failed(self, _name: str, error: Exception) -> None:
        self.end(error)


@asynccontextmanager
async def sharing(
    options: SharingOptions, prepare: Prepare | None = None, *, own_page: bool = False
) -> AsyncIterator[Sharing]:
    """Make a host out of the options, and end it in order.

    ``prepare`` runs once there are keys, and returns the root by whose grants callers come in without a code. Raises
    CliError, FarhandError.
    """
    configure("json" if options.machine else "console", options.log)
    check_installed()
    paths = host_paths(options)
    with _writing():
        if options.ready_file is not None and not options.ready_file.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(options.ready_file))
        paths.create()
        settings = host_settings(options, paths, own_page=own_page)
        keys = host_keys(paths, settings.name or socket.gethostname())
        root = None if prepare is None else await prepare(paths, keys, settings)
    scanner = Scanner(settings.files.scan)
    # Keys, rules and the audit are out of every caller's reach, whatever the owner opens around them.
    private = [paths.config, paths.data, paths.state, paths.runtime]
    files = OpenedFolders(settings.files, paths.data, private, scanner)
    async with open_desktop(options.display, options.virtual, options.size) as desktop:
        with (
            contextlib.closing(Audit.open(paths.data / "audit", keys, required=settings.audit_required)) as audit,
            scanner,
            contextlib.closing(files),
        ):
            shared = Sharing(options, paths, keys, settings, desktop, audit, files, root)
            with _signals(shared.end):
                try:
                    await shared.open_door()
                    yield shared
                finally:
                    await shared.close()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CliError(
            Exit.SETTINGS,
            f"{error.filename} cannot be written ({error.strerror})",
            "the folder must exist and be this user's own",
        ) from error


@contextlib.contextmanager
def _signals(end: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends in order, a second one at once."""
    loop = asyncio.get_running_loop()
    caught = (signal.SIGINT, signal.SIGTERM)

    def first() -> None:
        for number in caught:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        end()

    for number in caught:
        loop.add_signal_handler(number, first)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
