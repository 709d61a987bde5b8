"""Ways to break the product, each against a promise: a simulation that does not notice them proves nothing."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from mobile import drafts, photos
from mobile.phone import Phone
from mobile.tools import Tools
from schemas import checklist
from schemas import merge as merging
from server import follower, gateway
from sync import media
from sync.replicate_writing import Writing
from sync.store import Store

Sabotage = Callable[[pytest.MonkeyPatch], None]


def checkpoint_before_documents(patch: pytest.MonkeyPatch) -> None:
    """A batch is remembered as crossed when the first document of it was written."""
    write = Writing.write
    patch.setattr(
        Writing, "write", lambda self, them, sizes: (len(them), write(self, list(them)[:1], list(sizes)[:1])[1])
    )


def merge_drops_the_disputed_side(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merging, "undominated", lambda entries: sorted(entries, key=str)[-1:])


def merge_takes_the_winner(patch: pytest.MonkeyPatch) -> None:
    """What CouchDB would do: one leaf stands, the others are gone."""

    def winner(leaves: Any) -> dict[str, Any]:
        return {name: value for name, value in leaves[0].items() if name == "_id" or name[0] != "_"}

    patch.setattr(checklist, "merge_drafts", winner)
    patch.setattr(drafts.checklist, "merge_drafts", winner)


def a_device_counts_on_after_a_restore(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tools, "writer", lambda self: self.account.device)


def chunks_go_before_the_receipt(patch: pytest.MonkeyPatch) -> None:
    """The phone lets its chunks go as soon as they were sent, and does not cut its file again."""
    push = photos.push

    def forgetful(*arguments: Any, **options: Any) -> Any:
        found = push(*arguments, **options)
        store = next(each for each in arguments if isinstance(each, Store))
        for name in photos.names_in(store):
            media.forget_chunks(store, name, int(store.get(media.photo_id(name))["bytes"]))
        return found

    patch.setattr(photos, "push", forgetful)
    patch.setattr(photos, "_cut_anew", lambda *_: True)


def the_receipt_comes_before_verification(patch: pytest.MonkeyPatch) -> None:
    """The server confirms a photo of which it has the manifest."""

    def settle(database: Any, photo: str, *, now: str) -> None:
        data = b""
        if not media.receipts(database, [photo]):
            database.put({
                "_id": media.receipt_id(photo), "type": "receipt", "v": 1, "photo": photo, "bytes": len(data),
                "verified_at": now, "_attachments": {"photo": {"content_type": "image/jpeg", "data": data}},
            })  # fmt: skip

    patch.setattr(follower.media, "settle", settle)


def promotion_is_not_idempotent(patch: pytest.MonkeyPatch) -> None:
    """Each promotion is written as an edit of its own."""
    count = itertools.count()

    def write(database: Any, documents: Any) -> None:
        for each in documents:
            body = {name: value for name, value in each.items() if not name.startswith("_")}
            database.bulk_docs([{**body, "_id": f"{each['_id']}", "_rev": f"1-{next(count):032x}"}], new_edits=False)

    patch.setattr(follower, "write_once", write)


def promotion_leaves_out_what_is_cited(patch: pytest.MonkeyPatch) -> None:
    write = follower.write_once
    patch.setattr(follower, "write_once", lambda database, documents: write(database, list(documents)[-1:]))


def the_projection_moves_on_before_its_rows(patch: pytest.MonkeyPatch) -> None:
    """A page's rows are lost every seventh time."""
    count = itertools.count()
    put = follower.Rows.put_document
    patch.setattr(follower.Rows, "put_document", lambda self, it: next(count) % 7 == 0 or put(self, it))


def arrivals_are_not_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gateway.Gateway, "note_arrivals", lambda *_: None)


def the_phone_ranks_by_what_it_typed(patch: pytest.MonkeyPatch) -> None:
    """The phone's standings leave out decisions."""
    from schemas import standings

    ranked = standings.Record.from_documents

    def without(documents: Any) -> Any:
        return ranked([each for each in documents if each["type"] != "decision" or each["act"] != "adjust"])

    def phone_standings(self: Any, group: str, year: int) -> Any:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(standings.Record, "from_documents", without)
            return original(self, group, year)

    original = Phone.standings
    patch.setattr(Phone, "standings", phone_standings)


def the_server_answers_before_it_commits(patch: pytest.MonkeyPatch) -> None:
    """What was accepted is written some seconds later, if the process still lives then."""
    bulk_docs = Store.bulk_docs

    def later(self: Store, documents: Any, **options: Any) -> list[Any]:
        threading.Timer(4.0, bulk_docs, (self, list(documents)), options).start()
        return []

    patch.setattr(Store, "bulk_docs", later)


def photos_go_with_the_first_request(patch: pytest.MonkeyPatch) -> None:
    """A phone lets chunks and originals go when something of its photos was sent. (Chunks alone are cut again.)"""
    step = photos._Lanes.step

    def forgetful(self: Any) -> Any:
        found = step(self)
        for name in photos.names_in(self._store):
            media.forget_chunks(self._store, name, int(self._store.get(media.photo_id(name))["bytes"]))
            self._local.photo_file(name).unlink(missing_ok=True)
        return found

    patch.setattr(photos._Lanes, "step", forgetful)


ANY: frozenset[str] = frozenset()

ALL: dict[Sabotage, frozenset[str]] = {
    checkpoint_before_documents: ANY,
    merge_drops_the_disputed_side: ANY,
    merge_takes_the_winner: ANY,
    a_device_counts_on_after_a_restore: frozenset({"copied", "phone-restored"}),
    chunks_go_before_the_receipt: frozenset({"recreated"}),
    the_receipt_comes_before_verification: ANY,
    promotion_is_not_idempotent: frozenset({"two-servers"}),
    promotion_leaves_out_what_is_cited: ANY,
    the_projection_moves_on_before_its_rows: ANY,
    arrivals_are_not_written: ANY,
    the_phone_ranks_by_what_it_typed: ANY,
}
"""Each, and the accidents in which it shows soon."""
