"""Secrets are planted in real sessions, and looked for in every byte of the audit that they leave on disk."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.loopback.grants_kit import Organisation
from tests.loopback.host_kit import KEYS, HostKit, until
from tests.loopback.test_host_grants import DEVICE, Granted

from farhand.client import AccessRefused, ConnectFailed
from farhand.host.audit import Audit
from farhand.host.audit_log import Reading
from farhand.protocol.merkle import Checkpoint

TYPED, COPIED, PASTED = "hunter2 and more", "a password out", "another password in"


def written_by(kit: HostKit, folder: Path) -> Audit:
    """Have the host write a real log."""
    audit = Audit.open(folder, KEYS)
    for name in ("record", "refusal", "checkpoint"):
        setattr(kit.audit, name, getattr(audit, name))
    return audit


def look_for(folder: Path, secrets: list[str | bytes]) -> list[dict[str, Any]]:
    """None of them is there in any form; returns the entries."""
    everything = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    for secret in secrets:
        data = secret.encode() if isinstance(secret, str) else secret
        for form in (data, data.hex().encode(), base64.b64encode(data)[:-4], base64.urlsafe_b64encode(data)[:-4]):
            assert form not in everything, secret
    entries = [entry for entry, _ in Reading(folder, identity=KEYS.identity_public).entries()]
    assert entries
    return entries


async def test_an_attended_session_and_a_guess(tmp_path: Path) -> None:
    async with HostKit() as kit:
        audit = written_by(kit, tmp_path)
        code, other = kit.code(), kit.code()
        wrong = other[:-1] + str((int(other[-1]) + 1) % 10)
        with pytest.raises(ConnectFailed):
            await kit.connect(wrong)
        caller = await kit.connect(code)
        caller.type(TYPED)
        caller.copy(COPIED)
        await until(lambda: kit.platform.clipboards and kit.platform.clipboards[0].text)
        await kit.platform.clipboards[0].copy(PASTED)
        await caller.close()
        await until(lambda: not kit.agent._calls)
        audit.close()
    secrets = [part for one in (code, other, wrong) for part in (one.split("-")[1], one.split("-")[1].replace(" ", ""))]
    keys = [KEYS.identity.private_bytes_raw(), KEYS.static.private_bytes_raw(), caller._keys.static.private_bytes_raw()]
    entries = look_for(tmp_path, [*secrets, *keys, TYPED, COPIED, PASTED, "hunter2"])
    assert {"log-in", "log-in-refused", "session-end"} <= {entry["kind"] for entry in entries}


async def test_an_unattended_session_whose_reason_holds_secrets(tmp_path: Path) -> None:
    async with Granted() as kit:
        audit = written_by(kit, tmp_path)
        credential = kit.credential(reason="the code is 4821-739 204 615")
        key = DEVICE.identity.private_bytes_raw()
        session = await kit.come(credential, reason=f"my key is {key.hex()} and the token fht_abcdefghijkl0123456789")
        session.type(TYPED)
        await session.close()
        await until(lambda: not kit.agent._calls)
        forged = Organisation(kit.clock.unix()).credential(DEVICE.identity_public)
        with pytest.raises(AccessRefused):
            await kit.come(forged)
        await until(lambda: not kit.agent._calls)
        checkpoint = Checkpoint.verify(audit.checkpoint(), KEYS.identity_public)
        audit.close()
    secrets = [credential, forged, key, TYPED, "739 204 615", "fht_abcdefghijkl0123456789", credential[-64:]]
    entries = look_for(tmp_path, secrets)
    assert {"grant", "log-in-refused"} <= {entry["kind"] for entry in entries}
    assert "[hidden]" in json.dumps(entries)
    assert checkpoint.size == len(entries)
