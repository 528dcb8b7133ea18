"""`farhand quarantine`, and what the doctor says about scanning."""

import json
import os
import socket
from pathlib import Path

import pytest

from farhand.cli.checks_scan import scanning
from farhand.cli.exits import Exit
from farhand.cli.main import main
from farhand.cli.quarantined import delete, release, show
from farhand.core.config import Paths
from farhand.host.quarantine.store import Find, Quarantine, QuarantineError, quarantine_folder


def kept(home: Path, number: int) -> Find:
    arrived = home / f"q{number:032x}"
    arrived.write_bytes(b"bad")
    return Quarantine(quarantine_folder(Paths.under(home).data)).keep(
        arrived, path=os.fsencode(home / f"{number}.exe"), found="EICAR_test_file (yara)", who="Jana", now=number
    )


def test_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(tmp_path, machine=False) == Exit.OK
    assert capsys.readouterr().out == "nothing is in quarantine\n"
    first, second = kept(tmp_path, 1), kept(tmp_path, 2)
    assert show(tmp_path, machine=False) == Exit.OK
    told = capsys.readouterr().out
    assert first.id[:9] in told
    assert "EICAR_test_file" in told
    assert "from Jana" in told
    show(tmp_path, machine=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [first.id, second.id]
    assert set(rows[0]) == {
        *("id", "path", "found", "size", "blake3", "who", "device", "session", "time_ms", "file"),
    }


def test_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    find = kept(tmp_path, 1)
    assert release(find.id, tmp_path / "given.bin", tmp_path, machine=True) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"id": find.id, "released": str(tmp_path / "given.bin")}
    assert (tmp_path / "given.bin").stat().st_mode & 0o777 == 0o600
    with pytest.raises(QuarantineError):
        release(find.id, None, tmp_path, machine=False)


def test_delete(tmp_path: Path) -> None:
    finds = [kept(tmp_path, number) for number in range(3)]
    assert delete([finds[1].id], tmp_path, machine=False) == Exit.OK
    quarantine = Quarantine(quarantine_folder(Paths.under(tmp_path).data))
    assert [find.id for find in quarantine.all()] == [finds[0].id, finds[2].id]
    assert delete([], tmp_path, machine=True) == Exit.OK
    assert quarantine.all() == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["delete"], Exit.USAGE),
        (["delete", "q0000", "--all"], Exit.USAGE),
        (["delete", "q0000"], Exit.SETTINGS),
        (["release", "q0000"], Exit.SETTINGS),
        (["list"], Exit.OK),
    ],
)
def test_exit_codes(
    arguments: list[str],
    code: Exit,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["farhand", "quarantine", *arguments, "--home", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == code


def found(tmp_path: Path, settings: str) -> dict[str, tuple[bool, str]]:
    paths = Paths.under(tmp_path).create()
    (paths.config / "host.toml").write_text(settings)
    return {finding.check: (finding.ok, finding.text) for finding in scanning(paths)}


class TestDoctor:
    def test_all_is_well(self, tmp_path: Path) -> None:
        told = found(tmp_path, '[files.scan]\nclamd = "off"\n')
        assert all(ok for ok, _ in told.values())
        assert set(told) == {"scan rules", "scanning", "clamd", "quarantine"}

    def test_a_bad_rule_is_named_with_its_line(self, tmp_path: Path) -> None:
        rules = tmp_path / "rules"
        rules.mkdir()
        (rules / "mine.yar").write_text("\nrule a { condition: nothing }")
        told = found(tmp_path, f'[files.scan]\nclamd = "off"\nrules = "{rules}"\n')
        for check in ("scan rules", "scanning"):
            ok, text = told[check]
            assert not ok
            assert f"{rules}/mine.yar, line 2" in text

    def test_old_rules(self, tmp_path: Path) -> None:
        rules = tmp_path / "rules"
        rules.mkdir()
        (rules / "mine.yar").write_text("rule a { condition: false }")
        os.utime(rules / "mine.yar", (1, 1))
        ok, text = found(tmp_path, f'[files.scan]\nclamd = "off"\nrules = "{rules}"\n')["scan rules"]
        assert not ok
        assert "days old" in text

    def test_a_clamd_that_is_wanted_and_not_there(self, tmp_path: Path) -> None:
        ok, text = found(tmp_path, f'[files.scan]\nyara = false\nclamd = "{tmp_path}/none"\n')["clamd"]
        assert not ok
        assert "refused" in text
        told = found(tmp_path, '[files.scan]\nyara = false\nclamd = "off"\nunavailable = "accept"\n')
        assert not told["clamd"][0]
        assert "accepted" in told["clamd"][1]

    def test_a_clamd_that_hangs_up(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "s"))
            ok, _ = found(tmp_path, f'[files.scan]\nyara = false\nclamd = "{tmp_path}/s"\n')["clamd"]
        assert not ok

    def test_settings_that_cannot_be_read(self, tmp_path: Path) -> None:
        ok, text = found(tmp_path, '[files.scan]\nyara = "perhaps"\n')["scanning"]
        assert not ok
        assert "host.toml" in text
