"""What a verb says of a fault of files: which file, what happened, and what to type."""

from collections.abc import Mapping

from farhand.cli.exits import CliError, Exit
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import FileFault

#: What a rule, or a person's setting, stands behind.
_REFUSED = (FileFault.OUTSIDE, FileFault.INFECTED, FileFault.NOT_SCANNED)

#: What cures a fault at the command line, where nothing better is known.
_CURES: Mapping[FileFault, str] = {
    FileFault.NOT_FOUND: "farhand ls TARGET:folder shows what is there",
    FileFault.OUTSIDE: "farhand ls TARGET: --roots shows what is open; its owner opens more in host.toml, [files]",
    FileFault.NOT_A_FILE: "folders are copied with -r; devices, pipes and sockets never",
    FileFault.INFECTED: "it is in quarantine there: farhand quarantine list, on that computer",
    FileFault.NOT_SCANNED: "have its owner run farhand doctor host there",
    FileFault.FULL: "make room and copy again: it goes on where it stopped",
    FileFault.CHANGED: "copy again when nothing writes to it any more",
    FileFault.MISMATCH: "copy again",
    FileFault.STOPPED: "copy again: it goes on where it stopped",
}
#: What a verb knows better than anybody else.
_OF_VERBS: Mapping[tuple[str, FileFault], str] = {
    ("cp", FileFault.EXISTS): "choose another name, or say with --conflict what is to happen",
    ("mv", FileFault.EXISTS): "choose another name, or say with --conflict what is to happen",
    ("mkdir", FileFault.EXISTS): "with -p it may be there, if it is a folder",
    ("mkdir", FileFault.NOT_FOUND): "-p makes the folders above it, too",
    ("rm", FileFault.NOT_EMPTY): "-r deletes what is in it, too",
    ("rm", FileFault.UNSUPPORTED): "--for-good deletes it without",
    ("cat", FileFault.NOT_A_FILE): "farhand cp -r copies folders",
}


def cure(error: FilesError, verb: str) -> str:
    """What to do about it."""
    if (known := _OF_VERBS.get((verb, error.fault))) is not None:
        return known
    return _CURES.get(error.fault, error.cure) if error.general else error.cure


def told(error: FilesError, verb: str) -> CliError:
    """The same with its exit code, in the words of this verb."""
    cause = f"{error.name}: {error.cause}" if error.name else error.cause
    return CliError(code(error), cause, cure(error, verb))


def code(error: FilesError) -> Exit:
    """The exit code of a fault."""
    return Exit.REFUSED if error.fault in _REFUSED else Exit.FAILED
