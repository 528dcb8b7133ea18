"""Synchronising two folders: the sides are listed, a pure function plans, and the plan is carried out.

``tree`` says what a side is; ``one_way`` and ``two_way`` make a plan of two listings, and of what both ends agreed on
last time (``state``); ``guard`` refuses deletions that look like a side which was not there; ``run`` carries it out by
the client's transfers, and ``watch`` does so again whenever something changes.
docs/decisions/0019-sync.md has the rules.
"""
