"""Enrolment: a token is exchanged for a place in a gateway's list, and for the root to trust from then on."""

import asyncio
import base64
import binascii
import ssl
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from farhand.cli.exits import CliError, Exit
from farhand.client.api import GatewayApi
from farhand.client.errors import GatewayRefused
from farhand.client.gateways import tidy_url
from farhand.client.texts import plain
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.core.logging import get_logger
from farhand.core.pins import key_pin, matches
from farhand.host.enrolment import (
    Enrolment,
    check_root,
    check_token,
    endorse,
    enrolled,
    keep_enrolment,
)
from farhand.protocol.errors import GrantRefused
from farhand.protocol.grants import EnrolToken
from farhand.protocol.identity import Keys

_log = get_logger(__name__)


def read_token_text(text: str) -> str:
    """The token, or with ``-`` a line from standard input, which no list of processes shows."""
    return sys.stdin.readline(4096).strip() if text == "-" else text


def read_enrol_token(text: str) -> EnrolToken:
    """Read a token. Raises CliError."""
    try:
        return EnrolToken.decode(read_token_text(text))
    except GrantRefused as error:
        raise CliError(Exit.SETTINGS, "this is no enrolment token", str(error)) from error


async def enrol(paths: Paths, gateway: str, token: EnrolToken, keys: Keys, name: str, pin: bytes | None) -> Enrolment:
    """Use the token up at the gateway, pin the organisation's root, and keep both. Raises CliError, FarhandError."""
    url = tidy_url(gateway)
    now = time.time()
    try:
        check_token(paths.data, token, now)
    except GrantRefused as error:
        raise CliError(Exit.SETTINGS, "the enrolment token cannot be used", str(error)) from error
    body = {
        "secret": _text(token.secret),
        "certificate": _text(keys.certificate),
        "endorsement": _text(endorse(token, keys, name, now)),
        "delegation": _text(token.delegation),
    }
    async with GatewayApi(url, fingerprint=pin) as api:
        try:
            _, answer = await api.call("POST", "/api/enrol", body)
        except GatewayRefused as error:
            raise CliError(
                Exit.GATEWAY, f"{url} did not take the enrolment token: {error.cause}", error.cure
            ) from error
    found: dict[str, Any] = answer if isinstance(answer, dict) else {}
    root = _key(found.get("root"))
    check_root(token, root, url)
    if found.get("host_id") != keys.host_id.hex():
        raise FarhandError(f"{url} enrolled another host than this one", "nothing was kept; ask its administrator")
    if pin is not None:
        pin = await lasting_pin(url, pin)
    enrolment = enrolled(url, plain(str(found.get("gateway_name") or ""))[:64], keys, root, pin)
    keep_enrolment(paths.data, enrolment)
    return enrolment


async def lasting_pin(url: str, pin: bytes) -> bytes:
    """The pin of the key in the certificate that was pinned: it outlives the certificate. The pin itself if it is one,
    or if the gateway cannot be asked."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        return pin
    try:
        shown = await asyncio.to_thread(ssl.get_server_certificate, (parts.hostname, parts.port or 443), timeout=10.0)
        certificate = ssl.PEM_cert_to_DER_cert(shown)
        return key_pin(certificate) if matches(pin, certificate) else pin
    except (OSError, ValueError) as error:
        _log.warning("the gateway's certificate could not be looked at again", reason=str(error))
        return pin


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _key(text: object) -> bytes:
    try:
        key = base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise FarhandError("the gateway names no root key", "its administrator runs: farhand org delegate")
    return key
