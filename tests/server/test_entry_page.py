"""A checklist filled in elsewhere enters the draft on a page: typed from paper, or as a workbook."""

from __future__ import annotations

import io

import openpyxl
import pytest

from schemas import checklist, ids
from schemas.hashing import part_hash
from server.app import create_app
from server.checklist_book import FIRST_LINE, SHEET
from sync.errors import NotFound
from tests.server.test_web import PASSWORD, sign_in, token
from tests.server.world import BN, GROUP, HD, HY, YEAR, salted

URL = f"/{GROUP}/{YEAR}/units/{BN}/entry"
PAPER = {"on": "2024-10-05", "scored_by": "Lê Thị Bắc, chuyên viên"}


@pytest.fixture
def enter(world):
    app = create_app(world.service.config, service=world.service)

    def as_(login, unit, roles=("specialist",)):
        world.service.accounts.add(login=login, name=login, unit=unit, roles=roles, password=PASSWORD, account=login)
        client = app.test_client()
        assert sign_in(client, login, PASSWORD).status_code == 303
        return client

    return as_


def send(client, url=URL, **fields):
    return client.post(url, data={"csrf_token": token(client.get(URL).text), **fields})


def draft(world, unit=BN):
    try:
        return world.service.backend.open(ids.unit_database(unit, YEAR)).get(ids.draft_id(GROUP, unit, "self"))
    except NotFound:
        return None


def test_a_paper_checklist_is_typed_in_with_who_scored_it_when_and_who_typed(world, enter):
    client = enter("bn-2", BN)
    sent = send(client, **PAPER, **{"value-i-1": "52,5", "note-i-1": "Đủ hồ sơ", "na-i-7": "x", "note-i-7": "Không có"})
    assert sent.status_code == 303
    given = checklist.answer_of(draft(world), "i-1")
    assert (given["points"], given["by"], given["paper"]["on"]) == ("52.5", "bn-2", "2024-10-05")
    assert checklist.answer_of(draft(world), "i-7")["na"] is True
    assert part_hash(salted("x")) != given["paper"]["scored_by"]
    assert "Đã nhập 2 tiêu chí" in client.get(f"/{GROUP}/{YEAR}/units/{BN}").text
    again = client.get(URL).text
    assert [again.count(f"Phiếu nháp đang ghi: <b>{it}</b>") for it in ("52,5", "Không áp dụng")] == [1, 1]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({**PAPER, "value-i-1": "5000"}, "value-i-1-wrong"),
        ({**PAPER, "na-i-1": "x"}, "note-i-1-wrong"),
        ({"value-i-1": "5", "on": "2024-10-05"}, "scored_by-wrong"),
        ({**PAPER, "on": "2024-12-05", "value-i-1": "5"}, "on-wrong"),
        ({**PAPER}, "banner problem"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_nothing_is_written(world, enter, fields, sentence):
    sent = send(enter("bn-2", BN), **fields)
    assert (sent.status_code, sentence in sent.text) == (422, True)
    assert draft(world) is None


def test_a_filled_workbook_is_taken_whole_or_each_wrong_cell_is_named(world, enter):
    client = enter("bn-2", BN)
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{URL}.xlsx").data))
    first = FIRST_LINE + 2
    book[SHEET][f"E{first}"] = 5000
    book[SHEET][f"E{first + 1}"] = 20.5
    refused = send(client, book=(_saved(book), "a.xlsx"))
    assert refused.status_code == 422
    assert SHEET in refused.text
    assert f'data-label="Dòng">{first}<' in refused.text
    assert draft(world) is None
    book[SHEET][f"E{first}"] = 50
    assert send(client, book=(_saved(book), "a.xlsx")).status_code == 303
    assert len(draft(world)["answers"]) == 2
    assert send(client, book=(io.BytesIO(b"no workbook"), "a.xlsx")).status_code == 422


def test_the_page_is_closed_to_whoever_does_not_score_there(world, enter):
    for login, unit in (("hy-2", HY), ("hd-2", "so-hd")):
        client = enter(login, unit)
        assert client.get(URL).status_code == 403
        assert URL not in client.get(f"/{GROUP}/{YEAR}/units/{BN}").text


def test_a_team_types_in_the_paper_of_its_visit(world):
    visit = world.plan_visit(BN, "minh")
    world.service.accounts.set_password("minh", PASSWORD)
    client = create_app(world.service.config, service=world.service).test_client()
    sign_in(client, "minh", PASSWORD)
    url = f"{URL}?visit={visit}"
    assert url in client.get(f"/{GROUP}/{YEAR}/visits").text
    form = {"csrf_token": token(client.get(url).text), **PAPER, "value-i-1": "30"}
    assert client.post(url, data=form).status_code == 303
    stored = world.service.backend.open(ids.visit_database(visit)).get(ids.draft_id(GROUP, BN, "cross", visit))
    assert checklist.answer_of(stored, "i-1")["paper"]["on"] == "2024-10-05"


def _saved(book):
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def test_the_helper_team_types_in_a_teams_paper_once_the_leader_has_put_it_on_the_team(world, enter):
    visit = world.plan_visit(BN, "minh")
    paper, visits = f"{URL}?visit={visit}", f"/{GROUP}/{YEAR}/visits"
    helper, leader = enter("giup-viec", HD), enter("truong", HD)
    world.service.setup.joined(world.service.accounts.find("giup-viec"))
    said = {**PAPER, "value-i-1": "52,5"}
    refused = send(helper, paper, **said)
    assert (refused.status_code, "thêm được người vào đoàn" in refused.text) == (403, True)

    def join(client, **more):
        form = {"act": "join", "visit": visit, "account": "giup-viec", **more}
        return client.post(visits, data={"csrf_token": token(client.get(visits).text), **form})

    assert join(leader, account="bac").status_code == 422
    assert join(leader, account="minh").status_code == 422
    assert join(enter("bn-2", BN)).status_code == 403
    assert join(leader).status_code == 303
    known = world.service.board.view(None, GROUP, YEAR).visits[visit]
    assert [account for account, _unit in known.team] == [world.accounts["minh"].account, "giup-viec"]
    assert (known.starts, known.place, known.inspected) == ("2024-10-08", "Sở", BN)
    assert send(helper, paper, **said).status_code == 303
    kept = world.service.backend.open(ids.visit_database(visit)).get(ids.draft_id(GROUP, BN, "cross", visit))
    given = checklist.answer_of(kept, "i-1")
    assert (given["points"], given["by"], given["paper"]["on"]) == ("52.5", "giup-viec", "2024-10-05")
