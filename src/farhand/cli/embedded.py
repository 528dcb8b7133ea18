"""`farhand up`: a gateway and a host in one process."""

from contextlib import AsyncExitStack

from farhand.cli.addresses import base_url, reachable_at
from farhand.cli.listening import ListenOptions, about_tls, gateway_settings, start_gateway
from farhand.cli.options import SharingOptions
from farhand.cli.sharing import sharing
from farhand.core.tasks import run
from farhand.gateway.app import Gateway
from farhand.gateway.rendezvous.models import Stream
from farhand.gateway.rendezvous.service import Rendezvous
from farhand.gateway.tls import certificate_fingerprint
from farhand.host.agent import Agent


class AgentLink:
    """The host in this process: calls go to its agent directly."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    @property
    def host_id(self) -> bytes:
        """The agent's host id."""
        return self._agent.host_id

    async def offer(self, stream: Stream, address: str, route: str) -> None:
        """Have the agent serve the call; the hello is still in the stream."""
        await self._agent.call(stream, address)


class OwnRoutes:
    """Routes of the gateway in this process."""

    def __init__(self, rendezvous: Rendezvous, host_id: bytes) -> None:
        self._rendezvous = rendezvous
        self._host_id = host_id

    async def open_route(self) -> str:
        """A fresh route."""
        return self._rendezvous.open_route(self._host_id)

    async def close_route(self, route: str) -> None:
        """Give it back."""
        self._rendezvous.close_route(self._host_id, route)


async def _up(listen: ListenOptions, options: SharingOptions) -> None:
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(sharing(options, own_page=True))
        settings = gateway_settings(listen, shared.paths)
        gateway = Gateway(settings)
        await start_gateway(gateway, listen)
        stack.push_async_callback(gateway.close)
        # Callers hear a goodbye while there still is a line to them.
        stack.push_async_callback(shared.agent.shutdown)
        link = AgentLink(shared.agent)
        gateway.rendezvous.attach(link)
        bases = [base_url(host, gateway.port, plain=listen.plain) for host in reachable_at(listen.host)]
        certificate = "" if settings.tls is None else certificate_fingerprint(settings.tls).replace(":", "").lower()
        shared.started(bases, about_tls(settings, listen), certificate=certificate)
        shared.open(OwnRoutes(gateway.rendezvous, link.host_id), bases)
        await shared.wait()


def up(listen: ListenOptions, options: SharingOptions) -> None:
    """Run until it is ended. Raises FarhandError."""
    run(_up(listen, options))
