"""What `farhand quarantine` does: the finds of one host, told to people or programs."""

import datetime
import json
import socket
from pathlib import Path

from farhand.cli.exits import CliError, Exit
from farhand.cli.keys import host_keys
from farhand.core.config import Paths
from farhand.core.tasks import run
from farhand.host.deeds import Deed, noted
from farhand.host.quarantine.store import Find, Quarantine, quarantine_folder
from farhand.protocol.identity import Keys

#: Of an id, so many characters are shown: two that begin alike are told apart by typing more.
_SHORT = 9


def show(home: Path | None, *, machine: bool) -> int:
    """Print every find. Raises CliError."""
    finds = _all(_quarantine(home))
    if machine:
        for find in finds:
            print(json.dumps(_fields(find), ensure_ascii=False))
    elif not finds:
        print("nothing is in quarantine")
    else:
        for find in finds:
            when = datetime.datetime.fromtimestamp(find.time / 1000).astimezone()
            print(f"{find.id[:_SHORT]}  {when:%Y-%m-%d %H:%M}  {find.size:>13,}  {find.found or 'unknown'}")
            print(
                f"           {find.shown or 'it is not known where it belongs'}"
                + (f", from {find.who}" if find.who else "")
            )
    return Exit.OK


def release(id: str, to: Path | None, home: Path | None, *, machine: bool) -> int:
    """Give a file back, and have it stand in the audit. Raises QuarantineError, AuditError, CliError."""
    quarantine = _quarantine(home)
    find = quarantine.find(id)
    target = quarantine.target(find, to.absolute() if to else None)

    async def main() -> None:
        async with noted(_paths(home), _keys(home), Deed.of("release", find, target)):
            quarantine.release(find, target)

    run(main())
    if machine:
        print(json.dumps({"id": find.id, "released": str(target)}, ensure_ascii=False))
    else:
        print(f"released: {target}, not executable")
    return Exit.OK


def delete(ids: list[str], home: Path | None, *, machine: bool) -> int:
    """Delete these, or all if none is named, and have it stand in the audit.

    Raises QuarantineError, AuditError, CliError.
    """
    quarantine = _quarantine(home)

    async def main() -> None:
        for find in [quarantine.find(id) for id in ids] or _all(quarantine):
            async with noted(_paths(home), _keys(home), Deed.of("delete", find)):
                quarantine.delete(find)
            told = {"id": find.id, "deleted": True}
            print(json.dumps(told) if machine else f"deleted: {find.id[:_SHORT]}  {find.shown}")

    run(main())
    return Exit.OK


def _paths(home: Path | None) -> Paths:
    return Paths.default() if home is None else Paths.under(home)


def _keys(home: Path | None) -> Keys:
    """The host's, whose log it is."""
    return host_keys(_paths(home), socket.gethostname())


def _quarantine(home: Path | None) -> Quarantine:
    return Quarantine(quarantine_folder(_paths(home).data))


def _all(quarantine: Quarantine) -> list[Find]:
    try:
        return quarantine.all()
    except OSError as error:
        raise CliError(
            Exit.SETTINGS, f"{error.filename} cannot be read ({error.strerror})", "run this as the host's user"
        ) from error


def _fields(find: Find) -> dict[str, str | int]:
    return {
        "id": find.id,
        "path": find.shown,
        "found": find.found,
        "size": find.size,
        "blake3": find.digest,
        "who": find.who,
        "device": find.device,
        "session": find.session,
        "time_ms": find.time,
        "file": find.file,
    }
