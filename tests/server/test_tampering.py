"""Whoever bends a bundle is found out, and told what does not hold: over 2,000 bent bundles."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile

import pytest

from schemas import ids
from schemas.access import unauthorised
from schemas.base import body_sha256
from schemas.decision import build
from schemas.freezing import digest, frozen_hash, ranking_inputs
from schemas.hashing import canonical_bytes
from schemas.kept import keep
from schemas.record import Record
from schemas.standings import standings
from server.bundle import contents, signing
from server.bundle.archive import take_apart
from server.bundle.verify import verify
from server.bundle.writing import write
from tests.schemas.support import AS_OF, GROUP, YEAR, Cluster
from tests.server.bundles import OTHER, SECRET, SHEET, bundle, files_of, packed, signed_again, year

FLIPS = 1_500
HASH = frozen_hash(year()[1])
KEY = signing.fingerprint(signing.public_key(SECRET))
DOCUMENTS = sorted(set(files_of(bundle())) - {contents.MANIFEST, contents.RANKING, contents.SIGNATURE})


def fault(data: bytes, **given: str):
    report = verify(data, **given)
    assert not report.holds
    for locale in ("vi", "en"):
        sentence = report.verdict.sentence(locale)
        assert sentence.endswith(".")
        assert "…" not in sentence, sentence
    return report.fault.code, report.fault.params


def places(data: bytes) -> list[tuple[int, int, str]]:
    """Where each file's content begins and ends."""
    found = []
    for name, content in take_apart(memoryview(data)).items():
        at = data.index(name.encode() + bytes(content[:40])) + len(name)
        found.append((at, at + len(content), name))
    return found


def test_an_untouched_bundle_holds_and_its_origin_is_proved_by_what_is_printed():
    for data in (bundle(), bundle(public=True), bundle(photos=True)):
        assert (verify(data).holds, verify(data).origin) == (True, "unproved")
        proved = verify(data, expect=signing.grouped(HASH).upper(), key=signing.grouped(KEY))
        assert (proved.holds, proved.origin) == (True, "proved")


def test_a_single_bit_flipped_anywhere_is_found_and_the_file_it_is_in_is_named():
    data, dice = bundle(), random.Random(4)
    where = places(data)
    bits = {0, len(data) * 8 - 1} | {dice.randrange(len(data) * 8) for _ in range(FLIPS)}
    for bit in sorted(bits):
        bent = bytearray(data)
        bent[bit // 8] ^= 1 << bit % 8
        code, params = fault(bytes(bent))
        inside = next((name for begins, ends, name in where if begins <= bit // 8 < ends), None)
        if inside is not None:
            assert (code, params) == ("bundle-damaged", {"name": inside})
        else:
            assert code in {
                "bundle-not-zip", "bundle-header", "bundle-damaged", "bundle-order", "bundle-cut", "bundle-tail",
                "bundle-file-absent", "bundle-file-extra",
            }  # fmt: skip


def test_whoever_cannot_sign_cannot_drop_change_or_add_a_file():
    files = files_of(bundle())
    for name in DOCUMENTS:
        without = {it: data for it, data in files.items() if it != name}
        assert fault(packed(without)) == ("bundle-file-absent", {"name": name})
        swapped = {**files, name: files[name].replace(b'"v":1', b'"v":2')}
        assert fault(packed(swapped)) == ("bundle-file-differs", {"name": name})
        added = {**files, f"part/{body_sha256({'n': name})}.json": files[name]}
        assert fault(packed(added))[0] == "bundle-file-extra"
    for name in (contents.MANIFEST, contents.RANKING, contents.SIGNATURE):
        assert fault(packed({it: data for it, data in files.items() if it != name}))[0] == "bundle-file-absent"
    signature = json.loads(files[contents.SIGNATURE])
    other = {**signature, "public_key": signing.public_key(OTHER).hex()}
    assert fault(packed({**files, contents.SIGNATURE: canonical_bytes(other)}))[0] == "bundle-signature"
    manifest = {**json.loads(files[contents.MANIFEST]), "public": True}
    assert fault(packed({**files, contents.MANIFEST: canonical_bytes(manifest)}))[0] == "bundle-signature"


def test_a_bundle_signed_again_by_another_key_is_not_taken_for_the_published_one():
    again = signed_again(files_of(bundle()))
    assert verify(again).origin == "unproved"
    assert fault(again, expect=HASH, key=KEY)[0] == "bundle-other-key"


def test_even_a_key_of_its_own_does_not_let_somebody_drop_a_document():
    files = files_of(bundle())
    for name in DOCUMENTS:
        kind = name.partition("/")[0]
        if kind in ("member", "person"):
            continue  # names are told, not proved (docs/verify.md)
        data = signed_again({it: data for it, data in files.items() if it != name})
        code, params = fault(data)
        if kind == "part":
            assert (code, params["sha256"]) == ("bundle-part-absent", name[5:-5])
        elif kind == "decision":
            # The last one is missed only by what it withheld, and by the reason it gave.
            assert code in {"bundle-decision-absent", "bundle-file-extra"}
        else:
            assert (code, params) == ("input-absent", {"id": contents.id_of(name)})
        assert fault(data, key=KEY)[0] == "bundle-other-key"


def test_even_a_key_of_its_own_does_not_let_somebody_change_a_score():
    files = files_of(bundle())
    for name in [it for it in DOCUMENTS if it.startswith("submission/")]:
        document = json.loads(files[name])
        for criterion in document["answers"]:
            given = {**document["answers"][criterion], "points": "1"}
            bent = {**document, "answers": {**document["answers"], criterion: given}}
            data = signed_again({**files, name: canonical_bytes(bent)})
            assert fault(data) == ("input-differs", {"id": document["_id"]})


def test_a_decision_that_is_changed_no_longer_is_its_hash():
    files = files_of(bundle())
    decisions = sorted((it for it in DOCUMENTS if it.startswith("decision/")), key=lambda it: int(it.split("/")[1]))
    for name in decisions:
        document = json.loads(files[name])
        for change in ({"by": "somebody"}, {"at": "2024-01-01T00:00:00Z"}, {"reason": "b" * 64}):
            assert fault(signed_again({**files, name: canonical_bytes({**document, **change})}))[0] == "bundle-document"
            # Under a new id that fits, what follows it no longer finds it; the last of all is followed by the key only.
            moved = {**document, **change}
            moved["_id"] = ids.decision_id(moved["n"], body_sha256(moved))
            rest = {it: data for it, data in files.items() if it != name}
            data = signed_again({**rest, contents.file_of(moved["_id"]): canonical_bytes(moved)})
            given = {"key": KEY} if name == decisions[-1] else {}
            assert fault(data, **given)[0] == ("bundle-other-key" if given else "bundle-decision-absent")


def test_a_chain_cut_short_does_not_reach_the_freezing():
    files = files_of(bundle())
    chain = sorted((it for it in DOCUMENTS if it.startswith("decision/")), key=lambda it: int(it.split("/")[1]))
    for length in range(1, len(chain) - 2):
        cut = set(chain[:length])
        data = signed_again({it: data for it, data in files.items() if it not in cut})
        assert fault(data)[0] == "bundle-decision-absent"


def test_a_year_forged_whole_is_consistent_and_only_the_printed_hash_tells():
    documents, freeze, _ = year()
    held = [it for it in documents if ids.type_of(it["_id"]) != "decision" and not it["_id"].startswith("arrival")]
    log = [it for it in documents if it["_id"].startswith("decision") and it["n"] < freeze["n"]]
    ranking = standings(Record.from_documents([*held, *log]), AS_OF)
    forged = build(
        log, "freeze", {"as_of": AS_OF.isoformat(), "sha256": digest(ranking)}, group=GROUP, year=YEAR, by="binh",
        authority={"unit": "hai-duong", "as": "leader"}, at=freeze["at"], inputs=ranking_inputs([*held, *log]),
    )  # fmt: skip
    out = io.BytesIO()
    chosen = contents.choose([*held, *log, forged], forged, public=False)
    write(out, chosen, forged, secret=OTHER, public=False, photos=None)
    assert (verify(out.getvalue()).holds, verify(out.getvalue()).origin) == (True, "unproved")
    assert fault(out.getvalue(), key=KEY)[0] == "bundle-other-key"
    assert fault(out.getvalue(), expect=HASH)[0] == "bundle-other-ranking"


def bundle_of(cluster):
    """Frozen and bundled with a key of somebody's own, whatever its log says."""
    value = {"as_of": AS_OF.isoformat(), "sha256": digest(cluster.standings())}
    cluster.decide("freeze", value, inputs=ranking_inputs(cluster.documents()), reason=None)
    out = io.BytesIO()
    chosen = contents.choose(cluster.documents(), cluster.decisions[-1], public=True)
    write(out, chosen, cluster.decisions[-1], secret=OTHER, public=True, photos=None)
    return out.getvalue()


def led(**term) -> Cluster:
    cluster = Cluster("ha-noi", "hai-duong", "hung-yen", scheme_document=SHEET)
    cluster.groupyear["leaders"] = [
        {"unit": "hai-duong", "role": "leader", "from": "2024-01-01", "to": None, **term},
        {"unit": "hung-yen", "role": "deputy", "from": "2024-01-01", "to": None},
    ]
    return cluster


LEADER, DEPUTY, COUNCIL = ({"unit": unit, "as": as_} for unit, as_ in
    (("hai-duong", "leader"), ("hung-yen", "deputy"), ("bo", "council")))  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "authority", "term", "could"),
    [
        ("ha-noi", LEADER, {}, True),
        ("hai-duong", LEADER, {}, False),  # nobody judges itself
        ("hai-duong", DEPUTY, {}, True),
        ("ha-noi", DEPUTY, {}, False),  # the leader could
        ("ha-noi", COUNCIL, {}, False),
        ("ha-noi", {"unit": "ha-noi", "as": "leader"}, {}, False),
        ("hung-yen", {"unit": "hung-yen", "as": "leader"}, {}, False),
        ("ha-noi", LEADER, {"to": "2024-11-01"}, True),  # its last day
        ("ha-noi", LEADER, {"to": "2024-10-31"}, False),
        ("ha-noi", LEADER, {"from": "2024-11-01"}, True),  # its first
        ("ha-noi", LEADER, {"from": "2024-11-02"}, False),
    ],
)
def test_a_decision_whose_writer_could_not_act_that_day_is_named(unit, authority, term, could):
    cluster = led(**term)
    # The first decision is of 1 November.
    given = cluster.approve_na(unit, "i-1", authority=authority)
    if not could:
        code, params = fault(bundle_of(cluster))
        assert (code, params["decision"], params["roles"]) == ("bundle-authority", given, [authority["as"]])
    elif "to" not in term and "from" not in term:
        assert verify(bundle_of(cluster)).holds
    else:
        assert unauthorised(cluster.record().folded, cluster.groupyear, [given]) == []


def test_a_visit_of_the_leader_is_cancelled_by_the_deputy_alone():
    cluster = led()
    cluster.plan("v-1", "hai-duong", authority=DEPUTY)
    wrong = cluster.decide("cancel-visit", {"visit": "v-1"})
    assert fault(bundle_of(cluster))[1]["decision"] == wrong
    cluster = led()
    cluster.plan("v-1", "hai-duong", authority=DEPUTY)
    cluster.decide("cancel-visit", {"visit": "v-1"}, authority=DEPUTY)
    assert verify(bundle_of(cluster)).holds


@pytest.mark.parametrize(("said", "authority", "holds"), [(["hai-duong"], DEPUTY, True), (["ha-noi"], LEADER, False)])
def test_a_strike_is_of_whoever_may_act_on_the_units_of_what_it_strikes_whatever_it_says(said, authority, holds):
    cluster = led()
    counts = {"held": "2024-11-01", "voters": 3, "present": 3, "invalid": 0}
    root = [cluster.approve_na("ha-noi", "i-1")]
    sides = sorted(
        cluster.decide(
            "award-ballot",
            {"award": "flag", "units": ["hai-duong"], **counts, "votes": {"hai-duong": votes}},
            after=root,
            authority=DEPUTY,
        )
        for votes in (1, 3)
    )
    value = {"subject": "honour:flag", "units": said}
    given = cluster.decide("strike", value, settles=sides, authority=authority)
    if holds:
        report = verify(bundle_of(cluster))
        assert report.holds
        assert [(it.subject, it.struck) for it in report.ranking.beside] == [("honour:flag", given)]
        assert "frozen-struck" in [it.code for it in report.frozen.exceptions]
    else:
        code, params = fault(bundle_of(cluster))
        assert (code, params["decision"]) == ("bundle-authority", given)


def after_freezing(cluster, act, value, authority):
    """Frozen, then this, and all of it bundled."""
    ranking = {"as_of": AS_OF.isoformat(), "sha256": digest(cluster.standings())}
    cluster.decide("freeze", ranking, inputs=ranking_inputs(cluster.documents()), reason=None)
    freeze = cluster.decisions[-1]
    given = cluster.decide(act, value(freeze["_id"]), authority=authority)
    out = io.BytesIO()
    chosen = contents.choose(cluster.documents(), freeze, public=True)
    write(out, chosen, freeze, secret=OTHER, public=True, photos=None)
    return given, out.getvalue()


@pytest.mark.parametrize(
    ("act", "authority", "said"),
    [
        ("publish", COUNCIL, None),
        ("publish", LEADER, "bundle-authority"),  # what leaves the group passes through the council
        ("publish", DEPUTY, "bundle-authority"),
        ("withhold", COUNCIL, None),
        ("withhold", LEADER, None),
        ("withhold", {"unit": "ha-noi", "as": "leader"}, "bundle-authority-untold"),  # it may lead since
    ],
)
def test_what_was_decided_after_the_freezing_was_its_writers_to_decide(act, authority, said):
    withheld = {"kind": "part", "sha256": "a" * 64}
    given, data = after_freezing(
        led(), act, lambda freeze: {"frozen": freeze} if act == "publish" else withheld, authority
    )
    report = verify(data)
    assert report.holds == (said != "bundle-authority")
    found = [report.fault] if report.fault else [it for it in report.notes if "authority" in it.code]
    assert [(it.code, it.params["decision"]) for it in found] == ([] if said is None else [(said, given)])


def test_a_kept_copy_does_not_stand_in_for_a_document_that_was_dropped():
    files = files_of(bundle())
    name = next(it for it in DOCUMENTS if it.startswith("groupyear/"))
    copy = keep(json.loads(files.pop(name)))
    data = signed_again({**files, contents.file_of(copy["_id"]): canonical_bytes(copy)})
    assert fault(data) == ("input-absent", {"id": contents.id_of(name)})


def test_the_ranking_file_must_be_the_one_computed_again():
    files = files_of(bundle())
    ranking = json.loads(files[contents.RANKING])
    ranking["standings"]["units"].reverse()
    assert fault(signed_again({**files, contents.RANKING: canonical_bytes(ranking)}))[0] == "bundle-ranking-file"


# What a zip can hide


def test_files_in_another_order_or_twice_are_refused():
    data = bundle()
    pieces = [
        (begins - 30 - len(name), ends, name) for begins, ends, name in places(data)
    ]  # fmt: skip
    end = pieces[-1][1]
    for one in range(len(pieces) - 1):
        (a, b, _), (c, d, later) = pieces[one], pieces[one + 1]
        swapped = data[:a] + data[c:d] + data[a:b] + data[d:]
        assert fault(swapped) == ("bundle-order", {"name": pieces[one][2]})
        twice = data[:b] + data[a:b] + data[b:]
        assert fault(twice) == ("bundle-order", {"name": pieces[one][2]})
        assert later
    index = data[end:]
    first = index.index(b"PK\1\2", 4)
    assert fault(data[:end] + index[first:] + index[:first])[0] == "bundle-tail"


def test_a_bundle_cut_anywhere_is_refused():
    data, dice = bundle(), random.Random(5)
    for length in {0, 1, 3, 4, 29, 30, len(data) - 1, *(dice.randrange(len(data)) for _ in range(300))}:
        code, _ = fault(data[:length])
        assert code in {"bundle-not-zip", "bundle-header", "bundle-cut", "bundle-tail"}


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda data: b"x" + data, "bundle-not-zip"),
        (lambda data: b"\x7fELF" + data, "bundle-not-zip"),
        (lambda data: data + b"x", "bundle-tail"),
        (lambda data: data + data, "bundle-tail"),
        (lambda data: data[:-2] + struct.pack("<H", 5) + b"hello", "bundle-tail"),
        (lambda _: b"", "bundle-not-zip"),
        (lambda _: b"PK\5\6" + bytes(18), "bundle-not-zip"),
        (lambda _: b"PK\3\4", "bundle-header"),
        (lambda _: packed({"manifest.json": b"{}"}), "bundle-file-absent"),
    ],
)
def test_what_stands_before_behind_or_instead_is_refused(bend, code):
    assert fault(bend(bundle()))[0] == code


def zipped(files, **how):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **how) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name], how.get("compression"))
    return out.getvalue()


def test_another_programs_zip_of_the_same_files_is_refused_and_nothing_is_decompressed():
    files = files_of(bundle())
    assert fault(zipped(files, compression=zipfile.ZIP_DEFLATED))[0] == "bundle-header"
    bomb = {**files, "part/" + "0" * 64 + ".json": bytes(200_000_000)}
    assert fault(zipped(bomb, compression=zipfile.ZIP_DEFLATED))[0] == "bundle-header"
    with zipfile.ZipFile(io.BytesIO(bundle())) as archive:
        assert archive.testzip() is None  # while any zip program opens ours


@pytest.mark.parametrize("name", ["../x.json", "/x.json", "a//b.json", "A.json", "a.json\n", "a.txt", "ả.json", ""])
def test_a_name_that_leads_elsewhere_is_refused(name):
    data = bundle()
    raw = name.encode()
    header = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 10, 0, 0, 0, 0x21, 0, 0, 0, len(raw), 0) + raw
    assert fault(header + data)[0] == "bundle-header"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"_id":1.5}', b'{"_id":NaN}', b'{ "_id":"x"}', b'{"a":1,"a":1}',
        b'{"_id":"\\ud800"}', b"\xff\xfe", b'{"a":' * 100_000,
    ],
)  # fmt: skip
def test_a_document_in_another_spelling_is_refused(content):
    files = files_of(bundle())
    assert fault(signed_again({**files, DOCUMENTS[0]: content})) == ("bundle-ill-formed", {"name": DOCUMENTS[0]})


def test_something_well_formed_that_does_not_belong_is_refused():
    files = files_of(bundle())
    from tests.server.bundles import text

    stray = text("không ai nói đến")
    data = signed_again({**files, contents.file_of(stray["_id"]): canonical_bytes(stray)})
    assert fault(data) == ("bundle-file-extra", {"name": contents.file_of(stray["_id"])})
    photo = "c" * 64
    assert fault(signed_again({**files, contents.photo_file(photo): b"x"}))[0] == "bundle-file-differs"


def test_a_withheld_part_that_is_still_there_is_named():
    from tests.server.bundles import text

    files = files_of(bundle())
    kept = text("ghi chú ha-noi")
    data = signed_again({**files, contents.file_of(kept["_id"]): canonical_bytes(kept)})
    assert fault(data)[0] == "bundle-not-erased"


def test_a_photo_that_was_exchanged_or_left_out_is_named():
    files = files_of(bundle(photos=True))
    name = next(it for it in files if it.startswith("photo/"))
    assert fault(signed_again({**files, name: b"another"}))[0] == "bundle-file-differs"
    without = {it: data for it, data in files.items() if it != name}
    assert fault(signed_again(without))[0] == "bundle-photo-absent"


def test_more_than_two_thousand_bundles_were_bent_here():
    decisions = sum(it.startswith("decision/") for it in DOCUMENTS)
    answers = sum(
        len(json.loads(files_of(bundle())[it])["answers"]) for it in DOCUMENTS if it.startswith("submission/")
    )
    assert FLIPS + 300 + 5 * len(DOCUMENTS) + 2 * len(DOCUMENTS) + 6 * decisions + answers > 2_000
