"""What is read without Typer is what Typer reads."""

import os
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from farhand.cli.files_options import parse_ask
from farhand.cli.light import Misused, for_typer, read, run
from farhand.cli.main import LIGHT, verb


def by_typer(name: str, words: list[str]) -> dict[str, Any] | None:
    """The parameters as Typer gives them, None where it refuses."""
    given: dict[str, Any] = {}

    def note(**parameters: Any) -> None:
        given.update(parameters)

    command = verb(name)
    note.__annotations__, note.__signature__ = {}, for_typer(command).__signature__  # type: ignore[attr-defined]
    app = typer.Typer()
    app.command()(note)
    result = CliRunner().invoke(app, words)
    return given if result.exit_code == 0 else None


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("cp", "a b local:"),
        ("cp", "-rq a local:"),
        ("cp", "a --retry 5 local: --conflict=keep-both --no-delta --json"),
        ("cp", "- local:x --no-preserve"),
        ("cp", "-- -r local:x"),
        ("cp", "-ri a local:x"),
        ("cp", "-p --no-skip a b:"),
        ("ls", "local: -la"),
        ("rm", "a:x a:y -rf --for-good"),
        ("mkdir", "-p a:x --reason because"),
        ("mv", "a:x y --conflict newer"),
        ("cat", "a:x"),
        ("df", "a: b: --gateway https://x --json"),
    ],
)
def test_a_well_formed_line_means_the_same(name: str, line: str) -> None:
    ours, theirs = read(verb(name), line.split()), by_typer(name, line.split())
    assert ours is not None
    assert theirs is not None
    assert {key: theirs[key] for key in ours} == ours
    defaults = verb(name).__defaults__ or ()
    assert all(value in defaults for key, value in theirs.items() if key not in ours)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("cp", "--help"),
        ("cp", ""),
        ("cp", "a b --nonsense"),
        ("cp", "a b --retry"),
        ("cp", "a b --retry x"),
        ("cp", "a b --retry -1"),
        ("cp", "a b --conflict perhaps"),
        ("cp", "a b --json=yes"),
        ("mv", "a:x"),
        ("mv", "a:x y z"),
        ("ls", "a: b:"),
    ],
)
def test_any_other_line_goes_to_typer(name: str, line: str) -> None:
    assert read(verb(name), line.split()) is None


def test_a_value_that_cannot_be_goes_to_typer_too() -> None:
    assert not run(verb("cp"), ["alone"])
    assert not run(verb("df"), ["a:", "--reason", "x" * 201])
    with pytest.raises(Misused):
        verb("cp")(["alone"])


def test_nobody_is_asked_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cp", "mv"):
        assert not run(verb(name), ["-i", "a:x", "a:y"])
        assert not run(verb(name), ["a:x", "a:y", "--conflict", "ask"])
    with pytest.raises(Misused, match="choose replace, refuse, newer or keep-both"):
        parse_ask("ask", False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert parse_ask("replace", True)
    with pytest.raises(Misused, match="it has no answers"):
        verb("cp")(["-", "a:x"], conflict="ask")


def test_every_light_verb_has_its_command() -> None:
    assert all(callable(verb(name)) for name in LIGHT)


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    """As by `farhand ls local: | head -1`: no traceback, exit code 0."""
    lines = "from farhand.cli.light import run\nrun(lambda: print('x' * 100_000), [])"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([sys.executable, "-c", lines], stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")
