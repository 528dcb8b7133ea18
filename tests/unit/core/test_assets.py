import pytest

from farhand.core import assets


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty package folder in an empty checkout, in place of the real one."""
    folder = tmp_path / "src" / "farhand"
    folder.mkdir(parents=True)
    monkeypatch.setattr(assets, "_PACKAGE", folder)
    return folder


def built(folder):
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    return folder


def test_the_viewer_of_the_package_comes_first(package, tmp_path):
    built(tmp_path / "viewer" / "dist")
    packed = built(package / "viewer_dist")
    assert assets.viewer_directory() == packed


def test_an_editable_install_has_the_viewer_of_its_checkout(package, tmp_path):
    dist = built(tmp_path / "viewer" / "dist")
    assert assets.viewer_directory() == dist


def test_a_viewer_that_is_not_built_is_an_error_with_a_cure(package, tmp_path):
    (tmp_path / "viewer" / "dist").mkdir(parents=True)
    with pytest.raises(assets.AssetsError, match="script/setup"):
        assets.viewer_directory()
