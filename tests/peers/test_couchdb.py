"""A real CouchDB and its own replicator against the wire: both ways, once and continuously."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Self
from urllib.parse import quote

import flask
import pytest

from server import couch_peer
from server.couch_peer import make_app
from server.wsgi import BackgroundServer
from sync.database import Database, Document
from sync.face import Limits, make_face
from sync.guarded import GuardedDatabase
from sync.remote import RemoteDatabase
from sync.replicate import Result, replicate
from sync.store import Store
from sync.store_folder import StoreFolder
from tests.peers.checkpoints import checkpoints, hand_on
from tests.peers.couchdb import CouchDB, eventually, with_basic
from tests.peers.sample import PHOTO, bytes_of, sample
from tests.support.everything import everything
from tests.support.histories import graft, leaves, revision
from tests.support.memory import MemoryDatabase
from tests.support.wire import Rules

pytestmark = pytest.mark.couchdb

TEXT = "Cụm thi đua số 1\n".encode() * 500
counter = itertools.count(1)

# CouchDB stores text compressed and sends it so between its own kind, with the digest of the compressed bytes.
REPORT = {"báo cáo/1.txt": bytes_of(TEXT, "text/plain"), "b.json": bytes_of(b'{"n":1}', "application/json")}
PHOTOS = {f"{name}.jpg": bytes_of(os.urandom(70_000)) for name in ("a", "b", "c")}


def documents() -> list[Document]:
    """The sample, with what only CouchDB does differently: compressed attachments, also of a conflict and a design."""
    return [
        *sample(),
        revision("report", "2-b8", "1-a8", title="Báo cáo", _attachments={**REPORT, **PHOTOS}),
        revision("reports", "2-b9", "1-a9", _attachments=REPORT),
        revision("reports", "2-c9", "1-a9", _attachments=PHOTOS),
        revision("_design/app", "1-de", views={"by_n": {"map": "function(doc) { emit(doc.n) }"}}, _attachments=REPORT),
        revision("old/photo", "2-ba", "1-aa", deleted=True),
    ]


def copy(source: Database, target: Database, **options: Any) -> Result:
    return replicate(source, target, new_session_id=lambda: f"s{next(counter)}", now=lambda: "now", **options)


@pytest.fixture
def ours(couch: Any) -> Store:
    return couch.store()


@pytest.fixture
def guard(tmp_path: Any) -> Iterator[Callable[..., str]]:
    """The address of a database that asks `rules`, in front of one that has none."""
    folder = StoreFolder(tmp_path / "guarded")
    servers: list[BackgroundServer] = []

    def serve(rules: Rules, **options: Any) -> str:
        app = flask.Flask("guarded")
        app.register_blueprint(make_face(lambda _: GuardedDatabase(folder.ensure("db"), rules), **options))
        servers.append(BackgroundServer(app))
        servers[-1].start()
        return f"{servers[-1].url}/db"

    yield serve
    for server in servers:
        server.stop()
    folder.close()


class Asked:
    """`thidua couch --user` that keeps what it was asked, and by what its caller was known."""

    def __init__(self, path: Any) -> None:
        self.folder = StoreFolder(path)
        self.seen: list[tuple[str, str]] = []
        self.given = 0
        app = make_app(self.folder, user="an:mật khẩu")
        app.before_request_funcs[None].insert(0, self._see)
        app.after_request(self._count)
        self._server = BackgroundServer(app)

    def _see(self) -> None:
        request = flask.request
        known = "form" if request.form else "nobody"
        known = "cookie" if "AuthSession" in request.cookies else known
        self.seen.append((request.path, "basic" if request.authorization is not None else known))

    def _count(self, answer: flask.Response) -> flask.Response:
        self.given += "AuthSession=" in answer.headers.get("Set-Cookie", "")
        return answer

    def __enter__(self) -> Self:
        self._server.start()
        self.url = f"http://an:m%E1%BA%ADt%20kh%E1%BA%A9u@{self._server.url.removeprefix('http://')}/db"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self.folder.close()


class TestItsReplicator:
    """CouchDB's own, once: POST /_replicate."""

    def test_pulls_everything_from_us(self, couchdb: CouchDB, couch: Any, ours: Store) -> None:
        graft(ours, *documents())
        there = couchdb.create()
        told = couchdb.replicate(couch.url(), couchdb.endpoint(there))
        assert told["doc_write_failures"] == 0
        assert told["docs_written"] == len(documents())
        assert everything(couchdb.remote(there)) == everything(ours)

    def test_pushes_everything_to_us(self, couchdb: CouchDB, couch: Any, ours: Store) -> None:
        there = couchdb.create()
        graft(couchdb.remote(there), *documents())
        told = couchdb.replicate(couchdb.endpoint(there), couch.url())
        assert told["doc_write_failures"] == 0
        assert told["docs_written"] == len(documents())
        assert everything(ours) == everything(couchdb.remote(there))

    def test_carries_everything_through_us_into_another(self, couchdb: CouchDB, couch: Any, ours: Store) -> None:
        first, last = couchdb.create(), couchdb.create()
        graft(couchdb.remote(first), *documents())
        couchdb.replicate(couchdb.endpoint(first), couch.url())
        couchdb.replicate(couch.url(), couchdb.endpoint(last))
        assert everything(couchdb.remote(last)) == everything(couchdb.remote(first))
        assert couchdb.replicate(couchdb.endpoint(last), couch.url())["docs_written"] == 0

    def test_finds_nothing_to_do_the_second_time(self, couchdb: CouchDB, couch: Any, ours: Store) -> None:
        graft(ours, *documents())
        there = couchdb.create()
        assert couchdb.replicate(couch.url(), couchdb.endpoint(there))["docs_written"] > 0
        assert couchdb.replicate(couch.url(), couchdb.endpoint(there)) == {}
        # The other way it compares once, and then remembers.
        assert couchdb.replicate(couchdb.endpoint(there), couch.url())["docs_read"] == 0
        assert couchdb.replicate(couchdb.endpoint(there), couch.url()) == {}

    def test_carries_two_thousand_documents_each_way(self, couchdb: CouchDB, couch: Any, ours: Store) -> None:
        there = couchdb.create()
        graft(ours, *(revision(f"here-{n:04}", f"1-{n:04x}", n=n, text="x" * 200) for n in range(2_000)))
        graft(couchdb.remote(there), *(revision(f"there-{n:04}", f"1-{n:04x}", n=n) for n in range(2_000)))
        assert couchdb.replicate(couch.url(), couchdb.endpoint(there))["docs_written"] == 2_000
        assert couchdb.replicate(couchdb.endpoint(there), couch.url())["docs_written"] == 2_000
        assert everything(ours) == everything(couchdb.remote(there))
        assert ours.info()["doc_count"] == 4_000

    def test_ends_in_the_same_conflict_on_both_sides_and_in_its_solution(
        self, couchdb: CouchDB, couch: Any, ours: Store
    ) -> None:
        name = couchdb.create()
        there = couchdb.remote(name)
        first = ours.put({"_id": "a", "n": 0, "_attachments": {"p": bytes_of(PHOTO), **REPORT}})
        couchdb.replicate(couch.url(), couchdb.endpoint(name))
        ours.put({"_id": "a", "_rev": first, "n": "here", "_attachments": ours.get("a")["_attachments"]})
        there.put({"_id": "a", "_rev": first, "n": "there", "_attachments": there.get("a")["_attachments"]})
        couchdb.replicate(couch.url(), couchdb.endpoint(name))
        couchdb.replicate(couchdb.endpoint(name), couch.url())
        found = everything(ours)
        assert found == everything(there)
        assert len(found["a"]["leaves"]) == 2
        (loser,) = there.get("a", conflicts=True)["_conflicts"]
        there.put({"_id": "a", "_rev": loser, "_deleted": True})
        couchdb.replicate(couchdb.endpoint(name), couch.url())
        assert "_conflicts" not in ours.get("a", conflicts=True)
        assert everything(ours) == everything(there)

    def test_carries_a_new_revision_without_its_old_bytes(self, couchdb: CouchDB, couch: Any, ours: Store) -> None:
        """The bytes that have not changed are stubs, which stand for what the target holds already."""
        name = couchdb.create()
        there = couchdb.remote(name)
        rev = ours.put({"_id": "a", "_attachments": {"p": bytes_of(PHOTO), **REPORT}})
        couchdb.replicate(couch.url(), couchdb.endpoint(name))
        for end, other, n in ((ours, there, 1), (there, ours, 2)):
            kept = end.get("a")["_attachments"]
            rev = end.put({"_id": "a", "_rev": rev, "n": n, "_attachments": {**kept, f"new {n}": bytes_of(b"new")}})
            if end is ours:
                couchdb.replicate(couch.url(), couchdb.endpoint(name))
            else:
                couchdb.replicate(couchdb.endpoint(name), couch.url())
            assert other.get("a")["_rev"] == rev
        assert everything(ours) == everything(there)

    def test_carries_only_the_documents_it_is_told(self, couchdb: CouchDB, couch: Any, ours: Store) -> None:
        graft(ours, *documents())
        name = couchdb.create()
        wanted = ["plain", "đơn vị/Nghệ An:2024?#%2F", "photos", "absent"]
        # It takes the ids of a job as parts of a URL.
        couchdb.replicate(couch.url(), couchdb.endpoint(name), doc_ids=[quote(doc_id) for doc_id in wanted])
        assert sorted(everything(couchdb.remote(name))) == sorted(wanted[:3])
        graft(couchdb.remote(name), revision("only", "1-a"), revision("not", "1-a"))
        couchdb.replicate(couchdb.endpoint(name), couch.url(), doc_ids=["only"])
        assert leaves(ours, "only") == ["1-a"]
        assert ours.changes(doc_ids=["not"]).results == []

    def test_creates_our_database(self, couchdb: CouchDB, couch: Any) -> None:
        name = couchdb.create()
        graft(couchdb.remote(name), *documents())
        couchdb.replicate(couchdb.endpoint(name), couch.url("made"), create_target=True)
        assert everything(couch.store("made")) == everything(couchdb.remote(name))

    def test_pushes_by_us_what_a_guard_does_not_refuse(self, couchdb: CouchDB, guard: Any) -> None:
        bad = {"many-0007", "report", "_design/app"}
        url = guard(Rules(write=lambda document: "points: over the maximum" if document["_id"] in bad else None))
        name = couchdb.create()
        graft(couchdb.remote(name), *documents())
        told = couchdb.replicate(couchdb.endpoint(name), url)
        assert told["doc_write_failures"] == len(bad)
        expected = everything(couchdb.remote(name))
        assert everything(RemoteDatabase(url)) == {key: value for key, value in expected.items() if key not in bad}

    def test_passes_what_is_too_large_for_us(self, couchdb: CouchDB, guard: Any) -> None:
        """A batch goes in parts; one document, or one with its attachments, is left behind alone."""
        url = guard(Rules(), limits=Limits(body_bytes_max=50_000))
        name = couchdb.create()
        many = [revision(f"many-{n:04}", "1-a", text="x" * 1_000) for n in range(300)]
        large = [
            revision("body", "1-a", text="x" * 60_000),
            revision("photo", "1-a", _attachments={"p": bytes_of(PHOTO)}),
        ]
        graft(couchdb.remote(name), *many, *large, revision("small", "1-a", _attachments={"p": bytes_of(b"small")}))
        told = couchdb.replicate(couchdb.endpoint(name), url)
        assert told["doc_write_failures"] == len(large)
        assert RemoteDatabase(url).info()["doc_count"] == len(many) + 1


class TestItsJobs:
    """CouchDB's own, for longer: documents in `_replicator`, and continuous runs."""

    @pytest.mark.parametrize("direction", ["pull", "push"])
    def test_a_job_is_completed_with_credentials(self, couchdb: CouchDB, tmp_path: Any, direction: str) -> None:
        folder = StoreFolder(tmp_path / "asks")
        ours, name = folder.create("db"), couchdb.create()
        there = couchdb.remote(name)
        graft(ours if direction == "pull" else there, *documents())
        with BackgroundServer(make_app(folder, user="an:mật khẩu")) as server:
            url = f"http://an:m%E1%BA%ADt%20kh%E1%BA%A9u@{server.url.removeprefix('http://')}/db"
            ends = [with_basic(url), couchdb.endpoint(name)]
            job = couchdb.job(*(ends if direction == "pull" else reversed(ends)))
            eventually(lambda: couchdb.state(job)["state"], "completed")
            assert couchdb.state(job)["info"]["doc_write_failures"] == 0
        assert everything(ours) == everything(there)
        folder.close()

    @pytest.mark.parametrize("direction", ["pull", "push"])
    def test_a_run_signs_in_once_and_then_asks_with_its_cookie(
        self, couchdb: CouchDB, tmp_path: Any, direction: str
    ) -> None:
        with Asked(tmp_path / "asks") as asked:
            name = couchdb.create()
            here, there = asked.folder.create("db"), couchdb.remote(name)
            graft(here if direction == "pull" else there, *documents())
            ends = [with_basic(asked.url), couchdb.endpoint(name)]
            told = couchdb.replicate(*(ends if direction == "pull" else reversed(ends)))
            assert (told["docs_written"], told["doc_write_failures"]) == (len(documents()), 0)
            assert everything(here) == everything(there)
            sessions = [how for path, how in asked.seen if path == "/_session"]
            assert sessions == ["form"], "one sign-in for a run of seconds"
            assert {how for path, how in asked.seen if path != "/_session"} == {"cookie"}

    def test_a_continuous_run_outlives_its_session(
        self, couchdb: CouchDB, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its cookie is renewed while it asks; what ran out between two changes is got anew."""
        monkeypatch.setattr(couch_peer, "SESSION_S", 3)
        with Asked(tmp_path / "asks") as asked:
            name = couchdb.create()
            here, there = asked.folder.create("db"), couchdb.remote(name)
            couchdb.follow(couchdb.endpoint(name), with_basic(asked.url))
            for n in range(3):
                rev = there.put({"_id": f"{n}", "_attachments": REPORT})
                eventually(lambda n=n: leaves_or_none(here, f"{n}"), [rev])
                time.sleep(4)
            assert asked.given > 1
            assert {how for path, how in asked.seen if path != "/_session"} == {"cookie"}

    @pytest.mark.parametrize("direction", ["pull", "push"])
    def test_a_wrong_password_is_told_as_such(self, couchdb: CouchDB, tmp_path: Any, direction: str) -> None:
        with Asked(tmp_path / "asks") as asked:
            asked.folder.create("db")
            name = couchdb.create()
            wrong = with_basic(asked.url.replace("m%E1%BA%ADt", "sai"))
            ends = [wrong, couchdb.endpoint(name)]
            job = {"source": ends[direction == "push"], "target": ends[direction == "pull"]}
            told = couchdb("POST", "_replicate", json=job)
            assert "unauthorized" in str(told), told
            assert [how for _, how in asked.seen] == ["form"] * len(asked.seen), "no Basic after a refusal"

    @pytest.mark.parametrize("start", ["follow", "job"])
    def test_two_continuous_runs_keep_both_ends_equal(
        self, couch: Any, ours: Store, couchdb: CouchDB, start: str
    ) -> None:
        name = couchdb.create()
        there, ends = couchdb.remote(name), (couch.url(), couchdb.endpoint(name))
        graft(ours, *documents()[:20])
        for source, target in (ends, ends[::-1]):
            if start == "follow":
                couchdb.follow(source, target)
            else:
                couchdb.job(source, target, continuous=True)
        graft(there, *documents()[20:])
        eventually(lambda: everything(ours) == everything(there) and len(everything(ours)) >= 200)
        rev = ours.put({"_id": "written/hier", "_attachments": {"p": bytes_of(PHOTO), **REPORT}})
        eventually(lambda: leaves_or_none(there, "written/hier"), [rev])
        rev = there.put({"_id": "written/hier", "_rev": rev, "_deleted": True})
        eventually(lambda: leaves_or_none(ours, "written/hier"), [rev])
        assert everything(ours) == everything(there)

    def test_a_database_made_anew_is_filled_anew(self, couch: Any, ours: Store, couchdb: CouchDB) -> None:
        """While a continuous run is at work: it must not go on from where the old one was."""
        name = couchdb.create()
        graft(couchdb.remote(name), *documents())
        ends = couchdb.endpoint(name), couch.url()
        job = couchdb.job(*ends, continuous=True, checkpoint_interval=500)
        # Between its checkpoints, not in the middle of one.
        eventually(lambda: couchdb.state(job)["info"].get("checkpointed_source_seq", "0") != "0")
        assert everything(ours) == everything(couchdb.remote(name))
        couch.folder.delete("db")
        couch.store()
        couchdb.remote(name).put({"_id": "new"})
        eventually(lambda: "instance_start_time" in str(couchdb.state(job)["info"]))
        # It begins anew by itself half a minute later.
        couchdb.replicate(*ends)
        assert everything(couch.store()) == everything(couchdb.remote(name))

    def test_a_feed_that_ends_is_asked_for_again(self, guard: Any, couchdb: CouchDB) -> None:
        """Ours let go after a while, whoever waits."""
        url, name = guard(Rules(), limits=Limits(feed_hold_s=1)), couchdb.create()
        ours, there = RemoteDatabase(url), couchdb.remote(name)
        couchdb.follow(url, couchdb.endpoint(name))
        for n in range(3):
            rev = ours.put({"_id": f"{n}", "_attachments": REPORT})
            eventually(lambda n=n: leaves_or_none(there, f"{n}"), [rev])
            time.sleep(1.2)


def leaves_or_none(database: Database, doc_id: str) -> list[str] | None:
    rows = database.changes(doc_ids=[doc_id], style="all_docs").results
    return [leaf["rev"] for leaf in rows[0]["changes"]] if rows else None


class TestOurReplicator:
    """`sync.replicate` with a CouchDB at one end."""

    @pytest.mark.parametrize("shards", [1, 4])
    def test_brings_everything_there_and_back(self, couchdb: CouchDB, ours: Store, couch: Any, shards: int) -> None:
        graft(ours, *documents())
        there = couchdb.remote(couchdb.create(shards=shards))
        pushed = copy(ours, there)
        assert (pushed.docs_written, pushed.refused) == (len(documents()), [])
        assert everything(there) == everything(ours)
        back = couch.store("back")
        pulled = copy(there, back)
        assert (pulled.docs_written, pulled.refused) == (len(documents()), [])
        assert everything(back) == everything(ours)

    def test_sends_nothing_the_second_time(self, couchdb: CouchDB, ours: Store) -> None:
        graft(ours, *documents())
        there = couchdb.remote(couchdb.create())
        copy(ours, there)
        assert copy(ours, there).docs_read == 0
        assert copy(there, ours).docs_read == 0
        assert copy(there, ours).start_seq != 0

    def test_goes_on_from_its_checkpoint(self, couchdb: CouchDB, ours: Store, couch: Any) -> None:
        there = couchdb.remote(couchdb.create(shards=4))
        graft(there, *documents())
        stops = iter([False] * 9 + [True] * 99)
        assert copy(there, ours, batch_docs=20, cancelled=lambda: next(stops)).cancelled
        some = ours.info()["doc_count"]
        assert 0 < some < 250
        rest = copy(there, ours, batch_docs=20)
        assert rest.docs_read < len(documents()) - some / 2
        assert everything(ours) == everything(there)

    def test_copies_two_thousand_documents(self, couchdb: CouchDB, ours: Store, couch: Any) -> None:
        graft(ours, *(revision(f"{n:04}", f"1-{n:04x}", n=n, text="x" * 200) for n in range(2_000)))
        there = couchdb.remote(couchdb.create(shards=4))
        assert copy(ours, there).docs_written == 2_000
        back = couch.store("back")
        assert copy(there, back).docs_written == 2_000
        assert everything(back) == everything(ours)

    def test_starts_over_with_a_database_made_anew(self, couchdb: CouchDB, ours: Store) -> None:
        name = couchdb.create()
        graft(ours, *documents())
        copy(ours, couchdb.remote(name))
        couchdb.recreate(name)
        assert copy(ours, couchdb.remote(name)).docs_written == len(documents())

    def test_sends_only_new_bytes_with_a_new_revision(self, couchdb: CouchDB, ours: Store) -> None:
        there = couchdb.remote(couchdb.create())
        rev = ours.put({"_id": "a", "_attachments": {"p": bytes_of(PHOTO), **REPORT}})
        copy(ours, there)
        for end, other, n in ((ours, there, 1), (there, ours, 2), (ours, there, 3)):
            kept = end.get("a")["_attachments"]
            rev = end.put({"_id": "a", "_rev": rev, "n": n, "_attachments": {**kept, f"new {n}": bytes_of(b"new")}})
            assert copy(end, other).refused == []
            assert other.get("a")["_rev"] == rev
        assert everything(ours) == everything(there)

    def test_passes_what_couchdb_refuses(self, couchdb: CouchDB) -> None:
        """One document of a batch, for which CouchDB refuses the whole of it."""
        source = MemoryDatabase()
        graft(source, *(revision(f"{n}", "1-a") for n in range(40)), revision("41", "2-b", "1-a"))
        there = couchdb.remote(couchdb.create())
        validation = "function(doc, old) { if (doc._id == '7') throw({forbidden: 'not this one'}); }"
        graft(there, revision("_design/rule", "1-r", validate_doc_update=validation))
        result = copy(source, there)
        assert [(refused.id, refused.error, refused.reason) for refused in result.refused] == [
            ("7", "forbidden", "not this one")
        ]
        assert there.info()["doc_count"] == 41

    def test_carries_what_only_couchdb_takes_past_its_neighbours(self, couchdb: CouchDB, ours: Store) -> None:
        there = couchdb.remote(couchdb.create())
        graft(there, revision("wide", "1-a", n=2**64), revision("before", "1-a"), revision("z", "1-a", n=1.5))
        result = copy(there, ours)
        assert [(refused.id, refused.error) for refused in result.refused] == [("wide", "forbidden")]
        assert ours.info()["doc_count"] == 2

    def test_follows_continuously(self, couchdb: CouchDB, ours: Store) -> None:
        there = couchdb.remote(couchdb.create())
        graft(there, *documents())
        seen: list[int] = []

        def progress(made: Any) -> None:
            if not seen:
                there.put({"_id": "while following"})
            seen.append(made.docs_written)

        ended = lambda: bool(ours.changes(doc_ids=["while following"]).results)  # noqa: E731
        copy(there, ours, continuous=True, wait_s=5, on_progress=progress, cancelled=ended)
        assert everything(ours) == everything(there)


class TestCheckpoints:
    """Each replicator keeps its own under an id of its own making; handed on under the other's, they are understood."""

    @pytest.mark.parametrize("direction", ["to CouchDB", "from CouchDB"])
    def test_of_either_replicator_are_gone_on_from_by_the_other(
        self, couchdb: CouchDB, couch: Any, ours: Store, direction: str
    ) -> None:
        name = couchdb.create()
        here, there = (
            (ours, couch.url(), couch.url()),
            (
                couchdb.remote(name),
                f"{couchdb.root}/{name}",
                couchdb.endpoint(name),
            ),
        )
        (source, source_url, source_end), (target, target_url, target_end) = (
            (here, there) if direction == "to CouchDB" else (there, here)
        )
        graft(source, revision("a", "1-a"))
        couchdb.replicate(source_end, target_end)
        (theirs,) = checkpoints(source_url)
        graft(source, revision("b", "1-b"))
        assert copy(source, target).docs_written == 1
        (by_us,) = checkpoints(source_url).keys() - {theirs}

        for url in (source_url, target_url):
            hand_on(url, known_as=by_us, to=theirs)
        assert couchdb.replicate(source_end, target_end) == {}, "from its own checkpoint it would ask about b"

        graft(source, revision("c", "1-c"))
        assert couchdb.replicate(source_end, target_end)
        for url in (source_url, target_url):
            hand_on(url, known_as=theirs, to=by_us)
        gone_on = copy(source, target)
        assert (gone_on.start_seq, gone_on.docs_read) == (checkpoints(source_url)[theirs]["source_last_seq"], 0)


class TestAFaceBeforeACouchDB:
    """As on a cluster: its replicator, our face and guard, RemoteDatabase, and the CouchDB behind."""

    @pytest.fixture
    def gateway(self) -> Iterator[Callable[[CouchDB, str], str]]:
        servers: list[BackgroundServer] = []

        def before(couchdb: CouchDB, name: str) -> str:
            app = flask.Flask("gateway")
            app.register_blueprint(make_face(lambda _: GuardedDatabase(couchdb.remote(name), Rules())))
            servers.append(BackgroundServer(app))
            servers[-1].start()
            return f"{servers[-1].url}/db"

        yield before
        for server in servers:
            server.stop()

    def test_is_a_couchdb_to_its_replicator(self, gateway: Any, couchdb: CouchDB) -> None:
        source, behind, last = couchdb.create(), couchdb.create(), couchdb.create()
        graft(couchdb.remote(source), *documents())
        url = gateway(couchdb, behind)
        assert couchdb.replicate(couchdb.endpoint(source), url)["doc_write_failures"] == 0
        couchdb.replicate(url, couchdb.endpoint(last))
        assert everything(couchdb.remote(behind)) == everything(couchdb.remote(source))
        assert everything(couchdb.remote(last)) == everything(couchdb.remote(source))

    def test_is_followed_continuously_both_ways(self, gateway: Any, couchdb: CouchDB) -> None:
        behind, other = couchdb.create(shards=4), couchdb.create()
        url = gateway(couchdb, behind)
        for source, target in ((url, couchdb.endpoint(other)), (couchdb.endpoint(other), url)):
            couchdb.follow(source, target)
        graft(couchdb.remote(behind), *documents()[:200])
        graft(couchdb.remote(other), *documents()[200:])
        both = [couchdb.remote(name) for name in (behind, other)]
        eventually(lambda: [database.info()["doc_count"] for database in both], [260, 260])
        rev = both[0].put({"_id": "late/one", "_attachments": REPORT})
        eventually(lambda: leaves_or_none(both[1], "late/one"), [rev])
        assert everything(both[0]) == everything(both[1])

    def test_takes_the_place_of_bytes_that_are_gone(self, gateway: Any, couchdb: CouchDB, ours: Store) -> None:
        """A stub the CouchDB has forgotten is one document's trouble, through the face as without it."""
        url = RemoteDatabase(gateway(couchdb, couchdb.create()))
        stub = {"stub": True, "digest": "md5-XUFAKrxLKna5cZ2REBfFkg==", "length": 5, "revpos": 1}
        lone = revision("stub", "2-b", "1-a", _attachments={"x": {"content_type": "image/jpeg", **stub}})
        failures = url.bulk_docs([revision("a", "1-a"), lone, revision("b", "1-a")], new_edits=False)
        assert [(failure["id"], failure["error"]) for failure in failures] == [("stub", "missing_stub")]
        assert [row["id"] for row in url.all_docs()["rows"]] == ["a", "b"]
