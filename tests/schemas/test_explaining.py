"""An explanation shows what was added, and what is shown adds up to the figure on the page."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from itertools import pairwise

import pytest

from schemas.acts import misfits
from schemas.explaining import RULES, Line, explain_criterion, explain_total, rule_sentence
from schemas.figures import round_half_up
from schemas.messages import say
from schemas.standings import Standings
from tests.schemas.support import Cluster, criterion, scheme_document, section

UNITS = ("bac-ninh", "ha-nam", "ha-noi", "hai-duong")
BANDS = [{"to": "2", "points": "10"}, {"to": "5", "points": "4.5"}, {"to": None, "points": "0"}]
SECTIONS = (
    section(
        "i", "60", criterion("i-1", "30", "quantitative", target="10"), criterion("i-2", "20"),
        criterion("i-3", "10", "bands", bands=BANDS),
    ),
    section(
        "ii", "40", criterion("ii-1", "10", "pass_fail"), criterion("ii-2", "20", function="sports"),
        criterion("ii-3", "10", "per_occurrence", points_each="3"),
    ),
)  # fmt: skip
WEIGHTS = {"self": "0.2", "cross": "0.3", "cluster": "0.5"}


def played(seed: int) -> Cluster:
    """A year in which about everything happens, drawn from a seed."""
    pick = random.Random(seed)
    weighted = {"mode": "weighted", "weights": WEIGHTS} if pick.random() < 0.3 else {}
    scheme = scheme_document(*SECTIONS, _id="scheme:thu:1", scheme="thu", **weighted)
    cluster = Cluster(*UNITS, scheme_document=scheme, unit_functions={"ha-nam": ["culture"]})

    def answers() -> dict[str, object]:
        every = {
            "i-1": {"actual": str(pick.randint(0, 25))},
            "i-2": str(pick.randint(0, 40) / 2).removesuffix(".0"),
            "i-3": {"actual": str(pick.randint(0, 7))},
            "ii-1": {"passed": pick.random() < 0.6},
            "ii-2": str(pick.randint(0, 20)),
            "ii-3": {"count": str(pick.randint(0, 5))},
        }
        return {name: given for name, given in every.items() if pick.random() < 0.93}

    for unit in UNITS:
        cluster.submit(unit, answers())
        crosses = []
        for visit in range(pick.randint(0, 3)):
            cluster.plan(f"v-{unit}-{visit}", unit)
            crosses.append(cluster.submit(unit, answers(), visit=f"v-{unit}-{visit}"))
        for name in ("i-1", "i-2", "ii-1", "ii-2", "ii-3"):
            drawn = pick.random()
            if drawn < 0.4 and crosses:
                cluster.accept(unit, name, *crosses)
            elif drawn < 0.45:
                cluster.approve_na(unit, name)
            elif drawn < 0.55 and name == "i-2":
                cluster.adjust(unit, name, {"points": "7.5"})
        if pick.random() < 0.5:
            bonus = cluster.scheme["bonus"]["items"][0]["id"]
            cluster.claim(unit, bonus, "giai-1", str(pick.randint(1, 4)), "12/QĐ" if pick.random() < 0.8 else None)
        if pick.random() < 0.5:
            cluster.claim(unit, cluster.scheme["penalty"]["items"][0]["id"], "muon-1", str(pick.randint(1, 30)))
    return cluster


@pytest.mark.parametrize("seed", range(40))
def test_every_figure_of_a_ranking_is_that_of_its_explanation(seed: int) -> None:
    ranking = played(seed).standings()
    for row in ranking.rows:
        lines = explain_total(ranking, row.unit)
        assert lines[0].value == row.total
        figures = {(it.reason.code, it.reason.params.get("section")): it.value for it in lines}
        for part in row.card.sections:
            shown = figures.get(("explain-section", part.section.id))
            assert shown == part.points
            for result in part.criteria:
                explained = explain_criterion(ranking, row.unit, result.criterion.id)
                assert explained[0].value == result.points
        assert figures.get(("explain-base", None)) == row.card.base
        assert figures.get(("explain-bonus", None), Fraction(0)) == row.card.bonus.points
        assert figures.get(("explain-penalty", None), Fraction(0)) == row.card.penalty.points


@pytest.mark.parametrize("seed", range(40))
def test_what_an_explanation_shows_adds_up_line_by_line(seed: int) -> None:
    ranking = played(seed).standings()
    seen = 0
    for row in ranking.rows:
        lines = [*explain_total(ranking, row.unit)]
        for result in (it for part in row.card.sections for it in part.criteria):
            lines += explain_criterion(ranking, row.unit, result.criterion.id)
        for line in lines:
            expected = again(line)
            if expected is not None:
                seen += 1
                assert line.value == expected, line
    assert seen > 5


def again(line: Line) -> Fraction | None:
    """The value its own operands give, by school arithmetic; None for a line that computes nothing."""
    it = line.reason.params
    match line.reason.code:
        case "explain-mean":
            return sum(it["terms"], Fraction(0)) / len(it["terms"])
        case "explain-section-sum":
            return sum(it["terms"], Fraction(0))
        case "explain-base":
            return sum(it["terms"], Fraction(0))
        case "explain-scaled":
            return it["sum"] * it["max"] / it["applicable"]
        case "explain-rounded":
            return round_half_up(it["value"])
        case "explain-sum" | "explain-sum-floor":
            return max(Fraction(0), it["base"] + it["bonus"] - it["penalty"])
        case "explain-pass-fail":
            return it["value"] * it["max"]
        case "explain-per-occurrence":
            return min(it["max"], it["value"] * it["each"])
        case "explain-below-target":
            return it["half"] * it["value"] / it["target"]
        case "explain-at-target":
            return it["max"] / 2
        case "explain-above-target":
            return it["half"] + it["half"] * (it["value"] - it["target"]) / (it["best"] - it["target"])
        case "explain-best":
            return it["max"]
        case "explain-claim" | "explain-claim-numbered":
            return it["times"] * it["each"]
        case "explain-weighted":
            return sum((it[f"{stage}_share"] * it[f"{stage}_points"] for stage in WEIGHTS), Fraction(0))
        case "explain-weighted-value":
            return sum((it[f"{stage}_share"] * it[f"{stage}_value"] for stage in WEIGHTS), Fraction(0))
    return None


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_line_is_a_whole_sentence_in_both_languages(locale: str) -> None:
    for seed in range(20):
        ranking = played(seed).standings()
        for line in everything(ranking):
            said = ranking.sentence(line.reason, locale)
            assert "…" not in said, line
            assert "Fraction" not in said
            assert not re.search(r"\b(so-|explain-|cross\b.*cross\b)", said) or locale == "en"
            assert line.rule is not None or line.value is None, line
            if line.rule is not None:
                assert line.rule in RULES
                assert rule_sentence(line.rule, locale)


def test_a_figure_is_written_as_its_reader_writes_it() -> None:
    cluster = Cluster(*UNITS, scheme_document=scheme_document(*SECTIONS, _id="scheme:thu:1", scheme="thu"))
    for visit, points in (("v-1", "7.5"), ("v-2", "8"), ("v-3", "8")):
        cluster.plan(visit, "ha-noi")
        cluster.submit("ha-noi", {"i-2": points}, visit=visit)
    ranking = cluster.standings()
    (mean,) = (it for it in explain_criterion(ranking, "ha-noi", "i-2") if it.reason.code == "explain-mean")
    assert ranking.sentence(mean.reason, "vi") == "Trung bình 3 phiếu: (7,5 + 8 + 8) : 3 = 47/6 ≈ 7,83"
    assert ranking.sentence(mean.reason, "en") == "Mean of 3 checklists: (7.5 + 8 + 8) ÷ 3 = 47/6 ≈ 7.83"
    assert mean.to_json(ranking)["value"] == "47/6"


def everything(ranking: Standings) -> list[Line]:
    found: list[Line] = []
    for row in ranking.rows:
        found += explain_total(ranking, row.unit)
        for result in (it for part in row.card.sections for it in part.criteria):
            found += explain_criterion(ranking, row.unit, result.criterion.id)
    return found


def test_what_was_carried_over_stands_beside_the_weighted_mean_and_not_in_it() -> None:
    scheme = scheme_document(*SECTIONS, _id="scheme:thu:1", scheme="thu", mode="weighted", weights=WEIGHTS)
    cluster = Cluster("ha-noi", scheme_document=scheme)
    cluster.submit("ha-noi", {"ii-3": {"count": "1"}})
    cluster.plan("v-1", "ha-noi")
    cross = cluster.submit("ha-noi", {"ii-3": {"count": "2"}}, visit="v-1")
    cluster.accept("ha-noi", "ii-3", cross)
    event = "unitevent:2024-07-01:ha-noi"
    cluster.units.append(
        {
            "_id": event, "type": "unitevent", "v": 1, "kind": "merge", "date": "2024-07-01", "to": "ha-noi",
            "from": ["ha-tay"], "number": "1/NQ", "named": None, "was": None,
        }
    )  # fmt: skip
    said = {"unit": "ha-noi", "criterion": "ii-3", "event": event, "from": "ha-tay", "answer": {"count": "1"}}
    cluster.decide("carry-over", said, inputs=[(cross, "a" * 64)])
    lines = {it.reason.code: it for it in explain_criterion(cluster.standings(), "ha-noi", "ii-3")}
    mean, added = lines["explain-weighted-value"], lines["explain-carried-added"]
    assert (mean.value, again(mean)) == (Fraction("1.8"), Fraction("1.8"))
    assert (added.reason.params["given"], added.value) == (1, Fraction("2.8"))


def test_a_result_below_zero_is_said_to_count_nothing_and_no_false_sum_is_shown() -> None:
    cluster = Cluster("ha-noi", scheme_document=scheme_document(*SECTIONS, _id="scheme:thu:1", scheme="thu"))
    cluster.submit("ha-noi", {"i-1": {"actual": "-2"}})
    ranking = cluster.standings()
    said = [ranking.sentence(it.reason, "vi") for it in explain_criterion(ranking, "ha-noi", "i-1")]
    assert "Kết quả -2 dưới 0: tính 0 điểm" in said


def test_a_pass_reads_as_a_pass_and_criteria_and_items_by_the_names_people_use() -> None:
    untargeted = section("i", "30", criterion("i-1", "30", "quantitative"))
    scheme = scheme_document(untargeted, SECTIONS[1], _id="scheme:thu:1", scheme="thu")
    cluster = Cluster("ha-noi", scheme_document=scheme)
    cluster.submit("ha-noi", {"ii-1": {"passed": False}})
    first, second = (it["id"] for it in cluster.scheme["bonus"]["items"])
    cluster.claim("ha-noi", first, "giai", number="1/QĐ")
    cluster.claim("ha-noi", second, "giai", number="1/QĐ")
    ranking = cluster.standings()
    said = [ranking.sentence(it.reason, "vi") for it in everything(ranking)]
    assert "Tự chấm: không đạt" in said
    assert "Tiêu chí I.1 chưa có chỉ tiêu hợp lệ." in said
    item = cluster.scheme["bonus"]["items"][0]["names"]["vi"]
    assert f"Thành tích này đã được tính ở mục “{item}”." in said


def test_a_section_that_is_no_number_names_each_criterion_that_keeps_it() -> None:
    cluster = Cluster("ha-noi", scheme_document=scheme_document(*SECTIONS, _id="scheme:thu:1", scheme="thu"))
    own = cluster.submit("ha-noi", {"i-1": {"actual": "9"}, "i-2": "20", "ii-1": {"passed": True}, "ii-2": "1"})
    cluster.decide("return", {"unit": "ha-noi", "criterion": "i-2", "submission": own, "deadline": "2024-12-01"})
    ranking = cluster.standings()
    said = [ranking.sentence(it.reason, "vi") for it in explain_total(ranking, "ha-noi")]
    start = said.index("Nội dung I: chưa có điểm (tối đa 60)")
    assert said[start + 1 : start + 5] == [
        "Tiêu chí I.2: chưa có điểm (tối đa 20)",
        "Đã trả lại, chờ nộp bản mới (hạn 01/12/2024).",
        "Nội dung II: chưa có điểm (tối đa 40)",
        "Tiêu chí II.3: chưa có điểm (tối đa 10)",
    ]


def test_a_mean_that_was_accepted_is_told_once_and_a_claim_by_its_decision() -> None:
    cluster = Cluster("ha-noi", scheme_document=scheme_document(*SECTIONS, _id="scheme:thu:1", scheme="thu"))
    crosses = []
    for visit, points in (("v-1", "10"), ("v-2", "15")):
        cluster.plan(visit, "ha-noi")
        crosses.append(cluster.submit("ha-noi", {"i-2": points}, visit=visit))
    cluster.accept("ha-noi", "i-2", *crosses)
    cluster.claim("ha-noi", cluster.scheme["bonus"]["items"][0]["id"], "giai", number="12/QĐ-BVHTTDL")
    ranking = cluster.standings()
    said = [ranking.sentence(it.reason, "vi") for it in everything(ranking)]
    assert said.count("Trung bình 2 phiếu: (10 + 15) : 2 = 12,5") == 1
    assert any("quyết định số 12/QĐ-BVHTTDL: 1 × 10 = 10" in it for it in said)


def test_a_printed_figure_keeps_its_decimals_in_the_readers_spelling() -> None:
    params = {"base": "88.80", "percent": "90", "total": "100"}
    assert say("base-below", "vi", **params) == "Điểm các nội dung 88,80 dưới 90% của 100."
    assert say("base-below", "en", **params) == "The base score 88.80 is below 90 % of 100."


def test_a_claim_under_an_item_the_scheme_lacks_is_told_with_why_it_does_not_count() -> None:
    cluster = Cluster("ha-noi")
    cluster.submit("ha-noi", cluster.full())
    (own,) = cluster.submissions.values()
    claimed = {"item": "thuong-cu", "subject": "b" * 64, "number": "7/QĐ", "evidence": []}
    own["claims"] = [claimed, {**claimed, "item": "muc-la", "subject": "c" * 64, "number": None}]
    decided = cluster.claim("ha-noi", "thuong-cu", "b" * 16, number="7/QĐ")
    ranking = cluster.standings()
    lines = explain_total(ranking, "ha-noi")
    told = [(it, ranking.sentence(it.reason, "vi")) for it in lines if it.rule == "5.6"]
    said = [text for _, text in told]
    assert said.count("thuong-cu, quyết định số 7/QĐ: không tính") == 1
    assert said[said.index("thuong-cu, quyết định số 7/QĐ: không tính") + 1] == "Bảng điểm không có mục thuong-cu."
    assert said[said.index("muc-la: không tính") + 1] == "Bảng điểm không có mục muc-la."
    assert [it.documents for it, text in told if text.startswith("thuong-cu")] == [(decided,)]
    assert ranking.row("ha-noi").total == 1000
    cluster.decide("refuse-claim", cluster.decisions[-1]["value"])
    assert "Bảng điểm không có mục thuong-cu." in [
        ranking.sentence(it.reason, "vi") for it in explain_total(cluster.standings(), "ha-noi")
    ]
    value = {"unit": "ha-noi", "item": "thuong-cu", "key": "k", "occurrences": "1", "number": None}
    assert [it.code for it in misfits(cluster.record().scheme, "count-claim", value)] == ["claim-item-unknown"]
    assert misfits(cluster.record().scheme, "refuse-claim", value) == []


def test_a_claim_of_which_nothing_was_decided_is_told_until_it_is() -> None:
    cluster = Cluster("ha-noi")
    cluster.submit("ha-noi", cluster.full())
    (own,) = cluster.submissions.values()
    first, second = cluster.scheme["bonus"]["items"][:2]
    # One achievement under two items, each with a hash of its own; and one without a number.
    own["claims"] = [
        {"item": first["id"], "subject": "b" * 64, "number": "7/QĐ", "evidence": []},
        {"item": second["id"], "subject": "c" * 64, "number": "7/QĐ", "evidence": []},
        {"item": first["id"], "subject": "d" * 64, "number": None, "evidence": []},
    ]

    def undecided() -> list[str]:
        ranking = cluster.standings()
        lines = explain_total(ranking, "ha-noi")
        before = pairwise(lines)
        return [ranking.sentence(it.reason, "vi") for it, why in before if why.reason.code == "claim-undecided"]

    numbered = f"{second['names']['vi']}, quyết định số 7/QĐ: không tính"
    assert len(undecided()) == 3
    assert numbered in undecided()
    cluster.claim("ha-noi", first["id"], "b" * 16, number="7/qđ")
    assert undecided() == [numbered, f"{first['names']['vi']}: không tính"]
    cluster.claim("ha-noi", second["id"], "b" * 16, number="7/QĐ")
    value = {**cluster.decisions[-1]["value"], "item": first["id"], "key": "d" * 16, "number": None}
    cluster.decide("refuse-claim", value)
    assert undecided() == []


def test_of_two_achievements_of_one_number_the_one_not_decided_is_told() -> None:
    cluster = Cluster("ha-noi")
    cluster.submit("ha-noi", cluster.full())
    (own,) = cluster.submissions.values()
    item = cluster.scheme["bonus"]["items"][0]["id"]
    # Recognised together: one decision of the province names both.
    own["claims"] = [{"item": item, "subject": each * 64, "number": "7/QĐ", "evidence": []} for each in "bc"]
    cluster.claim("ha-noi", item, "b" * 16, number="7/QĐ")
    told = [it.key for it in cluster.standings().row("ha-noi").card.astray]
    assert told == ["c" * 64]


def test_the_sum_of_a_section_bears_its_own_rules_name() -> None:
    cluster = Cluster("ha-noi")
    cluster.submit("ha-noi", cluster.full())
    (line, *_) = [it for it in explain_total(cluster.standings(), "ha-noi") if it.reason.code == "explain-section-sum"]
    assert rule_sentence(line.rule, "vi") == "Quy tắc 5.4 – Điểm của nội dung"
