"""`farhand sync`."""

from pathlib import Path
from typing import Annotated

from farhand.cli.files_options import RETRY, GatewayOption, Json, Quiet, Reason, Retry, parse_reason
from farhand.cli.light import Argument, Misused, Option
from farhand.cli.outcome import reaching

_PLACE = (
    "A folder here, or TARGET:PATH at a host: a name, a link with its code, or `local`. Relative paths begin at the "
    "first folder that the host's owner has opened, mostly their home."
)


def command(
    source: Annotated[str, Argument(metavar="SRC", help=_PLACE)],
    target: Annotated[str, Argument(metavar="DST", help="The same.")],
    newer: Annotated[
        bool, Option("--newer", help="New names and newer files go to DST; what is newer there stays. The usual.")
    ] = False,
    mirror: Annotated[bool, Option("--mirror", help="DST becomes what SRC is: whatever differs is replaced.")] = False,
    two_way: Annotated[
        bool,
        Option(
            "--two-way",
            help="What changed on either side since the last time goes to the other, deletions too; where both "
            "changed, both are kept.",
        ),
    ] = False,
    delete: Annotated[bool, Option("--delete", help="With --newer and --mirror: take away what only DST has.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", "-n", help="Only say what would be done.")] = False,
    exclude: Annotated[
        list[str] | None,
        Option(
            metavar="PATTERN",
            help="Leave these out, on both sides: as in .gitignore, seen from SRC and DST. Several times, if need be.",
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        Option(metavar="PATTERN", help="Take these all the same, whatever --exclude says."),
    ] = None,
    watch: Annotated[
        bool, Option("--watch", help="Go on, and do it again whenever something changes; Ctrl-C ends it.")
    ] = False,
    every: Annotated[
        float,
        Option(min=1, max=86400, metavar="SECONDS", help="With --watch: look at a host's side so often."),
    ] = 15.0,
    checksum: Annotated[
        bool, Option("--checksum", "-c", help="Compare the content of files, not only size and time.")
    ] = False,
    max_delete: Annotated[
        int,
        Option(
            min=0, max=100, metavar="PERCENT", help="Refuse to delete more of a side at once; twenty may always go."
        ),
    ] = 50,
    force: Annotated[
        bool, Option("--force", help="Delete even if a side is empty, not all readable, or loses most of it.")
    ] = False,
    retry: Retry = RETRY,
    quiet: Quiet = False,
    reason: Reason = "",
    gateway: GatewayOption = "",
    json: Json = False,
) -> None:
    r"""Bring two folders together: here and at a host, or at two hosts.

    Without a mode it is --newer, the one that can neither delete nor replace anything newer. A file is sent in part
    where an older version is there, and is gone on with after a cut; nothing is overwritten that changed meanwhile.
    Conflicts are no failure: both versions are kept, the one of DST as `name (conflict 2026-11-23 frontdesk).txt`.
    Exit codes: 0 done; 1 something could not be done; 8 it would have deleted too much, and nothing was done.

    farhand sync ~/Documents frontdesk:Documents

    farhand sync --mirror --delete --dry-run site/ web:/srv/site

    farhand sync --two-way --watch ~/Projects frontdesk:Projects --exclude node_modules/ --exclude '*.tmp'

    farhand sync photos backup:photos --exclude '*' --include '*.jpg'
    """
    why = parse_reason(reason)
    if newer + mirror + two_way > 1:
        raise Misused("choose one", "--newer, --mirror, --two-way")
    if two_way and delete:
        raise Misused("--two-way carries deletions without it", "--delete")
    if watch and dry_run:
        raise Misused("nothing would ever be done", "--watch with --dry-run")
    if include and not exclude:
        raise Misused("it makes exceptions to --exclude: name that too", "--include")
    with reaching():
        from farhand.client.places import place

        left, right = place(source), place(target)
        begun = None
        if left.here != right.here:
            from farhand.client.sync.ahead import ahead

            begun = ahead(Path(left.path if left.here else right.path).expanduser())
        from farhand.cli.running import Reaching
        from farhand.cli.synchronising import Asked, synchronise
        from farhand.client.sync.options import Mode, SyncOptions

        options = SyncOptions(
            mode=Mode.TWO_WAY if two_way else Mode.MIRROR if mirror else Mode.NEWER,
            delete=delete,
            checksum=checksum,
            exclude=tuple(exclude or ()),
            include=tuple(include or ()),
            max_delete=100 if dry_run else max_delete,  # who only looks is to see what a run would refuse
            force=force,
        )
        asked = Asked(left, right, options, dry_run, every if watch else None, begun)
        synchronise(asked, Reaching(gateway, why, retry), quiet=quiet, machine=json)
