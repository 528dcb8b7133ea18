"""The viewer that a release publishes can be built again by anyone, byte for byte."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

VIEWER = Path(__file__).parents[2] / "viewer"


def copy_of_viewer(folder: Path) -> Path:
    """Copy the viewer with its packages, without what was built; packages by hard link where the disk allows it."""

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            shutil.copy2(source, target, follow_symlinks=False)

    copy = folder / "viewer"
    shutil.copytree(VIEWER, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    # Without the folders in which tools keep what they worked out before: .vite, .vite-temp, .vectors, .cache.
    ignore = shutil.ignore_patterns(".v*", ".cache")
    shutil.copytree(VIEWER / "node_modules", copy / "node_modules", symlinks=True, copy_function=link, ignore=ignore)
    return copy


def bundle(viewer: Path) -> dict[str, str]:
    """The hash of each file of the bundle that was built there."""
    dist = viewer / "dist"
    return {
        str(path.relative_to(dist)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(dist.rglob("*"))
        if path.is_file()
    }


@pytest.mark.timeout(300)
def test_two_builds_in_different_folders_are_identical(tmp_path):
    second = copy_of_viewer(tmp_path / "another" / "deeper")
    done = subprocess.run(["npm", "run", "build"], cwd=second, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    first = bundle(VIEWER)
    assert "index.html" in first, "the viewer is not built: run script/setup"
    assert first == bundle(second), "not the same, or the viewer has changed since it was built: run script/setup"
