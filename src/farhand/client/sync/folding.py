"""Keeps apart what a side that ignores case would take for one name. Pure."""

import msgspec

from farhand.client.sync.names import conflict_name, folded
from farhand.client.sync.plan import Conflict, Plan, Problem
from farhand.client.sync.tree import Copy, End, Make, Rename, Tree, parents

_WHY = "its name differs by case only from {}, and the other side takes them for one"


def collisions(plan: Plan, end: End, tree: Tree) -> bool:
    """Tell whether something new on ``end`` is called like something else there, but for case."""
    actions: list[Make | Copy] = [*plan.makes, *plan.copies]
    new = [action.path for action in actions if action.end is end and action.path not in tree]
    if not new:
        return False
    names = {folded(path) for path in new}
    return len(names) < len(new) or any(folded(path) in names for path in tree)


def keep_apart(plan: Plan, trees: tuple[Tree, Tree], end: End, label: str = "") -> None:
    """Change the plan for a side ``end`` that ignores case.

    With a ``label`` (two-way) a second file of one name gets a conflict's name on both sides; without, and a second
    folder of one name always, it is left out and told.
    """
    going = {delete.path for delete in plan.deletes if delete.end is end}
    there = {folded(path): path for path in trees[end]}
    blocked: set[bytes] = set()
    makes: list[Make] = []
    copies: list[Copy] = []
    actions: list[Make | Copy] = [*plan.makes, *plan.copies]
    for action in sorted(actions, key=lambda action: action.path):
        if action.end is end and not blocked.isdisjoint(parents(action.path)):
            plan.after.pop(action.path, None)
            continue
        if action.end is end and action.path not in trees[end]:
            other = there.setdefault(folded(action.path), action.path)
            if other != action.path and other in going:
                plan.clear.add(other)
                there[folded(action.path)] = action.path
            elif other != action.path:
                plan.after.pop(action.path, None)
                if label and isinstance(action, Copy) and action.entry is trees[end.other].get(action.path):
                    copies.append(_renamed(plan, action, trees, other, label))
                else:
                    shown = other.decode("utf-8", "backslashreplace")
                    plan.problems.append(Problem(action.path, _WHY.format(shown)))
                    blocked.add(action.path)
                continue
        if isinstance(action, Make):
            makes.append(action)
        else:
            copies.append(action)
    plan.makes, plan.copies = makes, copies


def _renamed(plan: Plan, copy: Copy, trees: tuple[Tree, Tree], other: bytes, label: str) -> Copy:
    planned = {rename.to for rename in plan.renames}

    def taken(name: bytes) -> bool:
        return name in trees[0] or name in trees[1] or name in planned

    to = conflict_name(copy.path, label, taken)
    source = copy.end.other
    plan.renames.append(Rename(source, copy.path, to, copy.entry))
    plan.conflicts.append(Conflict(copy.path, source, to, _WHY.format(other.decode("utf-8", "backslashreplace"))))
    moved = msgspec.structs.replace(copy.entry, path=to)
    plan.after[to] = (moved, moved)
    return Copy(copy.end, to, moved)
