"""How a client comes to a session without a person at the host: a grant, and proof of the host's keys.

The gateway hands over both and is believed in neither. The host's keys count only through the signature of the
organisation's root, which was pinned at the log-in, and only as long as they are those of the first contact; the
grant is judged by the host.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from farhand.client.api import GatewayApi, Granted, Pending
from farhand.client.errors import ApprovalRefused, GatewayRefused, HostUnproven, RootChanged
from farhand.client.gateways import Gateways, Login
from farhand.client.known import KnownHosts
from farhand.client.targets import ByName
from farhand.core.config import Paths
from farhand.protocol.capability import Capability, in_order
from farhand.protocol.errors import GrantFault, GrantRefused
from farhand.protocol.grants import Endorsement, fingerprint, verify_host
from farhand.protocol.identity import Keys

#: How often a gateway is asked whether the second person has answered, and how long at most, in seconds.
POLL_SECONDS, APPROVAL_SECONDS = 2.0, 900.0

Say = Callable[[str], None]


def _silent(_text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Authority:
    """What a session at one host begins with."""

    host_id: bytes
    endorsement: Endorsement
    credential: bytes

    @property
    def static(self) -> bytes:
        """The host's Noise key: the pin."""
        return self.endorsement.static


@dataclass(frozen=True, slots=True)
class Proven:
    """A host's keys, the root that they rest on, and the encoded HostProof."""

    endorsement: Endorsement
    root: bytes
    proof: bytes


class Broker:
    """Asks one gateway about one host. `say` hears what a person should know meanwhile.

    `pause` waits between two questions about an approval; `clock` gives Unix seconds.
    """

    def __init__(
        self,
        target: ByName,
        paths: Paths,
        keys: Keys,
        *,
        say: Say = _silent,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        approval_seconds: float = APPROVAL_SECONDS,
    ) -> None:
        self._target = target
        self._paths = paths
        self._keys = keys
        self._say = say
        self._clock = clock
        self._pause = pause
        self._approval_seconds = approval_seconds

    async def authorise(self, capabilities: Sequence[Capability], *, seconds: int = 0, reason: str = "") -> Authority:
        """Return a grant for these capabilities and the proven host.

        A rule may want a second person: then this waits. Raises HostUnproven, HostKeyChanged, RootChanged,
        ApprovalRefused, GatewayRefused, Unreachable, FarhandError, OSError.
        """
        answer = await self.ask(capabilities, seconds=seconds, reason=reason)
        if isinstance(answer, Pending):
            answer = await self._approved(answer)
        endorsement = self.prove(answer.proof, await self.root())
        return Authority(self._target.host_id, endorsement, answer.credential)

    async def ask(self, capabilities: Sequence[Capability], *, seconds: int = 0, reason: str = "") -> Granted | Pending:
        """Ask for a grant, without waiting for a second person. Raises GatewayRefused, Unreachable, FarhandError."""
        asked = [str(one) for one in in_order(capabilities)]
        async with self._api() as api:
            return await api.grant(self._target.host_id.hex(), self._keys.identity_public, asked, seconds, reason)

    async def poll(self, pending: Pending) -> Granted | Pending:
        """Ask whether the second person has answered. Raises ApprovalRefused, and as `ask`."""
        try:
            async with self._api() as api:
                return await api.approval(pending.approval)
        except GatewayRefused as refused:
            if refused.code == "approval-refused":
                raise ApprovalRefused(refused.cause) from refused
            raise

    async def proven(self) -> Proven:
        """Return the host's proven keys without asking for a grant; raises as `authorise`."""
        root = await self.root()
        async with self._api() as api:
            proof = await api.proof(self._target.host_id.hex())
        return Proven(self.prove(proof, root), root, proof)

    def prove(self, proof: bytes, root: bytes) -> Endorsement:
        """Check a HostProof against the pinned root and the known hosts. Raises HostUnproven, HostKeyChanged."""
        name = self._target.name
        try:
            endorsement = verify_host(proof, root=root, host_id=self._target.host_id, now=self._clock())
        except GrantRefused as refused:
            raise HostUnproven(
                f"the gateway cannot prove the keys of {name}: {_FAULTS.get(refused.why, str(refused))}; "
                "nothing was sent",
                "do not connect; ask the person who holds the organisation's root key (`farhand org`)",
            ) from refused
        first = KnownHosts(self._paths).check(
            gateway=self._target.gateway,
            name=name,
            host_id=self._target.host_id,
            identity=endorsement.identity,
            static=endorsement.static,
        )
        if first:
            called = "" if endorsement.name in ("", name) else f" (the root knows it as {endorsement.name!r})"
            shown = fingerprint(endorsement.identity)
            self._say(f"first contact with {name}{called}: its key is signed by your organisation's root: {shown}")
        return endorsement

    async def root(self) -> bytes:
        """The pinned root; at the first need, where the organisation had none at the log-in, it is pinned now.

        Raises HostUnproven, RootChanged, Unreachable, FarhandError, OSError.
        """
        login = Gateways(self._paths).find(self._target.gateway) or self._target.login
        if login.root:
            return bytes.fromhex(login.root)
        async with self._api() as api:
            org = await api.org()
        if not org.root:
            raise HostUnproven(
                f"the organisation at {self._target.gateway} has no root key yet, so nothing proves its hosts' keys",
                "an administrator runs `farhand org init` and `farhand org sign`",
            )
        return pin_root(self._paths, login, org.root, self._say)

    def _api(self) -> GatewayApi:
        login = self._target.login
        return GatewayApi(login.url, token=login.token, fingerprint=login.fingerprint)

    async def _approved(self, pending: Pending) -> Granted:
        self._say("a second person has to approve this; waiting for them (Ctrl-C gives up)")
        ends = self._clock() + self._approval_seconds
        while self._clock() < ends:
            await self._pause(POLL_SECONDS)
            answer = await self.poll(pending)
            if isinstance(answer, Granted):
                self._say("approved")
                return answer
        raise ApprovalRefused("nobody approved it in time", "ask somebody who may, and try again")


_FAULTS = {
    GrantFault.SIGNATURE: "the organisation's root has not signed them",
    GrantFault.MALFORMED: "what it showed is malformed",
    GrantFault.OTHER_HOST: "what it showed is about another host",
    GrantFault.EXPIRED: "the signature has expired",
    GrantFault.NOT_YET: "the signature does not count yet (is this computer's clock right?)",
    GrantFault.NOT_DELEGATED: "who signed them had no power to",
}


def pin_root(paths: Paths, login: Login, root: bytes, say: Say = _silent) -> bytes:
    """Keep the root that an organisation showed at the first contact. Raises RootChanged."""
    gateways = Gateways(paths)
    kept = gateways.find(login.url)
    if kept is not None and kept.root and kept.root != root.hex():
        raise RootChanged(login.url, fingerprint(bytes.fromhex(kept.root)), fingerprint(root))
    gateways.keep(msgspec.structs.replace(kept or login, root=root.hex()))
    say(f"the organisation's root key is {fingerprint(root)}: compare it with what `farhand org show` says there")
    return root
