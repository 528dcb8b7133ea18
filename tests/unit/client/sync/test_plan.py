"""What is planned, without any folder."""

import pytest
from tests.unit.client.sync.memory import OTHER, file, folder, link, tree

from farhand.client.sync.filters import Filter, PatternError
from farhand.client.sync.folding import collisions, keep_apart
from farhand.client.sync.guard import SyncRefused, check
from farhand.client.sync.names import conflict_name
from farhand.client.sync.one_way import plan_one_way
from farhand.client.sync.options import Mode
from farhand.client.sync.plan import Plan
from farhand.client.sync.tree import Alter, Copy, Delete, End, Listing, Make, Rename
from farhand.client.sync.two_way import Base, plan_two_way
from farhand.protocol.messages.files import Entry

LABELS = ("2026-11-23 here", "2026-11-23 desk")


def both(*entries: Entry) -> Base:
    return Base(tree(*entries), tree(*entries))


def done(plan: Plan) -> list[tuple[str, str, bytes]]:
    return [(type(one).__name__, one.end.name, one.path) for one in plan.actions()]


def test_deletions_come_last_but_for_those_that_make_room():
    source = tree(file(b"now-file"), file(b"new"))
    target = tree(folder(b"now-file"), file(b"now-file/in"), file(b"extra"))
    plan = plan_one_way(source, target, delete=True)
    assert done(plan) == [
        ("Delete", "RIGHT", b"now-file/in"),
        ("Delete", "RIGHT", b"now-file"),
        ("Copy", "RIGHT", b"new"),
        ("Copy", "RIGHT", b"now-file"),
        ("Delete", "RIGHT", b"extra"),
    ]


def test_without_delete_no_folder_makes_room_for_a_file():
    plan = plan_one_way(tree(file(b"x")), tree(folder(b"x"), file(b"x/in")))
    assert not plan.actions()
    assert [problem.path for problem in plan.problems] == [b"x"]


def test_what_is_beneath_something_that_stays_is_left_alone():
    plan = plan_one_way(tree(folder(b"x"), file(b"x/in")), tree(file(b"x", mtime=9)), newer=True, delete=True)
    assert not plan.actions()


@pytest.mark.parametrize(("mtime", "copied"), [(4, 0), (5, 0), (6, 1)])
def test_newer_compares_times_of_files(mtime, copied):
    plan = plan_one_way(tree(file(b"x", 3, mtime)), tree(file(b"x", 4, 5)), newer=True)
    assert len(plan.copies) == copied


def test_only_permissions_are_set_where_only_they_differ():
    (action,) = plan_one_way(tree(file(b"x", mode=0o600)), tree(file(b"x", mode=0o644))).actions()
    assert isinstance(action, Alter)
    assert action.entry.mode == 0o600


def test_a_link_is_what_it_points_at():
    assert not plan_one_way(tree(link(b"x", b"a")), tree(link(b"x", b"a"))).actions()
    (action,) = plan_one_way(tree(link(b"x", b"a")), tree(link(b"x", b"b"))).actions()
    assert isinstance(action, Copy)


def test_a_folder_in_which_something_changes_gets_its_time_again():
    source, target = tree(folder(b"d"), file(b"d/x", 2, 2)), tree(folder(b"d"), file(b"d/x", 1, 1))
    assert done(plan_one_way(source, target)) == [("Copy", "RIGHT", b"d/x"), ("Alter", "RIGHT", b"d")]


def test_each_side_gets_what_the_other_changed():
    base = both(file(b"a"), file(b"b"), file(b"c"))
    left, right = tree(file(b"a", 2, 2), file(b"b")), tree(file(b"a"), file(b"b", 3, 3), file(b"c"))
    assert done(plan_two_way(left, right, base, LABELS)) == [
        ("Copy", "RIGHT", b"a"),
        ("Copy", "LEFT", b"b"),
        ("Delete", "RIGHT", b"c"),
    ]


def test_an_edit_beats_a_deletion_with_the_folders_above_it():
    base = both(folder(b"d"), file(b"d/edited"), file(b"d/not"))
    right = tree(folder(b"d"), file(b"d/edited", 2, 2), file(b"d/not"))
    assert done(plan_two_way({}, right, base, LABELS)) == [
        ("Make", "LEFT", b"d"),
        ("Copy", "LEFT", b"d/edited"),
        ("Delete", "RIGHT", b"d/not"),
    ]


def test_both_of_a_conflict_are_kept():
    base = both(file(b"a.txt"))
    plan = plan_two_way(tree(file(b"a.txt", 2, 2)), tree(file(b"a.txt", 3, 3)), base, LABELS)
    kept = b"a (conflict 2026-11-23 desk).txt"
    assert done(plan) == [("Rename", "RIGHT", b"a.txt"), ("Copy", "LEFT", kept), ("Copy", "RIGHT", b"a.txt")]


def test_permissions_of_one_side_and_content_of_the_other_go_together():
    base = both(file(b"a"))
    plan = plan_two_way(tree(file(b"a", 2, 2)), tree(file(b"a", mode=0o600)), base, LABELS)
    copy, alter = plan.actions()
    assert isinstance(copy, Copy)
    assert (copy.end, copy.mode) == (End.RIGHT, 0o600)
    assert isinstance(alter, Alter)
    assert (alter.end, alter.entry.mode) == (End.LEFT, 0o600)


def test_a_file_against_a_changed_folder_keeps_both():
    base = both(folder(b"d"), file(b"d/x"))
    plan = plan_two_way(tree(file(b"d", 9, 9)), tree(folder(b"d"), file(b"d/x", 2, 2)), base, LABELS)
    assert [type(one) for one in plan.actions()] == [Rename, Make, Copy, Copy]
    assert plan.renames[0].end is End.LEFT


def test_clocks_do_not_matter():
    base = both(file(b"a", 1, 1_000_000))
    plan = plan_two_way(tree(file(b"a", 1, 5)), tree(file(b"a", 1, 1_000_000)), base, LABELS)
    assert done(plan) == [("Copy", "RIGHT", b"a")]


def test_same_sizes_and_other_times_are_asked_about_the_first_time():
    left, right = tree(file(b"a", 1, 1)), tree(file(b"a", 1, 2))
    plan = plan_two_way(left, right, Base(), LABELS)
    assert [question[0] for question in plan.questions] == [b"a"]
    assert not plan_two_way(left, right, Base(), LABELS, answers={b"a": True}).conflicts
    assert plan_two_way(left, right, Base(), LABELS, answers={b"a": False}).conflicts
    assert plan_two_way(left, right, Base(), LABELS, answers={b"a": None}).problems


def test_what_ignores_case_gets_a_second_name_or_is_told():
    left, right = tree(file(b"A.txt"), file(b"a.txt", 2)), {}
    plan = plan_two_way(left, right, Base(), LABELS)
    assert collisions(plan, End.RIGHT, right)
    keep_apart(plan, (left, right), End.RIGHT, LABELS[0])
    assert [copy.path for copy in plan.copies] == [b"A.txt", b"a (conflict 2026-11-23 here).txt"]
    one_way = plan_one_way(left, right)
    keep_apart(one_way, (left, right), End.RIGHT)
    assert [copy.path for copy in one_way.copies] == [b"A.txt"]
    assert [problem.path for problem in one_way.problems] == [b"a.txt"]


def test_a_name_that_changes_its_case_makes_room_for_itself():
    left, right = tree(file(b"A")), tree(file(b"a"))
    plan = plan_two_way(left, right, both(file(b"a")), LABELS)
    keep_apart(plan, (left, right), End.RIGHT, LABELS[0])
    assert [type(one) for one in plan.actions()] == [Delete, Copy]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"d/a.tar.gz", b"d/a.tar (conflict X).gz"),
        (b".bashrc", b".bashrc (conflict X)"),
        (b"\xff", b"\xff (conflict X)"),
        ("ä".encode() * 127 + b"x", "ä".encode() * 121 + b" (conflict X)"),
    ],
)
def test_the_name_of_what_is_kept(path, expected):
    assert conflict_name(path, "X", lambda name: False) == expected
    assert len(expected.rpartition(b"/")[2]) <= 255


def test_the_name_of_what_is_kept_is_free():
    assert conflict_name(b"a", "X", {b"a (conflict X)"}.__contains__) == b"a (conflict X 2)"


def kept(patterns: Filter, *entries: Entry) -> list[bytes]:
    return sorted(patterns.apply(tree(*entries), {})[0][0])


def test_patterns_are_as_in_gitignore():
    entries = [file(b"a.tmp"), folder(b"d"), file(b"d/b.tmp"), folder(b"build"), file(b"build/x"), file(b"d/build")]
    assert kept(Filter(["*.tmp", "build/"]), *entries) == [b"d", b"d/build"]
    assert kept(Filter(["/d"]), *entries) == [b"a.tmp", b"build", b"build/x"]


def test_an_include_brings_back_a_name_and_the_folders_above_it():
    entries = [folder(b"d"), folder(b"d/e"), file(b"d/e/x.jpg"), file(b"d/y"), folder(b"f")]
    assert kept(Filter(["*"], ["*.jpg"]), *entries) == [b"d", b"d/e", b"d/e/x.jpg"]


def test_what_is_left_out_on_one_side_is_so_on_both():
    trees, holding = Filter().apply(tree(Entry(b"d/p", OTHER, 0, 0, 0, b""), folder(b"d")), tree(file(b"d/p")))
    assert [list(one) for one in trees] == [[b"d"], []]
    assert holding == ({b"d"}, {b"d"})


def test_own_folders_stay_out_whatever_is_included():
    assert kept(Filter([], [], [b"keys"]), folder(b"keys"), file(b"keys/secret"), file(b"x")) == [b"x"]


@pytest.mark.parametrize("pattern", ["", " ", "!x", "#x"])
def test_a_pattern_that_would_mean_something_else_is_refused(pattern):
    with pytest.raises(PatternError):
        Filter([pattern])


def test_a_folder_with_excluded_names_is_not_deleted():
    target = tree(folder(b"d"), file(b"d/x"))
    assert done(plan_one_way({}, target, delete=True, pinned={b"d"})) == [("Delete", "RIGHT", b"d/x")]


def deleting(count: int) -> Plan:
    return Plan(deletes=[Delete(End.RIGHT, b"%d" % n, file(b"x")) for n in range(count)])


def listing(count: int, **about) -> Listing:
    return Listing(tree(*(file(b"%d" % n) for n in range(count))), **about)


@pytest.mark.parametrize(
    ("source", "gone", "why"),
    [
        (listing(5, skipped=1), 1, "could not be read"),
        (listing(0), 1, "is empty"),
        (listing(0, missing=True), 1, "is not there"),
        (listing(50), 51, "51 % of all"),
    ],
)
def test_deletions_that_look_like_an_accident_are_refused(source, gone, why):
    with pytest.raises(SyncRefused, match=why):
        check(deleting(gone), (source, listing(100)), Mode.MIRROR, known=0)


def test_other_deletions_are_not():
    check(deleting(50), (listing(50), listing(100)), Mode.MIRROR, known=0)
    check(deleting(20), (listing(1), listing(20)), Mode.MIRROR, known=0)
    check(deleting(0), (listing(0, skipped=3), listing(100)), Mode.MIRROR, known=0)
