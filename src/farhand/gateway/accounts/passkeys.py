"""Passkeys (WebAuthn): bound to this gateway's name, the person checked by the device, found without a name."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from farhand.core.ids import new_id
from farhand.gateway.accounts.models import Passkey, PersonRow
from farhand.gateway.accounts.shared import (
    InAccounts,
    device_name,
    keep_a_way_in,
    note,
    note_refusal,
    person_row,
    refused,
    sign_in,
    who_is,
)
from farhand.gateway.audit.events import EventKind
from farhand.gateway.backend import Backend, InBackend
from farhand.gateway.errors import ApiError, Conflict, NotFound
from farhand.gateway.origin import domain, own_origin
from farhand.gateway.security import Fresh, Me, client_address
from farhand.gateway.shapes import Body, Done, Id, Line, Listed, Name

router = APIRouter(tags=["passkeys"])

_TIMEOUT_MS = 120_000
_PASSKEYS_MAX = 20
#: What py_webauthn and its parsers raise on bytes that are no answer of an authenticator.
_FAULTS = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError)

Part = Annotated[str, Field(max_length=16384)]


class BeginLogin(Body):
    """Nothing: who it is comes with the passkey."""

    name: Line = ""
    """Ignored, so that nobody learns by it who has an account."""


class AuthenticatorResponse(BaseModel):
    """The authenticator's part of an answer, each field base64url."""

    model_config = ConfigDict(extra="ignore", strict=True)

    clientDataJSON: Part
    attestationObject: Part | None = None
    authenticatorData: Part | None = None
    signature: Part | None = None
    userHandle: Part | None = None
    transports: list[Annotated[str, Field(max_length=32)]] = Field(default=[], max_length=8)


class Credential(BaseModel):
    """A browser's PublicKeyCredential as JSON (WebAuthn, section 5.1.8)."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: Part
    rawId: Part
    type: Part
    response: AuthenticatorResponse
    name: Name | None = None
    """For a new one: what to call it."""


class PasskeyAnswer(BaseModel):
    """A passkey of mine."""

    id: str
    name: str
    created_ms: int
    used_ms: int
    """0: never."""


class Rename(Body):
    """Another name."""

    name: Name


def _relying_party(backend: Backend, request: Request) -> tuple[str, str]:
    origin = own_origin(backend, request)
    name = domain(origin)
    if not name:
        raise Conflict(
            "no-domain", "passkeys are bound to a host name, and this address has none", "use https with a host name"
        )
    return origin, name


def _challenge_in(credential: Credential) -> str:
    """The challenge that was signed, as base64url. Raises one of _FAULTS."""
    data = parse_client_data_json(base64url_to_bytes(credential.response.clientDataJSON))
    return bytes_to_base64url(data.challenge)


def _plain(credential: Credential) -> dict[str, Any]:
    return credential.model_dump(exclude_none=True, exclude={"name"})


@router.post("/login/passkey/begin")
async def begin_login(_body: BeginLogin, request: Request, backend: InBackend, accounts: InAccounts) -> dict[str, Any]:
    """Options for `navigator.credentials.get`; the answer goes to `finish` within five minutes."""
    _, rp_id = _relying_party(backend, request)
    options = generate_authentication_options(
        rp_id=rp_id, timeout=_TIMEOUT_MS, user_verification=UserVerificationRequirement.REQUIRED
    )
    accounts.challenges.put(bytes_to_base64url(options.challenge), ("log-in", ""), client_address(request))
    return _options(options)


@router.post("/login/passkey/finish")
async def finish_login(
    body: Credential, request: Request, response: Response, backend: InBackend, accounts: InAccounts
) -> Done:
    """Sign in with a passkey. Whatever is wrong, the answer is 401 ``log-in-refused``."""
    origin, rp_id = _relying_party(backend, request)
    right = accounts.attempts.guess(client_address(request))
    who = None
    try:
        credential_id = base64url_to_bytes(body.rawId)
        challenge = _challenge_in(body)
        if accounts.challenges.take(challenge) != ("log-in", ""):
            raise ValueError("no challenge of ours")
        async with backend.database.write() as db:
            found = await db.scalars(select(Passkey).where(Passkey.credential == credential_id).with_for_update())
            passkey = found.one_or_none()
            if passkey is None or passkey.rp_id != rp_id:
                raise ValueError("no passkey of ours")
            row = await db.get(PersonRow, passkey.person_id)
            who = who_is(row)
            if row is None or row.disabled:
                raise ValueError("nobody who may sign in")
            if body.response.userHandle and base64url_to_bytes(body.response.userHandle) != row.handle:
                raise ValueError("somebody else's passkey")
            verified = verify_authentication_response(
                credential=_plain(body),
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=rp_id,
                expected_origin=origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
            passkey.sign_count = verified.new_sign_count
            passkey.used_ms = backend.now_ms()
            await sign_in(db, backend, request, response, row, "passkey")
    except _FAULTS as fault:
        await note_refusal(backend, request, "passkey", who, type(fault).__name__)
        raise refused() from None
    right()
    return Done()


@router.post("/passkeys/begin")
async def begin(me: Fresh, request: Request, backend: InBackend, accounts: InAccounts) -> dict[str, Any]:
    """Options for `navigator.credentials.create`; the answer goes to `finish` within five minutes."""
    _, rp_id = _relying_party(backend, request)
    async with backend.database.read() as db:
        row = await person_row(db, me.id)
        held = (await db.scalars(select(Passkey.credential).where(Passkey.person_id == me.id))).all()
    if len(held) >= _PASSKEYS_MAX:
        raise Conflict("too-many", f"an account has at most {_PASSKEYS_MAX} passkeys", "remove one first")
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=backend.settings.name,
        user_name=row.name,
        user_id=row.handle,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in held],
    )
    accounts.challenges.put(bytes_to_base64url(options.challenge), ("register", me.id), me.id)
    return _options(options)


@router.post("/passkeys/finish")
async def finish(
    body: Credential, me: Fresh, request: Request, backend: InBackend, accounts: InAccounts
) -> PasskeyAnswer:
    """Add the passkey that was made."""
    origin, rp_id = _relying_party(backend, request)
    try:
        challenge = _challenge_in(body)
        if accounts.challenges.take(challenge) != ("register", me.id):
            raise ValueError("no challenge of ours")
        verified = verify_registration_response(
            credential=_plain(body),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except _FAULTS:
        raise ApiError(
            422, "passkey-refused", "this is no passkey made for this gateway just now", "begin again"
        ) from None
    passkey = Passkey(
        id=new_id("passkey"),
        person_id=me.id,
        credential=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        rp_id=rp_id,
        name=body.name or device_name(request) or "passkey",
        transports="",
        created_ms=backend.now_ms(),
        used_ms=0,
    )
    async with backend.database.write() as db:
        await person_row(db, me.id)
        taken = await db.scalars(select(Passkey.id).where(Passkey.credential == verified.credential_id))
        if taken.first() is not None:
            raise Conflict("passkey-taken", "this passkey is somebody's already", "make another one")
        db.add(passkey)
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="passkey added", passkey=passkey.name)
    return _shown(passkey)


@router.get("/passkeys")
async def passkeys(me: Me, backend: InBackend) -> Listed[PasskeyAnswer]:
    """My passkeys."""
    async with backend.database.read() as db:
        statement = select(Passkey).where(Passkey.person_id == me.id).order_by(Passkey.created_ms, Passkey.id)
        rows = (await db.scalars(statement)).all()
    return Listed(items=[_shown(row) for row in rows], total=len(rows))


@router.patch("/passkeys/{passkey}")
async def rename(passkey: Id, body: Rename, me: Me, backend: InBackend) -> PasskeyAnswer:
    """Call a passkey something else."""
    async with backend.database.write() as db:
        row = await _own(db, passkey, me.id)
        row.name = body.name
    return _shown(row)


@router.delete("/passkeys/{passkey}")
async def remove(passkey: Id, me: Fresh, backend: InBackend) -> Done:
    """Remove a passkey; not the last way in."""
    async with backend.database.write() as db:
        row = await _own(db, passkey, me.id)
        await db.delete(row)
        await keep_a_way_in(db, await person_row(db, me.id))
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="passkey removed", passkey=row.name)
    return Done()


async def _own(db: Any, passkey: str, person_id: str) -> Passkey:
    row: Passkey | None = await db.get(Passkey, passkey)
    if row is None or row.person_id != person_id:
        raise NotFound("such passkey")
    return row


def _shown(row: Passkey) -> PasskeyAnswer:
    return PasskeyAnswer(id=row.id, name=row.name, created_ms=row.created_ms, used_ms=row.used_ms)


def _options(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(options_to_json(options))
    return plain
