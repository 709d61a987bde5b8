"""A checklist filled in as a workbook, or typed in from paper, becomes a draft that a phone goes on with."""

from __future__ import annotations

import io

import openpyxl
import pytest
from click.testing import CliRunner

from schemas import checklist, ids
from schemas.base import InvalidDocument
from server import typed_in
from server.checklist_book import FIRST_LINE, SHEET, read, write
from server.cli import main
from server.problems import Missing, Refused
from server.workbooks import read_xlsx
from tests.server.test_follower import put
from tests.server.world import BN, GROUP, SCHEME, YEAR, draft_of

SUBJECT = ids.draft_id(GROUP, BN, "self")
ALL = frozenset({"culture", "sports", "tourism", "family"})
FIRST = FIRST_LINE + 2


def filled(cells, *, functions=ALL):
    book = openpyxl.load_workbook(io.BytesIO(write(SCHEME, functions, title="Phiếu", subject=SUBJECT)))
    for cell, value in cells.items():
        book[SHEET][cell] = value
    out = io.BytesIO()
    book.save(out)
    return read(read_xlsx(out.getvalue()), SCHEME, functions, subject=SUBJECT)


def test_what_was_filled_in_is_read_with_its_notes():
    answers, bad = filled({f"E{FIRST}": 20.5, f"G{FIRST}": "Đủ hồ sơ", f"F{FIRST + 1}": "x", f"G{FIRST + 1}": "Vì"})
    assert bad == ()
    assert list(answers.values()) == [{"points": "20.5", "note": "Đủ hồ sơ"}, {"na": True, "note": "Vì"}]


def test_criteria_of_a_function_the_unit_lacks_are_not_asked():
    whole, less = (write(SCHEME, it, title="Phiếu", subject=SUBJECT) for it in (ALL, ALL - {"tourism"}))
    asked = [{row[0] for row in read_xlsx(book)[SHEET]} for book in (whole, less)]
    assert asked[0] - asked[1] == {it.id for it in SCHEME.criteria if it.function == "tourism"} != set()


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({f"E{FIRST}": 5000}, (FIRST, "E", "points-out-of-range")),
        ({f"E{FIRST}": 1.3}, (FIRST, "E", "points-not-in-step")),
        ({f"E{FIRST}": "nhiều"}, (FIRST, "E", "number-unclear")),
        ({f"E{FIRST}": "9" * 5000}, (FIRST, "E", "number-unclear")),
        ({f"E{FIRST}": -1}, (FIRST, "E", "decimal-negative")),
        ({f"F{FIRST}": "có"}, (FIRST, "F", "na-mark")),
        ({f"F{FIRST}": "x"}, (FIRST, "G", "na-note-here")),
        ({f"F{FIRST}": "x", f"E{FIRST}": 1}, (FIRST, "F", "value-and-na")),
        ({f"A{FIRST}": "x-9", f"E{FIRST}": 1}, (FIRST, "A", "criterion-not-here")),
        ({f"A{FIRST}": "ii-1", f"E{FIRST}": 1, "E20": 1, "A20": "ii-1"}, (20, "A", "criterion-twice")),
        ({"A2": "draft:cum-9:khac:self", f"E{FIRST}": 1}, (2, "A", "sheet-of-other")),
        ({f"E{FIRST_LINE}": "Điểm", f"E{FIRST}": 1}, (FIRST_LINE, "E", "header-differs")),
        ({}, (FIRST, "E", "nothing-filled")),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_and_nothing_is_read(cells, wanted):
    answers, bad = filled(cells)
    assert answers == {}
    assert wanted in [(it.line, it.column, it.said.code) for it in bad]


def type_in(world, login, answers, **more):
    view = world.service.acts._views.view(GROUP, YEAR)
    given = {"unit": BN, "visit": None, "paper": None, **more}
    return typed_in.type_in(
        world.service.backend, view, world.accounts[login], answers, now=world.clock, random_bytes=world.dice, **given
    )


def test_typed_answers_join_what_a_phone_has_in_the_draft(world):
    name = ids.unit_database(BN, YEAR)
    put(world, name, draft_of(world.accounts["bac"], "d1", BN, {"i-1": "10", "i-2": "11"}))
    draft = type_in(world, "bac", {"i-2": {"points": "20", "note": "Theo bảng tính"}, "i-3": {"points": "5"}})
    values = {it: checklist.answer_of(draft, it)["points"] for it in ("i-1", "i-2", "i-3")}
    assert values == {"i-1": "10", "i-2": "20", "i-3": "5"}
    assert checklist.disputed(draft) == []
    database = world.service.backend.open(name)
    assert database.get(draft["_id"])["answers"] == draft["answers"]
    note = checklist.answer_of(draft, "i-2")["note"]
    assert database.get(ids.part_id(note))["value"] == "Theo bảng tính"


def test_a_paper_checklist_says_who_scored_when_and_who_typed(world):
    visit = world.plan_visit(BN, "minh")
    draft = type_in(world, "minh", {"i-1": {"points": "50"}}, visit=visit, paper=("2024-10-07", "Đỗ Văn Giấy"))
    typed = checklist.answer_of(draft, "i-1")
    assert (typed["by"], typed["paper"]["on"]) == ("minh", "2024-10-07")
    kept = world.service.backend.open(ids.visit_database(visit)).get(ids.part_id(typed["paper"]["scored_by"]))
    assert kept["value"] == "Đỗ Văn Giấy"


def test_only_the_unit_or_the_team_types_in_and_a_refusal_writes_nothing(world):
    visit = world.plan_visit(BN, "minh")
    for login, where in (("huong", None), ("ninh", None), ("bac", visit)):
        with pytest.raises(Refused):
            type_in(world, login, {"i-1": {"points": "50"}}, visit=where)
    with pytest.raises(Missing):
        type_in(world, "minh", {"i-1": {"points": "50"}}, visit="01khong")
    with pytest.raises(InvalidDocument):
        type_in(world, "bac", {"i-1": {"points": "50"}}, paper=("hôm qua", "Ai đó"))
    for name in (ids.unit_database(BN, YEAR), ids.visit_database(visit)):
        assert world.service.backend.open(name).all_docs()["rows"] == []


def test_the_commands_write_the_layout_and_read_it_back_into_the_draft(world, tmp_path):
    file, data = tmp_path / "phieu.xlsx", str(tmp_path / "data")

    def run(*words):
        return CliRunner().invoke(main, ["checklist", *words, "--data", data], env={"LC_ALL": "vi_VN.UTF-8"})

    assert run("template", GROUP, str(YEAR), BN, str(file)).exit_code == 0
    book = openpyxl.load_workbook(file)
    book[SHEET][f"E{FIRST}"] = 5000
    book.save(file)
    command = ("import", GROUP, str(YEAR), BN, str(file), "--by", "bac")
    refused = run(*command)
    assert refused.exit_code == 1
    assert f"Trang “{SHEET}”, dòng {FIRST}, cột E" in refused.output
    book[SHEET][f"E{FIRST}"] = 50
    book.save(file)
    assert run(*command).exit_code == 0
    draft = world.service.backend.open(ids.unit_database(BN, YEAR)).get(SUBJECT)
    assert checklist.answer_of(draft, "i-1")["points"] == "50"
