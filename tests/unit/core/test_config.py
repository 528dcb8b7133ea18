import os
import stat
import sys

import msgspec
import pytest

from farhand.core.config import ConfigError, LogSettings, Paths, read_private, read_settings, write_private


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    port: int = 8443
    log: LogSettings = LogSettings()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_settings_come_from_the_file(tmp_path):
    file = tmp_path / "gateway.toml"
    file.write_text('port = 9000\n[log]\nform = "json"\n')
    assert read_settings(file, Settings) == Settings(port=9000, log=LogSettings(form="json"))


def test_no_file_means_the_defaults(tmp_path):
    assert read_settings(tmp_path / "absent.toml", Settings) == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("port = ", "at end of document"),
        ('port = "many"', "$.port"),
        ("prot = 9000", "prot"),
        ('[log]\nlevel = "loud"', "$.log.level"),
        ("\xff", "gateway.toml"),
    ],
)
def test_a_wrong_file_names_itself_and_the_entry(tmp_path, text, named):
    file = tmp_path / "gateway.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        read_settings(file, Settings)
    assert str(file) in str(caught.value)
    assert named in str(caught.value)
    assert caught.value.cure


def test_a_file_that_cannot_be_read_names_itself(tmp_path):
    with pytest.raises(ConfigError, match=str(tmp_path)):
        read_settings(tmp_path, Settings)


def test_created_folders_are_for_their_owner_alone(tmp_path):
    paths = Paths.under(tmp_path / "farhand").create()
    for folder in (paths.config, paths.data, paths.state, paths.runtime):
        assert mode(folder) == 0o700
    assert paths.create() == paths


def test_default_paths_follow_the_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))
    paths = Paths.default()
    assert paths.config == tmp_path / "c" / "farhand"
    assert paths.data == tmp_path / "d" / "farhand"
    assert not paths.data.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the variable is the XDG base directories' own")
def test_sockets_never_go_to_a_folder_that_others_can_prepare(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert Paths.default().runtime == tmp_path / "s" / "farhand" / "run"

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o777)
    assert Paths.default().runtime == tmp_path / "s" / "farhand" / "run"

    tmp_path.chmod(0o700)
    assert Paths.default().runtime == tmp_path / "farhand"


def test_a_private_file_is_its_owners_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        write_private(tmp_path / "key", b"content")
    finally:
        os.umask(before)
    assert mode(tmp_path / "key") == 0o600
    assert read_private(tmp_path / "key") == b"content"


def test_writing_replaces_the_file_and_narrows_its_mode(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_private(file, b"new")
    assert read_private(file) == b"new"


def test_writing_replaces_a_link_and_leaves_its_target(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"untouched")
    (tmp_path / "key").symlink_to(target)
    write_private(tmp_path / "key", b"content")
    assert target.read_bytes() == b"untouched"
    assert not (tmp_path / "key").is_symlink()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    file = tmp_path / "key"
    write_private(file, b"old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(file, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o660])
def test_a_file_that_others_may_use_is_refused(tmp_path, bits):
    file = tmp_path / "key"
    write_private(file, b"content")
    file.chmod(bits)
    with pytest.raises(ConfigError, match=f"mode 0{bits:o}"):
        read_private(file)


def test_a_link_in_place_of_a_private_file_is_refused(tmp_path):
    write_private(tmp_path / "elsewhere", b"content")
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError):
        read_private(tmp_path / "key")


def test_an_absent_private_file_is_told_from_a_bad_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_private(tmp_path / "key")


def test_a_private_file_of_another_user_is_refused(tmp_path, monkeypatch):
    write_private(tmp_path / "key", b"content")
    someone = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: someone)
    with pytest.raises(ConfigError, match="not a plain file of this user"):
        read_private(tmp_path / "key")
