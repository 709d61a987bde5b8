"""What a write means for the document it meets: which revision it builds on, which attachments it carries.

Pure: decides from the tree and the leaves it is given. It must never know where they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sync.documents import Blob, Draft, Stored, Stub
from sync.errors import BadRequest, Conflict, DatabaseError, Forbidden, MissingStub, TooLarge
from sync.revisions import Path, Rev, RevisionTree


def parent_of_edit(tree: RevisionTree, draft: Draft) -> Rev | None:
    """The revision an ordinary edit builds on, None for a first one. Raises Conflict.

    With `_rev`, that must be a leaf of a document that lives. Without, the document must be new, or deleted and about
    to return: then the tombstone is built on, so that peers who know it do not keep the document deleted. A tombstone
    cannot be named as the parent of what returns: CouchDB answers that with a conflict, and what works here must work
    there.
    """
    if draft.rev is not None:
        if tree.leaf(draft.rev) is None or tree.winner.deleted:
            raise Conflict
        return draft.rev
    if not tree.branches:
        return None
    if tree.winner.deleted and not draft.deleted:
        return tree.winner.rev
    raise Conflict


def carried_by_edit(draft: Draft, generation: int, parent: Stored | None) -> dict[str, Blob]:
    """The attachments of an ordinary edit: new bytes, and those of the parent that stubs name. Raises MissingStub.

    A stub of another generation is meant for bytes that are not the parent's.
    """
    held = {} if parent is None else parent.attachments

    def find(name: str, stub: Stub) -> Blob | None:
        blob = held.get(name)
        return None if blob is None or stub.revpos not in (None, blob.revpos) else blob

    return _carried(draft, generation, find, told=False)


def carried_by_graft(draft: Draft, generation: int, leaves: Iterable[Stored]) -> dict[str, Blob]:
    """The attachments of a replicated revision: stubs may name what any leaf of the same document holds.

    Of the same document only: a digest must not open what another document keeps.
    """
    held = [(name, blob) for leaf in leaves for name, blob in leaf.attachments.items()]

    def find(name: str, stub: Stub) -> Blob | None:
        if stub.digest is not None:
            return next((blob for _, blob in held if blob.digest == stub.digest), None)
        return next((blob for other, blob in held if other == name), None)

    return _carried(draft, generation, find, told=True)


def refused(document: Mapping[str, Any], refusal: DatabaseError) -> dict[str, Any]:
    """The entry of an ordinary batch for a document that was not written."""
    return {"id": document.get("_id"), "error": refusal.error, "reason": refusal.reason}


def refused_graft(document: Mapping[str, Any], path: Path | None, refusal: DatabaseError) -> dict[str, Any]:
    """The entry of a replicated batch for a document that was not written.

    A document that can never be accepted is `forbidden`: PouchDB retries a batch for ever on any other error, and one
    bad document would stop its neighbours (replication notes, section 4). A missing stub stays one: its sender helps
    itself by sending the bytes.
    """
    if isinstance(refusal, (BadRequest, TooLarge)):
        refusal = Forbidden(refusal.reason)
    rev = document.get("_rev") if path is None else str(path.leaf)
    return {"id": document.get("_id"), "rev": rev, "error": refusal.error, "reason": refusal.reason}


def attachments_since(path: Path, known: Iterable[Rev]) -> int:
    """The generation up to which a reader that has the revisions `known` has the attachments of `path`; 0 for none."""
    shared = 0
    for rev in known:
        at = path.start - rev.generation
        if 0 <= at < len(path.hashes) and path.hashes[at] == rev.hash:
            shared = max(shared, rev.generation)
    return shared


def merged_leaves(tree: RevisionTree, leaves: Mapping[Rev, Stored], written: Stored) -> dict[Rev, Stored]:
    """The bodies to keep once `tree` has `written` in it: those of leaves. What is known already stays as it was."""
    return {leaf.rev: leaves.get(leaf.rev, written) for leaf in tree.leaves}


def identities(attachments: Mapping[str, Blob]) -> dict[str, list[str]]:
    """What of the attachments enters a revision id."""
    return {name: blob.identity for name, blob in attachments.items()}


def _carried(draft: Draft, generation: int, find: Callable[[str, Stub], Blob | None], *, told: bool) -> dict[str, Blob]:
    """`told`: the generation an attachment says it is of is believed, as a replicator names it."""
    carried: dict[str, Blob] = {}
    for name, attachment in draft.attachments.items():
        blob = find(name, attachment) if isinstance(attachment, Stub) else attachment.blob(generation, told=told)
        if blob is None:
            raise MissingStub(f"Invalid attachment stub in {draft.doc_id} for {name}")
        carried[name] = blob
    return carried
