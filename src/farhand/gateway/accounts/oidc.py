"""Signing in by an OpenID Connect provider, and linking an account with one.

An identity counts for the account that it was linked with, by its owner, signed in; never for one whose name or address
happens to be the same: names at a provider are chosen there.
"""

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.errors import FarhandError
from farhand.core.ids import new_id
from farhand.core.logging import get_logger
from farhand.gateway.accounts.flows import Flow, ProviderError, Subject, new_flow
from farhand.gateway.accounts.models import ForeignIdentity, PersonRow
from farhand.gateway.accounts.people import make_person
from farhand.gateway.accounts.shared import (
    InAccounts,
    keep_a_way_in,
    note,
    note_refusal,
    person_named,
    person_row,
    sign_in,
)
from farhand.gateway.audit.events import EventKind, record
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import ApiError, NotFound
from farhand.gateway.origin import CONSOLE, parse_url, secure
from farhand.gateway.pending import Pending
from farhand.gateway.security import Fresh, Me, client_address
from farhand.gateway.shapes import Done, Id, Listed
from farhand.gateway.texts import shown

if TYPE_CHECKING:
    from farhand.gateway.accounts.provider import Provider

router = APIRouter(tags=["signing in"])

_SECONDS = 600
_COOKIE = "farhand-oidc"
_PATH = "/api/login/oidc/callback"

_log = get_logger(__name__)


class _Refused(FarhandError):
    """This log-in does not succeed, and the person may know why."""


class IdentityAnswer(BaseModel):
    """An account at a provider that signs in here."""

    id: str
    issuer: str
    name: str
    created_ms: int


class Where(BaseModel):
    """Where to go next."""

    url: str


class Oidc:
    """The provider, and who is on the way to it."""

    def __init__(self, provider: "Provider") -> None:
        self.provider = provider
        self.flows: Pending[Flow] = Pending(_SECONDS)


def install(backend: Backend) -> None:
    """Make it, where there is a provider."""
    if backend.settings.oidc is not None:
        # Only here: what reads and verifies tokens takes half a second to load, and most gateways have no provider.
        from farhand.gateway.accounts.provider import Provider

        oidc = Oidc(Provider(backend.settings.oidc, clock=lambda: backend.clock()))
        backend.parts["oidc"] = oidc
        backend.on_close.append(oidc.provider.close)


def _oidc(backend: Backend) -> Oidc:
    oidc = backend.parts.get("oidc")
    if oidc is None:
        raise NotFound("provider at this gateway")
    return cast(Oidc, oidc)


def _redirect_uri(backend: Backend) -> str:
    return parse_url(backend.settings.url) + _PATH


def _hashed(binding: str) -> str:
    return hashlib.sha256(binding.encode()).hexdigest()


def _cookie_name(safe: bool) -> str:
    # Not __Host-: it is for one path, which is a bound of its own.
    return f"__Secure-{_COOKIE}" if safe else _COOKIE


async def _begin(backend: Backend, request: Request, person_id: str | None) -> tuple[str, str]:
    oidc = _oidc(backend)
    binding = secrets.token_urlsafe(24)
    state, flow = new_flow(_hashed(binding), person_id)
    try:
        where = await oidc.provider.address(state, flow, _redirect_uri(backend))
    except ProviderError as error:
        _log.warning("the OIDC provider does not serve", reason=str(error))
        raise ApiError(503, "provider", "the provider cannot be used now", "sign in another way", retry=60) from error
    oidc.flows.put(state, flow, client_address(request))
    return where, binding


def _bind(response: Response, backend: Backend, request: Request, binding: str) -> None:
    safe = secure(backend, request)
    # Lax: the way back is a navigation from the provider's site, which Strict would not send it with.
    response.set_cookie(
        _cookie_name(safe), binding, max_age=_SECONDS, path=_PATH, secure=safe, httponly=True, samesite="lax"
    )


@router.get("/login/oidc", status_code=303, response_class=RedirectResponse)
async def begin(request: Request, backend: InBackend) -> RedirectResponse:
    """Go to the provider to sign in; it leads back here."""
    where, binding = await _begin(backend, request, None)
    response = RedirectResponse(where, 303)
    _bind(response, backend, request, binding)
    return response


@router.post("/oidc/link")
async def link(me: Fresh, request: Request, response: Response, backend: InBackend) -> Where:
    """Get the address at which to prove an account at the provider, which then signs in here."""
    where, binding = await _begin(backend, request, me.id)
    _bind(response, backend, request, binding)
    return Where(url=where)


Part = Annotated[str, Query(max_length=2048)]


@router.get(
    "/login/oidc/callback",
    status_code=303,
    response_class=RedirectResponse,
    responses={400: {"content": {"text/plain": {}}}, 403: {"content": {"text/plain": {}}}},
)
async def callback(
    request: Request, backend: InBackend, accounts: InAccounts, state: Part = "", code: Part = "", iss: Part = ""
) -> Response:
    """Where the provider leads back to; leads on to the console, or says in plain text what is wrong."""
    oidc = _oidc(backend)
    right = accounts.attempts.guess(client_address(request))
    flow = oidc.flows.take(state)
    binding = request.cookies.get(_cookie_name(secure(backend, request)), "")
    if flow is None or not hmac.compare_digest(flow.binding, _hashed(binding)):
        # Not begun by this browser: somebody wants it to be signed in as somebody else.
        await note_refusal(backend, request, "oidc", None, "not begun here")
        return _failed(400, "This log-in was not begun in this browser, or too long ago. Begin again.")
    settings = backend.settings.oidc
    if settings is None or (iss and iss != settings.issuer) or not code:  # RFC 9207
        await note_refusal(backend, request, "oidc", None, "refused by the provider")
        return _failed(403, "The provider did not let you in.")
    response = RedirectResponse(parse_url(backend.settings.url) + CONSOLE, 303)
    response.delete_cookie(_cookie_name(secure(backend, request)), path=_PATH)
    try:
        who = await oidc.provider.subject(code, flow, _redirect_uri(backend))
        async with backend.database.write() as db:
            if flow.person_id is not None:
                await _link(db, backend, request, who, flow.person_id)
            else:
                await sign_in(db, backend, request, response, await _whose(db, backend, who), "oidc")
    except ProviderError as error:
        _log.warning("a log-in by OIDC failed", reason=str(error))
        await note_refusal(backend, request, "oidc", None, error.cause)
        return _failed(403, "What the provider says does not hold. The gateway's log says why.")
    except _Refused as error:
        await note_refusal(backend, request, "oidc", None, error.cause)
        return _failed(403, f"{error.cause[0].upper()}{error.cause[1:]}: {error.cure}.")
    right()
    return response


def _failed(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status)


async def _identity(db: AsyncSession, who: Subject) -> ForeignIdentity | None:
    found = await db.scalars(
        select(ForeignIdentity).where(ForeignIdentity.issuer == who.issuer, ForeignIdentity.subject == who.subject)
    )
    return found.one_or_none()


async def _whose(db: AsyncSession, backend: Backend, who: Subject) -> PersonRow:
    identity = await _identity(db, who)
    if identity is not None:
        row = await db.get(PersonRow, identity.person_id)
        if row is None or row.disabled:
            raise _Refused("this account is disabled", "ask an administrator")
        return row
    if backend.settings.oidc is None or not backend.settings.oidc.create:
        raise _Refused("nobody here is linked with this account", "sign in another way, and link it in your settings")
    name = shown(who.name, 64).strip()
    if not name or await person_named(db, name) is not None:
        raise _Refused("somebody here has this name already", "ask an administrator for an invitation")
    row = make_person(backend, name)
    db.add(row)
    await db.flush()
    _add(db, backend, who, row)
    record(db, backend.now_ms(), EventKind.PERSON_CHANGED, who=(row.id, row.name), change="added by the provider")
    return row


async def _link(db: AsyncSession, backend: Backend, request: Request, who: Subject, person_id: str) -> None:
    row = await person_row(db, person_id)
    identity = await _identity(db, who)
    if identity is not None:
        if identity.person_id == row.id:
            return
        raise _Refused("this account is linked with somebody else here", "use another one, or ask an administrator")
    _add(db, backend, who, row)
    record(
        db,
        backend.now_ms(),
        EventKind.ACCOUNT_CHANGED,
        who=(row.id, row.name),
        address=client_address(request),
        change="provider linked",
        provider=who.issuer,
    )


def _add(db: AsyncSession, backend: Backend, who: Subject, row: PersonRow) -> None:
    db.add(
        ForeignIdentity(
            id=new_id("identity"),
            person_id=row.id,
            issuer=who.issuer,
            subject=who.subject,
            name=shown(who.name, 256),
            created_ms=backend.now_ms(),
        )
    )


@router.get("/identities")
async def identities(me: Me, backend: InBackend) -> Listed[IdentityAnswer]:
    """The accounts at providers that sign me in."""
    async with backend.database.read() as db:
        statement = select(ForeignIdentity).where(ForeignIdentity.person_id == me.id)
        rows = (await db.scalars(statement.order_by(ForeignIdentity.created_ms))).all()
    items = [IdentityAnswer(id=row.id, issuer=row.issuer, name=row.name, created_ms=row.created_ms) for row in rows]
    return Listed(items=items, total=len(items))


@router.delete("/identities/{identity}")
async def unlink(identity: Id, me: Fresh, backend: InBackend) -> Done:
    """Have it sign me in no more; not the last way in."""
    async with backend.database.write() as db:
        row = await db.get(ForeignIdentity, identity)
        if row is None or row.person_id != me.id:
            raise NotFound("such identity")
        await db.delete(row)
        await keep_a_way_in(db, await person_row(db, me.id))
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="provider unlinked", provider=row.issuer)
    return Done()
