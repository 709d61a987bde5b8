"""Who was elected takes the offices that the next year leaves open; where it names others, both are said."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.handover import filled, seats, told
from tests.schemas.support import Cluster

MERGED = {
    "_id": "unitevent:2025-01-10:tuyen-quang", "kind": "merge", "date": "2025-01-10", "from": ["ha-giang"],
    "to": "tuyen-quang", "number": "202/2025/QH15",
}  # fmt: skip


def year(*members: str, leaders: dict[str, str] | None = None) -> dict[str, Any]:
    document = Cluster(*members, group="cum-4", year=2025).groupyear
    terms = [{"unit": unit, "role": role, "from": "2025-01-01", "to": None} for role, unit in (leaders or {}).items()]
    return {**document, "leaders": terms}


def offices(document: dict[str, Any]) -> dict[str, str]:
    return {it["role"]: it["unit"] for it in document["leaders"]}


def test_the_elected_lead_the_next_year_where_it_names_nobody() -> None:
    elected = {"leader": "tuyen-quang", "deputy": "cao-bang"}
    found = filled(elected, year("tuyen-quang", "cao-bang"), [])
    assert offices(found) == elected
    assert {(it["from"], it["to"]) for it in found["leaders"]} == {("2025-01-01", None)}
    assert all(it.agreed for it in seats(elected, found, []))
    assert filled({}, year("cao-bang"), [])["leaders"] == []


def test_whom_the_year_names_stands_beside_the_election_and_both_are_said() -> None:
    before = year("tuyen-quang", "cao-bang", leaders={"leader": "cao-bang"})
    assert filled({"leader": "tuyen-quang"}, before, []) == before
    (seat,) = seats({"leader": "tuyen-quang"}, before, [])
    assert (seat.elected, seat.holder, seat.agreed) == ("tuyen-quang", "cao-bang", False)
    said = told(seat, before).sentence("vi")
    assert said.startswith("Hội nghị đã bầu tuyen-quang làm Cụm trưởng năm 2025, nhưng năm 2025 đang ghi cao-bang.")
    assert "làm Khối trưởng năm 2025" in told(seat, {**before, "kind": "block"}).sentence("vi")


@pytest.mark.parametrize(
    ("members", "leads"), [(["ha-giang", "tuyen-quang"], "ha-giang"), (["tuyen-quang"], "tuyen-quang")]
)
def test_the_seat_of_a_unit_that_is_a_member_no_more_is_its_successors(members, leads) -> None:
    assert offices(filled({"leader": "ha-giang"}, year(*members), [MERGED])) == {"leader": leads}


def test_who_left_without_a_successor_takes_no_office_and_that_is_said() -> None:
    found = filled({"leader": "ha-giang"}, year("cao-bang"), [{**MERGED, "kind": "dissolve", "to": None}])
    assert found["leaders"] == []
    (seat,) = seats({"leader": "ha-giang"}, found, [])
    assert "chưa ghi ai giữ vai trò này" in told(seat, found).sentence("vi")


def test_a_change_of_leader_in_the_middle_of_the_year_is_no_difference_from_the_election() -> None:
    led = year("tuyen-quang", "cao-bang", leaders={"leader": "tuyen-quang"})
    led["leaders"] = [
        {"unit": "cao-bang", "role": "leader", "from": "2025-07-01", "to": None},
        {**led["leaders"][0], "to": "2025-06-30"},
    ]
    assert [it.agreed for it in seats({"leader": "tuyen-quang"}, led, [])] == [True]
