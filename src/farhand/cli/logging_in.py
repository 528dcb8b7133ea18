"""`farhand login` and `farhand logout`: what they ask and print."""

import sys

from farhand.cli.exits import CliError, Exit
from farhand.cli.reaching import say
from farhand.client.api import DeviceLogin
from farhand.client.gateways import Gateways
from farhand.client.login import log_in, log_out
from farhand.client.texts import plain
from farhand.core.config import Paths
from farhand.core.tasks import run


def login(url: str, fingerprint: bytes | None, root: str) -> None:
    """Raises FarhandError, OSError."""

    def show(begun: DeviceLogin, link: str) -> None:
        print(f"  open   {link}\n  code   {plain(begun.user_code)}", flush=True)
        print("  then approve it there; waiting …", flush=True)

    def confirm(shown: str) -> bool:
        if not sys.stdin.isatty():
            return False
        print("This system does not trust the gateway's certificate. Its SHA-256 is\n")
        print(f"    {shown}\n")
        return input("Does `farhand gateway` print the same there? Type yes to pin it: ").strip().lower() == "yes"

    paths = Paths.default().create()
    kept = run(log_in(paths, url, show=show, say=say, fingerprint=fingerprint, root=root, confirm=confirm))
    who = f" as {plain(kept.person)}" if kept.person else ""
    print(f"logged in at {kept.url}{who}; farhand hosts lists what you may reach")


def logout(url: str) -> None:
    """Raises FarhandError, OSError."""
    paths = Paths.default().create()
    every = Gateways(paths).chosen(url)
    if len(every) > 1:
        raise CliError(Exit.USAGE, "logged in at more than one gateway", "name one: " + " ".join(o.url for o in every))
    kept, told = run(log_out(paths, url))
    print(f"logged out at {kept.url}")
    if not told:
        say("the gateway could not be told: end the session there under Sessions, or revoke this device")
