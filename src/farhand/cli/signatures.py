"""Functions whose parameters are put together at run time, as Typer reads them."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any


def stands_for(command: Callable[..., None], verb: Callable[..., Any], parameters: Sequence[inspect.Parameter]) -> None:
    """Let ``command`` look like ``verb`` with these parameters, all of them keyword-only."""
    named = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    signature = inspect.signature(verb).replace(parameters=named)
    command.__signature__ = signature  # type: ignore[attr-defined]  # functions have it, their type does not say so
    command.__annotations__ = {one.name: one.annotation for one in named}
    command.__doc__ = verb.__doc__
