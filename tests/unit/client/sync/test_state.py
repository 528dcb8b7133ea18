"""What two sides agreed on is remembered, whatever happens to the file."""

import sqlite3
import stat

import pytest
from tests.unit.client.sync.memory import file, folder, link

from farhand.client.sync.state import State, StateError


def test_it_remembers_each_side_as_it_was_there(tmp_path):
    left, right = file(b"a", 1, 2, 0o644), file(b"a", 1, 3, 0o777)
    with State.open(tmp_path, "one", "two") as state:
        state.record({b"a": (left, right), b"d": (folder(b"d"), folder(b"d")), b"l": (link(b"l", b"x"),) * 2})
        state.record({b"d": None})
    with State.open(tmp_path, "one", "two") as state:
        base = state.base()
        assert base.left == {b"a": left, b"l": link(b"l", b"x")}
        assert base.right[b"a"] == right
    with State.open(tmp_path, "two", "one") as state:
        assert state.base().left[b"a"] == right
    with State.open(tmp_path, "one", "three") as state:
        assert not state.base().left


def test_only_its_owner_reads_it(tmp_path):
    with State.open(tmp_path / "sync", "one", "two") as state:
        assert stat.S_IMODE(state.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(state.path.parent.stat().st_mode) == 0o700


def test_two_runs_of_a_pair_at_once_are_refused(tmp_path):
    with State.open(tmp_path, "one", "two"), pytest.raises(StateError, match="synchronised already"):
        State.open(tmp_path, "two", "one")


@pytest.mark.parametrize("damage", [b"", b"no database at all, but a text that is long enough to look like one" * 99])
def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path, damage):
    with State.open(tmp_path, "one", "two") as state:
        state.record({b"a": (file(b"a"), file(b"a"))})
    state.path.write_bytes(damage)
    with State.open(tmp_path, "one", "two") as state:
        assert state.base().left == {}
        assert (state.damaged is not None) == bool(damage)
        state.record({b"a": (file(b"a"), file(b"a"))})
        assert state.base().left == {b"a": file(b"a")}


def test_one_of_a_newer_farhand_is_not_touched(tmp_path):
    with State.open(tmp_path, "one", "two") as state:
        path = state.path
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StateError, match="newer"):
        State.open(tmp_path, "one", "two")


def test_a_dry_run_leaves_no_file(tmp_path):
    with State.open(tmp_path, "one", "two", keep=False) as state:
        assert not state.base().left
    assert list(tmp_path.iterdir()) == []
