from __future__ import annotations

import copy
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import InvalidDocument, body_sha256, canonical_bytes, check, nfc, part, part_hash, problems_of
from schemas.evidence import cite, evidence_named, parts_named, photos_of
from schemas.fields import Fault, Form, Word, flatten
from schemas.scheme import SHIPPED, shipped
from tests.schemas.support import STAMP, Cluster

ULID = "01j9gq8k4w8z2b4m6n8p0r2t4v"
HASH = "0123456789abcdef" * 4

EVIDENCE = {
    "_id": f"evidence:ha-noi:{ULID}",
    "type": "evidence",
    "v": 1,
    "group": "cum-1",
    "year": 2024,
    "unit": "ha-noi",
    "title": HASH,
    "note": None,
    "place": HASH,
    "people": None,
    "movement": None,
    "criterion": "i-1",
    "photos": [{"photo": HASH, "taken": None, "width": 1600, "height": 1200}],
    "children": False,
    "consent": None,
    "by": "lan",
    "made": STAMP,
}


def submission() -> dict:
    cluster = Cluster("ha-noi")
    return cluster.submissions[cluster.submit("ha-noi", {"i-1": "57.5"})]


def codes(document) -> dict[str, str]:
    return {problem.path: problem.code for problem in problems_of(document)}


def changed(document: dict, path: str, value) -> dict:
    copied = copy.deepcopy(document)
    *steps, last = path.split(".")
    at = copied
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return copied


def test_well_formed_documents_are_accepted() -> None:
    for document in (EVIDENCE, cite(EVIDENCE), submission(), part("Thư viện xã", "0" * 32), *map(shipped, SHIPPED)):
        check(document)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("answers.i-1.points", 57.5, "decimal-not-text"),
        ("answers.i-1.points", 57, "decimal-not-text"),
        ("answers.i-1.points", "057", "decimal-not-canonical"),
        ("answers.i-1.points", "57.50", "decimal-not-canonical"),
        ("answers.i-1.points", "5e1", "decimal-not-canonical"),
        ("answers.i-1.points", "NaN", "decimal-not-canonical"),
        ("answers.i-1.points", "-1", "decimal-negative"),
        ("answers.i-1.points", None, "null"),
        ("answers.i-1.colour", "red", "unknown-member"),
        ("answers.i-1.note", "một ghi chú", "not-hash"),
        ("answers.i-1.evidence", [EVIDENCE["_id"]], "not-ref"),
        ("answers.i-1.at.offset_s", "0", "not-whole"),
        ("answers.i-1.at.at", "2024-10-08 02:14:05", "not-time"),
        ("answers.i-1.by", ..., "required"),
        ("colour", "red", "unknown-member"),
        ("stage", "cluster", "not-choice"),
        ("year", "2024", "not-whole"),
        ("year", True, "not-whole"),
        ("year", 2025, "disagrees-with-nothing"),
        ("unit", "bac-ninh", "disagrees-with-id"),
        ("visit", "v1", "visit-not-in-id"),
        ("supersedes", "none", "not-list"),
        ("supersedes", [f"submission:cum-1:bac-ninh:self:{ULID}"], "supersedes-other-checklist"),
        ("v", 2, "version-newer"),
        ("v", 0, "whole-out-of-range"),
        ("type", "draft", "type-differs"),
        ("_attachments", {}, "attachments-refused"),
    ],
)
def test_a_member_that_is_wrong_is_refused_with_its_path(path, value, code) -> None:
    found = codes(changed(submission(), path, value))
    if code == "disagrees-with-nothing":
        assert found == {}
        return
    shown = f"{path}.0" if code in ("not-ref", "supersedes-other-checklist") else path
    assert found == {shown: code}


def test_exactly_one_value_makes_an_answer() -> None:
    both = changed(submission(), "answers.i-1.passed", True)
    neither = changed(submission(), "answers.i-1.points", ...)
    assert codes(both) == codes(neither) == {"answers.i-1": "answer-one-value"}


def test_a_refusal_says_in_both_languages_where_and_what_to_do() -> None:
    with pytest.raises(InvalidDocument) as refused:
        check(changed(submission(), "v", 7))
    assert refused.value.sentences("vi")[0].startswith("v: Tài liệu viết theo phiên bản 7")
    assert "Update the server (or the app)" in refused.value.sentences("en")[0]


def test_a_note_of_two_megabytes_is_refused_with_a_sentence() -> None:
    (problem,) = problems_of(part("ă" * 1_000_000, "0" * 32))
    assert (problem.path, problem.code) == ("value", "text-too-long")
    assert "4.000" in problem.sentence("vi")


def test_a_list_without_end_is_refused_before_it_is_read() -> None:
    assert codes(changed(EVIDENCE, "photos", EVIDENCE["photos"] * 100_000)) == {"photos": "list-too-long"}


@pytest.mark.parametrize("name", ["title", "photos"])
def test_a_cited_copy_whose_content_was_changed_is_refused(name) -> None:
    cited = cite(EVIDENCE)
    assert codes({**cited, name: "f" * 64 if name == "title" else []}) == {"_id": "hash-differs"}


def test_citing_twice_gives_one_document_and_forgets_the_revision() -> None:
    assert cite(EVIDENCE) == cite({**EVIDENCE, "_rev": "3-a"})
    assert photos_of(cite(EVIDENCE)) == (HASH,)
    assert parts_named(EVIDENCE) == {HASH}


def test_a_part_hashes_to_its_id_whatever_the_letters_were_composed_of() -> None:
    composed = "Thể thao"
    decomposed = unicodedata.normalize("NFD", composed)
    assert part(decomposed, "0" * 32) == part(composed, "0" * 32)
    assert len(part_hash(part(composed, "0" * 32))) == 64
    assert part(composed, "1" * 32)["_id"] != part(composed, "0" * 32)["_id"]
    assert codes({**part(composed, "0" * 32), "value": decomposed}) == {"value": "text-not-nfc"}
    assert codes({**part("a", "0" * 32), "value": "b"}) == {"_id": "hash-differs"}


def test_a_place_is_a_part_with_members_that_may_be_unknown() -> None:
    place = {"name": "Nhà văn hóa", "lat": "21.02", "lon": "105.84", "accuracy_m": None}
    check(part(place, "0" * 32))
    assert codes(part({**place, "lat": None, "altitude": "3"}, "0" * 32)) == {"value.altitude": "unknown-member"}


def test_a_deletion_says_nothing_else() -> None:
    check({"_id": "draft:cum-1:ha-noi:self", "_rev": "2-a", "_deleted": True})
    assert codes({"_id": "draft:cum-1:ha-noi:self", "_deleted": True, "unit": "x"}) == {"unit": "deletion-with-body"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "not-object"),
        ({}, "required"),
        ({"_id": 3}, "not-text"),
        ({"_id": "charter:1"}, "unknown-type"),
        ({"_id": "unit:Hà"}, "not-id"),
    ],
)
def test_what_has_no_type_we_know_is_refused(document, code) -> None:
    assert [problem.code for problem in problems_of(document)] == [code]


@pytest.mark.parametrize("name", ["_access", "_replication_id"])
def test_a_member_that_a_database_would_keep_with_the_body_is_refused(name: str) -> None:
    assert codes({**submission(), name: ["x"]}) == {name: "unknown-member"}
    assert codes({"_id": "draft:cum-1:ha-noi:self", "_deleted": True, name: 1}) == {name: "unknown-member"}


def test_names_evidence_of_answers_and_claims() -> None:
    cited = cite(EVIDENCE)["_id"]
    body = changed(submission(), "answers.i-1.evidence", [cited])
    check(body)
    assert evidence_named(body) == {cited}


def test_a_hash_does_not_depend_on_order_or_on_the_databases_members() -> None:
    body = submission()
    assert body_sha256(dict(reversed(body.items()))) == body_sha256({**body, "_rev": "1-a", "_conflicts": []})
    assert canonical_bytes({"b": 1, "a": ["é", None, True]}) == '{"a":["é",null,true],"b":1}'.encode()


def test_a_float_never_gets_into_a_hash() -> None:
    with pytest.raises(TypeError):
        canonical_bytes({"a": [1.0]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["answers", "answers.i-1", "answers.i-1.points", "supersedes", "claims", "made", "note"]),
    json_values,
)
def test_garbage_is_accepted_or_refused_and_nothing_else(path, value) -> None:
    for problem in problems_of(changed(submission(), path, value)):
        assert problem.sentence("vi")
        assert problem.sentence("en")


@given(st.text(max_size=50))
def test_nfc_is_stable(text) -> None:
    assert nfc(nfc([text])) == nfc([text])


def test_an_object_and_a_member_of_it_that_are_both_wrong_are_both_named() -> None:
    year = Cluster("ha-noi", "hai-duong").groupyear
    term = {"unit": "nam-dinh", "role": "leader", "from": "2024-03-01", "to": None}
    named = [(it.path, it.code) for it in problems_of({**year, "leaders": [*year["leaders"], term]})]
    assert named == [("leaders.1", "terms-overlap"), ("leaders.1.unit", "leader-no-member")]


def test_a_member_wrong_before_its_object_leaves_both_named() -> None:
    class Odd(Form):
        inner = Word()

        def agree(self, body):
            yield "inner.deep", Fault("required")
            yield "inner", Fault("null")
            yield "", Fault("not-object")

    found = {(it.path, it.code) for it in flatten(Odd().validate({"inner": "a"}))}
    assert found == {("inner.deep", "required"), ("inner", "null"), ("", "not-object")}


def test_a_unit_pledges_one_target_of_a_criterion() -> None:
    pact = Cluster("ha-noi", "hai-duong").pact
    pledged = [(unit, "i-1", target) for unit, target in (("ha-noi", "5"), ("hai-duong", "5"), ("ha-noi", "7"))]
    targets = [{"unit": unit, "criterion": name, "target": target} for unit, name, target in pledged]
    assert codes({**pact, "targets": targets[:2]}) == {}
    assert codes({**pact, "targets": targets}) == {"targets.2": "list-repeats"}
