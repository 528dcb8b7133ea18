"""Log lines: for people (coloured) or machines (JSON), on standard error, with secrets taken out."""

import dataclasses
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from farhand.core.logging import Format, Level

HIDDEN = "[hidden]"

# Names whose value is secret: words anywhere in the name ("launch_token"), a private or shared key by whatever
# prefix, and the bare names by which input and one-time codes go.
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|psk|private|cookie|authorization|credential|clipboard|keystroke"
    r"|(?<!public)_key$|^(code|pin|keys?|keysym|text|seed)$",
    re.IGNORECASE,
)
# A one-time code (4821-739 204 615), and the fragment of an address, where codes and launch tokens stand.
_SECRET_TEXT = re.compile(r"\b\d{3,6}-\d{3}[ -]?\d{3}[ -]?\d{3}\b|(?<=[\w/?=&])#[^\s\"'<>]{6,}")


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger that `get_logger` stands for."""
    return structlog.stdlib.get_logger(name)


def configure(form: Format = "console", level: Level = "info", stream: TextIO | None = None) -> None:
    """Send all logs of this process to the stream (standard error by default), those of libraries too.

    Call once, when the program starts. The level is Farhand's own; libraries log from warning on.
    """
    out = stream if stream is not None else sys.stderr
    renderer: Processor
    if form == "json":
        renderer = structlog.processors.JSONRenderer(default=repr)
    else:
        # The plain formatter: the richer ones print local variables, and those hold keys.
        renderer = structlog.dev.ConsoleRenderer(
            colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_EVERY_EVENT,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                hide_secrets,  # once more: the traceback has become text
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("farhand").setLevel(level.upper())


def hide_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace secret values by `[hidden]` and bytes by their count; a structlog processor."""
    for name, value in event.items():
        # The record and exc_info are the logging machinery's own and are never printed as they are.
        if not name.startswith("_") and name != "exc_info":
            event[name] = _clean(name, value)
    return event


def _clean(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return HIDDEN if value is not None and _SECRET_NAME.search(name) else value
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return _SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    if isinstance(value, msgspec.Struct):
        return _clean("", msgspec.structs.asdict(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _clean(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)}
    return _SECRET_TEXT.sub(HIDDEN, repr(value))


_EVERY_EVENT: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    hide_secrets,
]

# With the first event, not in `configure`: until a program says where its logs go, and in one that never does,
# Farhand's events are ordinary records of the standard library's logging, cleaned like all others.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_EVERY_EVENT,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
)
