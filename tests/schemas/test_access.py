from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from schemas.access import (
    MEDIA_TYPES,
    UNIT_TYPES,
    VISIT_TYPES,
    Access,
    Authority,
    Facts,
    GroupFacts,
    Identity,
    Refused,
    access_to,
    authority_for,
    databases,
    may_cite,
    may_list,
    may_open,
    may_read,
    may_write,
)
from schemas.decision import fold
from schemas.evidence import cite
from schemas.visit import visits
from tests.schemas.support import Cluster
from tests.schemas.test_base import EVIDENCE

LAN = Identity("lan", "ha-noi", frozenset({"specialist"}), "may-1")
BINH = Identity("binh", "bac-ninh", frozenset({"inspector"}), "may-2")
HOA = Identity("hoa", "xa-thuong-phuc", frozenset({"grassroots"}), "may-3")
MINH = Identity("minh", "hai-duong", frozenset({"head"}))
TRANG = Identity("trang", "hung-yen", frozenset({"specialist"}))
COUNCIL = Identity("thu", "vu-tccb", frozenset({"council"}))
STRANGER = Identity("an", "lang-son", frozenset({"specialist"}))


def facts() -> Facts:
    log = Cluster("ha-noi", "hai-duong", "bac-ninh", "hung-yen")
    value = {"visit": "v1", "inspected": "ha-noi", "team": [{"account": "binh", "unit": "bac-ninh"}]}
    log.decide("plan-visit", {**value, "from": "2024-10-01", "to": "2024-10-02", "place": "Hà Nội"})
    return Facts(
        parents={"xa-thuong-phuc": "ha-noi", "ha-noi": None},
        members={("cum-1", 2024): frozenset({"ha-noi", "hai-duong", "bac-ninh", "hung-yen"})},
        visits=visits(fold(log.decisions)),
        people={"ha-noi": frozenset({"lan", "son"}), "hai-duong": frozenset({"minh"})},
    )


def answered(submission: dict, by: str) -> dict:
    answers = {criterion: {**each, "by": by} for criterion, each in submission["answers"].items()}
    return {**submission, "answers": answers}


FACTS = facts()


@pytest.mark.parametrize(
    ("who", "names"),
    [
        (LAN, ["g-cum-1-2024", "m-cum-1-2024", "u-ha-noi-2024"]),
        (BINH, ["g-cum-1-2024", "m-cum-1-2024", "u-bac-ninh-2024", "v-v1"]),
        (HOA, ["m-cum-1-2024", "u-ha-noi-2024"]),
        (STRANGER, []),
    ],
)
def test_each_has_exactly_these_databases(who, names) -> None:
    assert [access.name for access in databases(who, FACTS)] == names


@pytest.mark.parametrize(
    ("who", "name", "code"),
    [
        (STRANGER, "g-cum-1-2024", "not-member"),
        (LAN, "registry", "registry-server-only"),
        (LAN, "u-bac-ninh-2024", "not-own-unit"),
        (LAN, "v-v1", "visit-own-unit"),
        (TRANG, "v-v1", "not-in-team"),
        (BINH, "v-v9", "visit-unknown"),
        (BINH, "_users", "database-unknown"),
        (HOA, "g-cum-1-2024", "not-member"),
    ],
)
def test_a_database_is_closed_to_others_with_the_rule_named(who, name, code) -> None:
    refused = may_open(who, name, FACTS)
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert refused.sentence("vi")
    assert refused.sentence("en")


def test_only_the_server_writes_the_groups_database() -> None:
    assert may_write(LAN, "g-cum-1-2024", EVIDENCE, FACTS) == Refused("server-writes-only")
    access = access_to(LAN, "g-cum-1-2024", FACTS)
    assert isinstance(access, Access)
    assert (access.pull, access.push) == (True, False)


def test_photos_are_pushed_and_read_by_id_and_never_listed() -> None:
    name = "m-cum-1-2024"
    assert may_write(HOA, name, {"_id": "chunk:" + "a" * 64 + ":0", "type": "chunk"}, FACTS) is None
    assert may_write(HOA, name, {"_id": "receipt:" + "a" * 64, "type": "receipt"}, FACTS).code == "type-not-here"
    assert may_read(LAN, name, "photo:" + "a" * 64, FACTS) is None
    assert may_list(LAN, name, None, None, FACTS) == Refused("not-listed")


def test_a_grassroots_unit_sends_and_lists_only_its_own_evidence() -> None:
    name = "u-ha-noi-2024"
    own = {**EVIDENCE, "_id": EVIDENCE["_id"].replace("ha-noi", HOA.unit), "unit": HOA.unit, "by": "hoa"}
    assert may_write(HOA, name, own, FACTS) is None
    assert may_write(HOA, name, {**EVIDENCE, "by": "hoa"}, FACTS).code == "grassroots-evidence-only"
    draft = {"_id": "draft:cum-1:ha-noi:self", "unit": "ha-noi", "stage": "self", "year": 2024}
    assert may_write(HOA, name, draft, FACTS).code == "grassroots-evidence-only"
    assert may_write(HOA, name, {"_id": draft["_id"], "_deleted": True}, FACTS).code == "grassroots-evidence-only"
    assert not access_to(HOA, name, FACTS).changes
    assert may_list(HOA, name, f"evidence:{HOA.unit}:", f"evidence:{HOA.unit}:\ufff0", FACTS) is None
    assert may_list(HOA, name, None, None, FACTS).code == "outside-range"
    assert may_list(HOA, name, "evidence:", "evidence:\ufff0", FACTS).code == "outside-range"
    assert may_read(HOA, name, EVIDENCE["_id"], FACTS).code == "outside-range"


@pytest.mark.parametrize(
    ("who", "name", "change", "code"),
    [
        (LAN, "u-ha-noi-2024", {}, None),
        (LAN, "u-ha-noi-2024", {"by": "minh"}, "writer-differs"),
        (LAN, "u-ha-noi-2024", {"unit": "bac-ninh"}, "other-unit"),
        (LAN, "u-ha-noi-2024", {"year": 2023}, "other-year"),
        (BINH, "v-v1", {"by": "binh", "unit": "bac-ninh"}, None),
        (BINH, "v-v1", {"by": "binh"}, "other-unit"),
        (BINH, "v-v1", {"by": "binh", "unit": "bac-ninh", "group": "cum-2"}, "other-group"),
    ],
)
def test_evidence_is_written_by_its_author_for_the_own_unit(who, name, change, code) -> None:
    found = may_write(who, name, {**EVIDENCE, **change}, FACTS)
    assert (found and found.code) == code


def test_a_self_score_goes_to_the_unit_and_a_cross_score_to_the_visit() -> None:
    log = Cluster("ha-noi")
    own = log.submissions[log.submit("ha-noi", {"i-1": "1"}, approved_by=None)]
    cross = log.submissions[log.submit("ha-noi", {"i-1": "1"}, visit="v1")]
    assert may_write(LAN, "u-ha-noi-2024", own, FACTS) is None
    assert may_write(LAN, "u-ha-noi-2024", {**cross, "by": "lan"}, FACTS).code == "cross-in-unit"
    assert may_write(BINH, "v-v1", {**answered(cross, "binh"), "by": "binh"}, FACTS) is None
    assert may_write(BINH, "v-v1", {**own, "by": "binh"}, FACTS).code == "self-in-visit"
    assert may_write(BINH, "v-v1", {**cross, "by": "binh", "visit": "v2"}, FACTS).code == "other-visit"


def test_each_answer_is_somebodys_of_the_unit_or_the_team() -> None:
    log = Cluster("ha-noi")
    own = log.submissions[log.submit("ha-noi", {"i-1": "1"}, approved_by=None)]
    cross = {**log.submissions[log.submit("ha-noi", {"i-1": "1"}, visit="v1")], "by": "binh"}
    assert may_write(LAN, "u-ha-noi-2024", answered(own, "son"), FACTS) is None
    outsider = Refused("answer-of-outsider", {"by": "minh"})
    assert may_write(LAN, "u-ha-noi-2024", answered(own, "minh"), FACTS) == outsider
    assert may_write(BINH, "v-v1", answered(cross, "minh"), FACTS) == outsider


def test_a_person_who_left_the_team_has_answered_what_they_answered() -> None:
    log = Cluster("ha-noi", "bac-ninh")
    value = {"visit": "v1", "inspected": "ha-noi", "from": "2024-10-01", "to": "2024-10-02", "place": "Hà Nội"}
    for account in ("binh", "dung"):
        log.decide("plan-visit", {**value, "team": [{"account": account, "unit": "bac-ninh"}]})
    cross = log.submissions[log.submit("ha-noi", {"i-1": "1"}, visit="v1")]
    dung = Identity("dung", "bac-ninh", frozenset({"inspector"}))
    known = replace(FACTS, visits=visits(fold(log.decisions)))
    assert may_write(dung, "v-v1", {**answered(cross, "binh"), "by": "dung"}, known) is None


HOAS = {**EVIDENCE, "_id": "evidence:xa-thuong-phuc:01j9ad70010000000000000001", "unit": HOA.unit, "by": "hoa"}


@pytest.mark.parametrize(
    ("cited", "stands", "whole", "code"),
    [
        (cite(HOAS), [HOAS], True, None),
        (cite(HOAS), [{**HOAS, "children": not HOAS["children"]}, HOAS], True, None),
        (cite(HOAS), [], True, "cited-not-here"),
        (cite({**HOAS, "by": "lan"}), [HOAS], True, "cited-by-other"),
        (cite({**HOAS, "unit": "ha-noi"}), [HOAS], True, "cited-by-other"),
        (cite({**HOAS, "photos": []}), [{**HOAS, "children": True}], True, "cited-differs"),
        (cite({**HOAS, "photos": []}), [{**HOAS, "children": True}], False, None),
        (cite({**EVIDENCE, "by": "lan"}), [], True, None),
        (cite({**EVIDENCE, "by": "lan"}), [{**EVIDENCE, "by": "lan", "children": True}], True, None),
    ],
)
def test_a_cited_copy_keeps_its_author_and_says_what_the_evidence_said(cited, stands, whole, code) -> None:
    refused = may_cite(LAN, cited, stands, whole=whole)
    assert (refused and refused.code) == code


def test_only_the_head_says_that_the_head_approved() -> None:
    log = Cluster("hai-duong")
    submitted = answered(log.submissions[log.submit("hai-duong", {"i-1": "1"})], "minh")
    made = {**submitted, "by": "minh", "approved_by": "minh"}
    name = "u-hai-duong-2024"
    specialist = Identity("minh", "hai-duong", frozenset({"specialist"}))
    assert may_write(MINH, name, made, FACTS) is None
    assert may_write(MINH, name, {**made, "approved_by": "son"}, FACTS) == Refused("approval-of-head")
    assert may_write(specialist, name, made, FACTS) == Refused("approval-of-head")
    assert may_write(specialist, name, {**made, "approved_by": None}, FACTS) is None


@pytest.mark.parametrize(
    ("who", "name", "kinds"),
    [
        (LAN, "u-ha-noi-2024", UNIT_TYPES),
        (HOA, "u-ha-noi-2024", UNIT_TYPES),
        (BINH, "v-v1", VISIT_TYPES),
        (LAN, "m-cum-1-2024", MEDIA_TYPES),
    ],
)
def test_nothing_but_a_draft_is_ever_deleted(who, name, kinds) -> None:
    for kind in set(kinds) - {"draft"}:
        gone = {"_id": f"{kind}:{'a' * 64}", "_deleted": True}
        assert may_write(who, name, gone, FACTS) == Refused("immutable", {"type": kind}), kind


def test_a_draft_is_deleted_by_its_own_unit() -> None:
    assert may_write(LAN, "u-ha-noi-2024", {"_id": "draft:cum-1:ha-noi:self", "_deleted": True}, FACTS) is None
    assert (
        may_write(LAN, "u-ha-noi-2024", {"_id": "draft:cum-1:bac-ninh:self", "_deleted": True}, FACTS).code
        == "other-unit"
    )


LEADERS = GroupFacts(leader="hai-duong", deputy="hung-yen")


@pytest.mark.parametrize(
    ("who", "unit", "group", "found"),
    [
        (MINH, "ha-noi", LEADERS, Authority("hai-duong", "leader")),
        (MINH, "hai-duong", LEADERS, "act-of-deputy"),
        (TRANG, "hai-duong", LEADERS, Authority("hung-yen", "deputy")),
        (TRANG, "ha-noi", LEADERS, "act-of-leader"),
        (LAN, "ha-noi", LEADERS, "act-of-leader"),
        (MINH, "hai-duong", GroupFacts("hai-duong", None), "act-of-council"),
        (COUNCIL, "hai-duong", GroupFacts("hai-duong", None), Authority("vu-tccb", "council")),
        (COUNCIL, "ha-noi", LEADERS, "act-of-leader"),
        (COUNCIL, "ha-noi", GroupFacts(None, None), Authority("vu-tccb", "council")),
        (LAN, "ha-noi", GroupFacts(None, "hung-yen"), "no-leader"),
        (Identity("x", "hai-duong", frozenset({"inspector"})), "ha-noi", LEADERS, "act-needs-head-or-specialist"),
    ],
)
def test_the_leader_acts_and_nobody_judges_itself(who, unit, group, found) -> None:
    result = authority_for(who, "approve-na", {"unit": unit, "criterion": "i-7"}, group)
    assert (result.code if isinstance(result, Refused) else result) == found


def test_a_ballot_that_concerns_leader_and_deputy_belongs_to_the_council() -> None:
    value = {"units": ["hai-duong", "hung-yen"]}
    assert authority_for(MINH, "tie-ballot", value, LEADERS) == Refused("act-of-council")
    assert authority_for(COUNCIL, "tie-ballot", value, LEADERS) == Authority("vu-tccb", "council")


def test_of_the_council_too_nobody_judges_the_own_unit_and_is_told_so() -> None:
    of_leader = Identity("thu", "hai-duong", frozenset({"council"}))
    own = Refused("act-on-own-unit", {"unit": "hai-duong"})
    alone = GroupFacts("hai-duong", None)
    assert authority_for(of_leader, "approve-na", {"unit": "hai-duong", "criterion": "i-7"}, alone) == own
    assert authority_for(of_leader, "tie-ballot", {"units": ["ha-noi", "hai-duong"]}, alone) == own


def test_cancelling_the_visit_to_the_leaders_own_unit_belongs_to_the_deputy() -> None:
    log = Cluster("ha-noi", "hai-duong")
    log.plan("v2", "hai-duong")
    known = visits(fold(log.decisions))
    assert authority_for(MINH, "cancel-visit", {"visit": "v2"}, LEADERS, visits=known).code == "act-of-deputy"
    assert authority_for(TRANG, "cancel-visit", {"visit": "v2"}, LEADERS, visits=known).as_ == "deputy"


def test_leaders_change_by_rotation_and_are_read_for_a_day() -> None:
    leaders = [
        {"unit": "hai-duong", "role": "leader", "from": "2024-01-01", "to": "2024-06-30"},
        {"unit": "hung-yen", "role": "leader", "from": "2024-07-01", "to": None},
    ]
    found = [
        GroupFacts.from_document({"leaders": leaders}, day).leader for day in (date(2024, 6, 30), date(2024, 7, 1))
    ]
    assert found == ["hai-duong", "hung-yen"]
