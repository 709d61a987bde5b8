"""Answers being made: each change is one durable transaction, and what two phones changed apart is merged.

A draft lives in the database of its unit or its visit. The Store may hold several leaves of it after a pull; what is
shown is always their merge, and the next write (or the worker, after the pull) makes the merge the only leaf. It must
never know a screen or the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mobile.local import EDIT_ATTEMPTS_MAX, leaves, listed
from mobile.problems import InvalidAnswer, UnknownChecklist
from schemas import base, checklist, ids
from sync.database import Document
from sync.errors import Conflict, NotFound
from sync.store import Store
from sync.store_folder import StoreFolder


@dataclass(frozen=True, slots=True)
class Key:
    """Names one checklist on this phone: its database and its draft. `str` of it is what screens hold."""

    database: str
    draft: str

    def __str__(self) -> str:
        return f"{self.database}/{self.draft}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Raises UnknownChecklist."""
        database, _, draft = text.partition("/")
        try:
            ids.parse_database(database)
            if ids.parse(draft).type == "draft":
                return cls(database, draft)
        except ids.NotAnId:
            pass
        raise UnknownChecklist("checklist-unknown")

    @property
    def stage(self) -> str:
        return ids.parse(self.draft)["stage"]

    @property
    def group(self) -> str:
        return ids.parse(self.draft)["group"]

    @property
    def unit(self) -> str:
        return ids.parse(self.draft)["unit"]

    @property
    def visit(self) -> str | None:
        return ids.parse(self.draft).get("visit")


def read(stores: StoreFolder, key: Key) -> dict[str, Any] | None:
    """The draft as it stands, all its leaves merged; None while nobody has answered anything."""
    if key.database not in stores:
        return None
    found = _leaves(stores.open(key.database), key.draft)
    return checklist.merge_drafts(found) if found else None


def change(
    store: Store,
    empty: Document,
    edit: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    parts: Sequence[Document] = (),
) -> dict[str, Any]:
    """Write `edit(draft)` with its `parts`, durably, all or nothing; answers the draft that is on the disk now.

    `empty` is the draft of a checklist nobody has begun. `edit` is called again when the worker wrote meanwhile.
    Raises InvalidAnswer, with nothing written; StoreFull.
    """
    for _ in range(EDIT_ATTEMPTS_MAX):
        before = _leaves(store, empty["_id"])
        merged = checklist.merge_drafts(before) if before else empty
        after = edit(merged)
        if len(before) == 1 and after == merged:
            return after
        try:
            base.check(_news(after, merged))
        except base.InvalidDocument as error:
            raise InvalidAnswer(error.problems) from error
        try:
            store.put_all([*parts, *_one_leaf(after, before)])
        except Conflict:
            continue
        return after
    raise Conflict


def merge(store: Store, draft_id: str) -> bool:
    """Make the merge of all leaves the only one; answers whether there was anything to do.

    Two phones that do so apart write the same revision: body, parent and tombstones follow from the leaves alone.
    """
    for _ in range(EDIT_ATTEMPTS_MAX):
        before = _leaves(store, draft_id)
        if len(before) < 2:
            return False
        try:
            store.put_all(_one_leaf(checklist.merge_drafts(before), before))
        except Conflict:  # the person answered meanwhile, and that merged them
            continue
        return True
    raise Conflict


def merge_all(store: Store) -> int:
    """`merge` for every draft of a database; answers how many had been apart."""
    return sum(merge(store, document["_id"]) for document in listed(store, "draft:"))


def _news(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The draft with the changed answers alone: the others were checked when they were written, and sixty answers
    checked at each tap would cost a frame of the screen.
    """
    known = before["answers"]
    changed = {name: entries for name, entries in after["answers"].items() if known.get(name) is not entries}
    return {**after, "answers": changed}


def _one_leaf(after: dict[str, Any], before: Sequence[Document]) -> list[Document]:
    """`after` upon the winner, and every other leaf ended."""
    if not before:
        return [after]
    winner, *others = before
    return [
        {**base.body_of(after), "_id": winner["_id"], "_rev": winner["_rev"]},
        *({"_id": other["_id"], "_rev": other["_rev"], "_deleted": True} for other in others),
    ]


def _leaves(store: Store, draft_id: str) -> list[Document]:
    for _ in range(EDIT_ATTEMPTS_MAX):
        try:
            return leaves(store, draft_id)
        except NotFound:  # a leaf ended between two reads
            continue
    raise Conflict
