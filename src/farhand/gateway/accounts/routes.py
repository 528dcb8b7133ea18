"""The routes of accounts."""

from fastapi import APIRouter

from farhand.gateway.backend import Backend

router = APIRouter()


def install(backend: Backend) -> None:
    """Make what the routes share."""
