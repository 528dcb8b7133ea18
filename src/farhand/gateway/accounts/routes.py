"""The routes of accounts."""

from fastapi import APIRouter

from farhand.gateway.accounts import (
    device_login,
    groups,
    login,
    oidc,
    passkeys,
    people,
    recovery,
    sessions,
    shared,
    totp,
)
from farhand.gateway.backend import Backend

router = APIRouter()
for _part in (login, oidc, passkeys, sessions, totp, recovery, device_login, people, groups):
    router.include_router(_part.router)


def install(backend: Backend) -> None:
    """Make what the routes share."""
    shared.install(backend)
    device_login.install(backend)
    oidc.install(backend)
