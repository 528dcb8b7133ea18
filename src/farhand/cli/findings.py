"""What `farhand doctor` says about one thing that it looked at."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``cure`` where it is not well."""

    check: str
    ok: bool
    text: str
    cure: str = ""

    def print(self, *, machine: bool) -> None:
        """One JSON object, or a line and its cure."""
        if machine:
            found = {"check": self.check, "ok": self.ok, "text": self.text, "cure": self.cure}
            print(json.dumps(found, ensure_ascii=False), flush=True)
            return
        print(f"  {'ok ' if self.ok else 'NOT'}  {self.check:<12} {self.text}", flush=True)
        if self.cure:
            print(f"                    {self.cure}", flush=True)


def well(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, True, text)


def wrong(check: str, text: str, cure: str) -> Finding:
    """Something is not."""
    return Finding(check, False, text, cure)
