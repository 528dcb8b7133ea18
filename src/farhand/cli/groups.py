"""A verb that does something by itself and has verbs below it: `farhand host`, `farhand host install`."""

import inspect
from collections.abc import Callable
from typing import Any

import typer


def with_verbs(verb: Callable[..., None], **others: Callable[..., None]) -> typer.Typer:
    """The verb, run where none of the others is named."""
    signature = inspect.signature(verb)

    def command(context: typer.Context, **given: Any) -> None:
        if context.invoked_subcommand is None:
            verb(**given)

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *(one.replace(kind=context.kind) for one in signature.parameters.values())]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what Typer reads
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__doc__ = verb.__doc__
    group = typer.Typer(invoke_without_command=True)
    group.callback()(command)
    for name, other in others.items():
        group.command(name)(other)
    return group
