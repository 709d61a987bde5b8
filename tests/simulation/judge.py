"""The judgment at the end of a seed: what every machine holds, against what people did and a count made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mobile import photos
from mobile.account import read_server
from mobile.photos import names_in, way
from schemas import evidence, figures
from schemas.standings import Record, standings
from server.follower import Follower
from server.projection import Projection
from server.promotion import needed_by
from sync import media
from sync.database import Database
from sync.errors import SyncError
from tests.server.world import GROUP, YEAR
from tests.simulation.cluster import G, M
from tests.simulation.machines import PhoneMachine
from tests.simulation.witness import KEPT, Wrong, body

if TYPE_CHECKING:
    from mobile.phone import Phone
    from tests.simulation.simulation import Simulation


def judge(sim: Simulation) -> None:
    if sim.faults:
        raise Wrong("; ".join(sim.faults))
    sim.witness.present([sim.replicas()[0]], "at the end, on the server") if not _cut_off(sim) else sim.witness.present(
        sim.replicas(), "at the end"
    )
    _judge_decisions(sim)
    _judge_promotions(sim)
    _judge_photos(sim)
    for phone in sim.phones.values():
        if phone.name not in _cut_off(sim):
            _judge_phone(sim, phone)
    _judge_projections(sim)


def _cut_off(sim: Simulation) -> set[str]:
    """Phones whose right was withdrawn: they only push, for a while."""
    service = sim.servers[0].service
    assert service is not None
    cut = set()
    for phone in sim.phones.values():
        account = phone.phone.account
        known = None if account is None else service.accounts.by_token(account.token)
        if known is None or known[1].state != "active" or not known[0].active:
            cut.add(phone.name)
    return cut


def _judge_decisions(sim: Simulation) -> None:
    store = sim.truth(G)
    found = {
        row["id"]: body(row["doc"])
        for row in store.all_docs(start_key="decision:", end_key="decision;", include_docs=True)["rows"]
    }
    if found != sim.witness.decisions:
        raise Wrong(
            f"decisions are not those that were made: {sorted(found.items() ^ sim.witness.decisions.items())[:2]}"
        )


def _judge_promotions(sim: Simulation) -> None:
    """Each submission stands in the group's database once, with all it cites, by value."""
    group = {row["id"]: row["doc"] for row in sim.truth(G).all_docs(include_docs=True, conflicts=True)["rows"]}
    twice = [name for name, document in group.items() if "_conflicts" in document and not name.startswith("arrival:")]
    if twice:
        raise Wrong(f"in two versions: {twice[:3]}")
    for database in (name for name in sim.names() if name[0] in "uv"):
        store = sim.truth(database)
        documents = {row["id"]: row["doc"] for row in store.all_docs(include_docs=True)["rows"]}
        for name, document in documents.items():
            if not name.startswith("submission:"):
                continue
            wanted, pending = {name}, [document]
            while pending:
                for needed in set(needed_by(pending.pop())) - wanted:
                    wanted.add(needed)
                    pending += [documents[needed]] if needed in documents else []
            if not wanted <= documents.keys():
                if not _cut_off(sim):
                    raise Wrong(f"{name} still waits for {sorted(wanted - documents.keys())[:3]}")
                continue  # it waits for what the phone of somebody absent still has to send
            for each in wanted:
                if each not in group or body(group[each]) != body(documents[each]):
                    raise Wrong(f"{each} of {database} was not promoted as it is")
            if not any(other.startswith(f"arrival:{name}") for other in group):
                raise Wrong(f"{name} has no arrival")


def _judge_photos(sim: Simulation) -> None:
    """Every photo that evidence on the server names is there, byte for byte, but for what a phone cut off keeps."""
    if lost := sim.lost_photos():
        raise Wrong(f"photos are nowhere: {sorted(lost)}")
    there = sim.truth(M)
    kept = {photo for name in _cut_off(sim) for photo in photos_kept(sim.phones[name].phone)}
    for database in (name for name in sim.names() if name[0] in "uv"):
        rows = sim.truth(database).all_docs(start_key="evidence:", end_key="evidence;", include_docs=True)["rows"]
        for photo in (photo for row in rows for photo in evidence.photos_of(row["doc"])):
            if photo in sim.witness.photos - kept:
                try:
                    data = media.read_photo(there, photo).data
                except SyncError as error:
                    raise Wrong(f"photo {photo[:8]} cannot be read on the server: {error}") from error
                if media.name_of(data) != photo:
                    raise Wrong(f"photo {photo[:8]} is another one on the server")


def photos_kept(app: Phone) -> set[str]:
    """Photos whose original lies on this phone, to be sent and sent again."""
    local = app.tools.local
    if M not in local.stores:
        return set()
    named = photos._named_by_evidence(local).intersection(names_in(local.stores.open(M)))
    return {photo for photo in named if local.photo_file(photo).exists()}


def _judge_phone(sim: Simulation, phone: PhoneMachine) -> None:
    app, stores = phone.phone, phone.phone.tools.local.stores
    status = phone.worker.status if phone.worker else None
    assert app.account is not None
    grants = {grant.name: grant for grant in read_server(app.tools.local).grants}
    lost = any(group.unreachable for group in app.groups())
    if lost and not sim.decisions_lost:
        raise Wrong(f"{phone.name} holds decisions the server does not know")
    if (status is None or status.state != "idle") and not lost:
        raise Wrong(f"{phone.name} is not at rest: {status}")
    if app.unsent():
        raise Wrong(f"{phone.name} still has {app.unsent()} unsent: {status}")
    # What somebody else wrote is theirs to send; whose phone is cut off, or never was here, does not send it again.
    # What was excused when its author's phone and the server had both lost it nobody can send.
    refused = [
        it
        for it in app.refused()
        if not _is_of_somebody_absent(sim, phone, it.database, it.id)
        and ((it.database, it.id) in sim.witness.documents or not it.id.startswith(KEPT))
    ]
    if refused:
        raise Wrong(f"{phone.name} has refused documents: {[(it.id, it.reason) for it in refused][:2]}")
    for name in stores.names():
        grant = grants.get(name)
        if name[0] == "m" or grant is None or not grant.pull or not grant.listed:
            continue
        mine, theirs = leaves_of(stores.open(name)), leaves_of(sim.truth(name))
        for it in app.refused():  # the server lost it, and nobody whose it is to send is here
            if it.database == name and it.id not in theirs:
                mine.pop(it.id, None)
        if mine != theirs:
            different = [
                (key, mine.get(key), theirs.get(key))
                for key in sorted(mine.keys() | theirs.keys())
                if mine.get(key) != theirs.get(key)
            ]
            raise Wrong(f"{phone.name} and the server hold {name} differently: {different[:3]}")
    for photo in _photos(app):
        known = way(app.tools.local, M, photo)
        if not known.safe:
            raise Wrong(f"{phone.name}: photo {photo[:8]} is not safe: {known}")
        there, file = media.read_photo(sim.truth(M), photo), app.tools.local.photo_file(photo)
        if file.exists() and there.data != file.read_bytes():  # an original goes once the server has had it long enough
            raise Wrong(f"{phone.name}: photo {photo[:8]} is another one on the server")
    if G in stores and grants[G].pull:
        _judge_standings(sim, app)


def _is_of_somebody_absent(sim: Simulation, phone: PhoneMachine, database: str, doc_id: str) -> bool:
    document = phone.phone.tools.local.stores.open(database).get(doc_id)
    here = {each.who for each in sim.phones.values() if each.name not in _cut_off(sim)}
    return document.get("by", phone.who) not in here


def _judge_standings(sim: Simulation, app: Any) -> None:
    service = sim.servers[0].service
    assert service is not None
    account = service.accounts.find("huong")
    day = figures.local_day(app.tools.time())
    documents = [row["doc"] for row in sim.truth(G).all_docs(include_docs=True)["rows"]]
    anew = standings(Record.from_documents(documents), day)
    if app.standings(GROUP, YEAR) != anew:
        raise Wrong(f"{app.account.account}'s phone ranks differently")
    for server in sim.servers:
        assert server.service is not None
        if server.service.board.view(account, GROUP, YEAR).standings(day) != anew:
            raise Wrong(f"{server.name} ranks differently from a count made anew")


def _judge_projections(sim: Simulation) -> None:
    """What a server reads is what a server that starts from nothing would read."""
    for server in sim.servers:
        service = server.service
        assert service is not None
        fresh = Projection(server.folder / "anew.sqlite")
        Follower(service.backend, fresh, now=server.clock, sweep_every_s=60).sweep()
        if tables(fresh) != tables(service.projection):
            raise Wrong(f"{server.name}'s projection is not what a new one would be")
        fresh.close()


def tables(projection: Projection) -> Any:
    connection = projection._connection()
    return [
        connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
        for table in ("document", "draft", "waiting", "photo")
    ]


def leaves_of(store: Database) -> dict[str, list[str]]:
    return {
        row["id"]: sorted(leaf["rev"] for leaf in row["changes"]) for row in store.changes(0, style="all_docs").results
    }


def _photos(app: Any) -> list[str]:
    """Photos captured on this phone that evidence names. (One that none names: the app died before it was saved.)"""
    stores = app.tools.local.stores
    named = {shot.sha256 for card in app.evidence() for shot in card.photos}
    return sorted(named.intersection(names_in(stores.open(M)))) if M in stores else []
