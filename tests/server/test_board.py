"""What pages read: every number leads to answers, people, times and photos, and only its readers see it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from schemas.evidence import cite
from schemas.hashing import part_hash
from server.problems import Missing, Refused
from sync import media
from tests.server.test_acts import cross
from tests.server.test_follower import put
from tests.server.world import (
    BN,
    GROUP,
    HD,
    HY,
    MEMBERS,
    YEAR,
    evidence_of,
    full_marks,
    group_year,
    salted,
    submission_of,
)

U_BN, U_HY = "u-so-bn-2024", "u-so-hy-2024"


@pytest.fixture
def board(world):
    return world.service.board


def test_who_is_not_of_the_group_reads_nothing_of_it(world, board):
    thu = world.accounts["thu"]
    for read in (
        lambda: board.standings(thu, GROUP, YEAR),
        lambda: board.sheet(thu, GROUP, YEAR, HY),
        lambda: board.trace(thu, GROUP, YEAR, HY, "i-1"),
        lambda: board.visits(thu, GROUP, YEAR),
        lambda: board.evidence(thu, GROUP, YEAR),
        lambda: board.evidence_card(thu, GROUP, YEAR, "0" * 64),
        lambda: board.photo(thu, GROUP, YEAR, "0" * 64, thumb=True),
        lambda: board.decisions(thu, GROUP, YEAR),
        lambda: board.decision_documents(thu, GROUP, YEAR),
        lambda: board.tasks(thu, GROUP, YEAR),
    ):
        with pytest.raises(Refused) as refused:
            read()
        assert refused.value.said.code == "not-member"
    assert board.groups(thu) == ()


def test_what_is_not_there_is_missing(world, board):
    lan = world.accounts["lan"]
    for read in (
        lambda: board.standings(lan, "cum-9", YEAR),
        lambda: board.standings(lan, GROUP, 2023),
        lambda: board.standings(lan, "../x", YEAR),
        lambda: board.sheet(lan, GROUP, YEAR, "so-nao-do"),
        lambda: board.trace(lan, GROUP, YEAR, HY, "ix-9"),
        lambda: board.evidence_card(lan, GROUP, YEAR, "0" * 64),
        lambda: board.photo(lan, GROUP, YEAR, "0" * 64, thumb=False),
    ):
        with pytest.raises(Missing):
            read()


def test_each_reader_is_told_what_they_are_in_the_group(world, board):
    roles = {
        login: board.groups(world.accounts[login])[0].head.my_roles for login in ("huong", "lan", "bac", "hoi-dong")
    }
    assert roles == {
        "huong": ("leader", "member"), "lan": ("deputy", "member"), "bac": ("member",), "hoi-dong": ("council",),
    }  # fmt: skip


def test_a_number_leads_to_answers_people_times_notes_and_photos(world, board):
    bac, minh = world.accounts["bac"], world.accounts["minh"]
    picture = b"\xff\xd8" + bytes(1_000)
    name = media.name_of(picture)
    evidence, title = evidence_of(bac, "d1", title="Hội thi tuyên truyền", photos=(name,))
    cited, note = cite(evidence), salted("Có biên bản kèm theo")
    own = submission_of(bac, "d1", BN, {"i-1": "60"}, cited={"i-1": [cited["_id"]]}, approved_by="bac")
    put(world, U_BN, title, cited, own)
    world.service.backend.open("m-cum-1-2024").bulk_docs(
        media.cut(picture, b"t", content_type="image/jpeg", width=40, height=30), new_edits=False
    )
    visit = world.plan_visit(BN, "minh")
    inspected = submission_of(minh, "d2", BN, {"i-1": "50"}, visit=visit, self_version=own["_id"])
    inspected["answers"]["i-1"]["note"] = part_hash(note)
    put(world, f"v-{visit}", note, inspected)
    world.settle()
    world.act("huong", "adjust", {"unit": BN, "criterion": "i-1", "answer": {"points": "55"}}, "Theo biên bản")
    trace = board.trace(world.accounts["huong"], GROUP, YEAR, BN, "i-1")
    row = trace.row
    assert (row.value, row.stage, row.state) == (Fraction(55), "cluster", "adjusted")
    assert row.self is not None
    assert row.cross_merged is not None
    assert (row.self.points, row.cross_merged.points) == (60, 50)
    assert [cell.discrepant for cell in row.cross] == [True]
    first, second = trace.answers
    assert (first.stage, first.by.name, first.approved_by.name) == ("self", "Lê Thị Bắc", "Lê Thị Bắc")
    assert (first.state, second.state) == ("counted", "counted")
    assert (second.visit, second.by.name, second.note) == (visit, "Nguyễn Văn Minh", "Có biên bản kèm theo")
    assert second.answered_at == "2024-10-08T04:00:00Z"
    (card,) = first.evidence
    assert (card.title, card.criteria, card.units) == ("Hội thi tuyên truyền", ("i-1",), (BN,))
    assert [(photo.photo, photo.state) for photo in card.photos] == [(name, "verified")]
    assert [(it.act, it.reason, it.by.name, it.stands) for it in trace.decisions] == [
        ("adjust", "Theo biên bản", "Nguyễn Thị Hương", True)
    ]
    assert all(offer.allowed for offer in trace.offers)
    assert board.photo(bac, GROUP, YEAR, name, thumb=True).read() == b"t"
    assert board.evidence(bac, GROUP, YEAR, unit=BN).total == 1
    assert board.evidence(bac, GROUP, YEAR, unit=HY).total == 0
    assert board.evidence(bac, GROUP, YEAR, criterion="i-2").total == 0
    assert board.evidence_card(bac, GROUP, YEAR, cited["_id"]) == card


def test_who_may_not_act_is_offered_the_rule_instead(world, board):
    offers = board.trace(world.accounts["lan"], GROUP, YEAR, BN, "i-1").offers
    assert {(offer.allowed, offer.refusal.code) for offer in offers} == {(False, "act-of-leader")}
    assert all(offer.allowed for offer in board.trace(world.accounts["lan"], GROUP, YEAR, HD, "i-1").offers)


def test_a_withheld_text_is_none_and_the_rest_stands(world, board):
    evidence, title = evidence_of(world.accounts["lan"], "d1", title="Tên một em nhỏ")
    cited = cite(evidence)
    put(world, U_HY, title, cited, submission_of(world.accounts["lan"], "d1", HY, {"i-1": "60"},
                                                  cited={"i-1": [cited["_id"]]}))  # fmt: skip
    world.settle()
    group = world.group_database()
    group.put({"_id": title["_id"], "_rev": group.get(title["_id"])["_rev"], "_deleted": True})
    card = board.evidence_card(None, GROUP, YEAR, cited["_id"])
    assert card.title is None
    assert board.trace(None, GROUP, YEAR, HY, "i-1").row.value == 60


def test_missing_is_not_zero_and_coverage_is_stated(world, board):
    put(world, U_HY, submission_of(world.accounts["lan"], "d1", HY, {"i-1": "0"}))
    world.settle()
    page = board.standings(None, GROUP, YEAR)
    row = next(it for it in page.rows if it.unit.unit == HY)
    assert (row.total, row.answered, row.applicable) == (None, 1, 18)
    assert (page.coverage.self_done, page.coverage.units) == (1, 3)
    section = board.sheet(None, GROUP, YEAR, HY).sections[0]
    assert [it.value for it in section.criteria[:2]] == [0, None]
    assert section.figure.state == "missing"


def test_as_of_dates_the_pact_and_filters_no_submission(world, board):
    put(world, U_HY, submission_of(world.accounts["lan"], "d1", HY, full_marks(90)))
    world.settle()
    before = board.standings(None, GROUP, YEAR, as_of=date(2024, 4, 24)).rows[0]
    assert (before.total, before.place) == (900, None)
    assert "pact-unsigned" in [it.code for it in before.reasons]
    assert board.standings(None, GROUP, YEAR, as_of=date(2024, 4, 25)).rows[0].place == 1


def test_tasks_are_the_leaders_all_and_a_units_own(world, board):
    own = submission_of(world.accounts["bac"], "d1", BN, full_marks(90))
    put(world, U_BN, own)
    world.settle()
    value = {"unit": BN, "criterion": "i-1", "submission": own["_id"], "deadline": "2024-10-10"}
    world.act("huong", "return", value, "Thiếu số liệu")
    put(world, U_HY, submission_of(world.accounts["lan"], "d1", HY, {"i-1": "60"}),
        submission_of(world.accounts["lan"], "d1", HY, {"i-1": "50"}, number=2))  # fmt: skip
    world.settle()

    def seen(login):
        return [(it.kind, it.unit.unit) for it in board.tasks(world.accounts[login], GROUP, YEAR)]

    assert seen("huong") == [("contested", HY), ("open_return", BN)]
    assert seen("bac") == [("open_return", BN)]
    assert seen("ninh") == [("open_return", BN)]
    world.clock.pass_by(days=3)
    assert seen("bac") == [("overdue_return", BN)]
    again = submission_of(world.accounts["bac"], "d1", BN, full_marks(80), number=2, supersedes=[own["_id"]])
    put(world, U_BN, again)
    world.settle()
    assert seen("bac") == []


def test_a_correction_shows_what_it_superseded(world, board):
    first = submission_of(world.accounts["lan"], "d1", HY, {"i-1": "60"})
    second = submission_of(world.accounts["lan"], "d1", HY, {"i-1": "50"}, number=2, supersedes=[first["_id"]])
    put(world, U_HY, second, first)
    world.settle()
    states = {it.submission: it.state for it in board.trace(None, GROUP, YEAR, HY, "i-1").answers}
    assert states == {first["_id"]: "superseded", second["_id"]: "counted"}


def test_what_came_from_a_revoked_phone_is_shown_set_aside(world, board):
    from server.backends import write_once

    late = submission_of(world.accounts["lan"], "d1", HY, {"i-1": "60"})
    put(world, U_HY, late)
    arrival = {
        "_id": f"arrival:{late['_id']}:s-x", "type": "arrival", "v": 1, "submission": late["_id"], "server": "s-x",
        "at": "2024-10-08T05:00:00Z", "account": "lan", "device": "d1", "flags": ["revoked"],
    }  # fmt: skip
    write_once(world.group_database(), [arrival])
    world.settle()
    (answer,) = board.trace(None, GROUP, YEAR, HY, "i-1").answers
    assert (answer.state, answer.flags) == ("set_aside", ("revoked",))
    world.act("huong", "count-submission", {"submission": late["_id"], "counts": True}, "Đã đối chiếu")
    assert board.trace(None, GROUP, YEAR, HY, "i-1").answers[0].state == "counted"


def test_visits_tell_who_may_be_sent_and_who_may_plan(world, board):
    page = board.visits(world.accounts["huong"], GROUP, YEAR)
    assert [unit.unit for unit in page.units] == list(MEMBERS)
    assert sorted(it.person.account for it in page.people) == ["dung", "minh", "ninh"]
    may = {login: board.visits(world.accounts[login], GROUP, YEAR).plannable for login in ("huong", "lan", "bac")}
    assert may == {"huong": {HY, BN}, "lan": {HD}, "bac": set()}, "that of the leader's own unit is the deputy's"
    cross(world)
    (card,) = board.visits(world.accounts["bac"], GROUP, YEAR).visits
    assert (card.state, card.answered, card.applicable) == ("submitted", 1, 18)


def test_a_member_that_joined_is_seen_at_once(world, board):
    changed = group_year()
    changed["members"] = changed["members"][:2]
    world.service.setup.group_year(changed)
    assert len(board.standings(None, GROUP, YEAR).rows) == 2
    world.service.setup.group_year(group_year())
    assert len(board.standings(None, GROUP, YEAR).rows) == 3


def test_a_total_is_explained_down_to_its_sections_and_ends_in_the_figure_of_the_ranking(world, board):
    lan = world.accounts["lan"]
    explained = board.explain(lan, GROUP, YEAR, BN)
    assert explained.lines[0].value == explained.ranking.row(BN).total
    assert {it.reason.code for it in explained.lines} & {"explain-section", "explain-section-none"}
    with pytest.raises(Missing):
        board.explain(lan, GROUP, YEAR, BN, "ix-9")
    with pytest.raises(Refused):
        board.explain(world.accounts["thu"], GROUP, YEAR, BN)
