"""The session for programs: ``connect`` to a host and operate it without a screen of one's own."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farhand.client.connecting import connect
    from farhand.client.errors import (
        AccessRefused,
        ApprovalRefused,
        AuditAltered,
        ConnectFailed,
        GatewayRefused,
        HostKeyChanged,
        HostUnproven,
        NotLoggedIn,
        SessionOver,
    )
    from farhand.client.picture import Picture, PictureError
    from farhand.client.session import Session, prepare

__all__ = [
    "AccessRefused",
    "ApprovalRefused",
    "AuditAltered",
    "ConnectFailed",
    "GatewayRefused",
    "HostKeyChanged",
    "HostUnproven",
    "NotLoggedIn",
    "Picture",
    "PictureError",
    "Session",
    "SessionOver",
    "connect",
    "prepare",
]

_ELSEWHERE = {"connect": "connecting", "Picture": "picture", "PictureError": "errors"}
_SESSION = ("Session", "prepare")


def __getattr__(name: str) -> Any:
    """Load what is asked for: a command that copies a file needs no decoder of pictures."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _ELSEWHERE.get(name) or ("session" if name in _SESSION else "errors")
    return getattr(import_module(f"farhand.client.{module}"), name)
