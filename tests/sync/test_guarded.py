"""A database behind a policy: nothing passes unasked, and a refusal is said of one document alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sync.errors import Forbidden, Unauthorized
from sync.guarded import GuardedDatabase, Refusal
from sync.replicate import replicate
from tests.support.histories import graft, revision
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules


@pytest.fixture
def inner() -> MemoryDatabase:
    database = MemoryDatabase("inner")
    graft(database, revision("a", "1-a", n=1), revision("secret", "2-b", "1-a", n=2), revision("z", "1-z"))
    return database


def guarded(inner: MemoryDatabase, **rules: Any) -> GuardedDatabase:
    return GuardedDatabase(inner, Rules(**rules))


def no_secrets(doc_id: str) -> str | None:
    return "not yours" if doc_id == "secret" else None


def test_a_withheld_read_is_an_error_entry_in_its_place(inner: MemoryDatabase) -> None:
    database = guarded(inner, read=no_secrets)
    answers = database.bulk_get([{"id": "z"}, {"id": "secret", "rev": "2-b"}, {"id": "a"}], revs=True, latest=True)
    assert [answer["id"] for answer in answers] == ["z", "secret", "a"]
    assert answers[1]["docs"] == [
        {"error": {"id": "secret", "rev": "2-b", "error": "forbidden", "reason": "not yours"}}
    ]
    assert all("ok" in answer["docs"][0] for answer in (answers[0], answers[2]))


def test_what_latest_brings_instead_is_asked_about_too(inner: MemoryDatabase) -> None:
    answers_seen: list[str] = []

    def changing_its_mind(doc_id: str) -> str | None:
        answers_seen.append(doc_id)
        return "no longer" if len(answers_seen) > 1 else None

    (answer,) = guarded(inner, read=changing_its_mind).bulk_get([{"id": "secret", "rev": "1-a"}], latest=True)
    assert answer["docs"] == [{"error": {"id": "secret", "rev": "2-b", "error": "forbidden", "reason": "no longer"}}]


def test_a_refused_document_is_an_entry_and_the_rest_lands(inner: MemoryDatabase) -> None:
    database = guarded(inner, write=lambda document: "too many points" if document.get("n") == 13 else None)
    answers = database.bulk_docs(
        [revision("x", "1-x"), revision("bad", "1-b", n=13), revision("y", "1-y")], new_edits=False
    )
    assert answers == [{"id": "bad", "rev": "1-b", "error": "forbidden", "reason": "too many points"}]
    assert [row["id"] for row in inner.all_docs()["rows"]] == ["a", "secret", "x", "y", "z"]


def test_entries_of_ordinary_writes_keep_the_order_of_the_batch(inner: MemoryDatabase) -> None:
    database = guarded(inner, write=lambda document: "no" if document["_id"] in "pr" else None)
    answers = database.bulk_docs([{"_id": name} for name in "pqrs"] + [{"_id": "a"}])
    assert [(answer["id"], answer.get("error")) for answer in answers] == [
        ("p", "forbidden"), ("q", None), ("r", "forbidden"), ("s", None), ("a", "conflict"),
    ]  # fmt: skip


def test_what_must_stand_beside_a_write_is_told_the_accepted_alone(inner: MemoryDatabase) -> None:
    rules = Rules(write=lambda document: "no" if document["_id"] == "bad" else None)
    database = GuardedDatabase(inner, rules)
    database.bulk_docs([{"_id": "x"}, {"_id": "bad"}])
    database.bulk_docs([{"_id": "bad"}])
    database.put({"_id": "y"})
    with pytest.raises(Forbidden):
        database.put({"_id": "bad"})
    assert rules.beside == [["x"], ["y"]]


def test_a_write_is_answered_for_once_what_must_stand_beside_it_does(inner: MemoryDatabase) -> None:
    class Fails(Rules):
        @contextmanager
        def writing(self, documents: Any) -> Iterator[None]:
            yield
            raise RuntimeError("the arrival cannot be written")

    with pytest.raises(RuntimeError):
        GuardedDatabase(inner, Fails()).bulk_docs([{"_id": "x"}])
    with pytest.raises(RuntimeError):
        GuardedDatabase(inner, Fails()).put({"_id": "y"})


def test_a_deletion_is_judged_by_its_id(inner: MemoryDatabase) -> None:
    database = guarded(inner, write=lambda document: no_secrets(document["_id"]))
    tombstones = [revision("secret", "3-c", "2-b", deleted=True), revision("a", "2-c", "1-a", deleted=True)]
    assert [answer["id"] for answer in database.bulk_docs(tombstones, new_edits=False)] == ["secret"]


@pytest.mark.parametrize(
    "read",
    [
        lambda database: database.get("secret"),
        lambda database: database.attachment("secret", "x"),
        lambda database: database.changes(doc_ids=["a", "secret"]),
        lambda database: database.changes(),
        lambda database: database.all_docs(),
        lambda database: database.all_docs(start_key="a"),
    ],
)
def test_reading_alone_what_may_not_be_read_is_forbidden(inner: MemoryDatabase, read: Any) -> None:
    with pytest.raises(Forbidden, match="not yours"):
        read(guarded(inner, read=no_secrets, listing=lambda *_: "not yours"))


def test_an_unknown_caller_is_told_to_say_who_it_is(inner: MemoryDatabase) -> None:
    class Strangers(Rules):
        def refuse_read(self, doc_id: str) -> Refusal | None:
            return Refusal("unauthorized", "sign in again")

    with pytest.raises(Unauthorized):
        GuardedDatabase(inner, Strangers()).get("a")


def test_changes_of_documents_one_may_read_need_no_right_to_list(inner: MemoryDatabase) -> None:
    database = guarded(inner, read=no_secrets, listing=lambda *_: "no listing")
    assert [row["id"] for row in database.changes(doc_ids=["a"]).results] == ["a"]


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, (None, None)),
        ({"start_key": "a", "end_key": "b"}, ("a", "b")),
        ({"start_key": "b", "end_key": "a", "descending": True}, ("a", "b")),
    ],
)
def test_a_listing_is_asked_for_by_its_range(inner: MemoryDatabase, options: Any, asked: Any) -> None:
    seen: list[Any] = []
    guarded(inner, listing=lambda *ends: seen.append(ends)).all_docs(**options)
    assert seen == [asked]


def test_a_key_one_may_not_read_says_so_whether_or_not_it_exists(inner: MemoryDatabase) -> None:
    database = guarded(inner, read=lambda doc_id: "no" if doc_id != "a" else None, listing=lambda *_: "no listing")
    rows = database.all_docs(keys=["secret", "a", "nowhere"], include_docs=True)["rows"]
    assert rows[0] == {"key": "secret", "error": "forbidden", "reason": "no"}
    assert rows[1]["doc"]["n"] == 1
    assert rows[2] == {"key": "nowhere", "error": "forbidden", "reason": "no"}


def test_a_listed_document_one_may_not_read_comes_without_its_body(inner: MemoryDatabase) -> None:
    database = guarded(inner, read=no_secrets)
    rows = database.changes(include_docs=True).results + database.all_docs(include_docs=True)["rows"]
    told = [row for row in rows if row["id"] == "secret"]
    assert len(told) == 2
    assert all(row["doc"] is None and row["error"] == "forbidden" for row in told)


def test_what_stands_of_a_document_is_not_told_to_who_may_not_read_it(inner: MemoryDatabase) -> None:
    asked = {"a": ["5-x"], "secret": ["5-x", "2-b"], "new": ["1-n"]}
    others = {"a": {"missing": ["5-x"], "possible_ancestors": ["1-a"]}, "new": {"missing": ["1-n"]}}
    assert guarded(inner, read=no_secrets).revs_diff(asked) == {**others, "secret": {"missing": ["5-x"]}}


def test_what_one_may_write_and_not_read_is_not_sent_twice(inner: MemoryDatabase) -> None:
    source = MemoryDatabase("source")
    graft(source, revision("secret", "3-c", "2-b", "1-a", n=3), revision("new", "1-n"))
    blind = guarded(inner, read=lambda _: "not yours")
    assert replicate(source, blind, new_session_id=lambda: "session", now=lambda: "now").docs_written == 2
    assert inner.get("secret")["_rev"] == "3-c"
    assert blind.revs_diff({"secret": ["3-c"], "new": ["1-n"]}) == {}


def test_a_right_withdrawn_while_waiting_ends_the_wait(inner: MemoryDatabase) -> None:
    asked: list[Any] = []

    def listing(*ends: Any) -> str | None:
        asked.append(ends)
        return "revoked" if len(asked) > 1 else None

    with pytest.raises(Forbidden, match="revoked"):
        guarded(inner, listing=listing).changes(wait_s=0.01)
