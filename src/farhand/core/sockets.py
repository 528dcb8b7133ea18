"""TCP as a session needs it: nothing waits that could have been sent, and little waits that could still be dropped."""

import contextlib
import socket
import sys

#: Bytes in the kernel that are not yet under way: what is behind them can still be replaced by a newer picture.
UNSENT = 32 << 10
_LISTEN_BACKLOG = 4096


def tune(sock: socket.socket) -> None:
    """Set what the platform has: no delay, few unsent bytes, BBR; accepted sockets inherit it from a listening one."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if lowat := getattr(socket, "TCP_NOTSENT_LOWAT", 25 if sys.platform == "linux" else None):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, lowat, UNSENT)
    if congestion := getattr(socket, "TCP_CONGESTION", None):
        # Delay-based: a queue that the sender builds up is delay that the person at the keyboard feels.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, congestion, b"bbr")


def listen(host: str, port: int) -> socket.socket:
    """Return a tuned, listening, non-blocking socket; ``::`` takes IPv4 too. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        tune(sock)
        sock.bind((host, port))
        sock.listen(_LISTEN_BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
