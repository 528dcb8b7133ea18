"""The organisation's hosts: how they are enrolled, listed, vouched for and removed, and which of them are here."""
