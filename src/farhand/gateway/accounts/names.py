"""Names of people and groups, and how they are found by them."""

import unicodedata


def name_key(name: str) -> str:
    """The name without case and without the differences that nobody sees: two people never share it."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())[:256]
