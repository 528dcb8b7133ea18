"""Carries the protocol's bytes: each module is one way to move them between two ends."""
