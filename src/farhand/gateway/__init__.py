"""Accounts, presence, rendezvous and the blind relay; holds no key that opens a session."""
