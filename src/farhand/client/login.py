"""Logging in at a gateway from a command line: a person approves it in a browser, and this client's key is entered."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec

from farhand.client.api import DeviceLogin, GatewayApi
from farhand.client.authority import Say, pin_root
from farhand.client.errors import CertificateChanged, GatewayRefused, RootChanged
from farhand.client.gateways import Gateways, Login, tidy_url
from farhand.client.keys import client_keys, device_name
from farhand.client.pinned import shown_certificate, untrusted_certificate
from farhand.client.texts import plain
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.protocol.grants import fingerprint as key_fingerprint
from farhand.transports.base import Unreachable

_INTERVAL_LEAST, _INTERVAL_MOST, _EXPIRES_MOST = 0.2, 10.0, 900.0


class LoginRefused(FarhandError):
    """The person did not approve it, or not in time."""


class CertificateUnknown(FarhandError):
    """Nobody vouches for the gateway's TLS certificate, and nobody compared it; `shown` is its SHA-256 in groups."""

    def __init__(self, url: str, shown: str) -> None:
        where = urlsplit(url).netloc
        super().__init__(
            f"this system does not trust the certificate of {where}, whose SHA-256 is\n           {shown}",
            "compare it with what `farhand gateway` prints there, then run: "
            f"farhand login {where} --fingerprint {shown.replace(' ', '')}",
        )
        self.shown = shown


async def log_in(
    paths: Paths,
    url: str,
    *,
    show: Callable[[DeviceLogin, str], None],
    say: Say,
    fingerprint: bytes | None = None,
    root: str = "",
    confirm: Callable[[str], bool] = lambda _shown: False,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Login:
    """Log in, enter this client's key among the person's devices, pin what is to be pinned, and keep all of it.

    ``show`` gets the log-in and the address at which it is approved. ``fingerprint`` (SHA-256 of the TLS certificate)
    and ``root`` (the root key's fingerprint) are what the person knows already; ``confirm`` asks whether a certificate
    that the system does not trust is the right one. Raises CertificateUnknown, CertificateChanged, RootChanged,
    LoginRefused, Unreachable, GatewayRefused, FarhandError, OSError.
    """
    address = tidy_url(url)
    keys = client_keys(paths)
    before = Gateways(paths).find(address)
    pin = await _certificate(address, fingerprint, before, confirm)
    async with GatewayApi(address, fingerprint=pin) as api:
        begun = await api.begin_login(device_name())
        show(begun, _link(address, begun))
        token = await _approved(api, begun, clock, pause)
    login = Login(address, token, root=before.root if before is not None else "", pin=pin.hex() if pin else "")
    async with GatewayApi(address, token=token, fingerprint=pin) as api:
        login = msgspec.structs.replace(login, person=await api.me())
        org = await api.org()
        if root and (not org.root or _letters(key_fingerprint(org.root)) != _letters(root)):
            shown = key_fingerprint(org.root) if org.root else "none yet"
            raise RootChanged(address, root, shown)
        await api.register_device(keys.certificate)
    Gateways(paths).keep(login)
    if org.root:
        pin_root(paths, login, org.root, say)
    else:
        say("the organisation has no root key yet: its hosts can be reached by codes only")
    return Gateways(paths).find(address) or login


async def log_out(paths: Paths, url: str) -> tuple[Login, bool]:
    """Forget a log-in and end its token; False where the gateway could not be told. Raises FarhandError, OSError."""
    login = Gateways(paths).chosen(url)[0]
    told = True
    try:
        async with GatewayApi(login.url, token=login.token, fingerprint=login.fingerprint) as api:
            await api.log_out()
    except GatewayRefused as refused:
        told = refused.status == 401  # it is ended already
    except (Unreachable, CertificateChanged):
        told = False
    Gateways(paths).forget(login.url)
    return login, told


async def _certificate(
    url: str, given: bytes | None, before: Login | None, confirm: Callable[[str], bool]
) -> bytes | None:
    """The certificate to pin; None where the system trusts it."""
    try:
        shown = await untrusted_certificate(url)
    except (OSError, TimeoutError) as error:
        where = urlsplit(url).netloc
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        raise Unreachable(f"{where} cannot be reached ({plain(reason)})", "is the gateway running there?") from error
    if given is not None:
        if shown is not None and shown != given:
            raise CertificateChanged(shown_certificate(given), shown_certificate(shown))
        return given
    if before is not None and before.pin and shown is not None:
        if bytes.fromhex(before.pin) != shown:
            raise CertificateChanged(shown_certificate(bytes.fromhex(before.pin)), shown_certificate(shown))
        return shown
    if shown is not None and not confirm(shown_certificate(shown)):
        raise CertificateUnknown(url, shown_certificate(shown))
    return shown


def _link(url: str, begun: DeviceLogin) -> str:
    """Where it is approved: a page of this gateway, whatever it says."""
    named = urlsplit(begun.verify_url)
    here = urlsplit(url)
    if begun.verify_url and (named.scheme, named.netloc) == (here.scheme, here.netloc):
        return plain(begun.verify_url)
    return f"{url}/console#/device"


async def _approved(
    api: GatewayApi, begun: DeviceLogin, clock: Callable[[], float], pause: Callable[[float], Awaitable[None]]
) -> str:
    ends = clock() + min(_EXPIRES_MOST, max(0.0, begun.expires))
    interval = min(_INTERVAL_MOST, max(_INTERVAL_LEAST, begun.interval))
    while clock() < ends:
        await pause(interval)
        try:
            token = await api.poll_login(begun.device_code)
        except GatewayRefused as refused:
            if refused.status >= 500 or refused.status == 429:
                continue
            raise LoginRefused(refused.cause or "the log-in was not approved", "run it again") from refused
        except Unreachable:
            continue  # a gateway that is restarted comes back
        if token is not None:
            return token
    raise LoginRefused("nobody approved the log-in in time", "run it again")


def _letters(text: str) -> str:
    return "".join(text.split()).lower()
