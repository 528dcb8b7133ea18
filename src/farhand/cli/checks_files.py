"""Whether the files that this user's Farhand keeps are as they have to be: keys, pins, the audit, the database."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from farhand.cli.findings import Finding, well, wrong
from farhand.core.config import ConfigError, Paths, read_private
from farhand.core.errors import FarhandError
from farhand.core.integrity import InstallationChanged, check_installation
from farhand.protocol.errors import IdentityMismatch
from farhand.protocol.identity import Certificate, Keys

#: Less room than this, in bytes, and the audit soon takes no entry.
_ROOM = 64 << 20
#: A log up to this size is read whole, in bytes; a longer one takes its time with `farhand audit verify`.
_WHOLE = 4 << 20


def installation() -> Finding:
    """Whether the program is the one that was installed, and nobody else can change it."""
    try:
        found = check_installation()
    except InstallationChanged as error:
        return wrong("installation", error.cause, error.cure)
    except OSError as error:
        return wrong("installation", f"{error.filename} cannot be read ({error.strerror})", "run as its owner")
    if found.development:
        return well("installation", f"a checkout in {found.folder}: there is nothing to compare it with")
    return well("installation", f"{found.files} files are as they were installed, and no other user can change them")


def host_keys(paths: Paths) -> Iterator[Finding]:
    """This computer's keys as a host, and whether what was made with them still fits."""
    keys: list[Keys] = []
    yield from _keys("host key", paths.data / "host.keys", keys)
    if not keys:
        return
    from farhand.host.enrolment import read_enrolment

    try:
        enrolment = read_enrolment(paths.data)
    except (FarhandError, OSError) as error:
        yield _unreadable("enrolment", error)
        return
    if enrolment is None:
        return
    if enrolment.host_id != keys[0].host_id.hex():
        yield wrong(
            "enrolment",
            f"this computer was enrolled at {enrolment.gateway} with other keys than host.keys holds now",
            "put the old host.keys back, or remove the host at the gateway and enrol anew",
        )
    elif enrolment.removed:
        yield wrong(
            "enrolment",
            f"{enrolment.gateway} took this host off its list ({enrolment.removed})",
            "if it should be there, enrol it anew: farhand host --gateway URL --enrol TOKEN",
        )
    else:
        yield well("enrolment", f"enrolled at {enrolment.gateway}")


def client_files(paths: Paths) -> Iterator[Finding]:
    """This user's keys and pins as a client."""
    yield from _keys("client key", paths.data / "client.key", [])
    for name, cure in (
        ("gateways.json", "move it away and log in again: farhand login URL"),
        ("known_hosts.json", "restore it; without it every host is met anew, and a changed key goes unseen"),
    ):
        yield from _private(name, paths.data / name, cure, json.loads)


def gateway_files(paths: Paths, data: Path) -> Iterator[Finding]:
    """What a gateway keeps beside its database."""
    yield from _private("TLS key", paths.data / "gateway.key", "move it away: a new one is made, pins change", _pem)
    yield from _private("token", paths.data / "registration.token", "move it away: a new one is made", bytes.decode)
    for path in sorted((*data.glob("*.secret"), *data.glob("*.key"))) if data.is_dir() else []:
        yield from _private(path.name, path, "restore it from a backup", lambda _: None)


def audit(paths: Paths) -> Iterator[Finding]:
    """Whether the audit can be written and is sound."""
    folder = paths.data / "audit"
    if not folder.is_dir():
        return
    from farhand.host.audit_log import Reading

    try:
        if sum(path.stat().st_size for path in folder.glob("*.log")) <= _WHOLE:
            keys: list[Keys] = []
            list(_keys("", paths.data / "host.keys", keys))
            reading = Reading(folder, identity=keys[0].identity_public if keys else None, part=True)
            count = sum(1 for _ in reading.entries())
            if reading.verdict.faults:
                yield wrong("audit", f"{folder}: {reading.verdict.faults[0].text}", "see: farhand audit verify")
            else:
                yield well("audit", f"{count} entries, sound")
        else:
            yield well("audit", "long: `farhand audit verify` reads all of it")
        for path in (folder, *folder.iterdir()):
            if path.stat().st_mode & 0o077:
                yield wrong("audit", f"others may enter or read {path}", f"run: chmod go= {path}")
        if (free := shutil.disk_usage(folder).free) < _ROOM:
            cure = "make room: where the audit cannot be written, nobody is let in"
            yield wrong("audit", f"{free >> 20} MiB are free on the disk of {folder}", cure)
    except OSError as error:
        yield _unreadable("audit", error)


def _keys(check: str, path: Path, found: list[Keys]) -> Iterator[Finding]:
    """A file of device keys, if there is one; what could be read goes to ``found``."""
    try:
        keys = Keys.load(read_private(path))
    except FileNotFoundError:
        return
    except (ConfigError, OSError) as error:
        yield _unreadable(check, error)
        return
    except IdentityMismatch:
        yield wrong(
            check, f"{path} is damaged, or was changed", "restore it; or move it away: new keys, and pins change"
        )
        return
    found.append(keys)
    certificate = Certificate.decode(keys.certificate)
    now = time.time()
    if now < certificate.not_before:
        made = time.strftime("%Y-%m-%d", time.gmtime(certificate.not_before))
        text = f"this computer's clock is before {made}, when the keys in {path} were made"
        yield wrong("clock", text, "set it right (timedatectl set-ntp true)")
    elif not certificate.valid_at(now):
        yield wrong(check, f"the keys in {path} are too old", "move it away: new keys are made, and pins change")
    else:
        yield well(check, f"{path} is whole, and this user's alone")


def _private(check: str, path: Path, cure: str, read: Callable[[bytes], object]) -> Iterator[Finding]:
    """A file that only its owner may read, if there is one."""
    try:
        read(read_private(path))
    except FileNotFoundError:
        return
    except (ConfigError, OSError) as error:
        yield _unreadable(check, error)
    except (ValueError, TypeError):
        yield wrong(check, f"{path} is damaged", cure)
    else:
        yield well(check, f"{path} is whole, and this user's alone")


def _pem(data: bytes) -> object:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(data, None)


def _unreadable(check: str, error: Exception) -> Finding:
    if isinstance(error, FarhandError):
        return wrong(check, error.cause, error.cure)
    name = getattr(error, "filename", None) or "a file"
    return wrong(check, f"{name} cannot be read ({getattr(error, 'strerror', error)})", "run as its owner")
