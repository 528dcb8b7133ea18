"""``connect``: a session with a host, by a one-time code or by a grant."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from farhand.client.checkpoints import Checkpoints
from farhand.client.errors import AuditAltered
from farhand.client.keys import client_keys, device_name
from farhand.client.local import connect_here, local_host
from farhand.client.session import DEFAULT_CAPABILITIES, Session, open_line, prepare, prepare_unattended
from farhand.client.targets import LOCAL, ByCode, ByName, Target, resolve
from farhand.core.config import Paths
from farhand.protocol.capability import Capability
from farhand.protocol.pairing import parse_code
from farhand.transports.base import Transport

if TYPE_CHECKING:  # a session by a code asks no gateway for grants
    from farhand.client.authority import Broker, Say


def _silent(_text: str) -> None:
    """Tell nobody."""


async def connect(
    to: Transport | str,
    code: str = "",
    *,
    name: str = "",
    capabilities: Sequence[Capability] = DEFAULT_CAPABILITIES,
    view: bool = True,
    reason: str = "",
    seconds: int = 0,
    gateway: str = "",
    paths: Paths | None = None,
    say: "Say" = _silent,
) -> Session:
    """Return a session once something is granted.

    With a ``code``, ``to`` is a transport that leads to the host, or a gateway's address; the code is never tried
    twice. Without one, ``to`` is a TARGET as on the command line: a host's name, a link, or ``local``. A name needs a
    log-in (`farhand login`); then nobody at the host has to agree, and a rule may want a second person: ``say`` hears
    of that, and of a first contact. ``name`` is what the person at the host reads, ``reason`` stands in the audit,
    ``seconds`` limits the rights (0: as long as the session). With ``view`` false no pictures are asked for until
    ``want``. ``paths`` are the folders with keys and log-ins, this user's own if not given.

    Raises CodeError, Unreachable, ConnectFailed, AccessRefused, TargetError, NotLoggedIn, HostUnproven,
    HostKeyChanged, ApprovalRefused, GatewayRefused, SessionOver when the line is cut meanwhile, OSError.
    """
    if code or not isinstance(to, str):
        parse_code(code)  # before a line is opened for it
        session = prepare(await open_line(to), code, name=name, capabilities=capabilities, view=view)
        await session.open()
        return session
    folders = paths or Paths.default().create()
    if to == LOCAL and (host := local_host(folders)).key:
        return await connect_here(
            host, client_keys(folders), capabilities, name=name, view=view, reason=reason, seconds=seconds
        )
    target = await resolve(to, folders, gateway)
    return await enter(
        target, folders, name=name, capabilities=capabilities, view=view, reason=reason, seconds=seconds, say=say
    )


async def enter(
    target: Target,
    paths: Paths,
    *,
    name: str = "",
    capabilities: Sequence[Capability] = DEFAULT_CAPABILITIES,
    view: bool = True,
    reason: str = "",
    seconds: int = 0,
    say: "Say" = _silent,
) -> Session:
    """``connect`` to what a TARGET was found to mean."""
    if isinstance(target, ByCode):
        line = await open_line(target.gateway, target.fingerprint)
        session = prepare(line, target.code, name=name, capabilities=capabilities, view=view)
        await session.open()
        return session
    return await _unattended(target, paths, name, capabilities, view, reason, seconds, say)


async def _unattended(
    target: ByName,
    paths: Paths,
    name: str,
    capabilities: Sequence[Capability],
    view: bool,
    reason: str,
    seconds: int,
    say: "Say",
) -> Session:
    from farhand.client.authority import Broker

    keys = client_keys(paths)
    broker = Broker(target, paths, keys, say=say)
    authority = await broker.authorise(capabilities, seconds=seconds, reason=reason)
    session = prepare_unattended(
        await open_line(target.gateway, target.fingerprint),
        keys,
        target.host_id,
        authority.static,
        authority.credential,
        name=name or device_name(),
        capabilities=capabilities,
        reason=reason,
        view=view,
        keep=keeper(Checkpoints(paths), target.host_id, say),
        more=more(broker),
    )
    await session.open()
    return session


def keeper(checkpoints: Checkpoints, host_id: bytes, say: "Say") -> Callable[[bytes, bytes], None]:
    """What keeps a session's checkpoint, and says so loudly where the audit is not what it was."""

    def keep(data: bytes, identity: bytes) -> None:
        try:
            checkpoints.keep(data, identity, host_id)
        except AuditAltered as error:
            say(str(error))
            raise

    return keep


def more(broker: "Broker") -> Callable[[Sequence[Capability], int, str], Awaitable[bytes]]:
    """What gets a grant for ``Session.ask_more``."""

    async def credential(capabilities: Sequence[Capability], seconds: int, reason: str) -> bytes:
        return (await broker.authorise(capabilities, seconds=seconds, reason=reason)).credential

    return credential
