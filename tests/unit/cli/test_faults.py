"""What people read of faults of files: which file, the cause and the cure, each once."""

import errno
import re
import time
from pathlib import Path

import pytest

from farhand.cli.exits import Exit
from farhand.cli.faults import cure, told
from farhand.client.files_errors import NameTaken, about, comparing, here, no_folder, refused
from farhand.files.errors import BadName, FilesError
from farhand.protocol.messages.files import Entry, EntryKind, FileFault

VERBS = ("cp", "ls", "rm", "mkdir", "mv", "cat", "df", "sync")
#: These say all there is to do.
NOTHING_TO_DO = (FileFault.NOT_NEWER, FileFault.SYSTEM, FileFault.TOO_LARGE, FileFault.UNSUPPORTED)


def twice(text: str) -> bool:
    """Whether four words in a row stand in it twice."""
    words = re.findall(r"\w+", text.lower())
    runs = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
    return len(runs) != len(set(runs))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", FileFault)
def test_every_fault_names_file_cause_and_cure_once(fault: FileFault, verb: str) -> None:
    error = told(refused(fault, FilesError(fault).said, "frontdesk:plan.txt"), verb)
    assert error.cause == f"frontdesk:plan.txt: {FilesError(fault).cause}"
    assert error.cure or fault in NOTHING_TO_DO
    assert not twice(str(error))


@pytest.mark.parametrize(
    ("host", "cause", "cure"),
    [
        (
            FilesError(FileFault.UNSUPPORTED, "there is no trash where this lies", "delete it for good"),
            "a: there is no trash where this lies",
            "--for-good deletes it without",
        ),
        (
            FilesError(FileFault.FULL, "the disk is full: 9 bytes more are needed, and 2 are free", "make room"),
            "a: the disk is full: 9 bytes more are needed, and 2 are free",
            "make room",
        ),
        (BadName("a name is .."), "a: the name cannot be used there (a name is ..)", "rename it"),
        (
            FilesError(FileFault.NOT_FOUND),
            "a: there is no such file or folder",
            "farhand ls TARGET:folder shows what is there",
        ),
        (FilesError(FileFault.SYSTEM, "the system failed (I/O error)"), "a: the system failed (I/O error)", ""),
    ],
)
def test_a_hosts_own_words_stand_where_they_say_more(host: FilesError, cause: str, cure: str) -> None:
    error = told(refused(host.fault, host.said, "a"), "rm")
    assert (error.cause, error.cure) == (cause, cure)


def test_a_hosts_words_move_no_cursor() -> None:
    error = refused(FileFault.SYSTEM, "bad\x1b[2J\nrun \u202eme\nand this", "a")
    assert error.cause == "bad [2J"
    assert error.cure == "run me and this"


def test_exit_codes_tell_a_no_from_a_failure() -> None:
    codes = {fault: told(FilesError(fault), "cp").code for fault in FileFault}
    assert {fault for fault, code in codes.items() if code is Exit.REFUSED} == {
        FileFault.OUTSIDE,
        FileFault.INFECTED,
        FileFault.NOT_SCANNED,
    }
    assert set(codes.values()) == {Exit.REFUSED, Exit.FAILED}


def test_what_is_here_says_so() -> None:
    error = told(here(FileNotFoundError(2, "no"), Path("plan.txt")), "cp")
    assert error.cause == "plan.txt: there is no such file or folder"
    assert "this computer" in error.cure


def test_a_folder_that_is_not_there_is_named() -> None:
    error = no_folder(refused(FileFault.NOT_FOUND, "", "b:x/y/z"), "b:x/y")
    assert str(error) == "b:x/y: there is no such folder to put it into: make it first: farhand mkdir -p 'b:x/y'"
    other = refused(FileFault.FULL, "", "b:x/y/z")
    assert no_folder(other, "b:x/y") is other


def test_the_innermost_name_stands() -> None:
    with pytest.raises(FilesError) as raised, about("outer"), about("inner"):
        raise FilesError(FileFault.FULL)
    assert raised.value.name == "inner"


def test_a_name_that_is_taken_tells_of_both_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    mine = Entry(b"a", EntryKind.FILE, 12_345, 10**15, 0o644, b"")
    theirs = Entry(b"a", EntryKind.FILE, 6, 10**15 + 10**6, 0o644, b"")
    with pytest.raises(NameTaken) as raised, comparing(mine, theirs):
        raise refused(FileFault.EXISTS, "", "b:a")
    assert (raised.value.mine, raised.value.theirs) == (mine, theirs)
    error = told(raised.value, "cp")
    this, there = "12,345 bytes of 2001-09-09 01:46:40", "6 bytes of 2001-09-09 01:46:41 (newer)"
    assert error.cause == f"b:a: the name is taken; this: {this}; there: {there}"
    assert "--conflict" in error.cure
    with pytest.raises(FilesError) as other, comparing(mine, theirs):
        raise refused(FileFault.FULL)
    assert not isinstance(other.value, NameTaken)


def test_a_file_system_that_is_read_only_says_so() -> None:
    there = FilesError.from_oserror(OSError(errno.EROFS, ""))
    error = FilesError.heard(there.fault, there.said)
    assert (error.fault, error.cause) == (FileFault.PERMISSION, "the file system is mounted read-only")
    assert cure(error, "cp") == "choose another place"
