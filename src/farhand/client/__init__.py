"""The session for programs: ``connect`` to a host and operate it without a screen of one's own."""

from farhand.client.errors import AccessRefused, ConnectFailed, SessionOver
from farhand.client.picture import Picture, PictureError
from farhand.client.session import Session, connect, prepare

__all__ = ["AccessRefused", "ConnectFailed", "Picture", "PictureError", "Session", "SessionOver", "connect", "prepare"]
