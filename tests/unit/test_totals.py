import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "script" / "totals.py"

REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}" time="1.5"/></testsuites>'


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([(5, 0, 0, 0), (2, 0, 0, 0)], "= 7 passed in 3.00s ="),
        ([(5, 1, 0, 1), (2, 0, 1, 0)], "= 1 failed, 4 passed, 1 skipped, 1 error in 3.00s ="),
        ([(0, 0, 0, 0)], "= no tests ran in 1.50s ="),
    ],
)
def test_the_reports_are_added_up(tmp_path, reports, expected):
    paths = [tmp_path / f"{index}.xml" for index in range(len(reports))]
    for path, counts in zip(paths, reports, strict=True):
        path.write_text(REPORT.format(*counts))
    done = subprocess.run(
        [sys.executable, SCRIPT, *paths, tmp_path / "absent.xml"], capture_output=True, text=True, check=True
    )
    assert expected in done.stdout
