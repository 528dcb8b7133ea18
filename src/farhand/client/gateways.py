"""The gateways that this user is logged in at (`gateways.json`, 0600)."""

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from farhand.client.errors import NotLoggedIn
from farhand.client.records import one_at_a_time, read_json, write_json
from farhand.core.config import Paths
from farhand.core.errors import FarhandError


class Login(msgspec.Struct, frozen=True):
    """One of them."""

    url: str
    """``https://gateway.example:8443``, as `tidy_url` makes it."""
    token: str
    """The bearer token; whoever has it can list hosts in this person's name, and still open none without the key."""
    person: str = ""
    root: str = ""
    """The organisation's root key, 64 hexadecimal digits, pinned; empty while it has none."""
    pin: str = ""
    """The TLS certificate's SHA-256, 64 hexadecimal digits, where the system does not trust it."""

    @property
    def fingerprint(self) -> bytes | None:
        """The pin for a connection."""
        return bytes.fromhex(self.pin) if self.pin else None


class _File(msgspec.Struct):
    gateways: list[Login] = []


def tidy_url(text: str) -> str:
    """Return a gateway's address in the one form that is kept; https where no scheme is named.

    Raises FarhandError for what is no address, or would carry a token in the clear over a network.
    """
    cure = "it looks like https://gateway.example:8443"
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        port = parts.port
    except ValueError:
        raise FarhandError(f"{text!r} is no address of a gateway", cure) from None
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise FarhandError(f"{text!r} is no address of a gateway", cure)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise FarhandError(f"{text!r} is more than the address of a gateway", cure)
    if parts.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        raise FarhandError(
            "plain HTTP would show the log-in to everyone on the way",
            "use https://; a certificate that nobody vouches for is pinned by its fingerprint",
        )
    shown = f"[{host}]" if ":" in host else host
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" if port in (None, own) else f"{parts.scheme}://{shown}:{port}"


class Gateways:
    """All of them; read anew for every question, as another command may have changed them."""

    def __init__(self, paths: Paths) -> None:
        self._path: Path = paths.data / "gateways.json"

    def all(self) -> list[Login]:
        """In the order of the first log-in. Raises ConfigError, OSError."""
        return read_json(self._path, _File).gateways

    def find(self, url: str) -> Login | None:
        """The one at this address, None where there was no log-in. Raises FarhandError, OSError."""
        wanted = tidy_url(url)
        return next((one for one in self.all() if one.url == wanted), None)

    def chosen(self, url: str = "") -> list[Login]:
        """The one at this address, or all of them. Raises NotLoggedIn, FarhandError, OSError."""
        if not url:
            found = self.all()
        else:
            one = self.find(url)
            found = [one] if one is not None else []
        if not found:
            raise NotLoggedIn(tidy_url(url) if url else "")
        return found

    def keep(self, login: Login) -> None:
        """Remember it in place of the one at the same address. Raises ConfigError, OSError."""
        with one_at_a_time(self._path):
            others = self.all()
            at = next((n for n, one in enumerate(others) if one.url == login.url), None)
            changed = [*others, login] if at is None else [*others[:at], login, *others[at + 1 :]]
            write_json(self._path, _File(changed))

    def forget(self, url: str) -> Login | None:
        """Take it out and return it. Raises FarhandError, OSError."""
        wanted = tidy_url(url)
        with one_at_a_time(self._path):
            every = self.all()
            write_json(self._path, _File([one for one in every if one.url != wanted]))
        return next((one for one in every if one.url == wanted), None)
