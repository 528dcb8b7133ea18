"""What the texts of options mean."""

import inspect
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from farhand.cli import host, up
from farhand.cli.options import (
    CAPABILITIES,
    SharingOptions,
    check_certificate,
    parse_allow,
    parse_fingerprint,
    parse_listen,
    parse_size,
    shares,
    sharing_options,
)
from farhand.host.agent import SERVICES


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("10.77.0.1:8443", ("10.77.0.1", 8443)),
        ("localhost:0", ("localhost", 0)),
        ("[::]:443", ("::", 443)),
        (":443", ("0.0.0.0", 443)),
    ],
)
def test_where_to_listen(text: str, means: tuple[str, int]) -> None:
    assert parse_listen(text) == means


@pytest.mark.parametrize("text", ["8443", "10.0.0.1", "10.0.0.1:", "10.0.0.1:70000", "::1:80", "[::1]", "a b:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="no address"):
        parse_listen(text)


def test_sizes() -> None:
    assert parse_size("1920x1080", "--size") == (1920, 1080)
    for text in ("1920", "1920x", "10x10", "99999x10", "1920x1080x2"):
        with pytest.raises(typer.BadParameter):
            parse_size(text, "--size")


def test_what_may_be_allowed_is_what_has_a_service() -> None:
    assert set(CAPABILITIES) == {str(capability) for capability in SERVICES}
    assert parse_allow("view, control") == {"view", "control"}
    for text in ("", "view,everything", "view,shell"):
        with pytest.raises(typer.BadParameter):
            parse_allow(text)


def test_fingerprints_with_and_without_colons() -> None:
    digits = "ab" * 32
    assert parse_fingerprint(":".join(["AB"] * 32)) == parse_fingerprint(digits) == bytes.fromhex(digits)
    assert parse_fingerprint("") is None
    with pytest.raises(typer.BadParameter):
        parse_fingerprint("abcd")


def test_certificate_options_that_contradict_each_other() -> None:
    check_certificate(None, None, True)
    check_certificate(Path("a"), Path("b"), False)
    for arguments in ((Path("a"), None, False), (None, Path("b"), False), (Path("a"), Path("b"), True)):
        with pytest.raises(typer.BadParameter):
            check_certificate(*arguments)


def test_a_name_that_does_not_fit_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="64"):
        sharing_options(name="x" * 65)


def test_what_nobody_said_is_for_the_settings_to_say() -> None:
    options = sharing_options()
    assert (options.allow, options.ask, options.grace) == (None, None, None)


def test_every_verb_that_makes_a_computer_reachable_has_one_list_of_options() -> None:
    heard: list[tuple[SharingOptions, int]] = []

    @shares
    def verb(sharing: SharingOptions, own: Annotated[int, typer.Option()] = 7) -> None:
        """Do it."""
        heard.append((sharing, own))

    app = typer.Typer()
    app.command()(verb)
    assert CliRunner().invoke(app, ["--allow", "view", "--no-ask", "--own", "3", "--size", "800x600"]).exit_code == 0
    assert CliRunner().invoke(app, ["--size", "huge"]).exit_code == 2
    ((sharing, own),) = heard
    assert (sharing.allow, sharing.ask, sharing.size, own) == (frozenset({"view"}), False, (800, 600), 3)
    for command in (host.command, up.command):
        assert set(inspect.signature(sharing_options).parameters) <= set(inspect.signature(command).parameters)
