"""Adds up pytest's reports and prints the sum in the form of pytest's own closing line."""

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path


def closing_line(paths: list[Path]) -> str:
    """Return the line for the JUnit reports at the paths; the words and their order are pytest's."""
    total: Counter[str] = Counter()
    seconds = 0.0
    for path in filter(Path.exists, paths):  # a run that could not start leaves no report
        for suite in ET.parse(path).getroot().iter("testsuite"):
            counts = {word: int(suite.get(word, "0")) for word in ("tests", "failures", "errors", "skipped")}
            total["failed"] += counts["failures"]
            total["skipped"] += counts["skipped"]
            total["error"] += counts["errors"]
            total["passed"] += counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
            seconds += float(suite.get("time", "0"))
    parts = [f"{total[word]} {word}" for word in ("failed", "passed", "skipped", "error") if total[word]]
    return f" {', '.join(parts) or 'no tests ran'} in {seconds:.2f}s ".center(80, "=")


if __name__ == "__main__":
    print(closing_line([Path(argument) for argument in sys.argv[1:]]))
