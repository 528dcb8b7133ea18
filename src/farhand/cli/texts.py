"""Help for options that are written with Typer in some verbs and without it in others (light.py)."""

GATEWAY = "Only this one of the gateways where you are logged in."
REASON = "Why: some rules want a reason. It stands in the audit."
JSON = "One JSON object a line instead of text."
