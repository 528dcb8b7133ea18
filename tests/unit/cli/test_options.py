"""What the texts of options mean."""

from pathlib import Path

import pytest
import typer

from farhand.cli.options import (
    CAPABILITIES,
    check_certificate,
    parse_allow,
    parse_fingerprint,
    parse_listen,
    parse_size,
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
        sharing_options(
            display=None,
            virtual=None,
            size="1280x720",
            allow="view",
            ask=True,
            name="x" * 65,
            grace=120,
            once=False,
            ready_file=None,
            json=False,
            log="warning",
        )
