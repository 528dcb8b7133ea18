"""The command line starts quickly, lists its verbs, and refuses what it does not understand."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from farhand import __version__
from farhand.cli.app import app

VERBS = [
    *("up", "host", "host install", "host uninstall", "gateway", "gateway install", "gateway uninstall"),
    *(
        "org",
        "quarantine",
        "quarantine list",
        "quarantine release",
        "quarantine delete",
        "org init",
        "org delegate",
        "org token",
        "org sign",
        "org export",
        "view",
        "login",
        "logout",
        "hosts",
        "verify-viewer",
        "doctor",
    ),
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_teaches_by_example(verb: str) -> None:
    result = CliRunner().invoke(app, [*verb.split(), "--help"])
    assert result.exit_code == 0
    assert f"farhand {verb}" in result.output


def test_version() -> None:
    assert __version__ in CliRunner().invoke(app, ["--version"]).output


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--listen", "nowhere"],
        ["up", "--allow", "everything"],
        ["up", "--plain", "--cert", "a", "--key", "b"],
        ["host"],
        ["host", "--gateway", "https://x", "--fingerprint", "abc"],
        ["host", "--enrol-only"],
        ["host", "install", "--as", "daemon", "--enrol", "fhe1.x"],
        ["host", "--enrol", "fhe1.x", "install", "--virtual", "huge"],
        ["org"],
        ["org", "token", "--hours", "0"],
        ["view", "ftp://x"],
        ["view", "desk", "--rights", "everything"],
        ["view", "desk", "--reason", "x" * 201],
        ["login"],
        ["login", "https://x", "--fingerprint", "abc"],
        ["nothing"],
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["up", "--help"], ["host", "install", "--help"], ["org", "--help"]]
)
def test_what_only_tells_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['farhand', *{arguments!r}]\n"
        "from farhand.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split("LOADED", 1)[1].split())
    assert "farhand.cli.main" in loaded
    assert not loaded & {"numpy", "av", "uvicorn", "starlette", "cryptography", "farhand.host.agent", "msgspec"}
    if arguments == ["--version"]:
        assert "typer" not in loaded


@pytest.mark.parametrize(("typed", "completed"), [("farhand ver", "verify-viewer"), ("farhand view --rea", "--reason")])
def test_shells_complete_verbs_and_options(typed: str, completed: str) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "_FARHAND_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-m", "farhand.cli"], env=os.environ | words, capture_output=True, text=True, check=False
    )
    assert completed in done.stdout.split()
