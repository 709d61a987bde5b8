"""Units over time, on the page and through the API: who reads them, who writes them, what is refused in which words."""

from __future__ import annotations

import json

import pytest

from schemas import ids
from schemas.base import check
from schemas.problem import InvalidDocument
from server.app import create_app
from server.problems import Clash, Invalid, Missing
from tests.server.test_follower import put
from tests.server.test_unit_events import scored
from tests.server.test_web import Links, send, sign_in, token
from tests.server.world import BN, GROUP, HD, HY, WARD, YEAR, group_year

PASSWORD = "một mật khẩu dài"
MERGER = {"kind": "merge", "from": [BN], "to": HD, "date": "2024-10-08", "number": "202/2025/QH15"}
EVENTS = "/api/v1/units/events"


@pytest.fixture
def client_of(world):
    """client_of("chi", HY, "head") signs a new person of the unit in."""
    app = create_app(world.service.config, service=world.service)

    def signed_in(login, unit, *roles):
        world.service.accounts.add(login=login, name=f"Người {login}", unit=unit, roles=roles, password=PASSWORD)
        client = app.test_client()
        assert sign_in(client, login, PASSWORD).status_code == 303
        return client

    return signed_in


@pytest.fixture
def admin(client_of):
    return client_of("quan-tri", "bo-vhttdl", "admin")


def test_a_merger_through_the_api_is_an_administrators_and_may_be_told_again(world, admin, client_of):
    refused = client_of("truong", HD, "head", "specialist", "council").post(EVENTS, json=MERGER)
    assert (refused.status_code, refused.json["code"]) == (403, "units-of-admin")
    assert list(world.service.registry.all("unitevent")) == []
    first = admin.post(EVENTS, json=MERGER)
    assert (first.status_code, first.json["changed"]) == (201, [{"group": GROUP, "year": YEAR}])
    again = admin.post(EVENTS, json=MERGER)
    assert (again.status_code, again.json) == (201, {"event": first.json["event"], "changed": []})
    other = admin.post(EVENTS, json={**MERGER, "number": "9/QĐ"})
    assert (other.status_code, other.json["code"]) == (409, "event-stands")


CANNOT_BE = (
    ({"to": None}, 422, "to"),
    ({"to": BN}, 422, "from"),
    ({"from": []}, 422, "from"),
    ({"from": [5]}, 422, "from.0"),
    ({"date": "8/10"}, 422, "date"),
    ({"kind": "split"}, 422, "kind"),
    ({"number": " "}, 422, "number"),
    ({"named": {"names": {"vi": "A"}}}, 422, "named.names.en"),
    ({"to": "so khong co"}, 404, None),
    ({"to": "so-khong-co"}, 404, None),
    ({"from": ["so-khong-co"]}, 404, None),
    ({"date": "2001-01-01"}, 409, None),
    ({"kind": "rename", "to": None}, 422, "named"),
    ({"kind": "dissolve"}, 422, "to"),
)


def test_an_event_that_cannot_be_is_refused_by_field_or_by_rule_and_nothing_is_written(world, admin):
    for wrong, status, at in CANNOT_BE:
        answer = admin.post(EVENTS, json={**MERGER, **wrong})
        assert answer.status_code == status, (wrong, answer.json)
        assert at is None or at in {field["path"] for field in answer.json["fields"]}, (wrong, answer.json)
    assert list(world.service.registry.all("unitevent")) == []


def test_an_older_name_told_after_a_newer_one_is_refused(world, admin):
    def renamed(day, name):
        both = {"vi": name, "en": name}
        said = {"kind": "rename", "from": [BN], "date": day, "number": "1/QĐ"}
        return admin.post(EVENTS, json={**said, "named": {"names": both, "short_names": both}})

    assert renamed("2025-03-01", "Tên sau").status_code == 201
    assert renamed("2024-03-01", "Tên trước").json["code"] == "renamed-later"
    assert world.service.registry.find(ids.unit_id(BN))["names"]["vi"] == "Tên sau"


def test_everybody_reads_the_units_under_the_names_they_had_on_a_day(admin, client_of):
    new = {"vi": "Sở mới", "en": "New department"}
    rename = {"kind": "rename", "from": [HY], "date": "2025-03-01", "number": "1/QĐ"}
    admin.post(EVENTS, json={**rename, "named": {"names": new, "short_names": new}})
    admin.post(EVENTS, json=MERGER)
    reader = client_of("xa", WARD, "grassroots")

    def units(day):
        found = reader.get("/api/v1/units", query_string={"as_of": day}).json["units"]
        return {it["unit"]: (it["names"]["vi"], it["valid_to"], it["became"]) for it in found}

    assert units("2024-10-07")[BN] == ("Sở VHTTDL Bắc Ninh", None, None)
    assert units("2024-10-08")[BN] == ("Sở VHTTDL Bắc Ninh", "2024-10-07", HD)
    assert units("2025-02-28")[HY][0] == "Sở VHTTDL Hưng Yên"
    assert units("2025-03-01")[HY][0] == "Sở mới"
    assert units("2000-01-01") == {}
    page = reader.get("/units", query_string={"as_of": "2025-03-01"}).text
    assert "202/2025/QH15" in page
    assert "Sở mới" in page
    assert 'method="post"' not in page.split("<main", 1)[1]


def test_an_administrator_merges_on_the_page_once_the_document_was_checked(world, admin):
    said = {"kind": "merge", "from": [BN], "to": HD, "date": "2024-10-08", "number": "202/2025/QH15"}
    unchecked = send(admin, "/units", **said)
    assert unchecked.status_code == 422
    assert "đối chiếu" in unchecked.text
    assert send(admin, "/units", checked="yes", **{**said, "to": BN}).status_code == 422
    assert send(admin, "/units", checked="yes", **{**said, "date": "2001-01-01"}).status_code == 409
    assert list(world.service.registry.all("unitevent")) == []
    assert send(admin, "/units", checked="yes", **said).status_code == 303
    members = world.group_database().get(ids.groupyear_id(GROUP, YEAR))["members"]
    assert {"unit": BN, "from": "2024-01-01", "to": "2024-10-07"} in members


def test_a_form_sent_by_who_may_not_is_refused_with_who_could(world, client_of):
    reader = client_of("truong", HD, "head")
    said = {"kind": "dissolve", "from": [BN], "date": "2024-10-08", "number": "1/QĐ", "checked": "yes"}
    answer = reader.post("/units", data={"csrf_token": token(reader.get("/units").text), **said})
    assert answer.status_code == 403
    assert "người quản trị" in answer.text
    assert list(world.service.registry.all("unitevent")) == []


def test_the_deputy_carries_an_entry_over_on_the_successors_page(world, admin, client_of):
    scored(world)
    admin.post(EVENTS, json=MERGER)
    world.settle()
    sheet = f"/{GROUP}/{YEAR}/units/{HD}"
    deputy = client_of("pho", HY, "specialist")
    leader = client_of("truong", HD, "specialist")
    assert "carry-over" not in leader.get(sheet).text
    page = deputy.get(sheet).text
    assert f"{BN}|i-1" in page
    said = {"act": "carry-over", "entry": f"{BN}|i-1", "reason": "Sáp nhập giữa năm."}
    assert send(deputy, sheet, **{**said, "entry": f"{HY}|i-1"}).status_code == 422
    assert send(deputy, sheet, **{**said, "reason": ""}).status_code == 422
    assert send(deputy, sheet, **{**said, "carried": "9999"}).status_code == 422
    assert send(deputy, sheet, **said).status_code == 303
    ranking = world.service.board.view(None, GROUP, YEAR).standings(world.clock().date())
    theirs, mine = (ranking.row(unit).card.criterion("i-1") for unit in (BN, HD))
    assert (mine.points, mine.stage) == (theirs.points, "carried")
    # What the successor scored itself is never displaced by a mark, so it is not offered.
    assert f"{BN}|i-2" in page
    put(world, ids.unit_database(HD, YEAR), _own(world, "i-2"))
    world.settle()
    assert f"{BN}|i-2" not in deputy.get(sheet).text


def _own(world, criterion):
    from tests.server.world import submission_of

    return submission_of(world.accounts["huong"], "d2", HD, {criterion: "10"})


def test_groups_nest_and_never_within_themselves(world, admin, tmp_path):
    setup, names = world.service.setup, {"vi": "Cụm", "en": "Group"}
    setup.group("cum-a", names=names, kind="cluster", parent=GROUP)
    setup.group("cum-b", names=names, kind="cluster", parent="cum-a")
    with pytest.raises(Invalid) as refused:
        setup.group(GROUP, names=names, kind="cluster", parent="cum-b")
    assert refused.value.said.code == "group-circle"
    with pytest.raises(Missing):
        setup.group("cum-c", names=names, kind="cluster", parent="cum-khong-co")
    with pytest.raises(InvalidDocument):
        setup.group("cum-c", names=names, kind="cluster", parent="cum-c")
    assert world.service.registry.find(ids.group_id(GROUP))["parent"] is None
    assert 'class="d2"' in admin.get("/units").text
    nested = {it["group"]: it["parent"] for it in admin.get("/api/v1/units").json["groups"]}
    assert nested == {GROUP: None, "cum-a": GROUP, "cum-b": "cum-a"}


def test_units_never_stand_below_themselves(world):
    unit = {name: value for name, value in world.service.registry.find(ids.unit_id(HY)).items()
            if name not in ("_id", "_rev", "type", "v")}  # fmt: skip
    with pytest.raises(Invalid) as refused:
        world.service.setup.unit(**{**unit, "parent": WARD})
    assert refused.value.said.code == "unit-circle"


def test_a_circle_that_two_servers_made_at_once_is_still_listed(world, admin):
    for group, parent in (("cum-a", "cum-b"), ("cum-b", "cum-a")):
        body = {"_id": ids.group_id(group), "type": "group", "v": 1, "group": group, "kind": "cluster",
                "names": {"vi": group, "en": group}, "parent": parent}  # fmt: skip
        check(body)
        world.service.registry.put(body)
    assert {it["group"] for it in admin.get("/api/v1/units").json["groups"]} == {GROUP, "cum-a", "cum-b"}


def test_who_was_first_with_an_event_of_a_day_keeps_it(world):
    registry, find = world.service.registry, world.service.registry.find
    stood = []

    def before_the_other(doc_id):
        # Another server writes between our look and our write.
        if doc_id.startswith("unitevent:") and not stood:
            stood.append(doc_id)
            registry.write({
                "_id": doc_id, "type": "unitevent", "v": 1, "kind": "merge", "date": "2024-10-08", "from": [HY],
                "to": HD, "number": "1/QĐ", "named": None, "was": None,
            })  # fmt: skip
            return None
        return find(doc_id)

    registry.find = before_the_other
    with pytest.raises(Clash):
        world.service.setup.unit_event("merge", [BN], date="2024-10-08", number="2/QĐ", to=HD)
    assert find(stood[0])["from"] == [HY]
    assert find(ids.unit_id(BN))["valid_to"] is None


def test_units_are_reached_by_a_link_from_the_first_page(admin):
    assert "/units" in [href for href, _ in Links(admin.get("/").text).links]


def test_a_file_of_a_groups_year_tells_what_it_stands_within(world, tmp_path):
    from click.testing import CliRunner

    from server.cli import main

    folder = world.service.config.data
    names = {"vi": "Cụm tỉnh", "en": "Province"}
    world.service.setup.group("cum-tinh", names=names, kind="cluster")
    world.service.close()

    def imported(**more):
        file = tmp_path / "year.json"
        file.write_text(json.dumps({"groupyear": group_year(), **more}), encoding="utf-8")
        return CliRunner().invoke(main, ["group", "import", str(file), "--data", str(folder)])

    assert imported(parent="cum-tinh").exit_code == 0
    assert imported().exit_code == 0
    refused = imported(parent="cum-khong-co")
    assert refused.exit_code != 0
    assert "cum-khong-co" in refused.output
    from tests.server.world import reopened

    again = reopened(folder)
    try:
        assert again.service.registry.find(ids.group_id(GROUP))["parent"] == "cum-tinh"
    finally:
        again.service.close()


def test_who_has_no_group_is_told_what_to_do_by_what_they_do(client_of, admin):
    assert "Tài khoản quản trị" in admin.get("/").text
    grassroots = client_of("thom", WARD, "grassroots").get("/").text
    assert "Làm việc bằng điện thoại" in grassroots
    assert 'href="/devices"' in grassroots
    assert "Người quản trị ghi đơn vị vào cụm, khối" in client_of("moi", "bo-vhttdl", "specialist").get("/").text
