"""An OpenID Connect provider (OpenID Connect Core 1.0, code flow, PKCE): its addresses, keys, codes and tokens."""

import base64
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from farhand.gateway.accounts.flows import Flow, ProviderError, Subject
from farhand.gateway.settings import OidcSettings

#: Signatures by the provider's private keys; never "none", never a shared secret that a public key could stand in for.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"]
_SECONDS = 10.0
_ANSWER_MAX = 256 << 10
_FRESH_SECONDS = 3600.0
#: Between two looks for a key that is not among those known: strangers must not make us ask and ask.
_RELOAD_SECONDS = 30.0
_LEEWAY_SECONDS = 60


class Provider:
    """One provider; asks it over HTTPS, bounded in time and size."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._client = httpx.AsyncClient(transport=transport, timeout=_SECONDS, follow_redirects=False)
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._metadata_at = self._keys_at = float("-inf")

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def address(self, state: str, flow: Flow, redirect_uri: str) -> str:
        """Where to send the browser. Raises ProviderError."""
        where = self._endpoint(await self._known(), "authorization_endpoint")
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid profile",
            "state": state,
            "nonce": flow.nonce,
            "code_challenge": create_s256_code_challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(query)}"

    async def subject(self, code: str, flow: Flow, redirect_uri: str) -> Subject:
        """Who came back with this code. Raises ProviderError."""
        settings, known = self._settings, await self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        headers = {"accept": "application/json"}
        if settings.client_secret:
            both = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
        else:
            form["client_id"] = settings.client_id
        answer = await self._ask("POST", self._endpoint(known, "token_endpoint"), data=form, headers=headers)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str) or not isinstance(access, str):
            raise ProviderError("the provider gave no ID token", "is this client allowed the code flow there?")
        claims = await self._verified(token, access, flow.nonce)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise ProviderError("the provider named nobody", "it breaks OpenID Connect Core, section 2")
        return Subject(settings.issuer, subject, await self._name(known, claims, access))

    async def _name(self, known: dict[str, Any], claims: dict[str, Any], access: str) -> str:
        if not _named(claims) and "userinfo_endpoint" in known:
            headers = {"authorization": f"Bearer {access}", "accept": "application/json"}
            info = await self._ask("GET", self._endpoint(known, "userinfo_endpoint"), headers=headers)
            if info.get("sub") == claims["sub"]:  # else it is somebody else's (section 5.3.2)
                return _named(info)
        return _named(claims)

    async def _verified(self, token: str, access: str, nonce: str) -> dict[str, Any]:
        try:
            try:
                decoded = jwt.decode(token, await self._key_set(), algorithms=_ALGORITHMS)
            except ValueError:  # no key of this id: they change them
                decoded = jwt.decode(token, await self._key_set(renew=True), algorithms=_ALGORITHMS)
            options = {
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "nonce": {"essential": True, "value": nonce},
            }
            params = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": access}
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(now=int(self._clock()), leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderError(
                f"the provider's ID token does not hold ({type(error).__name__})",
                "compare issuer, client id and the clocks of both",
            ) from error
        return dict(claims)

    async def _known(self) -> dict[str, Any]:
        """The provider's metadata (OpenID Connect Discovery 1.0)."""
        if self._clock() - self._metadata_at > _FRESH_SECONDS:
            issuer = self._settings.issuer
            found = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise ProviderError("the provider calls itself something else", "use its own issuer in the settings")
            self._metadata, self._metadata_at = found, self._clock()
        return self._metadata

    async def _key_set(self, *, renew: bool = False) -> KeySet:
        age = self._clock() - self._keys_at
        if self._keys is None or age > (_RELOAD_SECONDS if renew else _FRESH_SECONDS):
            found = await self._ask("GET", self._endpoint(await self._known(), "jwks_uri"))
            keys = [key for key in found.get("keys", []) if isinstance(key, dict) and key.get("kty") != "oct"]
            self._keys, self._keys_at = KeySet.import_key_set({"keys": keys}), self._clock()
        return self._keys

    def _endpoint(self, known: dict[str, Any], name: str) -> str:
        where = known.get(name)
        schemes = ("https", "http") if self._settings.allow_http else ("https",)
        if not isinstance(where, str) or urlsplit(where).scheme not in schemes:
            raise ProviderError(f"the provider has no {name} over https", "that is no provider for this gateway")
        return where

    async def _ask(self, method: str, where: str, **more: Any) -> dict[str, Any]:
        if not (where.startswith("https://") or (self._settings.allow_http and where.startswith("http://"))):
            raise ProviderError("the provider's address does not begin with https://", "correct the issuer")
        host = urlsplit(where).netloc
        try:
            async with self._client.stream(method, where, **more) as response:
                body = b""
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > _ANSWER_MAX:
                        raise ProviderError(f"{host} answered too much", "is that the provider?")
        except httpx.HTTPError as error:
            raise ProviderError(f"{host} cannot be reached ({type(error).__name__})", "try again later") from error
        if response.status_code != 200:
            raise ProviderError(f"{host} answered {response.status_code}", "compare the client's settings there")
        try:
            found = httpx.Response(200, content=body).json()
        except ValueError as error:
            raise ProviderError(f"{host} answered no JSON", "is that the provider?") from error
        if not isinstance(found, dict):
            raise ProviderError(f"{host} answered no JSON object", "is that the provider?")
        return found


def _named(claims: dict[str, Any]) -> str:
    for claim in ("preferred_username", "name", "email"):
        found = claims.get(claim)
        if isinstance(found, str) and found.strip():
            return found.strip()
    return ""
