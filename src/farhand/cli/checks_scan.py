"""Whether what a host receives can be looked at: rules and their age, the process that applies them, clamd."""

from collections.abc import Iterator
from pathlib import Path

from farhand.cli.findings import Finding, well, wrong
from farhand.core.config import Paths, read_settings
from farhand.core.errors import FarhandError
from farhand.host.quarantine.clamd import Clamd, ClamdError, find_clamd
from farhand.host.quarantine.policy import ScanSettings, Verdict
from farhand.host.quarantine.scanner import Scanner
from farhand.host.quarantine.store import Quarantine, quarantine_folder
from farhand.host.quarantine.yara import RulesError, load_rules
from farhand.host.settings import HostSettings

#: Rules of the owner's that nobody has changed for so long find little of what goes round now, in days.
_OLD_DAYS = 90
_CLAMD_SECONDS = 5.0


def scanning(paths: Paths, settings: Path | None = None) -> Iterator[Finding]:
    """All about scanning on this host."""
    try:
        scan = read_settings(settings or paths.config / "host.toml", HostSettings).files.scan
    except FarhandError as error:
        yield wrong("scanning", error.cause, error.cure)
        return
    if scan.yara:
        yield _rules(scan)
        yield _process(scan)
    yield _clamd(scan)
    yield _finds(paths)


def _rules(scan: ScanSettings) -> Finding:
    folder = scan.rules_folder()
    try:
        rules = load_rules(folder)
    except RulesError as error:
        return wrong("scan rules", error.cause, error.cure)
    if folder is None:
        return well("scan rules", f"Farhand's own: {rules.files} files, few and narrow; a maintained set finds more")
    text = f"{rules.files} files in {folder}, the newest {rules.age_days()} days old"
    return Finding(
        "scan rules", rules.age_days() <= _OLD_DAYS, text, "" if rules.age_days() <= _OLD_DAYS else "renew them"
    )


def _process(scan: ScanSettings) -> Finding:
    try:
        with Scanner(scan) as scanner:
            applied = scanner.start()
    except FarhandError as error:
        return wrong("scanning", f"files cannot be scanned, and {_then(scan)}: {error.cause}", error.cure)
    if applied is None or not applied.no_new_privs or not applied.landlock:
        told = applied.told() if applied else "nothing"
        return well("scanning", f"the scanning process is held by {told} alone: this kernel has no Landlock for it")
    return well("scanning", f"the scanning process is held by {applied.told()}")


def _clamd(scan: ScanSettings) -> Finding:
    address = find_clamd(scan.clamd)
    if not address:
        if scan.yara:
            return well("clamd", "not wanted" if scan.clamd == "off" else "none runs here")
        return wrong("clamd", f"nothing scans what is received, and {_then(scan)}", "install clamd, or set yara = true")
    try:
        with Clamd(address, _CLAMD_SECONDS) as clamd:
            version = clamd.version()
    except ClamdError as error:
        if scan.clamd == "auto" and scan.yara:
            return well("clamd", f"{error.cause}; the rules alone are applied")
        return wrong("clamd", f"{error.cause}, and {_then(scan)}", error.cure or "look at clamd's log")
    return well("clamd", f"{version} answers at {address}")


def _finds(paths: Paths) -> Finding:
    try:
        count = len(Quarantine(quarantine_folder(paths.data)).all())
    except OSError as error:
        return wrong("quarantine", f"{error.filename} cannot be read ({error.strerror})", "make it this user's own")
    if count:
        return well("quarantine", f"{count} files are in quarantine: farhand quarantine list")
    return well("quarantine", "empty")


def _then(scan: ScanSettings) -> str:
    return "they are refused" if scan.unavailable is Verdict.REFUSE else "they are accepted all the same"
