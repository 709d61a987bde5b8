"""A year is locked, frozen and published, and something of it is withheld."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from schemas import ids
from schemas.acts import ACTS
from schemas.base import InvalidDocument, check
from schemas.freezing import frozen_hash, later, recomputed
from schemas.timing import CONDITIONS
from server.bundle.verify import verify_file
from server.cli import main
from server.problems import Clash, Missing, Refused
from tests.server.test_follower import put
from tests.server.world import BN, GROUP, HD, HY, MEMBERS, SCHEME, YEAR, full_marks, salted, submission_of

SPECIALISTS = {HD: "huong", HY: "lan", BN: "bac"}


def scored(world, **points: int):
    """Every member's own score, and the pact signed by all."""
    for number, unit in enumerate(MEMBERS, start=1):
        account = world.accounts[SPECIALISTS[unit]]
        share = points.get(unit.replace("-", "_"), 96 - number)
        put(world, ids.unit_database(unit, YEAR), submission_of(account, "d1", unit, full_marks(share), number=number))
    signed = [{"unit": unit, "date": "2024-04-25"} for unit in MEMBERS]
    pact = {"type": "pact", "v": 1, "group": GROUP, "year": YEAR, "signatures": signed, "targets": []}
    world.service.setup.pact(GROUP, YEAR, pact)
    world.settle()


def locked(world):
    scored(world)
    world.act("huong", "lock-scores", {"locked": True})


def test_a_lock_names_the_best_results_itself_and_refuses_others(world):
    scored(world)
    with pytest.raises(Clash) as refused:
        world.act("huong", "lock-scores", {"locked": True, "best": {"i-1": "7"}})
    assert refused.value.said.code == "lock-other-best"
    assert world.act("huong", "lock-scores", {"locked": True})["value"] == {"locked": True, "best": {}}
    assert world.act("huong", "lock-scores", {"locked": False})["value"] == {"locked": False}


def frozen(world):
    locked(world)
    return world.act("huong", "freeze", {})


def published(world):
    freeze = frozen(world)
    return freeze, world.act("hoi-dong", "publish", {})


def documents(world):
    return world.service.board.view(None, GROUP, YEAR).documents.values()


# Who and when


ON_BN = {"unit": BN, "criterion": "i-1"}
ROOM = {"units": [BN], "held": "2024-10-08", "voters": 3, "present": 3, "invalid": 0, "votes": {BN: 2}}
EXAMPLES = {
    "lock-scheme": {"scheme": SCHEME.id},
    "plan-visit": {
        "visit": "v1", "inspected": BN, "team": [{"account": "minh", "unit": HY}], "from": "2024-10-08",
        "to": "2024-10-09", "place": "Sở",
    },
    "cancel-visit": {"visit": "v1"},
    "accept": ON_BN,
    "return": {**ON_BN, "submission": f"submission:{GROUP}:{BN}:self:" + "0" * 26, "deadline": "2024-11-01"},
    "adjust": {**ON_BN, "answer": {"points": "1"}},
    "carry-over": {**ON_BN, "from": HY, "event": f"unitevent:2024-10-08:{BN}", "answer": {"points": "1"}},
    "approve-na": ON_BN,
    "refuse-na": ON_BN,
    "count-claim": {"unit": BN, "item": "prize", "key": "k", "occurrences": "1", "number": None},
    "refuse-claim": {"unit": BN, "item": "prize", "key": "k", "occurrences": "1", "number": None},
    "decide-section": {"unit": BN, "section": "i", "points": "1"},
    "rank-unit": {"unit": BN, "ranked": False},
    "count-submission": {"submission": f"submission:{GROUP}:{BN}:self:" + "0" * 26, "counts": True},
    "tie-ballot": {
        "units": sorted([BN, HY]), "held": "2024-12-01", "voters": 3, "present": 3, "votes": {BN: 1, HY: 2},
    },
    "award-ballot": {"award": "flag", **ROOM},
    "depart-order": {"award": "flag", "units": [BN], "over": [HY]},
    "elect": {"role": "leader", **ROOM},
    "strike": {"subject": "honour:flag", "units": [BN]},
    "lock-scores": {"locked": True},
    "freeze": {"as_of": "2024-10-08", "sha256": "0" * 64},
    "publish": {"frozen": "decision:1:" + "0" * 16},
    "withhold": {"kind": "part", "sha256": "0" * 64},
}  # fmt: skip


def test_every_act_of_the_table_has_an_example_here_and_conditions_that_exist() -> None:
    assert set(EXAMPLES) == set(ACTS)
    assert {name for act in ACTS.values() for name in act.when} <= set(CONDITIONS)


def test_whoever_may_not_do_an_act_hears_the_rule_and_who_could(world):
    offices = {"leader": "huong", "council": "hoi-dong"}
    for act in sorted(ACTS):
        may = {offices[office] for office in ACTS[act].who}
        for login in ("huong", "dung", "lan", "bac", "thu", "hoi-dong"):
            said = None
            try:
                world.act(login, act, EXAMPLES[act], "Lý do")
            except Refused as refused:
                said = refused.said
            except (Clash, Missing, InvalidDocument):
                pass  # it was theirs to try
            if login in may:
                assert said is None, (act, login)
            elif "leader" not in ACTS[act].who:
                assert said.code == "act-of-council-alone"
            elif login == "dung":
                assert said.code == "act-needs-head-or-specialist"
            else:
                assert (said.code, said.params) == ("act-of-leader", {"leader": HD})


def test_the_page_and_the_service_refuse_by_one_table(world):
    for act in sorted(ACTS):
        for login in ("huong", "lan", "bac", "hoi-dong"):
            view = world.service.board.view(None, GROUP, YEAR)
            offer = world.service.acts.offers(world.accounts[login], view, [act], EXAMPLES[act])[0]
            said = None
            try:
                world.act(login, act, EXAMPLES[act], "Lý do")
            except (Refused, Clash) as refused:
                said = refused.said
            except (Missing, InvalidDocument):
                pass
            # What stands against the ranking or the inputs of one act is seen only when it is done.
            assert offer.refusal == said or (offer.allowed and not said.code.startswith("act-")), (act, login)


def test_locked_scores_are_changed_only_after_they_are_opened_again(world):
    locked(world)
    with pytest.raises(Clash) as refused:
        world.act("huong", "adjust", {**ON_BN, "answer": {"points": "1"}}, "Lý do")
    assert refused.value.said.code == "scores-locked-already"
    world.act("huong", "lock-scores", {"locked": False})
    world.act("huong", "adjust", {**ON_BN, "answer": {"points": "1"}}, "Lý do")


def test_what_is_published_is_final(world):
    freeze, _ = published(world)
    for act in sorted(set(ACTS) - {"withhold", "lock-scheme", "elect", "strike"}):
        value = {"frozen": freeze["_id"]} if act == "publish" else EXAMPLES[act]
        with pytest.raises(Clash) as refused:
            world.act("hoi-dong" if act == "publish" else "huong", act, value, "Lý do")
        assert refused.value.said.code == "published-final", act


# Freezing


def test_a_frozen_ranking_names_every_input_and_computes_again(world):
    freeze = frozen(world)
    check(freeze)
    assert {it["id"] for it in freeze["inputs"]} >= {f"groupyear:{GROUP}:{YEAR}", SCHEME.id, f"pact:{GROUP}:{YEAR}"}
    again = recomputed(documents(world), freeze)
    assert again.faults == ()
    assert [row.unit for row in again.standings.rows] == list(MEMBERS)
    assert len(frozen_hash(freeze)) == 64


def test_a_frozen_ranking_never_changes_whatever_arrives_or_is_written_over(world):
    freeze = frozen(world)
    printed = recomputed(documents(world), freeze).to_json()
    account = world.accounts["bac"]
    put(world, ids.unit_database(BN, YEAR), submission_of(account, "d1", BN, full_marks(100), number=9))
    database = world.group_database()
    year = {**database.get(f"groupyear:{GROUP}:{YEAR}"), "theme": {"vi": "Khác", "en": "Other"}}
    world.service.setup.group_year({name: value for name, value in year.items() if name != "_rev"})
    unit = world.service.registry.find(f"unit:{BN}")
    database.put({**database.get(f"unit:{BN}"), "names": {"vi": "Sở mới", "en": "New"}, "functions": []})
    assert unit is not None
    world.settle()
    world.act("huong", "lock-scores", {"locked": False})
    world.act("huong", "adjust", {**ON_BN, "answer": {"points": "0"}}, "Lý do")
    again = recomputed(documents(world), freeze)
    assert (again.faults, again.to_json()) == ((), printed)
    arrived = {ids.type_of(name) for name in later(documents(world), freeze)}
    assert arrived == {"submission", "groupyear", "unit", "decision"}


def test_nothing_is_frozen_while_something_hinders_it_and_each_hindrance_is_named(world):
    with pytest.raises(Clash) as refused:
        world.act("huong", "freeze", {})
    assert refused.value.said.code == "freeze-hindered"
    assert "units-without-number" in {said.code for _, said in refused.value.fields}


def test_a_ranking_that_moved_since_it_was_looked_at_is_not_frozen(world):
    locked(world)
    with pytest.raises(Clash) as refused:
        world.act("huong", "freeze", {"as_of": "2024-10-08", "sha256": "0" * 64})
    assert refused.value.said.code == "ranking-moved"


def test_only_the_ranking_in_force_is_published(world):
    first = frozen(world)
    world.act("huong", "freeze", {})
    with pytest.raises(Clash) as refused:
        world.act("hoi-dong", "publish", {"frozen": first["_id"]})
    assert refused.value.said.code == "frozen-other"


# Ballots


def ballot(held="2024-10-08", units=(HY, BN), **more):
    votes = {unit: number for number, unit in enumerate(units)}
    return {"units": sorted(units), "held": held, "voters": 3, "present": 3, "votes": votes, **more}


def test_a_ballot_among_the_tied_units_breaks_the_tie_and_is_not_held_twice(world):
    scored(world, so_hy=90, so_bn=90)
    world.act("huong", "tie-ballot", ballot(), "Biên bản ngày 08/10")
    rows = world.service.board.standings(None, GROUP, YEAR).rows
    assert [(row.unit.unit, row.place) for row in rows] == [(HD, 1), (BN, 2), (HY, 3)]
    with pytest.raises(InvalidDocument) as refused:
        world.act("huong", "tie-ballot", ballot(), "Lần nữa")
    assert [it.code for it in refused.value.problems] == ["ballot-second"]


@pytest.mark.parametrize(("more", "rule"), [({"voters": 5}, "ballot-voters"), ({"units": (HD, BN)}, "ballot-not-tied")])
def test_a_ballot_that_could_never_count_is_refused_while_the_room_is_there(world, more, rule):
    scored(world, so_hy=90, so_bn=90)
    by = "lan" if HD in more.get("units", ()) else "huong"
    with pytest.raises(InvalidDocument) as refused:
        world.act(by, "tie-ballot", ballot(**more), "Biên bản")
    assert [it.code for it in refused.value.problems] == [rule]


# Withholding


def everywhere(world, needle: bytes):
    """The files under the data folder in which these bytes still lie."""
    files = (path for path in world.service.config.data.rglob("*") if path.is_file())
    return sorted(path.name for path in files if needle in path.read_bytes())


def test_a_withheld_part_is_gone_from_every_file_and_everything_still_verifies(world):
    secret = "Bà Nguyễn Thị Kín, xóm Hạ"
    note = salted(secret)
    account = world.accounts["bac"]
    submission = submission_of(
        account, "d1", BN, full_marks(90), number=7, note=note["_id"].partition(":")[2], supersedes=[]
    )
    put(world, ids.unit_database(BN, YEAR), note, submission)
    world.settle()
    assert len(everywhere(world, secret.encode())) >= 2
    value = {"kind": "part", "sha256": note["_id"].partition(":")[2]}
    world.act("hoi-dong", "withhold", value, "Gia đình đề nghị")
    assert everywhere(world, secret.encode()) == []
    view = world.service.board.view(None, GROUP, YEAR)
    assert view.text(value["sha256"]) is None
    assert submission["_id"] in view.documents


def test_a_submission_that_names_a_withheld_part_is_promoted_all_the_same(world):
    note = salted("đã xóa")
    put(world, ids.unit_database(BN, YEAR), note)
    value = {"kind": "part", "sha256": note["_id"].partition(":")[2]}
    world.act("huong", "withhold", value, "Gia đình đề nghị")
    submission = submission_of(world.accounts["bac"], "d1", BN, full_marks(90), note=value["sha256"])
    put(world, ids.unit_database(BN, YEAR), submission)
    world.settle()
    assert submission["_id"] in world.service.board.view(None, GROUP, YEAR).documents


def test_an_erasure_cut_short_is_finished_by_a_sweep(world, monkeypatch):
    note = salted("còn lại")
    put(world, ids.unit_database(BN, YEAR), note)
    monkeypatch.setattr(type(world.service.acts._erasure), "erase", lambda *_: None)
    world.act("huong", "withhold", {"kind": "part", "sha256": note["_id"].partition(":")[2]}, "Gia đình đề nghị")
    assert everywhere(world, "còn lại".encode()) != []
    world.settle()
    assert everywhere(world, "còn lại".encode()) == []


def test_what_nobody_holds_is_not_withheld(world):
    with pytest.raises(Missing) as refused:
        world.act("huong", "withhold", {"kind": "photo", "sha256": "0" * 64}, "Nhầm")
    assert refused.value.said.code == "nothing-to-withhold"


# The result and its bundle


def test_the_bundle_of_a_published_year_verifies_and_is_the_same_every_time(world, tmp_path):
    freeze, _ = published(world)
    results = world.service.results
    one = results.bundle(None, GROUP, YEAR, tmp_path / "1.zip", photos=False, public=False)
    account = world.accounts["bac"]
    put(world, ids.unit_database(BN, YEAR), submission_of(account, "d1", BN, full_marks(100), number=9))
    world.settle()
    two = results.bundle(None, GROUP, YEAR, tmp_path / "2.zip", photos=True, public=False)
    three = results.bundle(None, GROUP, YEAR, tmp_path / "3.zip", photos=False, public=False)
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "3.zip").read_bytes()
    assert one.hash == two.hash == three.hash == frozen_hash(freeze) == results.result(None, GROUP, YEAR).hash
    assert verify_file(tmp_path / "2.zip", expect=one.hash, key=results.key).origin == "proved"
    assert results.result(None, GROUP, YEAR).later == {"submission": 1}


def test_a_bundle_made_after_a_part_was_withheld_still_verifies_and_says_so(world, tmp_path):
    note = salted("Bà Kín")
    put(world, ids.unit_database(BN, YEAR), note)
    sha256 = note["_id"].partition(":")[2]
    account = world.accounts["bac"]
    put(world, ids.unit_database(BN, YEAR), submission_of(account, "d1", BN, full_marks(90), number=3, note=sha256))
    scored(world, so_bn=90)
    world.act("huong", "count-submission", {"submission": _last(world, BN), "counts": True}, "Bản sau")
    world.act("huong", "lock-scores", {"locked": True})
    world.act("huong", "freeze", {})
    world.act("hoi-dong", "publish", {})
    before = world.service.results.bundle(None, GROUP, YEAR, tmp_path / "1.zip", photos=False, public=False)
    assert "Bà Kín".encode() in before.path.read_bytes()
    world.act("hoi-dong", "withhold", {"kind": "part", "sha256": sha256}, "Gia đình đề nghị")
    after = world.service.results.bundle(None, GROUP, YEAR, tmp_path / "2.zip", photos=False, public=False)
    assert "Bà Kín".encode() not in after.path.read_bytes()
    assert (after.hash, after.report.withheld[0].reason) == (before.hash, "Gia đình đề nghị")


def _last(world, unit):
    return max(name for name in world.service.board.view(None, GROUP, YEAR).documents if name.startswith(
        f"submission:{GROUP}:{unit}:self:"
    ))  # fmt: skip


def test_the_signing_key_is_its_owners_alone_and_stands_in_no_log_or_description(world):
    file = world.service.config.data / "signing.key"
    assert file.stat().st_mode & 0o777 == 0o600
    secret = file.read_text().strip()
    assert secret not in repr(world.service.config)
    assert everywhere(world, secret.encode()) == ["signing.key"]


def run(world, *arguments):
    return CliRunner().invoke(main, [*arguments, "--data", str(world.service.config.data), "--locale", "en"])


def test_a_year_is_frozen_published_bundled_and_verified_by_command(world, tmp_path):
    locked(world)
    unnamed = run(world, "freeze", GROUP, str(YEAR))
    assert (unnamed.exit_code, "huong" in unnamed.output) == (1, True)
    refused = run(world, "freeze", GROUP, str(YEAR), "--by", "bac")
    assert "belongs to the leading unit" in refused.output
    assert run(world, "freeze", GROUP, str(YEAR), "--by", "huong").exit_code == 0
    told = json.loads(run(world, "publish", GROUP, str(YEAR), "--by", "hoi-dong", "--json").output)
    file = tmp_path / "cum-1.zip"
    made = run(world, "bundle", GROUP, str(YEAR), str(file))
    assert made.exit_code == 0, made.output
    assert run(world, "bundle", GROUP, str(YEAR), str(file)).exit_code == 1
    plain = CliRunner().invoke(main, ["verify", str(file), "--locale", "en"])
    assert (plain.exit_code, "Consistent, origin unproved" in plain.output) == (0, True)
    given = ["--expect", told["hash"], "--key", told["key"], "--json"]
    proved = CliRunner().invoke(main, ["verify", str(file), *given])
    assert (proved.exit_code, json.loads(proved.output)["origin"]) == (0, "proved")
    other = CliRunner().invoke(main, ["verify", str(file), "--key", "0" * 64, "--locale", "vi"])
    assert (other.exit_code, "khóa khác ký" in other.output) == (1, True)
    assert CliRunner().invoke(main, ["verify", str(tmp_path / "none.zip")]).exit_code == 2
