"""The history of one document: which revisions exist, which of them are leaves, and which leaf everybody shows.

                  ┌── 3-c ── 4-f     leaf, the winner: undeleted beats deleted, then the higher generation, then the
    1-a ── 2-b ──┤                  greater hash, compared as bytes
                  └── 3-d            leaf, a conflict

            9-q ── 10-r (deleted)    a second root: its ancestors were stemmed away, or it was born elsewhere

A tree knows revisions only, never bodies. Merging a path is the one operation: attach it at its first known ancestor,
extend a stemmed root downwards where the path knows more, keep what hangs together. Whatever the order in which the
paths of one history arrive, and however often, leaves and winner are the same. Pure: no I/O, no clock, no randomness.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sync.canonical import canonical_json, parse_json
from sync.errors import BadRequest

REVS_LIMIT = 1_000
"""Ancestors kept for each leaf. CouchDB's default: a lower limit makes conflicts of edits that had a common past."""

GENERATION_MAX = 2**53 - 1
"""The greatest whole number that JavaScript peers keep exactly."""

# What may be kept: nothing that the spelling of a tree or a URL would have to escape. 32 hex digits are lower-case.
_KEPT = re.compile(r"[0-9a-f]{32}|(?![0-9A-Fa-f]{32}$)[0-9A-Za-z._~+=-]{1,128}")
_USUAL = re.compile(r"([1-9][0-9]{0,15})-([0-9a-f]{32})")
_REV = re.compile(r"\+?([0-9]+)-(.*)", re.ASCII | re.DOTALL)
_BYTES = re.compile(r"[0-9A-Fa-f]{32}")


class Rev(NamedTuple):
    """`3-0c9f…` taken apart; compares as CouchDB does: by generation, then by hash."""

    generation: int
    hash: str

    def __str__(self) -> str:
        return f"{self.generation}-{self.hash}"


class Path(NamedTuple):
    """A revision and its ancestors, newest first: what `_revisions` says. `hashes[0]` is of generation `start`."""

    start: int
    hashes: tuple[str, ...]

    @property
    def leaf(self) -> Rev:
        return Rev(self.start, self.hashes[0])

    def to_revisions(self) -> dict[str, Any]:
        """The `_revisions` member of a document."""
        return {"start": self.start, "ids": list(self.hashes)}


class Leaf(NamedTuple):
    """A revision nobody has built on yet."""

    rev: Rev
    deleted: bool


def parse_rev(text: object) -> Rev:
    """`N-hash` taken apart, in any form that CouchDB reads: one that is never kept is simply not here.

    32 hex digits are the same in either case, for CouchDB keeps the bytes they spell. Raises BadRequest in its words.
    """
    usual = _USUAL.fullmatch(text) if isinstance(text, str) else None
    if usual is not None:
        return Rev(int(usual[1]), usual[2])
    match = _REV.fullmatch(text) if isinstance(text, str) else None
    try:
        if match is not None and match[2].encode() is not None:
            return Rev(int(match[1]), _lower(match[2]))
    except ValueError:  # half a surrogate pair, or more digits than anybody counts
        pass
    raise BadRequest("Invalid rev format")


def _lower(name: str) -> str:
    return name.lower() if len(name) == 32 and _BYTES.fullmatch(name) else name


def _to_keep(rev: object) -> Rev:
    """`rev` of a form that may be kept. Raises BadRequest."""
    told = parse_rev(rev)
    if not 1 <= told.generation <= GENERATION_MAX or _KEPT.fullmatch(told.hash) is None:
        raise BadRequest("Invalid rev format")
    return told


def parse_path(rev: object, revisions: object) -> Path:
    """The path that a replicated document claims, from its `_rev` and `_revisions` (either may be None, not both).

    Raises BadRequest where the two disagree or `_revisions` is malformed.
    """
    if revisions is None:
        if rev is None:
            raise BadRequest("A replicated document must name its revision.")
        claimed = _to_keep(rev)
        return Path(claimed.generation, (claimed.hash,))
    if type(revisions) is not dict and not isinstance(revisions, Mapping):  # the first is quick, and the rule
        raise BadRequest("_revisions isn't an object.")
    start, ids = revisions.get("start"), revisions.get("ids")
    if not isinstance(start, int) or isinstance(start, bool) or not 1 <= start <= GENERATION_MAX:
        raise BadRequest("_revisions.start isn't an integer.")
    if not isinstance(ids, list) or not ids:
        raise BadRequest("_revisions.ids isn't a array.")
    if len(ids) > start:
        raise BadRequest("_revisions.ids holds more revisions than _revisions.start counts.")
    may_be_kept = _KEPT.fullmatch
    for each in ids:  # written out: every replicated document comes by here
        if not isinstance(each, str) or may_be_kept(each) is None:
            ids = list(map(_name_to_keep, ids))
            break
    path = Path(start, tuple(ids))
    return path if rev is None or rev == f"{start}-{ids[0]}" else _above_its_namesake(_to_keep(rev), path)


def _name_to_keep(told: object) -> str:
    name = _lower(told) if isinstance(told, str) else ""
    if _KEPT.fullmatch(name) is None:
        raise BadRequest("RevId isn't a string")
    return name


def _above_its_namesake(rev: Rev, path: Path) -> Path:
    """The path of `rev`, of which PouchDB told the history of an older revision with the same hash.

    It looks for `3-c` in its branch by `c` alone. What lies between the two is unknown, unless nothing can. CouchDB
    would keep `2-c`, and be offered `3-c` for ever. Raises BadRequest where it is no such history.
    """
    if rev == path.leaf:
        return path
    if rev.hash != path.hashes[0] or rev.generation < path.start:
        raise BadRequest("_rev and _revisions name different revisions.")
    return Path(rev.generation, (rev.hash, *path.hashes) if rev.generation == path.start + 1 else (rev.hash,))


def new_revision(parent: Rev | None, *, deleted: bool, body: bytes, attachments: Mapping[str, Any]) -> Rev:
    """The revision that this content has wherever it is written on top of `parent`.

    `body` is the canonical JSON of the members that do not begin with `_`; `attachments` maps each name to what
    identifies its bytes (`[content type, digest]`). The hash is 32 lower-case hex digits, because CouchDB compares
    ids of that length as bytes and any other as text.
    """
    head = canonical_json([deleted, None if parent is None else str(parent)])
    digest = hashlib.md5(usedforsecurity=False)
    # The canonical JSON of [deleted, parent, body, attachments], without spelling the body twice.
    digest.update(head[:-1] + b"," + body + b"," + canonical_json(attachments) + b"]")
    return Rev(1 if parent is None else parent.generation + 1, digest.hexdigest())


class Branch(NamedTuple):
    """A leaf and its ancestors, newest first, down to a root, or to just above the revision it `joins`.

    `joins` is the hash of that revision, which stands in another branch; None where the branch ends in a root.
    """

    generation: int
    hashes: tuple[str, ...]
    deleted: bool
    joins: str | None = None

    @property
    def leaf(self) -> Leaf:
        return Leaf(Rev(self.generation, self.hashes[0]), self.deleted)

    @property
    def spelled(self) -> str:
        joins = "null" if self.joins is None else f'"{self.joins}"'
        return f'[{self.generation},"{",".join(self.hashes)}",{int(self.deleted)},{joins}]'

    @property
    def lowest_generation(self) -> int:
        return self.generation - len(self.hashes) + 1

    def place(self, rev: Rev) -> int | None:
        """Where `rev` stands in `hashes`, if it does."""
        at = self.generation - rev.generation
        return at if 0 <= at < len(self.hashes) and self.hashes[at] == rev.hash else None


@dataclass(frozen=True, slots=True)
class RevisionTree:
    """All revisions known of one document. `branches` stand winner first; each leaf has exactly one."""

    branches: tuple[Branch, ...] = ()

    @classmethod
    def loads(cls, data: bytes | str) -> RevisionTree:
        """Read back `dumps`."""
        return cls(
            tuple(Branch(at, tuple(ids.split(",")), bool(gone), joins) for at, ids, gone, joins in parse_json(data))
        )

    def dumps(self) -> bytes:
        """Compact JSON: `[[generation of the leaf, "hash,hash,…" newest first, deleted, joins]…]`."""
        # Spelled by hand, for every write does it: hashes hold no letter that JSON would escape.
        return f"[{','.join(branch.spelled for branch in self.branches)}]".encode()

    @staticmethod
    def spelled_revisions(data: bytes) -> str | None:
        """`_revisions` of the winner as JSON, out of `dumps`, where the document has one branch; else None."""
        told = data.decode().split('"')
        if len(told) != 3:
            return None
        generation = told[0].strip("[,")
        return f'{{"start":{generation},"ids":["{told[1].replace(",", chr(34) + "," + chr(34))}"]}}'

    @property
    def leaves(self) -> list[Leaf]:
        """Winner first, then as winners would follow one another."""
        return [branch.leaf for branch in self.branches]

    @property
    def winner(self) -> Leaf:
        return self.branches[0].leaf

    @property
    def conflicts(self) -> list[Rev]:
        """Undeleted leaves that lost."""
        return [leaf.rev for leaf in self.leaves[1:] if not leaf.deleted]

    @property
    def deleted_conflicts(self) -> list[Rev]:
        """Deleted leaves that lost."""
        return [leaf.rev for leaf in self.leaves[1:] if leaf.deleted]

    def __contains__(self, rev: Rev) -> bool:
        return self._find(rev) is not None

    def leaf(self, rev: Rev) -> Leaf | None:
        """`rev` as a leaf, or None where it is unknown or has been built on."""
        return next((leaf for leaf in self.leaves if leaf.rev == rev), None)

    def path(self, rev: Rev) -> Path:
        """`rev` and all its known ancestors. Raises KeyError where it is unknown."""
        found = self._find(rev)
        if found is not None and found[0].joins is None:
            return Path(rev.generation, found[0].hashes[found[1] :])
        return Path(rev.generation, tuple(node.hash for node in self._lineage(rev)))

    def leaves_from(self, rev: Rev) -> list[Leaf]:
        """The leaves that `rev` led to (itself, if nobody built on it), winner first; none where it is unknown."""
        if rev not in self:
            return []
        return [leaf for leaf in self.leaves if rev in self._lineage(leaf.rev)]

    def possible_ancestors(self, missing: Iterable[Rev]) -> list[Rev]:
        """Leaves that a sender of `missing` may know too: those of a lower generation than the highest missing."""
        highest = max((rev.generation for rev in missing), default=0)
        return [leaf.rev for leaf in self.leaves if leaf.rev.generation < highest]

    def merge(self, path: Path, *, deleted: bool, revs_limit: int = REVS_LIMIT) -> RevisionTree:
        """This tree with `path` in it, stemmed. `deleted` speaks of the newest revision of `path`.

        A revision that is known already stays what it was; the path may still tell of its older ancestors. Of a path
        that contradicts what is known (one revision, two parents) only what lies above the contradiction is taken.
        """
        grown = self._extend_leaf(path, deleted=deleted, revs_limit=revs_limit) or self._branch_off(
            path, deleted=deleted, revs_limit=revs_limit
        )
        if grown is not None:
            return grown
        graph = _Graph.of(self)
        graph.add(path, deleted=deleted)
        return graph.stemmed(revs_limit).tree()

    def stemmed(self, revs_limit: int) -> RevisionTree:
        """With no more than the newest `revs_limit` revisions below each leaf."""
        if sum(len(branch.hashes) for branch in self.branches) <= revs_limit:
            return self
        return _Graph.of(self).stemmed(revs_limit).tree()

    def _extend_leaf(self, path: Path, *, deleted: bool, revs_limit: int) -> RevisionTree | None:
        """The everyday case without rebuilding: a first path, or a path that goes on from the only leaf."""
        if not self.branches:
            return RevisionTree((Branch(path.start, path.hashes[:revs_limit], deleted),))
        if len(self.branches) > 1:
            return None
        (only,) = self.branches
        above = path.start - only.generation
        if not 0 < above < len(path.hashes) or path.hashes[above] != only.hashes[0]:
            return None
        if path.start - len(path.hashes) + 1 < only.lowest_generation:
            return None  # the path knows ancestors that were stemmed here
        hashes = (*path.hashes[:above], *only.hashes)[:revs_limit]
        return RevisionTree((Branch(path.start, hashes, deleted),))

    def _branch_off(self, path: Path, *, deleted: bool, revs_limit: int) -> RevisionTree | None:
        """A conflict that loses to the branch it stands on, without rebuilding: a document may have hundreds."""
        for above in range(1, len(path.hashes)):
            found = self._find(Rev(path.start - above, path.hashes[above]))
            if found is not None:
                break
        else:
            return None
        below, at = found
        branch = Branch(path.start, path.hashes[:above], deleted, joins=path.hashes[above])
        if (
            at == 0  # it goes on from a leaf
            or not _outranks(below, branch)
            or path.hashes[above:] != below.hashes[at:]  # or tells more of its past, or something else
            or sum(len(each.hashes) for each in self.branches) + above > revs_limit
            or path.leaf in self
        ):
            return None
        place = sum(1 for each in self.branches if _outranks(each, branch))
        return RevisionTree((*self.branches[:place], branch, *self.branches[place:]))

    def _find(self, rev: Rev) -> tuple[Branch, int] | None:
        for branch in self.branches:
            at = branch.place(rev)
            if at is not None:
                return branch, at
        return None

    def _lineage(self, rev: Rev) -> list[Rev]:
        lineage: list[Rev] = []
        node: Rev | None = rev
        while node is not None:
            found = self._find(node)
            if found is None:
                raise KeyError(str(node))
            branch, at = found
            lineage.extend(Rev(branch.generation - i, branch.hashes[i]) for i in range(at, len(branch.hashes)))
            node = None if branch.joins is None else Rev(branch.lowest_generation - 1, branch.joins)
        return lineage


def _outranks(one: Branch, other: Branch) -> bool:
    return (not one.deleted, one.generation, one.hashes[0]) > (not other.deleted, other.generation, other.hashes[0])


class _Graph:
    """A tree as child → parent, for the merges that branches cannot do in place."""

    def __init__(self) -> None:
        self.parents: dict[Rev, Rev | None] = {}
        self.deleted: dict[Rev, bool] = {}  # of leaves, past ones included

    @classmethod
    def of(cls, tree: RevisionTree) -> _Graph:
        graph = cls()
        for branch in tree.branches:
            graph.deleted[branch.leaf.rev] = branch.deleted
            nodes = [Rev(branch.generation - i, each) for i, each in enumerate(branch.hashes)]
            foot = None if branch.joins is None else Rev(branch.lowest_generation - 1, branch.joins)
            graph.parents.update(zip(nodes, [*nodes[1:], foot], strict=True))
        return graph

    def add(self, path: Path, *, deleted: bool) -> None:
        nodes = [Rev(path.start - i, each) for i, each in enumerate(path.hashes)]
        if nodes[0] not in self.parents:
            self.deleted[nodes[0]] = deleted
        for node, parent in zip(nodes, [*nodes[1:], None], strict=True):
            known = self.parents.get(node)
            if known is None:
                self.parents[node] = parent  # new here, or a root that now learns its parent
            elif known != parent:
                return  # what is known reaches deeper or says otherwise: keep it

    def leaves(self) -> list[Leaf]:
        inner = set(self.parents.values())
        found = [Leaf(rev, self.deleted[rev]) for rev in self.parents if rev not in inner]
        return sorted(found, key=lambda leaf: (not leaf.deleted, leaf.rev), reverse=True)

    def stemmed(self, revs_limit: int) -> _Graph:
        """With no more than the newest `revs_limit` revisions below each leaf."""
        if len(self.parents) <= revs_limit:
            return self
        kept: dict[Rev, Rev | None] = {}
        for leaf in self.leaves():
            node: Rev | None = leaf.rev
            for left in range(revs_limit, 0, -1):
                if node is None:
                    break
                parent = self.parents[node]
                if kept.get(node) is None:  # a longer-lived cousin may have kept it with its parent
                    kept[node] = parent if left > 1 else None
                node = parent
        graph = _Graph()
        graph.parents = kept
        graph.deleted = self.deleted
        return graph

    def tree(self) -> RevisionTree:
        seen: set[Rev] = set()
        branches: list[Branch] = []
        for leaf in self.leaves():
            hashes: list[str] = []
            node: Rev | None = leaf.rev
            while node is not None and node not in seen:
                seen.add(node)
                hashes.append(node.hash)
                node = self.parents[node]
            branches.append(
                Branch(leaf.rev.generation, tuple(hashes), leaf.deleted, None if node is None else node.hash)
            )
        return RevisionTree(tuple(branches))
