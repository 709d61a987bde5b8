"""A unit claims its bonus on the phone, and its head reads the claim before approving."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.phones import GROUP, YEAR

pytestmark = pytest.mark.window


@pytest.fixture
def own(screen, lan):
    key = lan.self_key(GROUP, YEAR)
    screen.app.go("checklist", key=key)
    screen.until(lambda: screen.has("claims"))
    return key


def test_an_achievement_is_claimed_with_its_decision_and_withdrawn_again(screen, lan, own):
    screen.tap("claims")
    screen.settle()
    screen.tap("claim:add:bonus-prize")
    screen.settle()
    screen.type("note", "Giải Nhất toàn quốc")
    screen.tap("note:save")
    screen.settle()
    screen.type("note", "12/QĐ-BVHTTDL")
    screen.tap("note:save")
    screen.settle()
    (claim,) = lan.checklist(own).claims
    assert (claim.item, claim.subject, claim.number) == ("bonus-prize", "Giải Nhất toàn quốc", "12/QĐ-BVHTTDL")
    screen.tap("claims")
    screen.settle()
    assert screen.says("Giải Nhất toàn quốc · quyết định số 12/QĐ-BVHTTDL · chưa có minh chứng")
    screen.tap("claim:drop:0")
    screen.settle()
    assert not lan.checklist(own).claims


def test_where_the_scheme_has_no_bonus_and_no_penalty_nothing_is_offered_to_be_claimed(screen, lan, own):
    screen.app.current._show(replace(lan.checklist(own), claim_items=()))
    screen.settle()
    assert not screen.has("claims")
