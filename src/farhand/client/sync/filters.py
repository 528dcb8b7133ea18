"""What is left out: patterns as in .gitignore, and folders that are never touched."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from farhand.client.sync.tree import Tree, parents
from farhand.core.errors import FarhandError
from farhand.protocol.messages.files import EntryKind

if TYPE_CHECKING:  # loaded where there are patterns only
    from pathspec import GitIgnoreSpec


class PatternError(FarhandError):
    """A pattern cannot be understood."""


class Filter:
    """Tells which names take part.

    ``exclude`` and ``include`` are patterns as in .gitignore, seen from the root: ``*.tmp`` anywhere, ``/build`` in the
    root only, ``cache/`` folders only, ``a/**/b``. What is in an excluded folder is excluded too. A name that an
    ``include`` matches takes part all the same, with the folders above it, wherever they stand among the options.
    ``never`` are paths that nothing brings back.
    """

    def __init__(self, exclude: Sequence[str] = (), include: Sequence[str] = (), never: Sequence[bytes] = ()) -> None:
        self._exclude = _spec(exclude)
        self._include = _spec(include) if exclude else None
        self._never = frozenset(never)

    def __bool__(self) -> bool:
        return self._exclude is not None or bool(self._never)

    def apply(self, left: Tree, right: Tree) -> tuple[tuple[Tree, Tree], tuple[set[bytes], set[bytes]]]:
        """Return what takes part of each side, and of each the folders that hold something which does not.

        What is left out on one side is so on both. Devices, pipes and sockets never take part.
        """
        out: set[bytes] = set()
        back: set[bytes] = set()
        other = EntryKind.OTHER
        for tree in (left, right):
            out.update([path for path, entry in tree.items() if entry.kind is other])
            if self:
                self._look(tree, out, back)
        out -= back
        if not out:
            return (left, right), (set(), set())
        return (_without(left, out), _without(right, out)), (_holding(left, out), _holding(right, out))

    def _look(self, tree: Tree, out: set[bytes], back: set[bytes]) -> None:
        # In order: a folder is met before what is in it.
        for path in sorted(tree):
            above = parents(path)
            if path in self._never or not self._never.isdisjoint(above):
                out.add(path)
                continue
            if self._exclude is None:
                continue
            name = path.decode("utf-8", "surrogateescape") + ("/" if tree[path].kind is EntryKind.FOLDER else "")
            if (above and above[0] in out) or self._exclude.match_file(name):
                out.add(path)
                if self._include is not None and self._include.match_file(name):
                    back.update((path, *above))


def _without(tree: Tree, out: set[bytes]) -> Tree:
    return {path: entry for path, entry in tree.items() if path not in out and out.isdisjoint(parents(path))}


def _holding(tree: Tree, out: set[bytes]) -> set[bytes]:
    return {folder for path in out if path in tree for folder in parents(path)}


def _spec(patterns: Sequence[str]) -> "GitIgnoreSpec | None":
    if not patterns:
        return None
    from pathspec import GitIgnoreSpec

    for pattern in patterns:
        if not pattern.strip() or pattern.startswith(("!", "#")):
            raise PatternError(f"{pattern!r} is no pattern", r"write \! or \# for a name that begins so; see --help")
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise PatternError(f"a pattern cannot be read ({error})", "patterns are written as in .gitignore") from error
