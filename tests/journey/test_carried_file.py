"""A phone that meets no network: the file it saves is carried by hand, and taken in as if the phone had sent it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from click.testing import CliRunner

from mobile.worker import SyncWorker
from schemas import carried, ids
from schemas.figures import format_time
from server.carried import Turned, receive
from server.cli import main
from server.problems import Invalid, Missing
from sync import media
from tests.journey.support import enrolled_phone, noise
from tests.journey.test_bad_input import doctored, held, put
from tests.server.world import GROUP, HY, SCHEME, YEAR, draft_of

U_HY = f"u-{HY}-{YEAR}"


@pytest.fixture
def phone(world, url, tmp_path):
    """Lan's, of Hưng Yên: it has met the service once, and has no network from then on."""
    made = enrolled_phone(tmp_path / "lan", url, world.service.accounts.new_code("lan").code)
    yield made
    made.close()


@pytest.fixture
def saved(phone, tmp_path):
    """Lan scores, photographs, submits and saves what is not on the server; answers the submission and the file."""
    key = phone.self_key(GROUP, YEAR)
    card = phone.capture(noise(Random("hội diễn")), title="Hội diễn", checklist=key)
    for criterion in SCHEME.criteria:
        phone.set_answer(key, criterion.id, points="5")
        if criterion.evidence_required:
            phone.attach(key, criterion.id, card.id)
    submission, file = phone.submit(key), tmp_path / "thidua-lan.json"
    assert phone.export_unsent(file) > 0
    return submission, file


def taken(world, file, **how):
    *_, received = receive(world.service.gateway, world.service.accounts, file, locale="vi", **how)
    return received


def group_rows(world, kind):
    return [world.group_database().get(name) for name in world.ids_of(kind)]


def test_what_was_carried_in_counts_with_its_photos_as_if_it_had_been_sent(world, phone, saved):
    submission, file = saved
    entries = json.loads(file.read_text(encoding="utf-8"))["documents"]
    received = taken(world, file)
    assert (received.written, received.known, received.refused) == (len(entries), 0, [])
    world.settle()

    assert world.ids_of("submission") == [submission]
    (arrival,) = group_rows(world, "arrival")
    assert (arrival["account"], arrival["device"], arrival["flags"]) == ("lan", phone.account.device, ["late"])
    (card,) = phone.evidence()
    photos = world.service.backend.open(ids.media_database(GROUP, YEAR))
    assert media.read_photo(photos, card.photos[0].sha256).data == card.photos[0].file.read_bytes()


def test_a_file_taken_in_twice_and_a_phone_that_meets_the_network_after_all_change_nothing(world, phone, saved):
    submission, file = saved
    first = taken(world, file)
    world.settle()
    again = taken(world, file)
    assert (again.written, again.known, again.refused) == (0, first.written, [])
    world.settle()
    for _ in range(2):
        assert SyncWorker(phone).sync_once().state == "idle"
        world.settle()
    assert phone.unsent() == 0
    assert {item.state for item in phone.outbox()} == {"verified"}
    assert world.ids_of("submission") == [submission]
    assert Counter(each["submission"] for each in group_rows(world, "arrival")) == {submission: 1}


def test_what_the_phone_itself_could_not_send_is_refused_with_its_reason_and_its_neighbours_are_taken(
    world, phone, tmp_path
):
    bad = {what: document for what, (document, _) in doctored(world, phone).items()}
    good = draft_of(world.accounts["lan"], phone.account.device, HY, {"i-1": "50"})
    put(phone, U_HY, good, *bad.values())
    file = tmp_path / "file.json"
    phone.export_unsent(file)
    received = taken(world, file)
    assert received.written == 1
    assert good["_id"] in held(world, U_HY)

    phone.set_locale("vi")
    SyncWorker(phone).sync_once()
    told = {(each.database, each.id, each.reason) for each in phone.refused()}
    assert {(each.database, each.id, each.reason) for each in received.refused} == told
    assert len(told) == len(bad)


def test_a_file_that_is_not_as_its_phone_wrote_it_is_refused_whole(world, saved, tmp_path):
    _, file = saved
    whole, before = file.read_bytes(), held(world, U_HY)
    lines = whole.splitlines(keepends=True)
    head = carried.head_of(lines[0])

    def of(changed):
        copy = tmp_path / "copy.json"
        copy.write_bytes(changed)
        return copy

    broken = [
        whole.replace(b'"5"', b'"9"', 1),
        b"".join(lines[:-1]),
        b"".join([*lines[:2], *lines[3:]]),
        whole + b"\n",
        b"".join(carried.written(head, [], key=carried.key_of("somebody else's token"))),
    ]
    for changed in broken:
        assert changed != whole
        with pytest.raises(Invalid) as refused:
            taken(world, of(changed))
        assert refused.value.said.code == "carried-broken"
    for changed in (b"", b"{}", b"[1]", b"\xff\xfe", whole[:40], whole.replace(b'"unsent"', b'"bundle"', 1)):
        with pytest.raises(Invalid) as refused:
            taken(world, of(changed))
        assert refused.value.said.code == "carried-none"
    stranger = b"".join(carried.written(replace(head, device="nobody"), [], key=carried.key_of("x")))
    with pytest.raises(Missing):
        taken(world, of(stranger))
    assert held(world, U_HY) == before


def test_entries_that_are_none_are_refused_even_under_the_seal(world, phone, tmp_path):
    account = phone.account
    head, key = carried.Head(account.account, account.device, "2024-10-08T00:00:00Z"), carried.key_of(account.token)
    for entry in ({"database": 5, "document": {}}, {"database": U_HY, "document": [1]}, {"database": U_HY}):
        file = tmp_path / "file.json"
        file.write_bytes(b"".join(carried.written(head, [entry], key=key)))
        with pytest.raises(Invalid):
            taken(world, file)
    file.write_bytes(
        b"".join(
            carried.written(
                head,
                [{"database": name, "document": {"_id": "a", "_rev": "1-a"}} for name in ("../x", "u-other-1")],
                key=key,
            )
        )
    )
    assert [each.id for each in taken(world, file).refused] == ["a", "a"]


def test_of_a_withdrawn_phone_no_more_is_taken_than_it_could_send_unless_its_owner_hands_it_over(world, phone, saved):
    submission, file = saved
    world.service.accounts.set_device_state("lan", phone.account.device, "lost")
    by_itself = taken(world, file)
    assert {each.id.partition(":")[0] for each in by_itself.refused} == {"draft", "evidence"}
    world.settle()
    assert group_rows(world, "arrival")[0]["flags"] == ["late", "lost"]

    world.clock.pass_by(days=31)
    assert {each.database for each in taken(world, file).refused} == {U_HY}
    handed = taken(world, file, handed_over=True)
    assert handed.refused == []
    world.settle()
    assert group_rows(world, "arrival")[0]["flags"] == ["late", "lost"]
    assert {"draft", "evidence"} <= {name.partition(":")[0] for name in held(world, U_HY)}
    assert world.ids_of("submission") == [submission]


def test_what_was_only_begun_is_named_and_left_to_its_phone(world, phone, tmp_path):
    phone.tools.local.edit("minutes:v-1:draft", lambda _: {"text": "Đang ghi"})
    file = tmp_path / "file.json"
    assert phone.export_unsent(file) == 1
    (refused,) = taken(world, file).refused
    assert (refused.database, "soạn dở" in refused.reason) == ("device", True)


def test_the_command_takes_it_in_and_names_every_refused_row(world, phone, place, tmp_path):
    bad = {what: document for what, (document, _) in doctored(world, phone).items()}
    put(phone, U_HY, *bad.values())
    file = tmp_path / "file.json"
    phone.export_unsent(file)

    def run(*words):
        options = ["receive", str(file), "--data", str(tmp_path / "data"), "--locale", "en", *words]
        return CliRunner().invoke(main, options, env=dict(place.environment))

    told = json.loads(run("--json").stdout)
    assert (told["written"], len(told["refused"])) == (0, len(bad))
    head = json.loads(file.read_text(encoding="utf-8"))
    assert f"lúc {format_time(head['at'])}: nhận 0 tài liệu" in run("--locale", "vi").stdout
    printed = run().stdout
    assert "0 documents taken" in printed
    for each in told["refused"]:
        assert f"{each['database']} {each['id']}: {each['reason']}" in printed
    file.write_bytes(file.read_bytes()[:-20])
    outcome = run()
    assert outcome.exit_code != 0
    assert "not as the phone wrote it" in outcome.output
    assert Turned(**told["refused"][0]).database == U_HY
