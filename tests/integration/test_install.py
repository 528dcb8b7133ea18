"""Services of systemd: hardened, checked by its own tools, and taken away without a trace."""

import getpass
import os
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from farhand.cli.app import app
from farhand.cli.units import Service, unit

SCORE_MOST = 2.0


def farhand(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def files(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder below, with mode and content."""
    return {
        str(path.relative_to(root)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in root.rglob("*")
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system as it was before: some of the folders are there, with files of others in them."""
    root = tmp_path / "root"
    (root / "etc" / "systemd" / "system").mkdir(parents=True)
    (root / "etc" / "systemd" / "system" / "other.service").write_text("[Service]\n")
    (root / "etc" / "farhand").mkdir()
    (root / "etc" / "farhand" / "gateway.toml").write_text("# the administrator's own\n")
    return root


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders, below the root of a system."""
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/home/ada")
    return tmp_path / "root" / "home" / "ada"


def exposure(path: Path, *options: str) -> float:
    """What systemd-analyze says of a unit: 0 is safe, 10 is not."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", *options, str(path)]
    with tempfile.TemporaryDirectory() as runtime:
        environment = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": runtime}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    return float(found[1])


def verify(path: Path) -> None:
    """Every line is one that systemd knows."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if path.name in line and "not executable" not in line]
    assert not complaints, complaints


ORDINARY = "daemon"
HOST = ("host", "install", "--as", ORDINARY)
KINDS = {
    "host of a display": (*HOST, "--display", ":0"),
    "host without a screen": (*HOST, "--virtual", "1280x720"),
    "gateway": ("gateway", "install"),
    "gateway below 1024": ("gateway", "install", "--listen", ":443", "--cert", "/etc/a.pem", "--key", "/etc/a.key"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_installed_is_hardened_and_goes_without_a_trace(kind: str, root: Path) -> None:
    before = files(root)
    arguments = KINDS[kind]
    done = farhand(*arguments, "--root", root)
    assert done.exit_code == 0, done.output
    (path,) = (root / "etc" / "systemd" / "system").glob("farhand-*.service")
    assert exposure(path) <= SCORE_MOST
    verify(path)
    text = path.read_text()
    user = re.search(r"^User=(\w+)$", text, re.MULTILINE)
    assert user is not None
    assert user[1] == (ORDINARY if arguments[0] == "host" else "farhand")
    for added in files(root).keys() - before.keys():
        mode = (root / added).lstat().st_mode
        assert not mode & 0o022, f"{added} can be written by others"
    # What it leaves while it runs goes, too.
    state = root / "var" / "lib" / path.stem
    (state / "data").mkdir(parents=True, exist_ok=True)
    (state / "data" / "host.keys").write_text("secret")
    again = farhand(*arguments, "--root", root)
    assert again.exit_code == 1
    assert "there already" in again.output
    assert farhand(arguments[0], "uninstall", "--root", root).exit_code == 0
    left = files(root)
    if arguments[0] == "gateway":
        before.pop("etc/farhand/gateway.toml")  # a gateway's settings are the gateway's
    var = {"var", "var/lib"} if arguments[0] == "gateway" else set()  # made by this test in systemd's place
    assert left.keys() - var == before.keys()
    assert {name: left[name] for name in before} == before
    nothing = farhand(arguments[0], "uninstall", "--root", root)
    assert nothing.exit_code == 1
    assert "not there" in nothing.output


@pytest.mark.parametrize("kind", ["host", "gateway"])
def test_a_service_of_ones_own_needs_no_root_and_goes_too(kind: str, root: Path, home: Path) -> None:
    home.mkdir(parents=True)
    (home / ".local" / "share" / "farhand").mkdir(parents=True)
    (home / ".local" / "share" / "farhand" / "client.key").write_text("the client's")
    before = files(root)
    done = farhand(kind, "install", "--user", "--root", root)
    assert done.exit_code == 0, done.output
    (path,) = (home / ".config" / "systemd" / "user").glob("farhand-*.service")
    assert "User=" not in path.read_text()
    assert "WantedBy=default.target" in path.read_text()
    assert exposure(path, "--user") <= SCORE_MOST
    assert farhand(kind, "uninstall", "--user", "--root", root).exit_code == 0
    assert files(root) == before


def test_rules_and_keys_may_stay(root: Path) -> None:
    assert farhand(*HOST, "--root", root).exit_code == 0
    (root / "var" / "lib" / "farhand-host" / "data").mkdir()
    rules = root / "etc" / "farhand" / "host.toml"
    rules.write_text('allow = ["view"]\n')
    assert farhand("host", "uninstall", "--keep", "--root", root).exit_code == 0
    assert not list(root.rglob("farhand-host.service"))
    assert rules.read_text() == 'allow = ["view"]\n'
    assert (root / "var" / "lib" / "farhand-host" / "data").is_dir()
    assert farhand(*HOST, "--root", root).exit_code == 0
    assert rules.read_text() == 'allow = ["view"]\n'


def test_the_rules_that_are_written_are_ones_that_are_read(root: Path) -> None:
    from farhand.core.config import read_settings
    from farhand.host.settings import HostSettings

    assert farhand(*HOST, "--root", root).exit_code == 0
    rules = root / "etc" / "farhand" / "host.toml"
    assert read_settings(rules, HostSettings) == HostSettings()
    rules.write_text(re.sub(r"^# (?=\w+ = |\[)", "", rules.read_text(), flags=re.MULTILINE))
    assert read_settings(rules, HostSettings).browser.allow == {"view", "control"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("host", "install", "--as", "nobody-at-all"), 2, "no user"),
        (("host", "install", "--as", "root"), 2, "does not run as root"),
        (("host", "install", "--as", ORDINARY, "--enrol", "fhe1.x"), 2, "belong together"),
        (("host", "install", "--as", ORDINARY, "--virtual", "huge"), 2, "no size"),
        (("gateway", "install", "--user", "--listen", ":443"), 2, "below 1024"),
        (("gateway", "install", "--cert", "/a"), 2, "belong together"),
    ],
)
def test_what_makes_no_sense_writes_nothing(arguments: tuple[str, ...], code: int, words: str, root: Path) -> None:
    before = files(root)
    done = farhand(*arguments, "--root", root)
    assert done.exit_code == code
    assert words in " ".join(done.output.replace("│", " ").split())
    assert files(root) == before


def test_an_enrolment_that_fails_leaves_nothing(root: Path) -> None:
    before = files(root)
    token = ("--gateway", "https://gateway.invalid", "--enrol", "fhe1.AAAA")
    assert farhand(*HOST, *token, "--root", root).exit_code == 3
    assert files(root) == before


def test_an_x_server_inside_may_give_up_rights(root: Path) -> None:
    """Before it starts xkbcomp it does so, and ends where it may not; nothing else of the filter is opened for it."""
    assert farhand(*HOST, "--virtual", "800x600", "--root", root).exit_code == 0
    filters = [line for line in unit_of(root) if line.startswith("SystemCallFilter=")]
    assert filters == [
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources",
        "SystemCallFilter=@setuid mincore",
    ]
    assert "MemoryDenyWriteExecute=yes" not in unit_of(root)
    assert farhand("host", "uninstall", "--root", root).exit_code == 0
    assert farhand(*HOST, "--display", ":0", "--root", root).exit_code == 0
    assert "SystemCallFilter=@setuid mincore" not in unit_of(root)
    assert "MemoryDenyWriteExecute=yes" in unit_of(root)


def unit_of(root: Path) -> list[str]:
    return (root / "etc" / "systemd" / "system" / "farhand-host.service").read_text().splitlines()


def test_words_of_a_command_are_quoted_as_systemd_reads_them(tmp_path: Path) -> None:
    words = ("/usr/bin/env", "a b", "100%", "$HOME", 'say "x"', "back\\slash", "", "%d/key")
    text = unit(Service("test", words, user=getpass.getuser(), folder="x", credentials={"key": Path("/a b")}))
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert line == r'ExecStart=/usr/bin/env "a b" 100%% $$HOME "say \"x\"" "back\\slash" "" %d/key'
    path = tmp_path / "farhand-words.service"
    path.write_text(text)
    verify(path)


def test_the_tools_are_here() -> None:
    """Without systemd's own judge the tests above would hold nothing."""
    assert shutil.which("systemd-analyze"), "install Debian's package systemd"
    assert stat.S_ISREG(Path("/etc/passwd").stat().st_mode)
