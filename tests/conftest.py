"""What holds for every tier: markers by folder, and no skipping where all has to run."""

import os
from pathlib import Path

import hypothesis
import pytest
from tests.databases import (  # noqa: F401  fixtures, found by their names
    _postgres_template,
    _sqlite_template,
    database,
    gateway_folder,
    postgres,
)

# A slow machine is no fault of what is tested; pytest-timeout catches what hangs.
hypothesis.settings.register_profile("house", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("house")

TESTS = Path(__file__).parent

#: A file's tests go to one process: those that take longest begin first, so that no other waits for them at the end.
LONG = (
    "test_unattended.py",
    "test_files.py",
    "test_cut.py",
    "test_viewer_pages.py",
    "test_ends.py",
    "test_hostile_host.py",
    "test_console.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the tier whose folder it stands in, and begin with the files of LONG."""
    for item in items:
        tier = item.path.relative_to(TESTS).parts[0]
        item.add_marker(tier)
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Report a test that skips as `_required` says."""
    return _required((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    """Report a whole file that skips as `_required` says."""
    return _required((yield))


def _required(report: pytest.TestReport | pytest.CollectReport) -> pytest.TestReport | pytest.CollectReport:
    """Under CI=true, turn a skip into a failure: a required test that does not run protects nothing."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, and in CI every test runs: {report.longrepr}"
    return report
