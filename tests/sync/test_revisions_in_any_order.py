"""Whatever the order in which a history's paths arrive, and however often, everybody ends with the same leaves."""

from __future__ import annotations

from dataclasses import dataclass
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from sync.revisions import Leaf, Path, Rev, RevisionTree


@dataclass(frozen=True)
class History:
    """A document's true past: every revision's parent, and which were deletions."""

    parents: dict[Rev, Rev | None]
    deleted: dict[Rev, bool]

    def path(self, rev: Rev, length: int | None = None) -> Path:
        hashes: list[str] = []
        node: Rev | None = rev
        while node is not None and (length is None or len(hashes) < length):
            hashes.append(node.hash)
            node = self.parents[node]
        return Path(rev.generation, tuple(hashes))

    def leaves(self) -> set[Leaf]:
        inner = set(self.parents.values())
        return {Leaf(rev, self.deleted[rev]) for rev in self.parents if rev not in inner}


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to two roots and a dozen edits, each on any earlier revision; hashes repeat across generations."""
    parents: dict[Rev, Rev | None] = {Rev(draw(st.integers(1, 3)), "a"): None}
    if draw(st.booleans()):
        parents[Rev(draw(st.integers(1, 4)), "b")] = None
    for _ in range(draw(st.integers(0, 12))):
        parent = draw(st.sampled_from(sorted(parents)))
        child = Rev(parent.generation + 1, draw(st.sampled_from("abcdef")))
        parents.setdefault(child, parent)
    return History(parents, {rev: draw(st.booleans()) for rev in parents})


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[History, list[Rev]]:
    """A history, and its revisions in any order with repeats; each one comes at least once."""
    history = draw(histories())
    revs = sorted(history.parents)
    return history, draw(st.permutations(revs + draw(st.lists(st.sampled_from(revs), max_size=6))))


def deliver(history: History, revs: list[Rev], length: int | None = None) -> RevisionTree:
    tree = RevisionTree()
    for rev in revs:
        tree = tree.merge(history.path(rev, length), deleted=history.deleted[rev])
        tree = RevisionTree.loads(tree.dumps())
    return tree


@given(deliveries())
def test_any_order_of_delivery_gives_the_same_tree(delivery: tuple[History, list[Rev]]) -> None:
    history, revs = delivery
    tree = deliver(history, revs)
    assert set(tree.leaves) == history.leaves()
    assert tree == deliver(history, sorted(history.parents))
    for rev in history.parents:
        assert rev in tree
        assert tree.path(rev) == history.path(rev)


@given(deliveries())
def test_the_winner_is_the_greatest_leaf(delivery: tuple[History, list[Rev]]) -> None:
    history, revs = delivery
    assert deliver(history, revs).winner == max(history.leaves(), key=lambda leaf: (not leaf.deleted, leaf.rev))


@given(deliveries())
def test_paths_of_parent_and_child_are_enough(delivery: tuple[History, list[Rev]]) -> None:
    """A peer that stems hard tells only the parent; the whole still hangs together once every piece has come."""
    history, revs = delivery
    assert deliver(history, revs, length=2) == deliver(history, revs)


@given(deliveries())
def test_leaves_alone_carry_the_whole_history(delivery: tuple[History, list[Rev]]) -> None:
    """What replication sends: only leaves travel, with their ancestors' names."""
    history, revs = delivery
    leaves = {leaf.rev for leaf in history.leaves()}
    assert deliver(history, [rev for rev in revs if rev in leaves]) == deliver(history, revs)


@given(deliveries(), st.integers(1, 4))
def test_stemming_never_loses_a_leaf_that_is_sent(delivery: tuple[History, list[Rev]], revs_limit: int) -> None:
    history, _ = delivery
    tree = RevisionTree()
    leaves = history.leaves()
    for leaf in sorted(leaves):
        tree = tree.merge(history.path(leaf.rev), deleted=leaf.deleted, revs_limit=revs_limit)
    assert set(tree.leaves) == leaves
    assert all(len(tree.path(leaf.rev).hashes) <= revs_limit or len(leaves) > 1 for leaf in leaves)


@given(deliveries())
def test_the_leaves_from_a_revision_are_those_that_descend_from_it(delivery: tuple[History, list[Rev]]) -> None:
    history, revs = delivery
    tree = deliver(history, revs)
    for rev in history.parents:
        below = [history.path(leaf.rev) for leaf in tree.leaves_from(rev)]
        assert below
        assert all(path.hashes[path.start - rev.generation] == rev.hash for path in below)
        beside = history.leaves().difference(tree.leaves_from(rev))
        assert all(rev not in RevisionTree().merge(history.path(leaf.rev), deleted=False) for leaf in beside)


@given(deliveries())
def test_a_conflict_that_branches_off_makes_the_tree_that_rebuilding_makes(delivery: tuple[History, list[Rev]]) -> None:
    history, revs = delivery
    tree = RevisionTree()
    for at, rev in enumerate(revs):
        path = history.path(rev, 2 if at % 2 == 0 else None)  # every other one ends in mid-air
        with mock.patch.object(RevisionTree, "_branch_off", return_value=None):
            rebuilt = tree.merge(path, deleted=history.deleted[rev])
        tree = tree.merge(path, deleted=history.deleted[rev])
        assert tree == rebuilt
