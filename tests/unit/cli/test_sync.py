"""`farhand sync` between two folders here: what it says, and what it ends with."""

import json
import os

import pytest

from farhand.cli.light import Misused
from farhand.cli.sync import command


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("src", "dst"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(name.encode())
    os.utime(tmp_path / "dst/file", (1, 1))
    (tmp_path / "dst/extra").write_bytes(b"")
    return str(tmp_path / "src"), str(tmp_path / "dst")


def told(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_dry_run_says_what_a_run_then_does(folders, capsys):
    command(*folders, mirror=True, delete=True, dry_run=True, json=True)
    *would, planned = told(capsys)
    assert [(one["action"], one["side"], one["path"]) for one in would] == [
        ("replace", "DST", "file"),
        ("delete", "DST", "extra"),
    ]
    assert (planned["actions"], planned["deletions"], planned["bytes"]) == (2, 1, 3)
    command(*folders, mirror=True, delete=True, json=True)
    *did, done = told(capsys)
    assert [{**one, "event": "would"} for one in did] == would
    assert (done["copied"], done["deleted"], done["failed"]) == (1, 1, 0)


def test_people_read_lines_with_arrows(folders, capsys):
    command(*folders, mirror=True, dry_run=True)
    assert capsys.readouterr().out.splitlines() == [
        "-> replace file  (3 bytes)",
        "2 names compared; 1 to do, 0 of them deletions",
    ]


def test_a_conflict_is_told_and_is_no_failure(folders, capsys):
    command(*folders, two_way=True, json=True)
    assert sum(one["event"] == "conflict" for one in told(capsys)) == 1


def test_what_looks_like_an_accident_ends_with_8(folders, capsys):
    os.unlink(folders[0] + "/file")
    with pytest.raises(SystemExit) as ended:
        command(*folders, mirror=True, delete=True)
    assert ended.value.code == 8
    assert "is empty" in capsys.readouterr().err


def test_what_cannot_be_done_ends_with_1(folders, capsys):
    os.unlink(folders[1] + "/file")
    os.mkdir(folders[1] + "/file")
    with pytest.raises(SystemExit) as ended:
        command(*folders, mirror=True)
    assert ended.value.code == 1
    assert "--delete" in capsys.readouterr().err


def test_a_folder_and_one_in_it_are_refused(folders, capsys):
    with pytest.raises(SystemExit):
        command(folders[0], folders[0] + "/inner")
    assert "lies in the other" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        {"mirror": True, "two_way": True},
        {"two_way": True, "delete": True},
        {"watch": True, "dry_run": True},
        {"include": ["*.jpg"]},
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(folders, wrong):
    with pytest.raises(Misused):
        command(*folders, **wrong)
