"""What others named, made fit for a terminal: a host or a gateway can put anything into a name."""

import unicodedata

_LONGEST = 200


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return the text in one line without control, format and unassigned characters, at most `longest` long.

    Escape sequences would move the cursor or rename the window; characters that change the direction of what
    follows, or that nobody sees, would make one name look like another.
    """
    shown = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text)
    kept = "".join(one for one in shown if not unicodedata.category(one).startswith("C"))
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
