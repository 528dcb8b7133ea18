"""Known hosts (`known_hosts.json`, 0600): the keys that each host had, so that none changes unseen.

The first contact rests on the organisation's root, whose signature names a host's keys. From then on they are
pinned here too: a gateway that can have another key signed, or that leads a name to another host, is still seen.
Nothing in this program goes on past a changed key, and no option makes it.
"""

import datetime

import msgspec

from farhand.client.errors import HostKeyChanged
from farhand.client.records import one_at_a_time, read_json, write_json
from farhand.core.config import Paths
from farhand.protocol.grants import fingerprint


class KnownHost(msgspec.Struct, frozen=True):
    """One of them; keys are 64 hexadecimal digits."""

    id: str
    identity: str
    static: str
    name: str
    gateway: str
    first_seen: str


class _File(msgspec.Struct):
    hosts: list[KnownHost] = []


class KnownHosts:
    """What was seen so far."""

    def __init__(self, paths: Paths) -> None:
        self._path = paths.data / "known_hosts.json"

    def all(self) -> list[KnownHost]:
        """Oldest first. Raises ConfigError, OSError."""
        return read_json(self._path, _File).hosts

    def check(self, *, gateway: str, name: str, host_id: bytes, identity: bytes, static: bytes) -> bool:
        """Compare a host's proven keys with those it had, and keep them; True at the first contact.

        Raises HostKeyChanged where they, or the host that this name leads to, are others; ConfigError, OSError.
        """
        shown = KnownHost(
            id=host_id.hex(),
            identity=identity.hex(),
            static=static.hex(),
            name=name,
            gateway=gateway,
            first_seen=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        with one_at_a_time(self._path):
            hosts = self.all()
            same = next((one for one in hosts if one.id == shown.id), None)
            if same is not None and (same.identity, same.static) != (shown.identity, shown.static):
                raise self._changed(name, same, shown)
            namesake = next((one for one in hosts if (one.name, one.gateway) == (name, gateway)), None)
            if namesake is not None and namesake.id != shown.id:
                raise self._changed(name, namesake, shown)
            if same is None:
                write_json(self._path, _File([*hosts, shown]))
            elif (same.name, same.gateway) != (name, gateway):
                renamed = msgspec.structs.replace(same, name=name, gateway=gateway)
                write_json(self._path, _File([renamed if one is same else one for one in hosts]))
            return same is None

    def _changed(self, name: str, before: KnownHost, now: KnownHost) -> HostKeyChanged:
        keys = (before.identity, now.identity) if before.identity != now.identity else (before.static, now.static)
        shown = [fingerprint(bytes.fromhex(key)) for key in keys]
        return HostKeyChanged(name, shown[0], shown[1], before.first_seen, str(self._path))
