"""The owner's rules: the command line before the file, the file before the defaults, and each change in the audit."""

from pathlib import Path

import pytest

from farhand.cli.exits import CliError
from farhand.cli.options import sharing_options
from farhand.cli.owner import host_paths, host_settings, note_settings
from farhand.core.config import ConfigError, Paths
from farhand.host.audit import NoAudit
from farhand.host.settings import HostSettings, Silence

RULES = """
allow = ["view"]
ask = false
silence = "view"
at_end = "lock"
[browser]
allow = []
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path).create()


class Audit(NoAudit):
    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, object]]] = []

    def record(self, kind: str, /, **fields: object) -> None:  # type: ignore[override]  # this one keeps all
        self.entries.append((kind, fields))


def test_without_a_file_the_defaults_hold(paths: Paths) -> None:
    assert host_settings(sharing_options(), paths) == HostSettings()


def test_the_file_says_it_and_the_command_line_goes_before(paths: Paths) -> None:
    (paths.config / "host.toml").write_text(RULES)
    found = host_settings(sharing_options(), paths)
    assert (found.allow, found.ask, found.silence, found.browser.allow) == ({"view"}, False, Silence.VIEW, frozenset())
    said = host_settings(sharing_options(allow="view,control", ask=True, grace=0, name="tower"), paths)
    assert (said.allow, said.ask, said.grace_seconds, said.name) == ({"view", "control"}, True, 0, "tower")
    assert said.silence is Silence.VIEW


def test_another_file_must_be_there(paths: Paths, tmp_path: Path) -> None:
    with pytest.raises(CliError, match="is not there"):
        host_settings(sharing_options(settings=tmp_path / "none.toml"), paths)


@pytest.mark.parametrize("text", ["alow = []", 'allow = ["fly"]', 'silence = "perhaps"', "grace_seconds = -1", "["])
def test_what_is_not_understood_is_refused_by_name(paths: Paths, text: str) -> None:
    (paths.config / "host.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"host\.toml"):
        host_settings(sharing_options(), paths)


def test_a_home_of_its_own_holds_all_of_a_host(tmp_path: Path) -> None:
    assert host_paths(sharing_options(home=tmp_path)) == Paths.under(tmp_path)


def test_each_change_since_the_last_start_stands_in_the_audit(paths: Paths) -> None:
    audit = Audit()
    note_settings(paths, HostSettings(), audit)
    note_settings(paths, HostSettings(), audit)
    assert audit.entries == []
    note_settings(paths, HostSettings(ask=False, name="tower"), audit)
    note_settings(paths, HostSettings(ask=False, name="tower"), audit)
    assert audit.entries == [
        ("setting", {"name": "name", "before": '""', "after": '"tower"'}),
        ("setting", {"name": "ask", "before": "true", "after": "false"}),
    ]
    (paths.data / "settings.last").unlink()
    note_settings(paths, HostSettings(ask=False, name="tower"), audit)
    assert len(audit.entries) == 4  # against the defaults, where nobody remembers
