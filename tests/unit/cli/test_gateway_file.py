"""The gateway's settings file, and the command line over it."""

from pathlib import Path

import pytest

from farhand.cli.gateway_file import ServiceOptions, service_settings
from farhand.core.config import ConfigError, Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path).create()


def write(paths: Paths, text: str, mode: int = 0o600) -> Path:
    path = paths.config / "gateway.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_without_a_file_there_are_defaults(paths: Paths) -> None:
    settings = service_settings(ServiceOptions(), paths)
    assert (settings.data, settings.database, settings.url) == (paths.data / "gateway", "", "")
    assert settings.oidc is None


def test_the_command_line_is_over_the_file(paths: Paths, tmp_path: Path) -> None:
    write(
        paths, 'url = "https://a.example"\ndatabase = "postgresql:///a"\ndata = "/somewhere"\n[sessions]\nhours = 3\n'
    )
    settings = service_settings(ServiceOptions(), paths)
    assert (settings.url, settings.database, str(settings.data)) == (
        "https://a.example",
        "postgresql:///a",
        "/somewhere",
    )
    assert settings.session_seconds == 3 * 3600
    over = ServiceOptions(None, tmp_path, "postgresql:///b", "https://b.example")
    settings = service_settings(over, paths)
    assert (settings.url, settings.database, settings.data) == ("https://b.example", "postgresql:///b", tmp_path)


def test_a_provider_with_its_secret_in_a_file_of_its_own(paths: Paths, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s\n")
    secret.chmod(0o600)
    table = f'[oidc]\nissuer = "https://p.example"\nclient_id = "f"\nclient_secret_file = "{secret}"\ncreate = true\n'
    write(paths, f'url = "https://a.example"\n{table}')
    oidc = service_settings(ServiceOptions(), paths).oidc
    assert oidc is not None
    assert (oidc.issuer, oidc.client_secret, oidc.create, oidc.allow_http) == ("https://p.example", "s", True, False)
    assert "s'" not in repr(oidc).replace("single", "")
    write(paths, table)
    with pytest.raises(ConfigError, match="no address of this gateway"):
        service_settings(ServiceOptions(), paths)
    secret.chmod(0o644)
    write(paths, f'url = "https://a.example"\n{table}')
    with pytest.raises(ConfigError, match="others may read"):
        service_settings(ServiceOptions(), paths)


@pytest.mark.parametrize("text", ["unknown = 1\n", "[sessions]\nhours = 0\n", "url = 3\n", "not toml"])
def test_what_the_file_must_not_say(paths: Paths, text: str) -> None:
    write(paths, text)
    with pytest.raises(ConfigError):
        service_settings(ServiceOptions(), paths)


def test_a_password_in_the_file_is_for_its_owner(paths: Paths) -> None:
    text = 'database = "postgresql://u:secret@h/n"\n'
    write(paths, text, 0o640)
    with pytest.raises(ConfigError, match="holds a password") as caught:
        service_settings(ServiceOptions(), paths)
    assert "secret@" not in str(caught.value)
    write(paths, text, 0o600)
    service_settings(ServiceOptions(), paths)


def test_a_file_that_was_named_has_to_be_there(paths: Paths, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        service_settings(ServiceOptions(tmp_path / "none.toml"), paths)
