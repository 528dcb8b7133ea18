import dataclasses
import io
import json
import logging

import msgspec
import pytest

from farhand.core.log_lines import configure
from farhand.core.logging import get_logger

CODE = "4821-739 204 615"


@dataclasses.dataclass
class Secretive:
    route: int
    psk: bytes


class Launch(msgspec.Struct):
    port: int
    launch_token: str


@pytest.fixture
def stream():
    """A stream in place of standard error; the process's logging is put back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("farhand")
    before = (root.handlers, root.level, ours.level)
    yield io.StringIO()
    root.handlers, level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def test_json_lines_carry_event_level_logger_and_values(stream):
    configure("json", stream=stream)
    get_logger("farhand.host").info("session attached", session="sess_1", rights=["view"])
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "session attached",
        "level": "info",
        "logger": "farhand.host",
        "session": "sess_1",
        "rights": ["view"],
    }


def test_console_lines_are_readable(stream):
    configure("console", stream=stream)
    get_logger("farhand.host").warning("line lost", seconds=3)
    assert "line lost" in stream.getvalue()
    assert "seconds=3" in stream.getvalue()
    assert "\x1b" not in stream.getvalue(), "colours are for terminals"


def test_the_level_is_farhands_own(stream):
    configure("json", level="debug", stream=stream)
    get_logger("farhand.host").debug("seen")
    logging.getLogger("somelibrary").info("unseen")
    logging.getLogger("somelibrary").warning("seen too")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["seen", "seen too"]


@pytest.mark.parametrize("form", ["console", "json"])
@pytest.mark.parametrize(
    "values",
    [
        {"password": "hunter2secret"},
        {"launch_token": "hunter2secret"},
        {"private_key": b"hunter2secret"},
        {"psk": "hunter2secret"},
        {"code": "hunter2secret"},
        {"key": "hunter2secret"},
        {"headers": {"Authorization": "Bearer hunter2secret"}},
        {"steps": [{"token": "hunter2secret"}]},
        {"payload": b"hunter2secret"},
        {"thing": Secretive(route=4821, psk=b"hunter2secret")},
        {"thing": Launch(port=1, launch_token="hunter2secret")},
        {"url": "https://gateway.example/v#hunter2secret"},
    ],
    ids=str,
)
def test_secrets_among_the_values_are_hidden(stream, form, values):
    configure(form, stream=stream)
    get_logger("farhand.test").error("tried", **values)
    assert "tried" in stream.getvalue()
    assert "hunter2secret" not in stream.getvalue()


@pytest.mark.parametrize("form", ["console", "json"])
def test_one_time_codes_are_hidden_wherever_they_stand(stream, form):
    configure(form, stream=stream)
    get_logger("farhand.test").info(f"code {CODE} given out", where=f"said {CODE}")
    logging.getLogger("somelibrary").warning("got %s", CODE)
    assert stream.getvalue().count("[hidden]") == 3
    assert "204 615" not in stream.getvalue()


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_local_variables_and_no_code(stream, form):
    configure(form, stream=stream)
    psk = "hunter2" + "secret"
    try:
        raise ValueError(f"refused {CODE} of {len(psk)}")
    except ValueError:
        get_logger("farhand.test").exception("failed")
    assert "ValueError: refused [hidden] of 13" in stream.getvalue()
    assert "hunter2secret" not in stream.getvalue()


@pytest.mark.parametrize("name", ["public_key", "exit_code", "keyboard", "session"])
def test_harmless_names_are_shown(stream, name):
    configure("json", stream=stream)
    get_logger("farhand.test").info("seen", **{name: "value"})
    assert json.loads(stream.getvalue())[name] == "value"


def test_an_unconfigured_process_hides_secrets_too(caplog):
    get_logger("farhand.test").error("tried", password="hunter2secret")
    assert caplog.records[0].msg["password"] == "[hidden]"
