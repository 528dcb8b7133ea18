"""The session for programs: ``connect`` to a host and operate it without a screen of one's own."""

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
