from __future__ import annotations

import copy

import pytest

from schemas.base import problems_of
from schemas.scheme import SHIPPED, Scheme, shipped


@pytest.mark.parametrize(
    ("name", "sections", "criteria"), [("cum-1000", [600, 200, 200], 18), ("khoi-100", [60, 15, 10, 15], 9)]
)
def test_a_shipped_scheme_adds_up(name, sections, criteria) -> None:
    document = shipped(name)
    assert problems_of(document) == []
    scheme = Scheme.from_document(document)
    assert [section.max for section in scheme.sections] == sections
    assert len(scheme.criteria) == criteria


def test_the_functions_of_cum_1000_share_section_one_as_agreed() -> None:
    shares: dict[str | None, int] = {}
    for criterion in Scheme.from_document(shipped("cum-1000")).sections[0].criteria:
        shares[criterion.function] = shares.get(criterion.function, 0) + int(criterion.max)
    assert shares == {"culture": 160, "family": 60, "sports": 140, "tourism": 140, None: 100}


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("sections", 0, "criteria", 0, "max"), "61", "scheme-sum"),
        (("total",), "999", "scheme-sum"),
        (("sections", 0, "criteria", 1, "id"), "i-1", "scheme-id-twice"),
        (("sections", 0, "criteria", 0, "kind"), "bands", "scheme-member-of-kind"),
        (("sections", 0, "criteria", 0, "points_each"), "2", "scheme-member-of-kind"),
        (("mode",), "weighted", "scheme-weights-mode"),
        (("step",), 0.5, "decimal-not-text"),
        (("step",), "0", "decimal-zero"),
    ],
)
def test_a_scheme_that_does_not_add_up_is_refused(path, value, code) -> None:
    document = copy.deepcopy(shipped("cum-1000"))
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert code in {problem.code for problem in problems_of(document)}


def test_a_scheme_that_is_not_shipped_is_not_found() -> None:
    with pytest.raises(KeyError):
        shipped("../secrets")


def test_every_shipped_scheme_has_its_file() -> None:
    assert all(shipped(name)["scheme"] == name for name in SHIPPED)
