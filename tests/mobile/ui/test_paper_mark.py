"""What was typed in from paper says so on the phone."""

from __future__ import annotations

from mobile import drafts
from mobile.drafts import Key
from schemas import checklist
from schemas.answer import answer
from tests.support.phones import GROUP, YEAR


def test_an_answer_from_paper_is_marked_with_its_day(screen, lan):
    key = lan.self_key(GROUP, YEAR)
    lan.set_answer(key, "i-2", points="5")
    paper = {"on": "2024-10-05", "scored_by": "0" * 64}
    given = {**answer(by="lan", at=lan.tools.stamp(), points="30"), "paper": paper}
    parsed = Key.parse(key)
    draft = drafts.read(lan.tools.local.stores, parsed)
    drafts.change(
        lan.tools.local.stores.ensure(parsed.database),
        draft,
        lambda it: checklist.set_answer(it, "i-1", given, lan.tools.writer()),
    )
    screen.app.go("checklist", key=key)
    assert screen.says("Nhập từ phiếu giấy ngày 05/10/2024")
