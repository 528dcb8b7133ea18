"""What an error of the API looks like: one shape, whatever went wrong."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.exceptions import HTTPException

from farhand.core.logging import get_logger
from farhand.gateway.errors import ApiError

_log = get_logger(__name__)


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str
    """For programs: kebab-case, stable."""
    message: str
    """For people: cause and cure."""


class ErrorAnswer(BaseModel):
    """Every answer that is no success."""

    error: ErrorDetail


_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-media-type"}
#: What any route may answer beside its success, for the OpenAPI description.
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text}
    for status, text in {
        400: "The request makes no sense.",
        401: "Not signed in.",
        403: "Not allowed.",
        404: "There is no such thing.",
        409: "It contradicts what is there.",
        410: "It was there once, and is over.",
        413: "Too large.",
        415: "A body has to be JSON.",
        422: "A part of the request is not as described.",
        429: "Too often: see Retry-After.",
        503: "Busy: see Retry-After.",
    }.items()
}


def answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as every route gives it."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _no(error: ApiError) -> JSONResponse:
    headers = {"retry-after": str(max(1, round(error.retry)))} if error.retry else {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return answer(error.status, error.code, str(error), headers)


def _malformed(error: RequestValidationError) -> JSONResponse:
    # Where, and never what: a password that is too long is no business of logs and screens.
    places = sorted({".".join(str(step) for step in fault["loc"])[:80] for fault in error.errors()})[:8]
    reasons = sorted({str(fault["type"]) for fault in error.errors()})[:8]
    message = f"not as described: {', '.join(places)} ({', '.join(reasons)}); /api/openapi.json says how"
    return answer(422, "malformed", message)


def install(app: FastAPI) -> None:
    """Have the app answer every error in this shape."""

    async def handle(_request: Request, error: Exception) -> JSONResponse:
        match error:
            case ApiError():
                return _no(error)
            case RequestValidationError():
                return _malformed(error)
            case HTTPException():
                code = _CODES.get(error.status_code, "refused")
                return answer(error.status_code, code, str(error.detail), dict(error.headers or {}))
            case IntegrityError():
                return answer(409, "conflict", "it contradicts what was stored meanwhile: load it again")
            case DBAPIError():
                # The database is gone, or two transactions stood in each other's way.
                _log.error("the database failed", exc_info=error)
                return answer(503, "database", "the database did not do it: try again", {"retry-after": "2"})
        _log.error("an API request failed", exc_info=error)
        return answer(500, "internal", "the gateway failed at this; its log says at what")

    for kind in (ApiError, RequestValidationError, HTTPException, IntegrityError, DBAPIError, Exception):
        app.add_exception_handler(kind, handle)
