"""What RemoteDatabase asks of a database, in the scenes that are recorded (tests/peers/recorded).

Each begins with an empty database (`life` with none) and answers with what RemoteDatabase understood, as JSON.
Everything in a request comes from here or from an earlier answer, so that a recording can be played back word for
word.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from sync.errors import SyncError
from sync.remote import RemoteDatabase
from sync.replicate import replicate
from tests.support.histories import revision
from tests.support.memory import MemoryDatabase

PHOTO = b"\xff\xd8\xff" + bytes(range(256))
TEXT = "Cụm thi đua số 1\n".encode() * 20
AWKWARD = "đơn vị/Nghệ An:2024?#%2F"
UNKNOWN = "9-0123456789abcdef0123456789abcdef"


def tried(call: Callable[[], Any]) -> Any:
    """What `call` answers, or the name of what it raises."""
    try:
        return call()
    except SyncError as error:
        return {"raises": type(error).__name__, "says": str(error)}


def bytes_of(data: bytes, content_type: str = "image/jpeg", **more: Any) -> dict[str, Any]:
    return {"content_type": content_type, "data": base64.b64encode(data).decode(), **more}


def branched() -> list[dict[str, Any]]:
    """In the order of ids, in which CouchDB counts the changes of one batch."""
    return [
        revision("branched", "3-c3", "2-b3", "1-a3", n="left", list=[1, None, True, {"ü": "…"}]),
        revision("branched", "3-d3", "2-e3", "1-a3", n="right"),
        revision("gone", "2-b4", "1-a4", deleted=True, why="withheld"),
        revision("half", "2-b5", "1-a5", n=1),
        revision("half", "3-c5", "2-d5", "1-a5", deleted=True),
        revision("photo", "2-b6", "1-a6", _attachments={"ảnh 1.jpg": bytes_of(PHOTO, revpos=1)}),
        revision(AWKWARD, "1-a7", n=7),
    ]


def page(found: Any) -> Any:
    """Sequences are opaque; what matters of them is that they can be given back."""
    rows = [{name: value for name, value in row.items() if name != "seq"} for row in found.results]
    return {"rows": rows, "pending": found.pending}


def life(db: RemoteDatabase) -> Any:
    told = [tried(db.info), tried(db.create), tried(db.create)]
    info = db.info()
    told += [info["doc_count"], info["doc_del_count"], tried(lambda: db.get("a")), tried(db.delete)]
    return [*told, tried(db.delete), tried(db.info)]


def edits(db: RemoteDatabase) -> Any:
    first = db.put({"_id": "a", "title": "Cụm thi đua", "points": "132.5"})
    second = db.put({"_id": "a", "_rev": first, "n": 2})
    told = [
        db.get("a", revs=True),
        tried(lambda: db.put({"_id": "a", "_rev": first})),
        tried(lambda: db.put({"_id": "a", "_foo": 1})),
        tried(lambda: db.put({"_id": "_secret"})),
        tried(lambda: db.put({"_id": "a", "_rev": "nonsense"})),
        tried(lambda: db.get("absent")),
        tried(lambda: db.get("a", rev=UNKNOWN)),
        tried(lambda: db.get("a", rev="nonsense")),
    ]
    third = db.put({"_id": "a", "_rev": second, "_deleted": True, "why": "withheld"})
    told += [tried(lambda: db.get("a")), db.get("a", rev=third)]
    rev = db.put({"_id": AWKWARD, "n": 1})
    told += [db.get(AWKWARD, conflicts=True), db.put({"_id": "_design/d", "n": 1})]
    entries = db.bulk_docs([{"_id": "b"}, {"_id": AWKWARD}, {"_id": AWKWARD, "_rev": rev, "n": 2}])
    return [*told, entries]


def histories(db: RemoteDatabase) -> Any:
    return [
        db.bulk_docs(branched(), new_edits=False),
        db.bulk_docs(branched(), new_edits=False),
        db.get("branched", revs=True, conflicts=True),
        db.revs_diff({"branched": ["3-c3", "1-a3", "4-x"], "gone": ["2-b4"], "new": ["1-x"], AWKWARD: ["1-a7"]}),
        db.revs_diff({}),
        tried(lambda: db.revs_diff({"branched": ["nonsense"]})),
        db.bulk_get([{"id": "branched", "rev": "3-d3"}, {"id": "gone", "rev": "2-b4"}, {"id": "no", "rev": "1-x"}]),
        db.bulk_get([{"id": "half", "rev": "9-x"}, {"id": AWKWARD, "rev": "1-a7"}], revs=True),
        db.bulk_get([{"id": "branched", "rev": "2-b3"}], revs=True, latest=True),
        db.bulk_get([{"id": "photo", "rev": "2-b6"}], revs=True, attachments=True),
        db.bulk_get([{"id": "photo", "rev": "2-b6", "atts_since": ["1-a6"]}], attachments=True),
        # A large batch goes gzipped.
        db.bulk_docs([revision(f"many-{n}", f"1-{n:04}", text="x" * 100) for n in range(20)], new_edits=False),
    ]


def feed(db: RemoteDatabase) -> Any:
    db.bulk_docs(branched(), new_edits=False)
    whole = db.changes(style="all_docs")
    first = db.changes(limit=2)
    rest = db.changes(first.last_seq, include_docs=True, conflicts=True)
    now = db.changes("now")
    told = [page(each) for each in (whole, first, rest, now)]
    told.append(page(db.changes(descending=True, limit=1)))
    told.append(page(db.changes(limit=0)))
    told.append(page(db.changes(doc_ids=["half", "absent"], style="all_docs")))
    told.append(page(db.changes(now.last_seq, wait_s=0.2)))
    told.append(page(db.changes(first.last_seq, wait_s=0.2, doc_ids=["photo"], include_docs=True)))
    return [*told, tried(lambda: db.changes("nonsense"))]


def listing(db: RemoteDatabase) -> Any:
    db.bulk_docs([*branched(), *(revision(doc_id, "1-a") for doc_id in ("a", "b", "Z"))], new_edits=False)
    return [
        db.all_docs(),
        db.all_docs(start_key="a", end_key="half", inclusive_end=False),
        db.all_docs(start_key="half", end_key="a", descending=True, skip=1, limit=1),
        db.all_docs(keys=["b", "absent", "gone", AWKWARD], include_docs=True),
        db.all_docs(start_key="branched", limit=1, include_docs=True, conflicts=True),
        db.all_docs(start_key="photo", limit=1, include_docs=True, attachments=True),
    ]


def attachments(db: RemoteDatabase) -> Any:
    rev = db.put({"_id": "a/b", "_attachments": {"ảnh/1.jpg": bytes_of(PHOTO), "empty": bytes_of(b"")}})
    found = db.attachment("a/b", "ảnh/1.jpg")
    told: list[Any] = [[found.content_type, found.length, found.digest, found.revpos, found.read() == PHOTO]]
    kept = db.get("a/b")["_attachments"]
    rev = db.put({"_id": "a/b", "_rev": rev, "_attachments": {**kept, "t": bytes_of(TEXT, "text/plain")}})
    found = db.attachment("a/b", "t", rev=rev)
    return [
        *told,
        [found.content_type, found.length, found.revpos, found.read() == TEXT],
        db.get("a/b", attachments=True)["_attachments"].keys() == {"ảnh/1.jpg", "empty", "t"},
        db.attachment("a/b", "empty").read().decode(),
        tried(lambda: db.attachment("a/b", "absent")),
        tried(lambda: db.attachment("absent", "x")),
        tried(lambda: db.put({"_id": "s", "_attachments": {"x": {"stub": True}}})),
    ]


def local(db: RemoteDatabase) -> Any:
    told = [db.get_local("điểm/1"), db.put_local("điểm/1", {"last_seq": "12-abc", "history": [{"n": 1}]})]
    told.append(db.put_local("điểm/1", {"_rev": "0-1", "n": 2}))
    return [*told, db.get_local("điểm/1")]


def refusals(db: RemoteDatabase) -> Any:
    """One document refuses its whole batch in CouchDB."""
    stub = {"x": {"stub": True, "digest": "md5-XUFAKrxLKna5cZ2REBfFkg==", "length": 5, "revpos": 1}}
    return [
        db.bulk_docs(
            [revision("a", "1-a"), revision("bad", "1-b", _foo=1), revision("c", "1-c"), revision("d", "1-d")],
            new_edits=False,
        ),
        db.bulk_docs([revision("e", "1-a"), revision("stub", "1-b", _attachments=stub)], new_edits=False),
        [row["id"] for row in db.all_docs()["rows"]],
    ]


def replication(db: RemoteDatabase) -> Any:
    here, back = MemoryDatabase("here"), MemoryDatabase("back")
    here._uuid, back._uuid = "0" * 32, "1" * 32
    here.bulk_docs([*branched(), *(revision(f"many-{n}", f"1-{n:04}", n=n) for n in range(30))], new_edits=False)
    told = []
    for source, target, session in ((here, db, "s1"), (here, db, "s2"), (db, back, "s3"), (db, back, "s4")):
        made = replicate(source, target, new_session_id=lambda s=session: s, now=lambda: "now", batch_docs=20)
        told.append([made.docs_read, made.docs_written, len(made.refused), made.checkpoint_written])
    return told


# Not what our face answers, and why.
COUCHDB_ALONE = {"refusals": "ours refuse a document, never its batch"}

SCENES: dict[str, Callable[[RemoteDatabase], Any]] = {
    scene.__name__: scene
    for scene in (life, edits, histories, feed, listing, attachments, local, refusals, replication)
}
