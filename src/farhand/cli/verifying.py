"""`farhand verify-viewer`: what it prints."""

import json

from farhand.cli.exits import CliError, Exit
from farhand.cli.reaching import say
from farhand.client.bundle import Manifest, Report, manifest, verify
from farhand.client.gateways import Gateways, tidy_url
from farhand.client.pinned import shown_certificate, untrusted_certificate
from farhand.core.config import Paths
from farhand.core.tasks import run
from farhand.transports.base import Unreachable


async def _verify(url: str, fingerprint: bytes | None, expected: Manifest) -> Report:
    login = Gateways(Paths.default()).find(url)
    pin = fingerprint or (login.fingerprint if login is not None else None)
    if pin is None:
        try:
            pin = await untrusted_certificate(url)
        except (OSError, TimeoutError) as error:
            raise Unreachable(f"{url} cannot be reached ({error})", "is the gateway running there?") from error
        if pin is not None:
            say(f"nobody vouches for the certificate that was shown, SHA-256 {shown_certificate(pin)}: "
                "who stands in between could show this program one viewer and a browser another")  # fmt: skip
    return await verify(url, expected, fingerprint=pin)


def verify_viewer(url: str, fingerprint: bytes | None, *, machine: bool) -> None:
    """Print what differs. Raises CliError where something does; FarhandError, OSError."""
    address = tidy_url(url)
    expected = manifest()
    if not expected.released:
        say("this is a checkout: compared with the viewer that was built here, not with a release")
    report = run(_verify(address, fingerprint, expected))
    if machine:
        differing = [
            {"file": one.name, "what": one.what, "expected": one.expected, "found": one.found}
            for one in report.differences
        ]
        print(
            json.dumps(
                {
                    "url": report.url,
                    "version": report.version,
                    "released": expected.released,
                    "compared": report.compared,
                    "same": not differing,
                    "differences": differing,
                }
            )
        )
    else:
        for one in report.differences:
            print(f"{one.name} {one.what}")
            if one.expected and one.found:
                print(f"    this release  {one.expected}\n    served        {one.found}")
    if report.differences:
        raise CliError(
            Exit.IDENTITY,
            f"{len(report.differences)} of {report.compared} files of the viewer are not those of farhand "
            f"{report.version}",
            "it is another version, or was altered: use farhand view, which serves its own, until that is cleared up",
        )
    if not machine:
        print(f"{report.compared} files, all as in farhand {report.version}")
