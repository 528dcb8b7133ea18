"""An installation that was changed, or that others could change (CVE-2011-3479), is found by its first bad file."""

import base64
import hashlib
import os
from pathlib import Path

import pytest

from farhand.core import integrity
from farhand.core.integrity import InstallationChanged, check_installation, root_is_mapped


def install(site: Path) -> Path:
    """A small package as an installer leaves it; returns its folder."""
    files = {
        "farhand/__init__.py": b"",
        "farhand/core/__init__.py": b"",
        "farhand/core/integrity.py": b"# itself\n",
        "farhand/viewer_dist/index.html": b"<!doctype html>\n",
        "farhand-1.0.dist-info/METADATA": b"Name: farhand\n",
        "../bin/farhand": b"#!/usr/bin/python3\n",
    }
    rows = ["farhand-1.0.dist-info/RECORD,,", "farhand/core/__pycache__/integrity.cpython-311.pyc,,"]
    for name, content in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.append(f"{name},sha256={digest},{len(content)}")
    (site / "farhand-1.0.dist-info" / "RECORD").write_text("\n".join(rows) + "\n")
    caches = site / "farhand" / "core" / "__pycache__"
    caches.mkdir()
    (caches / "integrity.cpython-311.pyc").write_bytes(b"compiled")
    return site / "farhand"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return install(tmp_path / "site-packages")


def test_an_installation_as_it_was_made_is_well(package: Path) -> None:
    found = check_installation(package)
    assert found.folder == package
    assert found.files == 8
    assert not found.development


def test_a_checkout_says_that_it_is_one(tmp_path: Path) -> None:
    package = install(tmp_path / "src")
    (package / "core" / "integrity.py").write_text("# edited\n")
    (tmp_path / "pyproject.toml").touch()
    assert check_installation(package).development


@pytest.mark.parametrize(
    "name", ["core/integrity.py", "viewer_dist/index.html", "../farhand-1.0.dist-info/METADATA", "../../bin/farhand"]
)
def test_a_changed_file_is_named(package: Path, name: str) -> None:
    path = (package / name).resolve()
    path.write_bytes(path.read_bytes() + b"#")
    with pytest.raises(InstallationChanged, match="was changed") as caught:
        check_installation(package)
    assert str(path) in caught.value.cause
    assert "install" in caught.value.cure


def test_a_missing_file_is_named(package: Path) -> None:
    (package / "viewer_dist" / "index.html").unlink()
    with pytest.raises(InstallationChanged, match=r"index\.html is missing"):
        check_installation(package)


@pytest.mark.parametrize(
    "name",
    [
        "core/integrity.cpython-311-x86_64-linux-gnu.so",  # imported in place of integrity.py
        "core/__pycache__/other.cpython-311.pyc",
        "core/__pycache__/integrity.so",
        "extra/__init__.py",
    ],
)
def test_a_file_that_was_put_in_is_named(package: Path, name: str) -> None:
    path = package / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(InstallationChanged, match="does not belong") as caught:
        check_installation(package)
    assert str(path) in caught.value.cause


def test_a_link_in_a_files_place_is_refused(package: Path, tmp_path: Path) -> None:
    page = package / "viewer_dist" / "index.html"
    (tmp_path / "elsewhere").write_bytes(page.read_bytes())
    page.unlink()
    page.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InstallationChanged, match="plain file"):
        check_installation(package)


@pytest.mark.parametrize(
    ("name", "mode", "who"),
    [
        ("core/integrity.py", 0o664, "group"),
        ("core/integrity.py", 0o646, "everybody"),
        ("core/__pycache__/integrity.cpython-311.pyc", 0o664, "group"),
        ("core/__pycache__", 0o775, "group"),
        ("core", 0o775, "group"),
        ("..", 0o777, "everybody"),
        ("../library.py", 0o666, "everybody"),
    ],
)
def test_cve_2011_3479_what_others_can_write_is_named(package: Path, name: str, mode: int, who: str) -> None:
    (package.parent / "library.py").touch(mode=0o644)
    path = (package / name).resolve()
    path.chmod(mode)
    with pytest.raises(InstallationChanged, match=who) as caught:
        check_installation(package)
    assert f"{path} " in caught.value.cause
    assert "chmod" in caught.value.cure


@pytest.mark.parametrize("name", ["core/integrity.py", "core", "../library.py", ".."])
def test_cve_2011_3479_what_another_user_owns_is_named(
    package: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package.parent / "library.py").touch(mode=0o644)
    path = (package / name).resolve()
    if os.geteuid() == 0:
        os.chown(path, 4242, 0)
        words = f"{path} belongs to user 4242"
    else:  # who is not root gives nothing away: then everything of this user's is another's
        monkeypatch.setattr(integrity, "_trusted_owners", lambda: {0})
        words = "belongs to user"
    with pytest.raises(InstallationChanged) as caught:
        check_installation(package)
    assert words in caught.value.cause


@pytest.mark.parametrize("count", [0, 2])
def test_without_one_list_of_files_nothing_runs(package: Path, count: int) -> None:
    record = package.parent / "farhand-1.0.dist-info" / "RECORD"
    if count:
        other = package.parent / "farhand-2.0.dist-info"
        other.mkdir()
        (other / "RECORD").write_bytes(record.read_bytes())
    else:
        record.unlink()
    with pytest.raises(InstallationChanged, match="list of installed files"):
        check_installation(package)


def test_a_list_that_leaves_this_program_out_is_refused(package: Path) -> None:
    record = package.parent / "farhand-1.0.dist-info" / "RECORD"
    record.write_text("\n".join(line for line in record.read_text().splitlines() if "integrity.py" not in line))
    with pytest.raises(InstallationChanged, match="does not list this program"):
        check_installation(package)


@pytest.mark.parametrize(
    ("uid_map", "mapped"),
    [
        ("         0          0 4294967295\n", True),
        ("      1000       1000          1\n", False),
        ("         0          0          1\n      1000       1000          1\n", True),
        ("", False),
    ],
)
def test_whether_roots_files_have_a_stand_ins_number_is_seen(uid_map: str, mapped: bool) -> None:
    assert root_is_mapped(uid_map) is mapped
