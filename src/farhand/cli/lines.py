"""What a long-running verb tells: lines for people, or one JSON object a line."""

import json
import sys
import time
from typing import Any, TextIO


class Lines:
    """Writes to ``out``; ``machine`` for JSON."""

    def __init__(self, out: TextIO = sys.stdout, *, machine: bool = False) -> None:
        self.machine = machine
        self.people = out.isatty() and not machine
        self.out = out

    def started(self, about: dict[str, str]) -> None:
        """Say what runs here: labels and their values."""
        if self.machine:
            self.json("started", **{label.replace(" ", "_"): value for label, value in about.items()})
            return
        width = max(map(len, about))
        for label, value in about.items():
            self.line(f"  {label:<{width}}  {value}")

    def say(self, event: str, text: str, **details: Any) -> None:
        """One line about something that happened."""
        if self.machine:
            self.json(event, text=text, **details)
        else:
            self.line(f"{time.strftime('%H:%M:%S')}  {text}")

    def json(self, event: str, **fields: Any) -> None:
        """One JSON object."""
        self.line(json.dumps({"event": event, **fields}, ensure_ascii=False))

    def line(self, text: str) -> None:
        """One line, at once."""
        try:
            print(text, file=self.out, flush=True)
        except (BrokenPipeError, ValueError):
            return  # whoever read this is gone; the computer stays reachable

    def bold(self, text: str) -> str:
        """The text as it stands out on a terminal."""
        return f"\x1b[1m{text}\x1b[0m" if self.people else text
