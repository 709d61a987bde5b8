"""What screens are told: the first page, a checklist with its sums, and what stops Submit."""

from __future__ import annotations

import pytest

from mobile.local import bare
from mobile.problems import CannotSubmit, InvalidAnswer, PhoneError, UnknownChecklist
from tests.support.phones import (
    GROUP,
    HOME,
    VISIT,
    VISITED,
    YEAR,
    Clock,
    G,
    U,
    V,
    decide,
    decisions,
    fill_answers,
    make_phone,
    picture,
)


@pytest.fixture
def lan(phone_of):
    return phone_of("lan")


@pytest.fixture
def own(lan):
    return lan.self_key(GROUP, YEAR)


def test_the_first_page_shows_who_where_and_what_to_do(lan):
    home = lan.home()

    assert (home.person_name, home.unit_name) == ("Nguyễn Thị Lan", "Hưng Yên")
    (visit,) = home.visits
    assert (visit.unit_name, visit.date_from, visit.team) == (
        "Hải Dương",
        "2024-10-08",
        ("Nguyễn Thị Lan", "Trần Minh"),
    )
    assert visit.ready
    (card,) = home.self_checklists
    assert (card.unit, card.state, card.done, card.due) == (HOME, "draft", 0, "2024-10-15")
    assert home.groups[0].sample


def test_everything_is_there_without_the_server(lan, tmp_path, service):
    lan.set_answer(lan.self_key(GROUP, YEAR), "i-1", points="12.5")
    service.__exit__()
    lan.close()

    again = make_phone(tmp_path / "lan")
    try:
        assert again.home().self_checklists[0].done == 1
        assert again.checklist(again.self_key(GROUP, YEAR)).criterion("i-1").answer.points == "12.5"
    finally:
        again.close()
        service.__enter__()


def test_a_function_the_unit_lacks_is_not_asked(lan, own):
    view = lan.checklist(own)

    assert [each.id for section in view.sections for each in section.criteria if each.excluded] == ["i-7", "i-8"]
    assert view.applicable == 16


def test_a_section_is_scaled_to_its_maximum_and_provisional_until_all_is_answered(lan, own):
    lan.set_answer(own, "i-1", points="60")
    first = lan.checklist(own).sections[0]
    # 60 of the 460 points that apply, scaled to 600
    assert (first.subtotal, first.provisional, first.done, first.applicable) == ("78.26", True, 1, 7)

    fill_answers(lan, own)
    view = lan.checklist(own)
    assert [(section.subtotal, section.provisional) for section in view.sections] == [
        ("600", False),
        ("200", False),
        ("200", False),
    ]
    assert (view.total, view.state, view.missing) == ("1000", "ready", ())


def test_missing_is_not_zero(lan, own):
    view = lan.checklist(own)
    assert view.total is None
    assert view.sections[0].subtotal is None
    assert len(view.missing) == 16

    lan.set_answer(own, "i-1", points="0")
    assert lan.checklist(own).total == "0"


@pytest.mark.parametrize(
    "value",
    [{"points": "60.5"}, {"points": "-1"}, {"points": "1.25"}, {"actual": "3"}, {}, {"points": "1", "na": True}],
)
def test_an_answer_its_criterion_does_not_take_is_refused_with_a_sentence_and_nothing_is_written(lan, own, value):
    lan.set_answer(own, "i-1", points="10")

    with pytest.raises(InvalidAnswer) as refused:
        lan.set_answer(own, "i-1", **value)

    assert refused.value.message
    assert lan.checklist(own).criterion("i-1").answer.points == "10"


def test_note_and_evidence_stay_when_the_value_changes_and_go_when_the_answer_is_cleared(lan, own):
    card = lan.capture(picture(), title="Hội diễn", checklist=own, criterion="i-1")
    lan.set_note(own, "i-1", "Chú thích")
    lan.set_answer(own, "i-1", points="10")
    view = lan.set_answer(own, "i-1", points="20")
    assert (view.answer.points, view.note, [each.id for each in view.evidence]) == ("20", "Chú thích", [card.id])

    view = lan.clear_answer(own, "i-1")
    assert (view.state, view.note, view.evidence) == ("missing", "", ())


def test_not_applicable_asks_for_its_reason(lan, own):
    view = lan.set_answer(own, "i-1", na=True)
    assert (view.state, view.note_asked) == ("na", True)
    assert view.problem

    view = lan.set_note(own, "i-1", "Không có nhiệm vụ này")
    assert not view.note_asked
    assert not view.problem


def test_evidence_that_is_required_is_asked_for_and_can_be_taken_away_again(lan, own):
    assert "evidence-missing" in {
        problem.code for problem in (lan.set_answer(own, "i-1", points="1"), lan.problems(own))[1]
    }
    card = lan.capture(picture(), title="Hội diễn", checklist=own, criterion="i-1")
    assert not lan.problems(own)

    lan.detach(own, "i-1", card.id)
    assert [problem.criterion for problem in lan.problems(own)] == ["i-1"]


def test_submit_is_refused_with_every_reason_in_the_order_of_the_checklist(lan, own):
    lan.set_answer(own, "ii-1", points="1")
    lan.set_answer(own, "i-2", points="1")

    with pytest.raises(CannotSubmit) as refused:
        lan.submit(own)

    assert [problem.criterion for problem in refused.value.problems] == ["i-2", "ii-1"]
    assert refused.value.message
    assert not [item for item in lan.outbox() if item.id.startswith("submission:")]


def test_a_submission_carries_copies_of_what_it_cites_and_never_changes(lan, own, service, sync):
    fill_answers(lan, own, "10")
    first = lan.submit(own, "Kính gửi")
    evidence = lan.checklist(own).criterion("i-1").evidence[0].id
    before = lan.tools.local.stores.open(U).get(first)

    lan.set_answer(own, "i-1", points="20")
    lan.add_photo(evidence, picture(9))
    assert lan.checklist(own).changed
    second = lan.submit(own)
    sync(lan)

    store = service.stores.open(U)
    assert {key: value for key, value in store.get(first).items() if key != "_rev"} == {
        key: value for key, value in before.items() if key != "_rev"
    }
    assert store.get(second)["supersedes"] == [first]
    (old,) = store.get(first)["answers"]["i-1"]["evidence"]
    (new,) = store.get(second)["answers"]["i-1"]["evidence"]
    assert (len(store.get(old)["photos"]), len(store.get(new)["photos"])) == (1, 2)


def test_a_second_submit_supersedes_every_head_this_phone_knows(phone_of, sync):
    lan, minh = phone_of("lan"), phone_of("minh")
    key = lan.cross_key(VISIT)
    for phone in (lan, minh):
        fill_answers(phone, key, "5")
    apart = {lan.submit(key), minh.submit(key)}
    sync(minh)
    sync(lan)
    for criterion in lan.checklist(key).disputed:
        lan.choose(key, criterion, 0)

    last = lan.submit(key)

    assert set(lan.tools.local.stores.open(V).get(last)["supersedes"]) == apart


def test_a_head_approves_on_the_phone_what_the_specialist_prepared(phone_of, service, sync):
    hien, hoa, lan = phone_of("hien"), phone_of("hoa"), phone_of("lan")
    own = hien.self_key(GROUP, YEAR)
    fill_answers(hien, own, "30")
    prepared = hien.submit(own)
    sync(hien)
    service.promote(f"u-{VISITED}-{YEAR}")
    sync(hoa)
    sync(lan)
    assert (hien.checklist(own).awaiting, hoa.checklist(own).awaiting) == ("head", "mine")
    assert lan.set_answer(lan.cross_key(VISIT), "i-1", points="5").self_answer is None

    approved = hoa.submit(own)
    sync(hoa)
    service.promote(f"u-{VISITED}-{YEAR}")
    sync(hien)
    sync(lan)

    assert approved != prepared
    assert (hien.checklist(own).awaiting, hien.checklist(own).submitted) == ("", approved)
    assert lan.set_answer(lan.cross_key(VISIT), "i-1", points="5").self_answer.points == "30"


def test_once_the_result_is_published_the_phone_asks_no_head_to_approve(phone_of, service, sync):
    hien, hoa = phone_of("hien"), phone_of("hoa")
    own = hien.self_key(GROUP, YEAR)
    fill_answers(hien, own, "30")
    hien.submit(own)
    sync(hien)
    service.promote(f"u-{VISITED}-{YEAR}")
    group, log = service.stores.open(G), decisions()
    frozen = decide(log, "freeze", {"as_of": "2024-12-30", "sha256": "0" * 64}, inputs=[(G, "0" * 64)])
    log.append(frozen)
    group.put_all([frozen, decide(log, "publish", {"frozen": frozen["_id"]})])
    sync(hoa)
    shown = hoa.checklist(own)
    assert (shown.published, shown.awaiting, shown.editable) == (True, "", True)


def test_the_self_score_stands_beside_and_a_large_difference_asks_for_a_note(phone_of, service, sync):
    hoa, lan = phone_of("hoa"), phone_of("lan")
    own = hoa.self_key(GROUP, YEAR)
    fill_answers(hoa, own, "30")
    version = hoa.submit(own)
    sync(hoa)
    service.promote(f"u-{VISITED}-{YEAR}")
    sync(lan)
    key = lan.cross_key(VISIT)

    # 10 % of 60 is 6: exactly that is not more
    assert not lan.set_answer(key, "i-1", points="24").discrepant
    view = lan.set_answer(key, "i-1", points="23.5")
    assert (view.self_answer.points, view.self_worth, view.discrepant, view.note_asked) == ("30", "30", True, True)
    assert "difference-needs-note" in {problem.code for problem in lan.problems(key)}
    assert not lan.set_note(key, "i-1", "Thiếu minh chứng").note_asked

    fill_answers(lan, key, "30")
    submission = lan.submit(key)
    assert lan.tools.local.stores.open(V).get(submission)["self_version"] == version


def test_claims_travel_with_the_submission_and_keep_their_subject(lan, own):
    fill_answers(lan, own, "10")
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất toàn quốc", number="12/QĐ")
    first = lan.submit(own)
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất toàn quốc", number="12/QĐ-BVHTTDL")
    second = lan.submit(own)

    store = lan.tools.local.stores.open(U)
    ((one,), (two,)) = (store.get(name)["claims"] for name in (first, second))
    assert one["subject"] == two["subject"]
    assert (one["number"], two["number"]) == ("12/QĐ", "12/QĐ-BVHTTDL")
    assert lan.checklist(own).claims[0].subject == "Giải Nhất toàn quốc"
    lan.drop_claim(own, 0)
    assert not lan.checklist(own).claims


def test_one_achievement_under_two_numbers_stays_two_claims_when_the_checklist_is_submitted_again(lan, own):
    fill_answers(lan, own, "5")
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất", number="12/QĐ")
    store, first = lan.tools.local.stores.open(U), lan.submit(own)
    body = bare(store.get(first))
    twice = [*body["claims"], {**body["claims"][0], "number": "13/QĐ"}]  # as another program writes it
    other = {**body, "_id": first[:-26] + "01ja0000000000000000000009", "claims": twice, "supersedes": [first]}
    store.put(other)
    lan.set_answer(own, "i-1", points="6")
    assert [claim["number"] for claim in store.get(lan.submit(own))["claims"]] == ["12/QĐ", "13/QĐ"]


def test_a_claim_whose_evidence_was_exchanged_can_be_submitted_again(lan, own):
    one, other = (lan.capture(picture(n), title=f"Bằng {n}", checklist=own) for n in (3, 4))
    fill_answers(lan, own, "5")
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất", number="12/QĐ", evidence=[one.id])
    lan.submit(own)
    assert not lan.checklist(own).changed
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất", number="12/QĐ", evidence=[other.id])
    assert lan.checklist(own).changed
    store, second = lan.tools.local.stores.open(U), lan.submit(own)
    (claim,) = store.get(second)["claims"]
    assert [store.get(cited)["of"] for cited in claim["evidence"]] == [other.id]
    assert not lan.checklist(own).changed


def test_the_evidence_of_a_claim_that_was_sent_is_shown_chosen_and_can_be_taken_away(lan, own):
    one, other = (lan.capture(picture(n), title=f"Bằng {n}", checklist=own) for n in (3, 4))
    fill_answers(lan, own, "5")
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất", number="12/QĐ", evidence=[one.id, other.id])
    store, first = lan.tools.local.stores.open(U), lan.submit(own)
    lan.tools.local.edit(f"claims:{own}", lambda _: None)  # a colleague's phone knows what was sent alone

    (claim,) = lan.checklist(own).claims
    assert set(claim.evidence) == {one.id, other.id}
    assert not lan.checklist(own).changed
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất", number="12/QĐ", evidence=claim.evidence)
    assert not lan.checklist(own).changed
    lan.set_claim(own, "bonus-prize", subject="Giải Nhất", number="12/QĐ", evidence=[one.id])
    before, now = (store.get(name)["claims"][0]["evidence"] for name in (first, lan.submit(own)))
    assert [store.get(cited)["of"] for cited in now] == [one.id]
    assert set(now) < set(before)


def test_a_head_who_approves_on_the_phone_sends_the_specialists_claims_too(phone_of, service, sync):
    hien, hoa = phone_of("hien"), phone_of("hoa")
    own = hien.self_key(GROUP, YEAR)
    fill_answers(hien, own, "30")
    hien.set_claim(own, "bonus-prize", subject="Giải Nhất", number="12/QĐ")
    hien.set_claim(own, "bonus-prize", subject="Giải Nhì", number="13/QĐ")
    prepared = hien.submit(own)
    sync(hien)
    service.promote(f"u-{VISITED}-{YEAR}")
    sync(hoa)
    view = hoa.checklist(own)
    assert [(it.subject, it.number) for it in view.claims] == [("Giải Nhất", "12/QĐ"), ("Giải Nhì", "13/QĐ")]
    assert not view.changed

    hoa.drop_claim(own, 1)
    assert hoa.checklist(own).changed
    store = hoa.tools.local.stores.open(f"u-{VISITED}-{YEAR}")
    approved = store.get(hoa.submit(own))
    assert approved["claims"] == store.get(prepared)["claims"][:1]

    sync(hoa)
    service.promote(f"u-{VISITED}-{YEAR}")
    hien.set_claim(own, "bonus-prize", subject="Giải Ba", number=None)
    sync(hien)
    assert [it.subject for it in hien.checklist(own).claims] == ["Giải Nhất", "Giải Ba"]


def test_a_cancelled_visit_is_shown_and_takes_no_more_answers(phone_of, service, sync):
    lan = phone_of("lan")
    key = lan.cross_key(VISIT)
    store = service.stores.open(G)
    log = [row["doc"] for row in store.all_docs(start_key="decision:", end_key="decision:~", include_docs=True)["rows"]]
    bare = [{name: value for name, value in each.items() if name != "_rev"} for each in log]
    store.put(decide(bare, "cancel-visit", {"visit": VISIT}, reason="0" * 64))
    sync(lan)

    assert lan.home().visits[0].cancelled
    with pytest.raises(PhoneError):
        lan.set_answer(key, "i-1", points="1")


def test_what_is_still_to_be_inspected_stands_before_what_was(phone_of, service, sync):
    lan = phone_of("lan")
    store = service.stores.open(G)
    rows = store.all_docs(start_key="decision:", end_key="decision:~", include_docs=True)["rows"]
    log = [{name: value for name, value in row["doc"].items() if name != "_rev"} for row in rows]
    (plan,) = (each["value"] for each in log if each["act"] == "plan-visit")
    for later, day in (("visit-b", "2024-11-20"), ("visit-c", "2024-11-05")):
        log.append(decide(log, "plan-visit", {**plan, "visit": later, "from": day, "to": day}))
        store.put(log[-1])
    sync(lan)
    assert [it.visit for it in lan.home().visits] == [VISIT, "visit-c", "visit-b"]
    key = lan.cross_key(VISIT)
    fill_answers(lan, key)
    lan.submit(key)
    assert [(it.visit, it.over) for it in lan.home().visits] == [
        ("visit-c", False), ("visit-b", False), (VISIT, True),
    ]  # fmt: skip


def test_a_key_of_nothing_here_says_so(lan):
    for key in ("", "u-hung-yen-2024/nothing", "g-x", f"{U}/draft:cum-9:hung-yen:self"):
        with pytest.raises(UnknownChecklist):
            lan.checklist(key)


def test_the_language_switches_while_the_app_runs(lan, own):
    lan.set_answer(own, "i-1", na=True)
    lan.set_locale("en")
    english = lan.checklist(own)
    lan.set_locale("vi")
    vietnamese = lan.checklist(own)

    assert english.group_name == "Cluster 1"
    assert vietnamese.group_name == "Cụm 1"
    assert english.problems[0].message != vietnamese.problems[0].message


def test_a_movement_is_offered_by_its_name(lan):
    assert [each.name for each in lan.movements(GROUP, YEAR)] == ["Toàn dân đoàn kết xây dựng đời sống văn hóa"]


def test_the_ranking_is_computed_here(lan):
    standings = lan.standings(GROUP, YEAR)

    assert {row.unit for row in standings.rows} == {HOME, VISITED, "bac-ninh"}


def test_logging_out_forgets_the_token_and_nothing_else(lan, own, service, phone_of):
    lan.set_answer(own, "i-1", points="7")
    lan.log_out()
    assert lan.account is None

    again = phone_of("lan", clock=Clock("2024-10-09T00:00:00Z"))
    assert again.checklist(own).criterion("i-1").answer.points == "7"
    assert service.stores.open(U).get(own.partition("/")[2])["answers"]["i-1"][0]["answer"]["points"] == "7"
