"""Shapes that all bodies of the API have in common. Times are whole milliseconds since 1970 (UTC), named so."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from farhand.gateway.texts import is_shown

T = TypeVar("T")


def _line(text: str) -> str:
    if not is_shown(text):
        raise ValueError("a control character stands in it")
    return text


def _named(text: str) -> str:
    _line(text)
    if text != text.strip() or not text:
        raise ValueError("a name neither begins nor ends with a space")
    return text


def _text(text: str) -> str:
    if not is_shown(text.replace("\n", "").replace("\t", "")):
        raise ValueError("a control character stands in it")
    return text


Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_named)]
"""A name of a person, group or thing: one line."""
Line = Annotated[str, Field(max_length=256), AfterValidator(_line)]
"""One line of text, perhaps empty."""
Text = Annotated[str, Field(max_length=4096), AfterValidator(_text)]
"""Text of several lines, perhaps empty."""
Id = Annotated[str, Field(pattern=r"^[a-z]{2,12}_[a-z2-7]{26}$")]
"""An id as core/ids.py makes them."""
Base64 = Annotated[str, Field(max_length=16384, pattern=r"^[A-Za-z0-9+/_-]*={0,2}$")]
"""Bytes as base64, of either alphabet."""
Search = Annotated[str, Query(max_length=128, description="What to look for in names."), AfterValidator(_line)]
Limit = Annotated[int, Query(ge=1, le=200, description="At most so many items.")]
Cursor = Annotated[
    str,
    Query(max_length=512, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the page before."),
]


class Body(BaseModel):
    """A request's body: nothing in it that is not described, and nothing taken for what it is not."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Listed(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    total: int
    next: str | None = None
    """Give it as `cursor` to get the next page; null on the last one."""


class Done(BaseModel):
    """It is done, and there is nothing else to say."""

    ok: bool = True
