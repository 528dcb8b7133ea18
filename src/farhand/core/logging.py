"""Loggers; how lines look is in `log_lines`.

Every module logs through `get_logger(__name__)`: an event that does not vary, then what varies as keywords, so that
the secrets among them have names by which they are found:

    log.info("session attached", session=session_id, capabilities=["view"])
"""

from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import structlog

Format = Literal["console", "json"]
Level = Literal["debug", "info", "warning", "error"]


class _AtFirstUse:
    """A logger that loads what writes lines with the first one: most commands never write any, and it takes 0.15 s."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        from farhand.core.log_lines import logger

        return getattr(logger(self._name), attribute)


def get_logger(name: str) -> "structlog.stdlib.BoundLogger":
    """Return the logger of a module; it follows whatever `log_lines.configure` says, before or after."""
    return cast("structlog.stdlib.BoundLogger", _AtFirstUse(name))
