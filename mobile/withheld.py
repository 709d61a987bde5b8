"""What a decision withheld leaves this phone too: a photo's files and its pieces. (Parts go by their tombstones.)

It must never know the network: the decisions were pulled before.
"""

from __future__ import annotations

from mobile.local import Local, each_database, found, listed
from schemas import decision
from sync import media
from sync.store import Store


def erase_photos(local: Local, group: Store) -> None:
    """End every withheld photo that lies here. Safe to repeat."""
    gone = decision.withheld(decision.fold(listed(group, "decision:")))
    photos = [sha256 for kind, sha256 in gone if kind == "photo"]
    for photo in photos:
        local.photo_file(photo).unlink(missing_ok=True)
        local.thumbnail_file(photo).unlink(missing_ok=True)
    for name in each_database(local, "m") if photos else ():
        store = local.stores.open(name)
        ended = [doc_id for photo in photos for doc_id in _ids_of(store, photo)]
        for doc_id in ended:
            document = found(store, doc_id)
            if document is not None:
                store.put({"_id": doc_id, "_rev": document["_rev"], "_deleted": True})
        if ended:
            store.compact()


def _ids_of(store: Store, photo: str) -> list[str]:
    chunks = store.all_docs(start_key=f"chunk:{photo}:", end_key=f"chunk:{photo}:~")["rows"]
    named = [doc_id for doc_id in (media.photo_id(photo), media.thumb_id(photo)) if found(store, doc_id) is not None]
    return [*named, *(row["id"] for row in chunks)]
