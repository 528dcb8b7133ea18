"""Who asks: the session behind a cookie or bearer token, the roles that it has, and whether it came from our page.

For routes: a parameter ``me: Me`` (anybody signed in), ``Admin``, ``Operator``, ``Auditor``, ``Fresh`` (proved who they
are a moment ago, in a browser). Every unsafe method is guarded by ``guard_origin``, which the whole API depends on.
"""

import enum
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.ids import new_id
from farhand.gateway.accounts.models import PersonRow, SessionRow
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import ApiError, Forbidden
from farhand.gateway.origin import own_origin, secure

COOKIE = "farhand"
SECURE_COOKIE = "__Host-farhand"
HEADER = "x-farhand"
TOKEN_PREFIX = "fht_"  # noqa: S105  how a token begins, so that scanners of leaked secrets know one
_SAFE = {"GET", "HEAD", "OPTIONS"}
#: The last use is written down this often, not at every request.
_SEEN_EVERY_MS = 60_000


class Role(enum.StrEnum):
    """What a person may do at the gateway; rights on hosts are another matter."""

    ADMIN = "admin"
    """Everything: people, groups, hosts, rules."""
    OPERATOR = "operator"
    """Sees hosts and asks for sessions, as far as the rules allow."""
    AUDITOR = "auditor"
    """Reads the audit."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking, and by which session."""

    id: str
    name: str
    roles: frozenset[Role]
    """An administrator has every role."""
    session: str
    browser: bool
    """Signed in by a cookie; otherwise a program with a bearer token."""
    proven_ms: int
    """When they last proved who they are."""
    address: str
    """Where the request came from."""
    device: str
    """What the session is called."""

    @property
    def admin(self) -> bool:
        """Whether they administer the gateway."""
        return Role.ADMIN in self.roles

    @property
    def who(self) -> tuple[str, str]:
        """Id and name, for the audit."""
        return self.id, self.name


def roles_of(row: PersonRow) -> frozenset[Role]:
    """The roles of a person."""
    if row.admin:
        return frozenset(Role)
    held = {Role.OPERATOR: row.operator, Role.AUDITOR: row.auditor}
    return frozenset(role for role, has in held.items() if has)


def client_address(request: Request) -> str:
    """Where the request came from."""
    return request.client.host if request.client is not None else ""


def token_hash(token: str) -> bytes:
    """What is stored of a session's token, which has 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


_cookie = APIKeyCookie(name=SECURE_COOKIE, auto_error=False, description="A browser's session (http: `farhand`).")
_bearer = HTTPBearer(auto_error=False, description="A program's token, from `/api/device-login`.")


async def guard_origin(request: Request, backend: InBackend) -> None:
    """Refuse what another site's page sent.

    An unsafe request needs the header X-Farhand, which no form can send and no other site may without our consent
    (CORS: we give none), and the Origin of our own page. Only a program, which names its token, may have none.
    """
    if request.method in _SAFE:
        return
    origin = request.headers.get("origin")
    ours = own_origin(backend, request)
    if origin is None:
        bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
        fine = bearer or not _token_in_cookie(request)
    else:
        fine = bool(ours) and origin == ours
    site = request.headers.get("sec-fetch-site", "same-origin")
    if not fine or site not in ("same-origin", "none") or request.headers.get(HEADER) != "1":
        raise ApiError(
            403, "cross-site", "this did not come from the gateway's own page", "send X-Farhand: 1, and our own Origin"
        )


def _token_in_cookie(request: Request) -> str:
    # The one with __Host- first: no other host under our domain can have set it.
    return request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE) or ""


def _presented(request: Request, backend: Backend, bearer: HTTPAuthorizationCredentials | None) -> tuple[str, bool]:
    if bearer is not None:
        return bearer.credentials, False
    if "authorization" in request.headers:
        return "", False
    name = SECURE_COOKIE if secure(backend, request) else COOKIE
    return request.cookies.get(name, ""), True


async def find_person(
    db: AsyncSession, backend: Backend, token: str, *, browser: bool, address: str
) -> tuple[Person, int] | None:
    """Whose token it is, and when it was last seen; None where it is nobody's, or over."""
    if not token or len(token) > 128 or browser is token.startswith(TOKEN_PREFIX):
        return None
    found = (
        await db.execute(
            select(SessionRow, PersonRow)
            .join(PersonRow, PersonRow.id == SessionRow.person_id)
            .where(SessionRow.token_hash == token_hash(token))
        )
    ).one_or_none()
    if found is None:
        return None
    session, row = found
    settings, now = backend.settings, backend.now_ms()
    idle = settings.idle_seconds if session.browser else settings.token_idle_seconds
    if row.disabled or session.browser is not browser or now >= min(session.expires_ms, session.seen_ms + idle * 1000):
        return None
    person = Person(
        row.id, row.name, roles_of(row), session.id, session.browser, session.proven_ms, address, session.name
    )
    return person, session.seen_ms


async def current(
    request: Request,
    backend: InBackend,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    _cookie: Annotated[str | None, Depends(_cookie)],
) -> Person:
    """Who is asking; 401 where nobody is signed in."""
    token, browser = _presented(request, backend, bearer)
    address = client_address(request)
    async with backend.database.read() as db:
        found = await find_person(db, backend, token, browser=browser, address=address)
    if found is None:
        raise ApiError(401, "signed-out", "nobody is signed in, or the session has ended", "sign in")
    person, seen_ms = found
    now = backend.now_ms()
    if now - seen_ms >= _SEEN_EVERY_MS:
        async with backend.database.write() as db:
            await db.execute(
                update(SessionRow).where(SessionRow.id == person.session).values(seen_ms=now, address=address)
            )
    return person


async def perhaps(
    request: Request,
    backend: InBackend,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    _cookie: Annotated[str | None, Depends(_cookie)],
) -> Person | None:
    """Who is asking; None where nobody is signed in."""
    token, browser = _presented(request, backend, bearer)
    async with backend.database.read() as db:
        found = await find_person(db, backend, token, browser=browser, address=client_address(request))
    return found[0] if found else None


Me = Annotated[Person, Depends(current)]


def _with(role: Role) -> Callable[[Person], Person]:
    def check(me: Me) -> Person:
        if role not in me.roles:
            raise Forbidden(f"this is for {role}s")
        return me

    return check


def check_fresh(me: Person, backend: Backend) -> None:
    """Raise unless this person proved a moment ago who they are, in a browser: a found session must not suffice."""
    if not me.browser:
        raise Forbidden("a program's token may not change how people sign in", "do it in the console")
    if backend.now_ms() - me.proven_ms >= backend.settings.fresh_seconds * 1000:
        raise ApiError(
            403, "step-up-needed", "it is a while since you proved who you are", "prove it again (/api/step-up)"
        )


def _fresh(me: Me, backend: InBackend) -> Person:
    check_fresh(me, backend)
    return me


Admin = Annotated[Person, Depends(_with(Role.ADMIN))]
Operator = Annotated[Person, Depends(_with(Role.OPERATOR))]
Auditor = Annotated[Person, Depends(_with(Role.AUDITOR))]
Fresh = Annotated[Person, Depends(_fresh)]
Perhaps = Annotated[Person | None, Depends(perhaps)]


def add_session(
    db: AsyncSession,
    backend: Backend,
    person_id: str,
    *,
    method: str,
    address: str,
    name: str,
    browser: bool = True,
) -> tuple[str, str]:
    """Add a session; returns its id and its token, which is never seen again.

    Always a new one: a token that was there before somebody signed in is never taken over (session fixation).
    """
    token = secrets.token_urlsafe(32) if browser else TOKEN_PREFIX + secrets.token_urlsafe(32)
    while browser and token.startswith(TOKEN_PREFIX):
        token = secrets.token_urlsafe(32)
    now = backend.now_ms()
    settings = backend.settings
    lifetime = settings.session_seconds if browser else settings.token_seconds
    session_id = new_id("session")
    db.add(
        SessionRow(
            id=session_id,
            token_hash=token_hash(token),
            person_id=person_id,
            browser=browser,
            method=method,
            name=name[:128],
            address=address[:64],
            created_ms=now,
            seen_ms=now,
            proven_ms=now,
            expires_ms=now + lifetime * 1000,
        )
    )
    return session_id, token


def set_cookie(response: Response, request: Request, backend: Backend, token: str) -> None:
    """Give the browser its session."""
    safe = secure(backend, request)
    response.set_cookie(
        SECURE_COOKIE if safe else COOKIE,
        token,
        max_age=backend.settings.session_seconds,
        path="/",
        secure=safe,
        httponly=True,
        samesite="strict",
    )


def clear_cookie(response: Response, request: Request, backend: Backend) -> None:
    """Take it away."""
    safe = secure(backend, request)
    name = SECURE_COOKIE if safe else COOKIE
    response.delete_cookie(name, path="/", secure=safe, httponly=True, samesite="strict")
