"""Recovery codes: each signs in once when everything else is lost; only their hashes are kept."""

import base64
import secrets

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import delete

from farhand.core.ids import grouped
from farhand.gateway.accounts.models import RecoveryCode
from farhand.gateway.accounts.shared import note, person_row
from farhand.gateway.audit.events import EventKind
from farhand.gateway.backend import InBackend
from farhand.gateway.security import Fresh

router = APIRouter(tags=["my account"])

_CODES = 10
#: 100 random bits: 20 characters.
_BYTES = 13
_CHARACTERS = 20


class RecoveryCodes(BaseModel):
    """Shown once."""

    codes: list[str]


def normal(code: str) -> str:
    """The code as it is hashed: how it was typed does not matter."""
    return "".join(character for character in code.lower() if character.isalnum())


@router.post("/recovery")
async def renew(me: Fresh, backend: InBackend) -> RecoveryCodes:
    """Get new recovery codes; the ones before end."""
    codes = [base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()[:_CHARACTERS] for _ in range(_CODES)]
    async with backend.database.write() as db:
        row = await person_row(db, me.id)
        await db.execute(delete(RecoveryCode).where(RecoveryCode.person_id == row.id))
        db.add_all(RecoveryCode(code_hash=backend.vault.hash(code, "recovery"), person_id=row.id) for code in codes)
        note(db, backend, me, EventKind.ACCOUNT_CHANGED, change="new recovery codes")
    return RecoveryCodes(codes=[grouped(code, 5, "-") for code in codes])
