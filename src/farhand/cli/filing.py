"""What the verbs for a host's files do."""

import dataclasses
import datetime
import json
import stat
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from farhand.cli.copied import Shown
from farhand.cli.exits import CliError
from farhand.cli.faults import told
from farhand.cli.outcome import say
from farhand.cli.running import Reaching, run_until_told
from farhand.client.copying import Copy, copy
from farhand.client.files import FilesClient, joined, remote_path
from farhand.client.files_errors import no_folder
from farhand.client.globs import expand, no_match
from farhand.client.hosts import Hosts
from farhand.client.places import PlaceError, remote
from farhand.client.places import place as _place
from farhand.client.texts import plain
from farhand.client.transfer import Options
from farhand.files.errors import FilesError
from farhand.files.names import display
from farhand.protocol.messages.files import Conflict, Entry, EntryKind, FileFault

_KINDS = {EntryKind.FILE: "-", EntryKind.FOLDER: "d", EntryKind.LINK: "l", EntryKind.OTHER: "?"}


class Listed(msgspec.Struct, frozen=True):
    """How `farhand ls` lists."""

    long: bool
    every: bool
    recursive: bool
    machine: bool


class Removed(msgspec.Struct, frozen=True):
    """How `farhand rm` deletes."""

    recursive: bool
    trash: bool
    force: bool


def copies(asked: Copy, options: Options, reaching: Reaching, *, ask: bool = False, quiet: bool, machine: bool) -> None:
    """`farhand cp`. Raises CliError, FarhandError, OSError."""
    shown = Shown(quiet=quiet or asked.target.stream, machine=machine)
    if ask:
        from farhand.cli.asking import Asker

        options = dataclasses.replace(options, ask=Asker(shown.aside))
    written = [] if asked.target.here else [asked.target]

    async def main() -> None:
        async with Hosts(reaching.reach(shown.line), [*asked.sources, asked.target], written) as hosts:
            await shown.run(lambda work: copy(work, asked, hosts), options)

    run_until_told(main(), "cat" if asked.target.stream else "cp")


def list_files(text: str, listed: Listed, reaching: Reaching) -> None:
    """`farhand ls`."""
    place = remote(text)

    async def main() -> None:
        async with Hosts(reaching.reach(), [place]) as hosts:
            files = (await hosts.line(place)).files
            paths = await expand(files, remote_path(place.path))
            if not paths:
                raise no_match(files, place.path)
            for path in paths:
                for name, entry in await _entries(files, path, listed, alone=len(paths) == 1):
                    _print(name, entry, listed)

    run_until_told(main(), "ls")


def list_roots(text: str, reaching: Reaching, *, machine: bool) -> None:
    """`farhand ls --roots`."""
    place = remote(text)

    async def main() -> None:
        async with Hosts(reaching.reach(), [place]) as hosts:
            for one in await (await hosts.line(place)).files.roots():
                path = display(one.path)
                if machine:
                    print(json.dumps({"path": path, "name": one.name, "writable": one.writable}, ensure_ascii=False))
                else:
                    print(f"{'read, write' if one.writable else 'read only':<12}  {plain(one.name):<20}  {path}")

    run_until_told(main(), "ls")


def remove(texts: Sequence[str], how: Removed, reaching: Reaching) -> None:
    """`farhand rm`. Raises CliError where one of them could not be deleted."""

    async def one(files: FilesClient, path: bytes) -> None:
        try:
            await files.delete(path, recursive=how.recursive, trash=how.trash)
        except FilesError as error:
            if not (how.force and error.fault is FileFault.NOT_FOUND):
                raise

    _each(texts, reaching, one, "rm")


def make(texts: Sequence[str], reaching: Reaching, *, parents: bool) -> None:
    """`farhand mkdir`."""

    async def one(files: FilesClient, path: bytes) -> None:
        await files.make(path, parents=parents)

    _each(texts, reaching, one, "mkdir")


def move(text: str, to: str, conflict: Conflict | None, reaching: Reaching) -> None:
    """`farhand mv`; without ``conflict`` somebody is asked."""
    place = remote(text)
    target = to.removeprefix(f"{place.target}:")
    if target == to and not (other := _place(to)).here:
        raise PlaceError(
            f"{other.target} is not {place.target}: mv stays at one host",
            f"farhand cp -r copies from host to host; for a name with a colon write ./{to}",
        )

    async def main() -> None:
        async with Hosts(reaching.reach(), [place], [place]) as hosts:
            files = (await hosts.line(place)).files
            path, new = remote_path(place.path), remote_path(target)
            there = await files.find(new)
            if target.endswith("/") or not new or (there is not None and there.kind is EntryKind.FOLDER):
                new = joined(new, path.rpartition(b"/")[2])
            how = conflict if conflict is not None else await _asked(files, path, new)
            try:
                if how is not None:
                    await files.rename(path, new, conflict=how)
            except FilesError as error:
                raise await _of_rename(files, error, path, new) from None

    run_until_told(main(), "mv")


async def _asked(files: FilesClient, path: bytes, new: bytes) -> Conflict | None:
    """What somebody wants to happen with the name that is there, None: nothing."""
    from farhand.cli.asking import Asker

    mine, theirs = await files.stat(path, follow=False), await files.find(new, follow=False)
    if theirs is None:
        return Conflict.REFUSE
    return await Asker()(files.operations.called(new), mine, theirs)


async def _of_rename(files: FilesClient, error: FilesError, path: bytes, new: bytes) -> FilesError:
    """The fault of a renaming, about the one of its two names that it is due to."""
    if error.fault in (FileFault.EXISTS, FileFault.NOT_NEWER, FileFault.NOT_EMPTY):
        error.name = files.operations.called(new)
    if error.fault is FileFault.NOT_FOUND and await files.find(path, follow=False) is not None:
        return no_folder(error, files.operations.called(new.rpartition(b"/")[0]))
    return error


def space(texts: Sequence[str], reaching: Reaching, *, machine: bool) -> None:
    """`farhand df`."""
    places = [remote(one) for one in texts]

    async def main() -> None:
        async with Hosts(reaching.reach(), places) as hosts:
            for place in places:
                found = await (await hosts.line(place)).files.space(place.path)
                if machine:
                    told = {"target": place.target, "path": place.path, "free": found.free, "total": found.total}
                    print(json.dumps(told, ensure_ascii=False))
                else:
                    used = 100 * (found.total - found.free) // max(found.total, 1)
                    print(
                        f"{_size(found.free)} free of {_size(found.total)}, {used} % used  {place.target}:{place.path}"
                    )

    run_until_told(main(), "df")


def _each(
    texts: Sequence[str], reaching: Reaching, one: Callable[[FilesClient, bytes], Awaitable[None]], verb: str
) -> None:
    """Do something with every name that is meant; what fails is told, and the others go on."""
    places = [remote(text) for text in texts]
    wild = [place for place in places if place.wild]

    async def main() -> None:
        failures: list[FilesError] = []
        meant: list[tuple[FilesClient, bytes]] = []
        async with Hosts(reaching.reach(), wild, places) as hosts:
            for place in places:
                files = (await hosts.line(place)).files
                path = remote_path(place.path)
                names = await expand(files, path) if place.wild else []
                meant += [(files, name) for name in names or [path]]
            for files, name in meant:
                try:
                    await one(files, name)
                except FilesError as error:
                    failures.append(error)
        if len(meant) == len(failures) == 1:
            raise failures[0]
        for failed in failures:
            say(told(failed, verb).cause)
        if failures:
            first = told(failures[0], verb)
            raise CliError(first.code, f"{len(failures)} of {len(meant)} could not be done", first.cure)

    run_until_told(main(), verb)


async def _entries(files: FilesClient, path: bytes, listed: Listed, *, alone: bool) -> list[tuple[bytes, Entry]]:
    """Names as they are printed, and what they are."""
    found = await files.stat(path, follow=True)
    if found.kind is not EntryKind.FOLDER:
        return [(path, found)]
    if listed.recursive:
        entries = [one async for one in files.walk(path)]
    elif alone:
        entries = await files.list(path)
    else:
        return [(path, found)]
    if not listed.every:
        entries = [one for one in entries if not any(part.startswith(b".") for part in one.path.split(b"/"))]
    return [(one.path, one) for one in entries]


def _print(name: bytes, entry: Entry, listed: Listed) -> None:
    shown = display(name)
    if listed.machine:
        told = {
            "path": shown,
            "kind": entry.kind.name.lower(),
            "size": entry.size,
            "mtime_us": entry.mtime,
            "mode": f"{entry.mode:04o}",
            **({"target": display(entry.target)} if entry.kind is EntryKind.LINK else {}),
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    mark = {EntryKind.FOLDER: "/", EntryKind.LINK: f" -> {display(entry.target)}"}.get(entry.kind, "")
    if not listed.long:
        print(shown + ("/" if entry.kind is EntryKind.FOLDER else ""))
        return
    when = datetime.datetime.fromtimestamp(entry.mtime / 1e6).astimezone()
    bits = stat.filemode(entry.mode)[1:]
    print(f"{_KINDS[entry.kind]}{bits}  {entry.size:>14,}  {when:%Y-%m-%d %H:%M}  {shown}{mark}")


def _size(size: int) -> str:
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.3g} {unit}"
        amount /= 1024
    return f"{amount:.4g} TiB"
