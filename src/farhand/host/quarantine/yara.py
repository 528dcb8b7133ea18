"""YARA-X rules: Farhand's own, or a folder of the owner's."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import yara_x

from farhand.core.errors import FarhandError

OWN_RULES = Path(__file__).parent / "rules"
_SUFFIXES = (".yar", ".yara")
#: All of a folder's rules together, in bytes.
_RULES_MAX = 64 << 20
#: Up to so many bytes one call for all rules is quicker than one a group.
_SMALL = 16 << 10
_PLACE = re.compile(r"--> (?P<file>.+):(?P<line>\d+):\d+$", re.MULTILINE)
_TITLE = re.compile(r"error\[\w+\]: (?P<text>.+)")


class RulesError(FarhandError):
    """A folder of rules cannot be used."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Compiled rules, and what they were made of."""

    groups: tuple[yara_x.Rules, ...]
    """Applied one after the other. Where every condition of a group fails before a string of it is asked for, YARA-X
    searches for none of its strings, which is what the split of Farhand's own rules gains."""
    together: yara_x.Rules
    """All of them in one: quicker for small files, where what counts is each call."""
    files: int
    newest: float
    """When the newest file was last changed, Unix seconds."""

    def age_days(self, now: float | None = None) -> int:
        """Days since the newest file was changed."""
        return max(0, int(((time.time() if now is None else now) - self.newest) // 86400))


def load_rules(folder: Path | None = None) -> RuleSet:
    """Compile every rule file in a folder, in the order of their names; None: Farhand's own.

    Each file has a namespace of its own, so that two may have a rule of one name. Includes are not followed.
    Raises RulesError that names file and line.
    """
    own = folder is None
    folder = OWN_RULES if folder is None else folder
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
        texts = [(path, path.read_bytes()) for path in files]
        newest = max((path.stat().st_mtime for path in files), default=0.0)
    except OSError as error:
        raise RulesError(
            f"the rules in {error.filename or folder} cannot be read ({error.strerror})",
            "correct `rules` in [files.scan], or the folder's owner and mode",
        ) from error
    if not texts:
        raise RulesError(f"there is no .yar or .yara file in {folder}", "put rules there, or leave `rules` out")
    if sum(len(text) for _, text in texts) > _RULES_MAX:
        raise RulesError(f"the rules in {folder} are more than 64 MiB", "take away what is not needed")
    together = _compiled(texts)
    groups = tuple(_compiled([one]) for one in texts) if own else (together,)
    return RuleSet(groups, together, len(texts), newest)


def _compiled(texts: list[tuple[Path, bytes]]) -> yara_x.Rules:
    compiler = yara_x.Compiler(includes_enabled=False)
    for number, (path, text) in enumerate(texts):
        compiler.new_namespace(f"file{number}")
        try:
            compiler.add_source(text.decode(), origin=str(path))
        except UnicodeDecodeError as error:
            line = text.count(b"\n", 0, error.start) + 1
            raise RulesError(f"{path}, line {line}: not UTF-8", "correct the file, or take it away") from error
        except yara_x.CompileError as error:
            raise RulesError(_told(path, str(error)), "correct the file, or take it away") from error
    return compiler.build()


def _told(path: Path, text: str) -> str:
    title, place = _TITLE.search(text), _PLACE.search(text)
    what = title["text"] if title else text.partition("\n")[0]
    detail = text.rstrip().rpartition("^ ")[2] if "^ " in text else ""
    where = f"{path}, line {place['line']}" if place else str(path)
    return f"{where}: {what}" + (f" ({detail})" if detail and detail != what and "\n" not in detail else "")


class RuleScanner:
    """Applies rules to bytes, one after the other; not for several threads at once."""

    def __init__(self, rules: RuleSet, seconds: int) -> None:
        self._scanners = [yara_x.Scanner(group) for group in rules.groups]
        self._together = yara_x.Scanner(rules.together)
        for scanner in (*self._scanners, self._together):
            scanner.set_timeout(seconds)
            scanner.max_matches_per_pattern(16)
            scanner.fast_scan(True)

    def scan(self, data: bytes) -> list[str]:
        """Return the names of the rules that match. Raises yara_x.TimeoutError, yara_x.ScanError."""
        if len(data) <= _SMALL:
            return [rule.identifier for rule in self._together.scan(data).matching_rules]
        return [rule.identifier for scanner in self._scanners for rule in scanner.scan(data).matching_rules]
