"""A real gateway with accounts for the console's tests, in this process: seeded as an organisation that is in use."""

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.e2e.viewer_pages import DIST

from farhand.core.ids import new_id
from farhand.gateway.accounts.models import Group, Member, PersonRow
from farhand.gateway.accounts.people import make_person
from farhand.gateway.app import Gateway
from farhand.gateway.audit.events import record
from farhand.gateway.backend import Backend
from farhand.gateway.hosts.listing import search_text, sort_key
from farhand.gateway.hosts.models import HostGroup, HostMember, HostRow, HostTag
from farhand.gateway.hosts.presence import Known
from farhand.gateway.hosts.routes import organisation
from farhand.gateway.rights.models import ApprovalRow, DeviceRow, RuleRow
from farhand.gateway.settings import GatewaySettings, PasswordCost, ServiceSettings
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Status
from farhand.protocol.grants import VERSION, Delegation, Use, sign_delegation
from farhand.protocol.identity import Keys, Kind

PASSWORD = "correct horse battery staple"
#: What a stranger would call a computer, or give as a reason.
HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.exe"
SYSTEMS = ["Debian GNU/Linux 13, X11", "Ubuntu 24.04, X11", "Windows 11", "Fedora 42, Wayland"]
GROUPS = ["Office", "Warehouse", "Reception", "Servers"]
TAGS = ["finance", "laptop", "print", "kiosk"]


class _Here:
    """A control connection that is never silent."""

    @property
    def silent_since(self) -> float:
        return asyncio.get_running_loop().time()

    async def send(self, data: bytes) -> None:
        """It hears nothing."""

    def ping(self) -> None:
        """It needs none."""

    def abort(self) -> None:
        """It has no socket."""

    def close_soon(self) -> None:
        """It has no socket."""


class Console:
    """A gateway on a thread of its own."""

    hosts: list[str]
    """The ids of the hosts that it was seeded with."""

    def __init__(self, folder: Path, dist: Path = DIST, *, port: int = 0, **service_settings: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        cost = PasswordCost(passes=1, memory_kib=64)
        service = ServiceSettings(data=folder / "gateway", name="Example Ltd", password=cost, **service_settings)
        settings = GatewaySettings(host="127.0.0.1", port=port, viewer=dist, registration="", service=service)
        self._gateway = Gateway(settings)
        self.do(self._gateway.start())
        self.address = f"http://localhost:{self._gateway.port}/console"

    @property
    def backend(self) -> Backend:
        """What the routes work with."""
        assert self._gateway.service is not None
        return self._gateway.service.backend

    @property
    def setup_token(self) -> str:
        """As the gateway prints it when it is first started."""
        assert self.backend.setup_token is not None
        return self.backend.setup_token

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do it on the gateway's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def client(self) -> httpx.Client:
        """Somebody who talks to the API without a browser."""
        origin = self.address.removesuffix("/console")
        return httpx.Client(base_url=origin, headers={"x-farhand": "1", "origin": origin})

    def set_up(self, name: str = "Ada") -> None:
        """Make the first administrator, with PASSWORD."""
        with self.client() as client:
            body = {"token": self.setup_token, "name": name, "password": PASSWORD}
            client.post("/api/setup", json=body).raise_for_status()

    def close(self) -> None:
        """End it."""
        self.do(self._gateway.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # ---- an organisation in use ----

    def seed(self, hosts: int, name_of: Callable[[int], str] = lambda n: f"PC-{n:04}") -> list[str]:
        """Give it a root, groups, people, hosts (every third is here), rules, requests and a past; the hosts' ids."""
        ids = [os.urandom(16).hex() for _ in range(hosts)]
        self.do(self._seed(ids, name_of))
        return ids

    async def _seed(self, ids: list[str], name_of: Callable[[int], str]) -> None:
        backend, now = self.backend, self.backend.now_ms()
        keys = Keys.generate(Kind.HOST, "seeded", time.time(), os.urandom)
        groups = [HostGroup(id=new_id("hostgroup"), name=n, name_key=sort_key(n), created_ms=now) for n in GROUPS]
        people = {n: make_person(backend, n, operator=True) for n in ("Grace", "Linus", "Barbara")}
        people["Audrey"] = make_person(backend, "Audrey", auditor=True)
        helpers = Group(id=new_id("group"), name="Help desk", name_key="help desk", created_ms=now)
        async with backend.database.write() as db:
            db.add_all([*groups, *people.values(), helpers])
            await db.flush()
            db.add_all(Member(group_id=helpers.id, person_id=people[n].id) for n in ("Grace", "Linus"))
            for n, host in enumerate(ids):
                row = HostRow(
                    id=host,
                    name=name_of(n),
                    name_key=sort_key(name_of(n)),
                    notes="Second floor, beside the printer." if n == 0 else "",
                    certificate=keys.certificate,
                    endorsement=None if n % 7 == 3 else b"seeded",
                    enrolled_ms=now - n * 3_600_000,
                    last_seen_ms=now - n * 400_000,
                    system=SYSTEMS[n % 4],
                    version="0.1.0",
                    screens="1920x1080\n1920x1080" if n % 2 else "2560x1440",
                )
                tags = [TAGS[n % 4]] if n % 3 else []
                row.search = search_text(row, tags)
                db.add(row)
                db.add_all(HostTag(host_id=host, tag=tag) for tag in tags)
            await db.flush()
            db.add_all(HostMember(group_id=groups[n % 4].id, host_id=host) for n, host in enumerate(ids))
            await self._rules(db, now, helpers, people, groups, ids)
            self._past(db, now, people, ids)
        self._here(ids, name_of)
        await self._delegate()

    async def _rules(
        self, db: Any, now: int, helpers: Group, people: dict[str, PersonRow], groups: list[HostGroup], ids: list[str]
    ) -> None:
        plain = {"networks": [], "windows": [], "ask": False, "reason": False, "approval": False}
        plain |= {"max_seconds": 0, "idle_seconds": 0, "at_end": "nothing"}
        office = plain | {"ask": True, "windows": [{"days": 31, "start": 480, "end": 1080}]}
        servers = plain | {"reason": True, "approval": True, "networks": ["10.0.0.0/8"], "max_seconds": 3600}
        servers |= {"idle_seconds": 900, "at_end": "lock"}
        rows = (
            (helpers, groups[0], {"view": 0, "control": 0, "clipboard": 0}, office),
            (helpers, groups[3], {"view": 0, "control": 300, "shell": 300}, servers),
            (people["Barbara"], groups[1], {"view": 0}, plain),
        )
        for who, where, rights, conditions in rows:
            whom = {"people_group_id": who.id} if isinstance(who, Group) else {"person_id": who.id}
            db.add(
                RuleRow(
                    id=new_id("rule"), **whom, host_group_id=where.id, rights=json.dumps(rights),
                    conditions=json.dumps(conditions), created_ms=now,
                )
            )  # fmt: skip
        if ids:
            device = DeviceRow(
                id=new_id("device"), person_id=people["Grace"].id, identity=os.urandom(32), name="Grace’s laptop",
                browser=False, created_ms=now - 86_400_000, seen_ms=now - 60_000, revoked_ms=0,
            )  # fmt: skip
            db.add(device)
            await db.flush()
            asked = ApprovalRow(
                id=new_id("approval"), person_id=people["Grace"].id, device_id=device.id, host_id=ids[3 % len(ids)],
                asked=json.dumps(["view", "control"]), seconds=300, reason=f"Ticket 4711: {HOSTILE}",
                address="10.1.2.3", created_ms=now - 60_000, expires_ms=now + 840_000,
            )  # fmt: skip
            db.add(asked)

    def _past(self, db: Any, now: int, people: dict[str, PersonRow], ids: list[str]) -> None:
        who = [(row.id, row.name) for row in people.values()]
        kinds = ["log-in", "grant-issued", "log-in-refused", "rule-changed", "grant-refused", "device-added"]
        for n in range(120 if ids else 0):
            reason = "Ticket 4711: the printer is gone" if n % 6 == 1 else ""
            host = ids[n % len(ids)] if n % 2 else None
            record(
                db, now - n * 1_900_000, kinds[n % 6], who=who[n % 4], address=f"10.1.{n % 7}.{n}",
                device="Firefox 140", reason=reason, host=host, method="passkey",
            )  # fmt: skip

    def _here(self, ids: list[str], name_of: Callable[[int], str]) -> None:
        presence = self.backend.presence
        for n, host in enumerate(ids):
            host_id = bytes.fromhex(host)
            presence.known[host_id] = Known(name_of(n))
            if n % 3 == 2:
                continue
            presence.arrived(host_id, _Here())
            presence.said(
                host_id,
                Status(
                    system=SYSTEMS[n % 4], version="0.1.0", screens=["1920x1080"] * (1 + n % 3), load=(n % 17) / 10,
                    disk_free=(4 + n % 90) * 10**10, disk_total=10**12, callers=1 if n % 11 == 0 else 0,
                ),
            )  # fmt: skip

    async def _delegate(self) -> None:
        root, org, now = Ed25519PrivateKey.generate(), organisation(self.backend), int(time.time())
        public = root.public_key().public_bytes_raw()
        ceiling = [Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD, Capability.SHELL]
        delegation = sign_delegation(
            root,
            Delegation(
                version=VERSION, use=Use.GRANTS, key=org.public, ceiling=ceiling, not_before=now - 60,
                not_after=now + 90 * 86400, name="Example Ltd",
            ),
        )  # fmt: skip
        async with self.backend.database.write() as db:
            await org.join(db, now * 1000, public, delegation)
        org.took(public, delegation)


@contextlib.contextmanager
def console(folder: Path, dist: Path = DIST) -> Iterator[Console]:
    """A gateway that was never set up."""
    made = Console(folder, dist)
    try:
        yield made
    finally:
        made.close()
