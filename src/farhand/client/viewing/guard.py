"""Who may ask the local viewer anything: the one browser that was given the launch token, from the one page.

Four strangers are kept out. Another user of this computer can reach the port: every request needs the cookie, which
only the launch token is exchanged for, once. A page of another site can have this browser ask: the cookie is
SameSite=Strict, an Origin must be ours, and so must Sec-Fetch-Site. A site whose name was re-bound to 127.0.0.1 sends
its own name as Host. And a server of another user on another port of this computer would be sent the cookie of
``localhost`` or ``127.0.0.1``, since cookies know no ports: so the page has a random name of its own below
``.localhost``, which browsers lead to this computer without asking anybody.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

COOKIE = "farhand-view"
OPEN = "/open/"
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a status, a word for programs, a sentence for people."""

    status: int
    code: str
    text: str


class Guard:
    """One viewer at one port; `launched` once a token was exchanged."""

    def __init__(self, port: int) -> None:
        self.host = f"fh-{secrets.token_hex(8)}.localhost:{port}"
        self.origin = f"http://{self.host}"
        self._token: bytes | None = None
        self._cookie = secrets.token_urlsafe(32)
        self.launched = False

    def launch_url(self) -> str:
        """An address that opens the viewer once; a new one makes the one before it worthless."""
        token = secrets.token_urlsafe(32)
        self._token = hashlib.sha256(token.encode()).digest()
        return f"{self.origin}{OPEN}{token}"

    def exchange(self, token: str) -> str | None:
        """The cookie for a launch token that was not used yet, else None."""
        kept = self._token
        if kept is None or not hmac.compare_digest(hashlib.sha256(token.encode()).digest(), kept):
            return None
        self._token = None
        self.launched = True
        return f"{COOKIE}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"

    def check(
        self, method: str, path: str, headers: Iterable[tuple[bytes, bytes]], *, upgrade: bool = False
    ) -> Refusal | None:
        """Why a request is refused, None if it is let in."""
        named: dict[str, list[str]] = {}
        for name, value in headers:
            named.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        if named.get("host") != [self.host]:
            return Refusal(421, "wrong-host", "This is not the address that farhand view opened.")
        origin = named.get("origin")
        launching = path.startswith(OPEN) and method == "GET" and not upgrade
        if launching:
            # Led here by a page on disk: that is another site, and shows the token instead of the cookie.
            return None
        if origin is not None and origin != [self.origin]:
            return Refusal(403, "cross-site", "Pages of other sites may ask nothing here.")
        if any(site not in ("same-origin", "none") for site in named.get("sec-fetch-site", ())):
            return Refusal(403, "cross-site", "Pages of other sites may ask nothing here.")
        if not self._admitted(named.get("cookie", ())):
            return Refusal(
                401, "not-launched", "This belongs to another window. Run farhand view again for one of your own."
            )
        if origin is None and (upgrade or method not in _SAFE):
            return Refusal(403, "cross-site", "A request without an origin may change nothing here.")
        if method not in _SAFE and named.get("x-farhand") != ["1"]:
            return Refusal(403, "cross-site", "The request lacks its mark.")
        return None

    def _admitted(self, cookies: Iterable[str]) -> bool:
        shown = []
        for text in cookies:
            try:
                morsel = SimpleCookie(text).get(COOKIE)
            except CookieError:
                return False
            if morsel is not None:
                shown.append(morsel.value)
        return len(shown) == 1 and hmac.compare_digest(shown[0].encode(), self._cookie.encode())
