"""`farhand view`: composes the local viewer with the pages that gateways serve, too."""

import asyncio
import contextlib
import signal
from dataclasses import dataclass

from farhand.cli.reaching import say
from farhand.client.authority import Broker
from farhand.client.checkpoints import Checkpoints
from farhand.client.keys import client_keys
from farhand.client.targets import ByCode, ByName, Target, resolve
from farhand.client.viewing.browser import LaunchPage, open_browser
from farhand.client.viewing.routes import HostDesk, no_host
from farhand.client.viewing.server import LocalViewer, serving
from farhand.core.assets import viewer_directory
from farhand.core.config import Paths
from farhand.core.tasks import run
from farhand.gateway.viewer import viewer_app
from farhand.protocol.capability import Capability


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What it is told on the command line."""

    target: str
    rights: tuple[str, ...]
    reason: str
    seconds: int
    browser: bool
    gateway: str


async def viewer_for(target: Target, paths: Paths, options: ViewOptions) -> LocalViewer:
    """The viewer of one target, not yet started. Raises HostKeyChanged, HostUnproven, FarhandError, OSError."""
    pages = viewer_app(viewer_directory(), trusted_tls=False)
    if isinstance(target, ByCode):
        return LocalViewer(
            pages, no_host(), gateway=target.gateway, fingerprint=target.fingerprint, fragment=target.code
        )
    desk = await _desk(target, paths, options)
    return LocalViewer(pages, desk.routes(), gateway=target.gateway, fingerprint=target.fingerprint, fragment="local")


async def _desk(target: ByName, paths: Paths, options: ViewOptions) -> HostDesk:
    keys = client_keys(paths)
    broker = Broker(target, paths, keys, say=say)
    await broker.proven()  # before a window opens: a changed key is told here, and ends it here
    return HostDesk(
        target,
        broker,
        keys,
        Checkpoints(paths),
        capabilities=[Capability(one) for one in options.rights],
        reason=options.reason,
        seconds=options.seconds,
        altered=lambda error: say(str(error)),
    )


async def _view(options: ViewOptions) -> None:
    paths = Paths.default().create()
    target = await resolve(options.target, paths, options.gateway)
    viewer = await viewer_for(target, paths, options)
    async with serving(viewer) as url:
        page = LaunchPage(paths, url)
        try:
            if not (options.browser and open_browser(page.path)):
                if options.browser:
                    say("no browser can be opened here")
                print(f"  open      {url}\n  it works  once, on this computer", flush=True)
            await _until_ended(viewer)
        finally:
            page.remove()


async def _until_ended(viewer: LocalViewer) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, viewer.end)
    await viewer.ended()


def view(options: ViewOptions) -> None:
    """Run until the window is closed or Ctrl-C. Raises FarhandError, OSError."""
    run(_view(options))
