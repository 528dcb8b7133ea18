"""A verb that does something by itself and has verbs below it: `farhand host`, `farhand host install`."""

import inspect
from collections.abc import Callable
from typing import Any

import typer

from farhand.cli.signatures import stands_for


def with_verbs(verb: Callable[..., None], **others: Callable[..., None]) -> typer.Typer:
    """The verb, run where none of the others is named."""

    def command(context: typer.Context, **given: Any) -> None:
        if context.invoked_subcommand is None:
            verb(**given)

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    stands_for(command, verb, [context, *inspect.signature(verb).parameters.values()])
    group = typer.Typer(invoke_without_command=True)
    group.callback()(command)
    for name, other in others.items():
        group.command(name)(other)
    return group
