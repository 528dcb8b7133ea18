"""The targets that a stranger's bytes reach, fed by coverage for a moment; script/fuzz does it for as long as asked."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fuzz.atheris_targets import REQUEST, TARGETS

ROOT = Path(__file__).resolve().parents[2]
#: Where atheris has wheels; pyproject.toml says the same.
FUZZER = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 15)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_good_passes_and_so_does_half_of_it(name: str) -> None:
    target = TARGETS[name]
    for seed in (*target.seeds, b""):
        target.call(seed)
        target.call(seed[: len(seed) // 2])
        target.call(seed[::-1])


def test_the_seeds_of_the_host_go_all_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("tests.fuzz.atheris_targets.check_end", lambda end, _: told.append(str(end.state)))
    for name in ("host", "host-first"):
        for seed in TARGETS[name].seeds:
            TARGETS[name].call(seed)
    TARGETS["host-payloads"].call(b"\0" + REQUEST)
    assert told == ["open"] * 4


if FUZZER:

    def test_no_fault_in_a_moment_of_each(tmp_path: Path) -> None:
        command = [sys.executable, "-m", "tests.fuzz.run_atheris", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"no fault in {', '.join(TARGETS)}" in done.stdout
