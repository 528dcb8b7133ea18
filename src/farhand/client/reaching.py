"""A TARGET's files, over a line that is taken up again when it was cut."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from farhand.client.errors import AccessRefused
from farhand.client.keys import client_keys
from farhand.client.local import connect_here, local_host
from farhand.client.staying import Say, StayingLine
from farhand.core.config import Paths
from farhand.protocol.capability import Capability, in_order

if TYPE_CHECKING:
    from farhand.client.session import Session
    from farhand.client.targets import Target

LOCAL = "local"
#: Seconds for which a cut line is tried again; a host keeps a cut session for as long, if its owner left it so.
RETRY_SECONDS = 120.0


class Reach(msgspec.Struct, frozen=True):
    """How to reach hosts."""

    paths: Paths
    gateway: str = ""
    reason: str = ""
    retry: float = RETRY_SECONDS
    say: Say = lambda _text: None


async def reach(target: str, capabilities: Sequence[Capability], how: Reach) -> StayingLine:
    """A line to this host, with all of these rights. Raises AccessRefused, and as ``connect``."""
    line = await _local(capabilities, how) if target == LOCAL else await _elsewhere(target, capabilities, how)
    missing = frozenset(capabilities) - line.session.granted
    if missing:
        await line.session.close()
        raise AccessRefused("the host does not give the right " + " and ".join(map(str, in_order(missing))))
    return line


async def _local(capabilities: Sequence[Capability], how: Reach) -> StayingLine:
    if not local_host(how.paths).key:
        return await _elsewhere(LOCAL, capabilities, how)

    async def anew() -> "Session":
        keys = client_keys(how.paths)
        session = await connect_here(local_host(how.paths), keys, capabilities, view=False, reason=how.reason)
        return _called(LOCAL, session)

    async def rejoin(session: "Session") -> "Session":
        return _called(LOCAL, await session.rejoin(await local_host(how.paths).line(), view=False))

    return StayingLine(await anew(), rejoin, anew, seconds=how.retry, say=how.say)


async def _elsewhere(text: str, capabilities: Sequence[Capability], how: Reach) -> StayingLine:
    # What asks a gateway is loaded only where one is asked.
    from farhand.client.connecting import enter
    from farhand.client.keys import device_name
    from farhand.client.targets import ByName, resolve

    target: Target = await resolve(text, how.paths, how.gateway)

    async def anew() -> "Session":
        session = await enter(
            target,
            how.paths,
            name=device_name(),
            capabilities=capabilities,
            view=False,
            reason=how.reason,
            say=how.say,
        )
        return _called(target.name, session)

    async def rejoin(session: "Session") -> "Session":
        return _called(target.name, await session.rejoin(target.gateway, view=False, fingerprint=target.fingerprint))

    again = anew if isinstance(target, ByName) else None
    return StayingLine(await anew(), rejoin, again, seconds=how.retry, say=how.say)


def _called(name: str, session: "Session") -> "Session":
    """The session, in whose errors the host has this name."""
    session.files.label = name
    return session
