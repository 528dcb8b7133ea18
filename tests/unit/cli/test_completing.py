"""What a shell is told at TAB, and that a host's names are only names to it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from farhand.cli import completing
from farhand.cli.completing import completion, list_local, unquoted
from farhand.cli.main import verb

NAMES = ["Documents/", "a b", "it's", 'say "x"', "x\\$(touch pwned)", "`id`", "{a,b}*", "$HOME", "!!", "a;b&c", "ä"]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    def names(path: str) -> list[str]:
        head, slash, typed = path.rpartition("/")
        return [head + slash + name for name in NAMES if head in ("", "d") and name.startswith(typed)]

    monkeypatch.setattr(completing, "list_local", names)
    monkeypatch.setattr(completing, "targets", lambda: ["frontdesk", "local"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def quoted() -> list[str]:
    return bash("farhand", "ls", "local", ":", "") or []


def bash(*words: str) -> list[str] | None:
    told = completion(
        verb(words[1]),
        {"_FARHAND_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)},
    )
    return told if told is None else told.split("\n")


def test_bash_takes_words_apart_at_colons() -> None:
    assert bash("farhand", "ls", "fro") == ["frontdesk:", "frontdesk:\\~/"]  # two: no space follows
    assert bash("farhand", "ls", "local", ":", "a\\ ") == ["a\\ b"]
    assert bash("farhand", "mv", "local", ":", "d/sa") == ['d/say\\ \\"x\\"']
    assert bash("farhand", "mv", "local", ":", "d/a\\ ") == ["d/a\\ b"]
    assert bash("farhand", "ls", "local", ":") == bash("farhand", "ls", "local", ":", "")
    assert bash("farhand", "ls", "local:it") == ["local:it\\'s"]  # where the colon is no break
    assert bash("farhand", "ls", '"local:it') == ["local:it's"]
    assert bash("farhand", "ls", '"local:say') == [""]  # it would end the quotes
    assert bash("farhand", "ls", "'local:it") == [""]
    assert bash("farhand", "ls", "frontdesk", ":", "a") == [""]  # nobody is asked there
    assert bash("farhand", "ls", "local", ":", "Doc") == ["Documents/"]


def test_options_and_their_values_are_others_to_complete() -> None:
    assert bash("farhand", "cp", "--con") is None
    assert bash("farhand", "cp", "--conflict", "re") is None
    assert bash("farhand", "cp", "--conflict", "=", "re") is None
    assert bash("farhand", "cp", "-r", "local", ":", "it") == ["it\\'s"]


def test_files_of_this_computer_stand_beside_hosts(folder: Path) -> None:
    (folder / "letters").mkdir()
    (folder / "l\nx").touch()
    assert bash("farhand", "cp", "l") == [*(f"local:{one}" for one in quoted()), "letters/"]
    assert bash("farhand", "cp", "x") == [""]  # the shell's own files then
    assert bash("farhand", "cp", "./l") == [""]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_reads_each_name_as_it_is(shell: str, folder: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: the test with bash is the same")
    if shell == "bash":
        script = "printf '%s\\n' " + " ".join(bash("farhand", "ls", "local", ":", "d/") or [])
        wanted = ["d/" + name for name in NAMES]
    else:
        environment = {"_FARHAND_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "farhand ls local:d/"}
        told = completion(verb("ls"), environment)
        script = f"compadd() {{ while [[ $1 != -- ]] shift; shift; print -rl -- $@ }}; {told}"
        wanted = ["local:d/" + name for name in NAMES]
    read = subprocess.run([shell, "-c", script], capture_output=True, check=True, cwd=folder).stdout.decode()
    assert sorted(read.splitlines()) == sorted(wanted)
    assert list(folder.iterdir()) == []


def test_fish_gets_names_as_they_are() -> None:
    environment = {
        "_FARHAND_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_ARGS": "farhand rm local:it",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    assert completion(verb("rm"), environment) == "local:it's"
    with pytest.raises(SystemExit) as ended:
        completion(verb("rm"), environment | {"_TYPER_COMPLETE_FISH_ACTION": "is-args"})
    assert ended.value.code == 0


@pytest.mark.parametrize(
    ("raw", "meant"), [("", ""), ("a\\ b", "a b"), ("'a b", "a b"), ("\"a'b", "a'b"), ("a b", None), ("a\\", None)]
)
def test_what_was_typed_is_read_as_the_shell_does(raw: str, meant: str | None) -> None:
    assert unquoted(raw) == meant


def test_a_host_that_is_not_there_says_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(folder))
    assert list_local("") == []
    assert capfd.readouterr() == ("", "")
