"""What `up` and `host` have in common: a desktop, an agent, a code, and an orderly end."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from farhand.cli.announce import Announcer, Invitation, link
from farhand.cli.codes import CodeKeeper, Routes
from farhand.cli.desktop import Desktop, open_desktop
from farhand.cli.exits import CliError, Exit
from farhand.cli.keys import host_keys
from farhand.cli.options import SharingOptions
from farhand.cli.state import Running, StateFiles
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.core.logging import configure
from farhand.core.tasks import Tasks
from farhand.host.agent import Agent
from farhand.host.codes import Code
from farhand.host.events import AgentEvent, CallerEnded
from farhand.host.settings import HostSettings
from farhand.protocol.capability import Capability
from farhand.protocol.grants import fingerprint
from farhand.protocol.identity import Keys


class Sharing:
    """One host that runs; give it routes with ``open`` and then ``wait``."""

    def __init__(self, options: SharingOptions, paths: Paths, keys: Keys, desktop: Desktop) -> None:
        self.options = options
        self.paths = paths
        self.keys = keys
        self.announcer = Announcer(machine=options.machine)
        self._tasks = Tasks("farhand", on_failure=self._failed)
        self.agent = Agent(
            desktop.platform,
            keys,
            HostSettings(
                name=options.name,
                allow=frozenset(Capability(word) for word in options.allow),
                ask=options.ask,
                grace_seconds=options.grace,
            ),
            on_event=self._heard,
        )
        self._desktop = desktop
        self._files = StateFiles(paths, options.ready_file)
        self._keeper: CodeKeeper | None = None
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def open(self, routes: Routes, bases: Sequence[str], about: dict[str, str], *, certificate: str = "") -> CodeKeeper:
        """Open and show the first code; ``bases`` are the addresses that lead to the viewer, the best one first.

        ``about`` is told too. Raises CliError.
        """
        self.announcer.started(
            {
                "host": self.agent.host_name,
                "desktop": self._desktop.description,
                "fingerprint": fingerprint(self.keys.identity_public),
                **about,
                "callers get": ", ".join(sorted(self.options.allow)),
                "asked first": self._asked(),
                "to end": "Ctrl-C",
            }
        )
        with _writing():
            self._files.running(
                Running(os.getpid(), bases[0], self.keys.host_id.hex(), self.keys.static_public.hex(), certificate)
            )
        keeper = CodeKeeper(self.agent, routes, self.start, self._shower(bases), once=self.options.once)
        self._keeper = keeper
        self.start(keeper.renew(), "code")
        return keeper

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do this meanwhile; what it raises is raised by ``wait``."""
        self._tasks.start(self._attempt(work), name)

    def _asked(self) -> str:
        if not self.options.ask:
            return "no"
        if self._desktop.attended:
            return "yes: somebody at this display says yes to each caller"
        if _has_terminal():
            return "yes: in this terminal, for each caller"
        return "yes, but there is nobody to ask: every caller is refused (--no-ask lets them in)"

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
async def sharing(options: SharingOptions) -> AsyncIterator[Sharing]:
    """Make a host out of the options, and end it in order. Raises CliError, FarhandError."""
    configure("json" if options.machine else "console", options.log)
    paths = Paths.default()
    with _writing():
        if options.ready_file is not None and not options.ready_file.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(options.ready_file))
        paths.create()
        keys = host_keys(paths, options.name or socket.gethostname())
    async with open_desktop(options.display, options.virtual, options.size) as desktop:
        shared = Sharing(options, paths, keys, desktop)
        with _signals(shared.end):
            try:
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
