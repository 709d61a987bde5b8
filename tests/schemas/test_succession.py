"""Units over time: the case of Cluster 4 in 2025, whose leader takes in a fellow member in the middle of the year.

Tuyên Quang leads and Cao Bằng is its deputy. On 1 July 2025 Hà Giang is merged into Tuyên Quang, and Bắc Kạn into Thái
Nguyên, which was no member until then.
"""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from schemas import ids
from schemas.access import Authority, GroupFacts, Identity, Refused, authority_for
from schemas.base import body_sha256, check, problems_of
from schemas.freezing import digest, ranking_inputs, recomputed, to_keep
from schemas.standings import Row
from schemas.succession import applied, eve, succeeds, unit_at
from tests.schemas.support import Cluster, criterion, names, scheme_document, section, unit

MEMBERS = ("tuyen-quang", "cao-bang", "ha-giang", "lang-son", "bac-kan")
BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)
DAY = "2025-07-01"
DEPUTY = {"unit": "cao-bang", "as": "deputy"}


def event(
    kind: str = "merge", old: tuple[str, ...] = ("ha-giang",), to: str | None = "tuyen-quang", **more: Any
) -> Any:
    document = {
        "_id": ids.unit_event_id(DAY, to or old[0]),
        "type": "unitevent",
        "v": 1,
        "kind": kind,
        "date": DAY,
        "from": sorted(old),
        "to": to,
        "number": "202/2025/QH15",
        "named": None,
        "was": None,
        **more,
    }
    check(document)
    return document


MERGERS = (event(), event(old=("bac-kan",), to="thai-nguyen"))


class Cluster4(Cluster):
    """The cluster with its two mergers."""

    def __init__(self) -> None:
        scheme = scheme_document(
            section(
                "i", "100",
                criterion("i-1", "60"),
                criterion("i-2", "40", "per_occurrence", points_each="5"),
            )
        )  # fmt: skip
        super().__init__(*MEMBERS, scheme_document=scheme, group="cum-4", year=2025)
        self.groupyear["leaders"] = [
            {"unit": "tuyen-quang", "role": "leader", "from": "2025-01-01", "to": None},
            {"unit": "cao-bang", "role": "deputy", "from": "2025-01-01", "to": None},
        ]
        self.units.append(unit("thai-nguyen"))
        self.groupyear = applied(self.groupyear, MERGERS)
        check(self.groupyear)
        for name in MEMBERS:
            self.submit(name, {"i-1": "50", "i-2": {"count": "3"}})

    def documents(self) -> list[dict[str, Any]]:
        return [*super().documents(), *MERGERS]

    def row(self, name: str, as_of: date = AFTER) -> Row:
        found = self.standings(as_of).row(name)
        assert found is not None
        return found

    def carry(self, criterion_name: str, **answer: str) -> str:
        value = {
            "unit": "tuyen-quang",
            "from": "ha-giang",
            "criterion": criterion_name,
            "event": MERGERS[0]["_id"],
            "answer": answer,
        }
        [entry] = [name for name, it in self.submissions.items() if it["unit"] == "ha-giang"]
        inputs = [(entry, body_sha256(self.submissions[entry]))]
        return self.decide("carry-over", value, inputs=inputs, authority=DEPUTY)


def test_on_the_events_day_the_successor_is_a_member_and_the_old_unit_no_longer_is() -> None:
    record = Cluster4().record()

    def active(day: date) -> set[str]:
        return {member.unit for member in record.listed(day) if member.active}

    assert active(BEFORE) == set(MEMBERS)
    assert active(AFTER) == {"tuyen-quang", "cao-bang", "lang-son", "thai-nguyen"}


def test_the_old_unit_is_listed_with_its_score_and_its_name_but_not_ranked() -> None:
    row = Cluster4().row("ha-giang")
    assert (row.place, row.ranked, row.total) == (None, False, 65)
    assert row.short_names["vi"] == "ha-giang"
    assert [reason.code for reason in row.reasons] == ["membership-ended", "unit-merged"]
    assert "01/07/2025" in row.reasons[1].sentence("vi")
    assert Cluster4().row("ha-giang", BEFORE).ranked


def test_a_member_that_left_is_ranked_only_when_decided() -> None:
    cluster = Cluster4()
    cluster.decide("rank-unit", {"unit": "ha-giang", "ranked": True}, authority=DEPUTY)
    assert cluster.row("ha-giang").ranked


def test_nothing_carries_over_without_a_decision() -> None:
    cluster = Cluster4()
    assert cluster.row("tuyen-quang").total == 65
    thai_nguyen = cluster.row("thai-nguyen")
    assert (thai_nguyen.total, thai_nguyen.ranked) == (None, False)


def test_carried_counts_add_up_and_a_carried_mark_stands_only_where_there_is_none() -> None:
    cluster = Cluster4()
    counts = cluster.carry("i-2", count="3")
    cluster.carry("i-1", points="60")
    card = cluster.row("tuyen-quang").card
    occurrences, judged = card.criterion("i-2"), card.criterion("i-1")
    assert occurrences is not None
    assert judged is not None
    assert (occurrences.points, occurrences.value, occurrences.columns["self"].value) == (30, 6, 3)
    assert occurrences.points_by_stage["self"] == 15  # what it said itself is worth what it was
    assert counts in occurrences.decisions
    assert judged.points == 50
    assert "carried-not-needed" in [reason.code for reason in judged.reasons]
    # The old unit keeps what it had.
    assert cluster.row("ha-giang").total == 65


def test_a_carried_mark_stands_where_the_successor_has_none() -> None:
    cluster = Cluster4()
    [own] = [name for name, it in cluster.submissions.items() if it["unit"] == "tuyen-quang"]
    del cluster.submissions[own]["answers"]["i-1"]
    cluster.carry("i-1", points="40")
    found = cluster.row("tuyen-quang").card.criterion("i-1")
    assert found is not None
    assert (found.points, found.stage, found.state) == (40, "carried", "counted")


def test_an_entry_is_not_carried_where_no_merger_is_recorded() -> None:
    cluster = Cluster4()
    cluster.carry("i-2", count="3")
    documents = [it for it in cluster.documents() if it["type"] != "unitevent"]
    found = type(cluster.record()).from_documents(documents)
    from schemas.scoring import scorecards

    result = scorecards(found, AFTER)["tuyen-quang"].criterion("i-2")
    assert result is not None
    assert result.points == 15
    assert "carry-without-event" in [reason.code for reason in result.reasons]


def test_carrying_over_to_the_leader_belongs_to_the_deputy_and_else_to_the_council() -> None:
    value = {"unit": "tuyen-quang", "from": "ha-giang", "criterion": "i-2"}
    facts = GroupFacts("tuyen-quang", "cao-bang")
    head = frozenset({"head"})
    mine = Identity("a", "tuyen-quang", head)
    assert authority_for(mine, "carry-over", value, facts) == Refused("act-of-deputy", {"deputy": "cao-bang"})
    assert authority_for(Identity("b", "cao-bang", head), "carry-over", value, facts) == Authority("cao-bang", "deputy")
    council = Identity("c", "bo", frozenset({"council"}))
    alone = GroupFacts("tuyen-quang", None)
    assert authority_for(council, "carry-over", value, alone) == Authority("bo", "council")


def frozen(cluster: Cluster, as_of: date) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The freezing decision, and the copies kept before it."""
    documents = cluster.documents()
    value = {"as_of": as_of.isoformat(), "sha256": digest(cluster.standings(as_of))}
    cluster.decide("freeze", value, inputs=ranking_inputs(documents))
    return cluster.decisions[-1], to_keep(documents)


def test_the_ranking_of_2024_is_as_it_was_whatever_became_of_its_units_in_2025() -> None:
    """Lạng Sơn led in 2024, and Hà Giang and Bắc Kạn had places under their names."""
    last = Cluster(*MEMBERS, scheme_document=Cluster4().scheme, group="cum-4", year=2024)
    last.groupyear["leaders"] = [{"unit": "lang-son", "role": "leader", "from": "2024-01-01", "to": None}]
    for number, name in enumerate(MEMBERS):
        last.submit(name, {"i-1": str(59 - number), "i-2": {"count": "4"}})
    as_of = date(2024, 12, 31)
    printed = last.standings(as_of).to_json()
    freeze, kept = frozen(last, as_of)
    # The mergers write over the old units, and every new document is handed to the reader.
    merged = [
        unit(it["unit"], valid_to="2025-06-30") if it["unit"] in ("ha-giang", "bac-kan") else it for it in last.units
    ]
    after = [it for it in last.documents() if it["type"] != "unit"]
    again = recomputed([*after, *kept, *merged, unit("thai-nguyen"), *MERGERS], freeze)
    assert again.faults == ()
    assert again.standings.to_json() == printed
    row = again.standings.row("ha-giang")
    assert row is not None
    assert (row.place, row.ranked, row.short_names["vi"], row.reasons) == (3, True, "ha-giang", ())
    # And the group year itself is left alone.
    assert applied(last.groupyear, MERGERS) == last.groupyear


def test_a_ranking_frozen_before_the_merger_is_not_touched_by_what_is_carried_over_later() -> None:
    cluster = Cluster4()
    before = [it for it in cluster.documents() if it["type"] != "unitevent"]
    freeze, _kept = frozen(cluster, BEFORE)
    cluster.carry("i-2", count="3")
    again = recomputed([*cluster.documents(), *before], freeze)
    assert again.faults == ()
    assert again.standings.row("ha-giang") is not None
    assert cluster.row("tuyen-quang").total == 80


def test_a_leader_that_is_merged_hands_its_term_on_from_that_day() -> None:
    year = {
        "year": 2025,
        "members": [{"unit": name, "from": "2025-01-01", "to": None} for name in ("ha-giang", "cao-bang")],
        "leaders": [{"unit": "ha-giang", "role": "leader", "from": "2025-01-01", "to": None}],
    }
    after = applied(year, [event()])
    assert GroupFacts.from_document(after, BEFORE).leader == "ha-giang"
    assert GroupFacts.from_document(after, AFTER).leader == "tuyen-quang"
    assert {"unit": "ha-giang", "from": "2025-01-01", "to": "2025-06-30"} in after["members"]


def test_an_event_applied_twice_or_after_its_year_changes_nothing() -> None:
    year = Cluster4().groupyear
    assert applied(year, MERGERS) == year
    earlier = Cluster(*MEMBERS, group="cum-4", year=2024).groupyear
    assert applied(earlier, MERGERS) == earlier


def test_units_merged_by_twos_have_one_successor() -> None:
    year = Cluster("ha-nam", "nam-dinh", year=2025).groupyear | {"leaders": []}
    after = applied(year, [event(old=("ha-nam", "nam-dinh"), to="ninh-binh")])
    assert [it for it in after["members"] if it["to"] is None] == [{"unit": "ninh-binh", "from": DAY, "to": None}]
    assert succeeds(event(old=("ha-nam", "nam-dinh"), to="ninh-binh"), "nam-dinh", "ninh-binh")


def test_a_day_before_its_rename_a_unit_has_its_old_name() -> None:
    old, new = names("Sở cũ"), names("Sở mới")
    renamed = event(
        "rename", ("cao-bang",), None,
        named={"names": new, "short_names": new}, was={"names": old, "short_names": old},
    )  # fmt: skip
    now = unit("cao-bang", names=new, short_names=new)
    assert unit_at(now, [renamed], "2024-12-31")["names"] == old
    assert unit_at(now, [renamed], DAY)["names"] == new
    ended = unit("ha-giang", valid_to="2025-06-30")
    assert unit_at(ended, MERGERS, "2024-12-31")["valid_to"] is None
    assert unit_at(ended, MERGERS, "2025-12-31")["valid_to"] == "2025-06-30"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"to": None}, "to", "event-needs-successor"),
        ({"from": ["tuyen-quang"]}, "from", "event-own-successor"),
        ({"kind": "dissolve"}, "to", "event-without-successor"),
        ({"kind": "rename", "to": None}, "named", "event-names-of-rename"),
        ({"date": "2025-13-01"}, "date", "not-date"),
        ({"from": []}, "from", "list-too-short"),
        ({"number": ""}, "number", None),
        ({"kind": "split"}, "kind", "not-choice"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused_by_field_and_rule(change: Any, field: str, code: str | None) -> None:
    found = problems_of({**copy.deepcopy(MERGERS[0]), **change})
    assert field in [it.path for it in found]
    assert code is None or code in [it.code for it in found]


def test_a_year_with_two_leaders_at_once_or_a_leader_from_outside_is_refused() -> None:
    year = Cluster("a", "b", year=2025).groupyear
    both = [{"unit": name, "role": "leader", "from": "2025-01-01", "to": None} for name in ("a", "b")]
    assert [it.code for it in problems_of({**year, "leaders": both})] == ["terms-overlap"]
    assert [it.code for it in problems_of(year)] == ["leader-no-member"]
    half = [{**both[0], "to": "2025-06-30"}, {**both[1], "from": "2025-07-01"}]
    assert problems_of({**year, "leaders": half}) == []
    twice = [*year["members"], {"unit": "a", "from": "2025-05-01", "to": None}]
    assert "membership-twice" in [it.code for it in problems_of({**year, "leaders": both[:1], "members": twice})]


def test_the_calendars_first_day_has_no_eve() -> None:
    assert eve("0001-01-01") == "0001-01-01"
    assert eve("2025-07-01") == "2025-06-30"
