"""Verbs that are over sooner than Typer is loaded, which takes 0.3 s with what it brings.

Such a verb says its options by ``Option`` and ``Argument`` of this module, which take what Typer's do. A command line
that is well formed is read here; any other, ``--help`` and completion go to Typer, whose words people read.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin


class Misused(Exception):
    """A value that cannot be, before anything was done."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


class Option:
    """An option: names, where they are others than the parameter's, and what Typer's has besides."""

    def __init__(self, *names: str, **about: Any) -> None:
        self.names = names
        self.about = about


class Argument:
    """An argument: what Typer's has."""

    def __init__(self, **about: Any) -> None:
        self.names: tuple[str, ...] = ()
        self.about = about


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    kind: Any
    marker: Option | Argument
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    def value(self, text: str) -> Any:
        """What a word means here. Raises ValueError."""
        if self.kind in (int, float):
            number = self.kind(text)
            if not self.marker.about.get("min", number) <= number <= self.marker.about.get("max", number):
                raise ValueError(text)
            return number
        if get_origin(self.kind) is Literal and text not in get_args(self.kind):
            raise ValueError(text)
        return text


@dataclass(slots=True)
class _Read:
    given: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def read(command: Callable[..., None], arguments: Sequence[str]) -> dict[str, Any] | None:
    """The parameters that the command line gives, None where Typer has to look at it."""
    parameters = list(_parameters(command))
    try:
        found = _options(parameters, iter(arguments))
        return found.given | _positional(parameters, found.words)
    except (ValueError, KeyError, StopIteration):
        return None


def _options(parameters: Sequence[_Parameter], words: Iterator[str]) -> _Read:
    named = {name: (one, True) for one in parameters for name in one.on}
    named |= {name: (one, False) for one in parameters for name in one.off}
    found = _Read()
    for word in words:
        if word == "--":
            found.words += words
        elif word == "-" or not word.startswith("-"):
            found.words.append(word)
        elif word.startswith("--"):
            name, equals, text = word.partition("=")
            one, on = named[name]
            if one.kind is bool:
                if equals:
                    raise ValueError(word)
                found.given[one.name] = on
            elif one.kind == list[str] | None:
                found.given.setdefault(one.name, []).append(text if equals else next(words))
            else:
                found.given[one.name] = one.value(text if equals else next(words))
        else:
            for letter in word[1:]:
                one, on = named["-" + letter]
                if one.kind is not bool:
                    raise ValueError(word)
                found.given[one.name] = on
    return found


def _positional(parameters: Sequence[_Parameter], words: list[str]) -> dict[str, Any]:
    wanted = [one for one in parameters if isinstance(one.marker, Argument)]
    single = [one for one in wanted if one.kind is str]
    if len(single) == len(wanted):
        return dict(zip((one.name for one in wanted), words, strict=True))
    if len(wanted) > 1 or not words:
        raise ValueError("several, or none")
    return {wanted[0].name: words}


def _parameters(command: Callable[..., None]) -> Iterator[_Parameter]:
    for name, annotation in command.__annotations__.items():
        if name == "return":
            continue
        kind, marker = get_args(annotation)
        if isinstance(marker, Argument):
            yield _Parameter(name, kind, marker)
            continue
        names = marker.names or ((f"--{name}/--no-{name}",) if kind is bool else (f"--{name}",))
        on = tuple(one.partition("/")[0] for one in names)
        off = tuple(one.partition("/")[2] for one in names if "/" in one)
        yield _Parameter(name, kind, marker, on, off)


def takes_value(command: Callable[..., None]) -> set[str]:
    """The options of a verb behind which a value stands."""
    return {name for one in _parameters(command) if one.kind is not bool for name in one.on}


def for_typer(command: Callable[..., None]) -> Callable[..., None]:
    """The same verb with Typer's own options."""
    import functools
    import inspect
    from typing import Annotated

    import typer

    makers: dict[type, Any] = {Option: typer.Option, Argument: typer.Argument}

    def typed(parameter: inspect.Parameter) -> inspect.Parameter:
        kind, marker = get_args(parameter.annotation)
        made = makers[type(marker)](*marker.names, **marker.about)
        return parameter.replace(annotation=Annotated[kind, made], kind=inspect.Parameter.KEYWORD_ONLY)

    from farhand.cli.signatures import stands_for

    @functools.wraps(command)
    def called(**given: Any) -> None:
        try:
            command(**given)
        except Misused as error:
            raise typer.BadParameter(error.text, param_hint=error.hint) from None

    stands_for(called, command, [typed(one) for one in inspect.signature(command).parameters.values()])
    return called


def run(command: Callable[..., None], arguments: Sequence[str]) -> bool:
    """Run the verb, if its command line can be read here."""
    given = read(command, arguments)
    if given is None:
        return False
    try:
        command(**given)
        sys.stdout.flush()
    except Misused:
        return False
    except BrokenPipeError:
        from farhand.cli.exits import nobody_reads

        raise SystemExit(nobody_reads()) from None
    return True
