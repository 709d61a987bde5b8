"""Every implementation of the port, each as a fresh, empty database.

A real CouchDB joins where COUCHDB_URL names one (`http://user:password@127.0.0.1:5984`); it answers for what the suite
demands of the others. pouchdb-server joins where Node.js is.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sync.database import Database
from sync.face import Limits
from sync.guarded import GuardedDatabase
from sync.remote import RemoteDatabase
from sync.store import Store
from tests.peers.pouchdb_server import pouchdb_server
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules, Served


def memory(_: Path) -> Iterator[Database]:
    yield MemoryDatabase("contract")


def store(folder: Path) -> Iterator[Database]:
    opened = Store(folder / "contract.sqlite")
    yield opened
    opened.close()


def guarded(_: Path) -> Iterator[Database]:
    yield GuardedDatabase(MemoryDatabase("contract"), Rules())


def over_http(folder: Path) -> Iterator[Database]:
    """A store seen from the other end of the wire: RemoteDatabase, HTTP, face, Store."""
    opened = Store(folder / "contract.sqlite")
    with Served(limits=Limits(feed_hold_s=WAITS_S)) as served:
        yield served.remote("contract", opened)
    opened.close()


def couchdb(_: Path) -> Iterator[Database]:
    url = f"{os.environ['COUCHDB_URL'].rstrip('/')}/contract-{uuid.uuid4().hex}"
    # One shard: with more, CouchDB promises no order of changes between them.
    requests.put(url, params={"q": 1}, timeout=120).raise_for_status()
    try:
        yield RemoteDatabase(url)
    finally:
        requests.delete(url, timeout=120).raise_for_status()


def of_pouchdb_server(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = f"{request.getfixturevalue('pouchdb_server_url')}/contract-{uuid.uuid4().hex}"
    in_vain = request.function.__name__ == "test_a_reader_who_waits_in_vain_gets_an_empty_page_in_time"
    database = RemoteDatabase(url, read_timeout_s=IN_VAIN_S if in_vain else WAITS_S)
    database.create()
    yield database
    database.delete()


@pytest.fixture(scope="session")
def pouchdb_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pouchdb_server(tmp_path_factory.mktemp("pouchdb-server")) as url:
        yield url


WAITS_S = 60.0
"""Longer than any test waits for a change, and than a busy machine needs for an answer."""

IN_VAIN_S = 3.0
"""pouchdb-server lets go of no longpoll by itself."""

KINDS: dict[str, Any] = {
    "memory": memory,
    "store": store,
    "guarded": guarded,
    "over_http": over_http,
    "couchdb": couchdb,
    "pouchdb_server": of_pouchdb_server,
}
MARKS = {"couchdb": pytest.mark.couchdb, "pouchdb_server": pytest.mark.node}

# What CouchDB does instead is stated in tests/peers/test_couchdb_differs.py.
COUCHDB_DIFFERS = {
    "test_a_leaf_told_again_keeps_the_body_it_had": "CouchDB takes the body told last where a path joins two roots",
    "test_what_couchdb_would_let_pass_is_forbidden_alone_too": "CouchDB takes a history that belies its revision",
    "test_a_history_cut_at_an_older_namesake_is_that_of_the_revision_named": "CouchDB keeps the namesake instead",
    "test_a_local_document_is_not_written_over_by_who_has_not_read_it": "CouchDB lets the last writer win",
    "test_an_ancestor_that_comes_after_its_leaf_is_no_change": "CouchDB counts the body it had lacked as a change",
}


# What pouchdb-server 4.2 does instead. These run and must fail, so that we hear of one that no longer does.
_LEAVES = "it tells the leaves of style=all_docs in no order"
_STEMMED = "it takes no ancestors below a root it has, so two paths of one history stay two roots"
_DELETED = "it says missing of what was deleted"
_NO_REFUSAL = "it takes what belies itself"
POUCHDB_SERVER_DIFFERS = {
    "test_local_documents_are_listed_by_id": "it lists no local documents",
    "test_a_stub_does_not_open_what_another_document_keeps": "it finds a stub's bytes by digest, whosever they are",
    "test_replicated_attachments_keep_the_generation_they_came_with": "it dates every attachment by its revision",
    "test_replicated_attachments_without_a_generation_are_of_their_revision": "it dates every attachment anew",
    "test_a_reader_who_has_an_ancestor_gets_only_newer_bytes": "it knows no atts_since and sends all bytes",
    "test_a_page_of_nothing_tells_what_is_left_and_moves_nothing": "it answers limit=0 with a row",
    "test_main_only_tells_the_winner_and_all_docs_every_leaf": _LEAVES,
    "test_a_reader_who_waits_in_vain_gets_an_empty_page_in_time": "it holds a longpoll for ever, whatever the timeout",
    "test_a_sequence_that_is_none_is_refused": "it begins at 0 where the sequence is none",
    "test_what_is_not_there_is_missing_and_what_was_deleted_is_deleted": _DELETED,
    "test_what_is_deleted_can_only_return": "it lets a deleted document be deleted again",
    "test_a_batch_answers_each_document_in_order": "its reason of a conflict has no full stop",
    "test_members_that_begin_with_an_underscore_are_couchdbs_alone": "it answers an unknown special member with 500",
    "test_the_counts_of_info_follow_the_documents": "it does not count what was deleted",
    "test_a_document_that_can_never_be_accepted_is_forbidden_alone[unknown special member]": "it answers 500",
    "test_a_document_that_can_never_be_accepted_is_forbidden_alone[not base64]": "it answers 500",
    "test_what_couchdb_would_let_pass_is_forbidden_alone_too[two names]": _NO_REFUSAL,
    "test_what_couchdb_would_let_pass_is_forbidden_alone_too[too long]": _NO_REFUSAL,
    "test_what_couchdb_would_let_pass_is_forbidden_alone_too[wide integer]": "it rounds integers beyond 53 bits",
    "test_a_history_cut_at_an_older_namesake_is_that_of_the_revision_named": "it keeps the namesake instead",
    "test_two_branches_are_both_kept_and_the_greater_hash_wins": _LEAVES,
    "test_the_longer_branch_wins_and_the_undeleted_one_before_it": _LEAVES,
    "test_a_document_with_only_deleted_leaves_is_deleted": _DELETED,
    "test_two_roots_are_two_branches": _LEAVES,
    "test_a_path_that_reaches_deeper_extends_a_stemmed_root": _STEMMED,
    "test_a_path_can_join_two_roots": _STEMMED,
    "test_a_leaf_told_again_keeps_the_body_it_had": _STEMMED,
    "test_the_difference_names_what_is_missing_and_what_may_be_built_on": "ancestors without bodies are missing to it",
    "test_bulk_get_answers_in_order_and_count": "it gathers the answers of _bulk_get by document",
    "test_bulk_get_without_a_revision_answers_every_leaf": "it needs a revision in _bulk_get",
    "test_the_latest_of_a_revision_are_the_leaves_it_led_to": "it answers latest with one leaf of several",
    "test_many_branches_keep_their_bodies": _LEAVES,
    "test_a_malformed_revision_makes_the_question_wrong": "it counts a malformed revision missing",
}


@pytest.fixture(params=[pytest.param(kind, id=kind, marks=[MARKS[kind]] if kind in MARKS else []) for kind in KINDS])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    name = request.function.__name__
    if request.param == "couchdb" and name in COUCHDB_DIFFERS:
        pytest.skip(COUCHDB_DIFFERS[name])
    if request.param == "pouchdb_server":
        alone = request.node.name.replace("[pouchdb_server]", "").replace("[pouchdb_server-", "[")
        differs = POUCHDB_SERVER_DIFFERS.get(alone) or POUCHDB_SERVER_DIFFERS.get(name)
        if differs is not None:
            request.applymarker(pytest.mark.xfail(reason=differs, strict=True))
    yield from KINDS[request.param](request if request.param == "pouchdb_server" else tmp_path)
