"""The tree of revisions, by hand: every rule once, with its history in the test."""

from __future__ import annotations

import pytest

from sync.canonical import canonical_json
from sync.errors import BadRequest
from sync.revisions import Path, Rev, RevisionTree, new_revision, parse_path, parse_rev


def tree_of(*paths: str, revs_limit: int = 1_000) -> RevisionTree:
    """Each path as `"3 c b a"`, newest first; `"3 c b a †"` is deleted."""
    tree = RevisionTree()
    for text in paths:
        start, *hashes = text.removesuffix(" †").split()
        tree = tree.merge(Path(int(start), tuple(hashes)), deleted=text.endswith("†"), revs_limit=revs_limit)
    return tree


def leaves(tree: RevisionTree) -> list[str]:
    return [str(leaf.rev) for leaf in tree.leaves]


def test_undeleted_beats_deleted_then_the_generation_decides_then_the_hash() -> None:
    assert leaves(tree_of("2 b a", "2 c a")) == ["2-c", "2-b"]
    assert leaves(tree_of("2 z a", "3 b b2 a")) == ["3-b", "2-z"]
    assert leaves(tree_of("2 b a", "9 z y †")) == ["2-b", "9-z"]
    assert leaves(tree_of("2 b a †", "3 c d a †")) == ["3-c", "2-b"]


def test_generations_are_compared_as_numbers() -> None:
    assert leaves(tree_of("9 x", "10 a")) == ["10-a", "9-x"]


def test_hashes_are_compared_as_bytes() -> None:
    assert leaves(tree_of("1 Z", "1 a", "1 0")) == ["1-a", "1-Z", "1-0"]


def test_conflicts_are_living_losers_and_deleted_conflicts_dead_ones() -> None:
    tree = tree_of("2 b a", "2 c a", "2 d a", "3 x y a †")
    assert str(tree.winner.rev) == "2-d"
    assert [str(rev) for rev in tree.conflicts] == ["2-c", "2-b"]
    assert [str(rev) for rev in tree.deleted_conflicts] == ["3-x"]


def test_a_path_is_attached_at_its_first_known_ancestor() -> None:
    tree = tree_of("3 c b a", "4 x y b a")
    assert leaves(tree) == ["4-x", "3-c"]
    assert tree.path(Rev(4, "x")) == Path(4, ("x", "y", "b", "a"))
    assert tree.path(Rev(3, "c")) == Path(3, ("c", "b", "a"))


def test_a_known_revision_adds_nothing() -> None:
    tree = tree_of("3 c b a")
    assert tree.merge(Path(2, ("b", "a")), deleted=False) == tree
    assert tree.merge(Path(3, ("c", "b", "a")), deleted=True) == tree


def test_a_deeper_path_extends_a_stemmed_root_downwards() -> None:
    tree = tree_of("5 e d", "5 e d c b a")
    assert leaves(tree) == ["5-e"]
    assert tree.path(Rev(5, "e")).hashes == ("e", "d", "c", "b", "a")


def test_a_deeper_path_joins_two_roots_and_their_branches() -> None:
    tree = tree_of("4 d c", "4 x c", "6 f e", "6 f e d c b")
    assert leaves(tree) == ["6-f", "4-x"]
    assert tree.path(Rev(6, "f")).hashes == ("f", "e", "d", "c", "b")
    assert tree.path(Rev(4, "x")).hashes == ("x", "c", "b")


def test_equal_hashes_of_two_generations_are_two_revisions() -> None:
    tree = tree_of("1 a", "5 a", "2 a a")
    assert leaves(tree) == ["5-a", "2-a"]


def test_of_a_path_that_names_another_parent_what_is_known_stays() -> None:
    for tree in (tree_of("2 b a", "3 c b z"), tree_of("3 0 b a", "3 c b z")):
        assert leaves(tree)[0] == "3-c"
        assert tree.path(Rev(3, "c")).hashes == ("c", "b", "a")
        assert Rev(1, "z") not in tree


def test_only_the_newest_ancestors_are_kept() -> None:
    tree = tree_of("5 e d c b a", revs_limit=3)
    assert tree.path(Rev(5, "e")).hashes == ("e", "d", "c")
    tree = tree.merge(Path(6, ("f", "e")), deleted=False, revs_limit=3)
    assert tree.path(Rev(6, "f")).hashes == ("f", "e", "d")
    assert Rev(3, "c") not in tree


def test_stemming_counts_from_each_leaf() -> None:
    tree = tree_of("3 c b a", "6 z y x b a", revs_limit=3)
    assert leaves(tree) == ["6-z", "3-c"]
    assert tree.path(Rev(6, "z")).hashes == ("z", "y", "x")
    assert tree.path(Rev(3, "c")).hashes == ("c", "b", "a")


def test_what_a_shorter_branch_needs_is_kept_from_a_longer_one() -> None:
    tree = tree_of("3 c b a", "4 z y b a †", revs_limit=3)
    assert leaves(tree) == ["3-c", "4-z"]
    assert tree.path(Rev(3, "c")).hashes == ("c", "b", "a")


def test_a_stemmed_fork_becomes_two_roots_and_both_leaves_stay() -> None:
    tree = tree_of("4 d c b a", "4 x y b a", revs_limit=2)
    assert leaves(tree) == ["4-x", "4-d"]
    assert tree.path(Rev(4, "x")).hashes == ("x", "y")
    assert RevisionTree.loads(tree.dumps()) == tree


def test_the_leaves_from_a_revision_are_what_it_led_to() -> None:
    tree = tree_of("3 c b a", "3 d b a", "2 x a")
    assert [str(leaf.rev) for leaf in tree.leaves_from(Rev(2, "b"))] == ["3-d", "3-c"]
    assert [str(leaf.rev) for leaf in tree.leaves_from(Rev(2, "x"))] == ["2-x"]
    assert len(tree.leaves_from(Rev(1, "a"))) == 3
    assert tree.leaves_from(Rev(2, "unknown")) == []


def test_possible_ancestors_are_leaves_of_a_lower_generation() -> None:
    tree = tree_of("3 c b a", "2 x a")
    assert [str(rev) for rev in tree.possible_ancestors([Rev(3, "new")])] == ["2-x"]
    assert [str(rev) for rev in tree.possible_ancestors([Rev(1, "n"), Rev(4, "new")])] == ["3-c", "2-x"]
    assert tree.possible_ancestors([Rev(1, "new")]) == []


def test_a_thousand_revisions_stay_within_forty_bytes_each() -> None:
    tree = RevisionTree()
    rev = None
    for n in range(1_200):
        parent, rev = rev, new_revision(rev, deleted=False, body=canonical_json({"n": n}), attachments={})
        tree = tree.merge(
            Path(rev.generation, (rev.hash,) if parent is None else (rev.hash, parent.hash)), deleted=False
        )
    assert len(tree.path(tree.winner.rev).hashes) == 1_000
    assert len(tree.dumps()) < 40_000


def test_a_revision_is_the_md5_of_its_canonical_content() -> None:
    """Fixed for ever: phones that merge apart must write the same revision, whatever their version."""
    body = canonical_json({"a": 1, "chữ": "ệ"})
    first = new_revision(None, deleted=False, body=body, attachments={})
    assert str(first) == "1-89a2098673583078f2c6b0d4ef1b1b6b"
    second = new_revision(first, deleted=False, body=body, attachments={})
    assert second.generation == 2
    others = {
        first.hash,
        second.hash,
        new_revision(None, deleted=True, body=body, attachments={}).hash,
        new_revision(None, deleted=False, body=canonical_json({}), attachments={}).hash,
        new_revision(None, deleted=False, body=body, attachments={"x": ["text/plain", "md5-a"]}).hash,
        new_revision(None, deleted=False, body=body, attachments={"x": ["text/plain", "md5-b"]}).hash,
    }
    assert len(others) == 6


@pytest.mark.parametrize("text", ["", "1", "-a", "-1-a", "a-1", "1 -a", "٣-a", 7, None, "1-\ud800", "9" * 5_000 + "-a"])
def test_a_malformed_revision_is_refused(text: object) -> None:
    with pytest.raises(BadRequest, match="Invalid rev format"):
        parse_rev(text)


@pytest.mark.parametrize("text", ["1-", "0-a", "1-a,b", "1-a b", "1-a\n", "1-é", "9" * 17 + "-a"])
def test_a_revision_may_be_asked_for_in_forms_in_which_none_is_kept(text: str) -> None:
    assert str(parse_rev(text)) == text
    with pytest.raises(BadRequest, match="Invalid rev format"):
        parse_path(text, None)


def test_32_hex_digits_are_the_same_in_either_case() -> None:
    assert parse_rev("2-" + "AB" * 16) == parse_rev("02-" + "ab" * 16) == Rev(2, "ab" * 16)
    told = parse_path("2-" + "aB" * 16, {"start": 2, "ids": ["AB" * 16, "C" * 32]})
    assert told == parse_path(None, {"start": 2, "ids": ["ab" * 16, "c" * 32]}) == Path(2, ("ab" * 16, "c" * 32))
    assert parse_path("1-" + "D" * 32, None) == Path(1, ("d" * 32,))
    assert parse_path("1-" + "D" * 31, None) == Path(1, ("D" * 31,))


def test_a_claimed_history_must_agree_with_the_revision() -> None:
    assert parse_path("2-b", {"start": 2, "ids": ["b", "a"]}) == Path(2, ("b", "a"))
    assert parse_path(None, {"start": 2, "ids": ["b"]}) == Path(2, ("b",))
    assert parse_path("2-b", None) == Path(2, ("b",))
    assert parse_path("3-b", {"start": 2, "ids": ["b", "a"]}) == Path(3, ("b", "b", "a"))
    assert parse_path("4-b", {"start": 2, "ids": ["b", "a"]}) == Path(4, ("b",))


@pytest.mark.parametrize(
    ("rev", "revisions"),
    [
        (None, None),
        ("2-b", {"start": 2, "ids": ["c", "a"]}),
        ("2-b", {"start": 3, "ids": ["b"]}),
        ("2-b", {"start": 2, "ids": []}),
        ("2-b", {"start": 2, "ids": ["b", "a", "0"]}),
        ("2-b", {"start": "2", "ids": ["b"]}),
        ("1-b", {"start": True, "ids": ["b"]}),
        ("2-b", {"start": 2, "ids": "ba"}),
        ("2-b", {"start": 2, "ids": ["b", 1]}),
        ("2-b", {"start": 2, "ids": ["b", "x,y"]}),
        ("2-b", {"start": 2}),
        ("2-b", ["b"]),
    ],
)
def test_a_history_that_contradicts_itself_is_refused(rev: object, revisions: object) -> None:
    with pytest.raises(BadRequest):
        parse_path(rev, revisions)
