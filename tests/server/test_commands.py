"""The commands: what an administrator types, and what is printed."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from schemas.scheme import shipped
from server.app import create_app
from server.cli import main
from server.problems import NotSignedIn
from server.service import Service
from tests.server.test_acts import ON_BN, cross
from tests.server.test_follower import put
from tests.server.test_freezing import published, scored
from tests.server.test_side_by_side import elsewhere
from tests.server.world import (
    BN,
    GROUP,
    HD,
    HY,
    MEMBERS,
    YEAR,
    config_at,
    full_marks,
    group_year,
    session_of,
    submission_of,
)

CLAIM = {"unit": "so-bn", "item": "bonus-practice", "key": "k", "occurrences": "1", "number": "12/QĐ-UBND"}
UNITS = """unit,name_vi,name_en,short_vi,short_en,kind,parent,functions,valid_from,valid_to
so-hy,Sở VHTTDL Hưng Yên,Hưng Yên,Hưng Yên,Hưng Yên,department,,culture sports,2008-01-01,
nvh-hn,Nhà văn hóa Hiến Nam,,,,grassroots,so-hy,culture,2010-05-01,
"""


@pytest.fixture
def run(tmp_path):
    """run(words…) → what was printed, as JSON where asked for; `fails=True` → the message."""

    def command(*words, fails=False, stdin=None):
        outcome = CliRunner().invoke(
            main, [*words, "--data", str(tmp_path / "data")], input=stdin, env={"LC_ALL": "C.UTF-8"}
        )
        assert (outcome.exit_code != 0) == fails, outcome.output
        return json.loads(outcome.stdout) if "--json" in words and not fails else outcome.output

    return command


@pytest.fixture
def made(run, tmp_path):
    run("init")
    (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")
    run("units", "import", str(tmp_path / "units.csv"))
    return run


def test_a_data_folder_is_made_once_and_its_secret_is_its_owners_alone(run, tmp_path):
    first = run("init", "--json")
    assert run("init", "--json") == first
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_without_a_data_folder_the_next_step_is_named(run):
    assert "hãy tạo bằng `thidua init" in run("user", "list", fails=True)
    assert "make one with `thidua init" in run("user", "list", "--locale", "en", fails=True)


def test_every_bad_row_of_a_list_of_units_is_named_and_none_is_read(made, tmp_path):
    bad = UNITS + "so-hd,,x,,,kingdom,nowhere,magic,2008,\nso-hy,Hai,,,,agency,,,2008-01-01,\n"
    (tmp_path / "bad.csv").write_text("\ufeff" + bad.replace(",", ";"), encoding="utf-8")
    said = made("units", "import", str(tmp_path / "bad.csv"), fails=True)
    for word in ("4, kind", "4, name_vi", "4, functions", "4, valid_from", "4, parent", "5, unit", "2, unit"):
        assert f"Dòng {word}" in said, said
    (tmp_path / "head.csv").write_text("unit,kind\n", encoding="utf-8")
    assert "name_vi" in made("units", "import", str(tmp_path / "head.csv"), fails=True)


def test_bad_rows_are_named_by_line_and_column_also_where_the_header_lacks_a_column(made, tmp_path):
    rows = "unit,name_vi,kind,functions\nso-a,Sở A,kingdom,\nso-b,,agency,\nso-c,Sở C,agency,magic\n"
    (tmp_path / "three.csv").write_text(rows, encoding="utf-8")

    said = made("units", "import", str(tmp_path / "three.csv"), fails=True).splitlines()

    named = [line.split(":")[0] for line in said if line.startswith("Dòng")]
    assert named == ["Dòng 1, valid_from", "Dòng 2, kind", "Dòng 3, name_vi", "Dòng 4, functions"], said


def test_the_doctor_counts_sound_databases_and_names_none(world, run):
    checks = {each["check"]: each for each in run("doctor", "--json")}

    assert set(checks) == {"secret.key", "space", "databases", "waiting"}
    total = len(list(world.service.backend.names()))
    assert checks["databases"]["said"].startswith(f"{total} of {total} sound")


def test_a_person_is_added_and_their_phone_enrolled(made):
    added = made(
        "user", "add", "lan", "--name", "Phạm Thị Lan", "--unit", "so-hy", "--role", "specialist", "--json",
        "--password", "mật khẩu của Lan",
    )  # fmt: skip
    assert made("user", "list", "--json")[0]["account"] == added["account"]
    told = made("enrol", "lan", "--json", "--url", "http://10.0.0.5:8000/")
    assert told["link"] == f"http://10.0.0.5:8000/enrol#{told['code']}"
    assert told["code"] not in json.dumps(made("user", "list", "--json"))
    drawn = made("enrol", "lan")
    assert "█" in drawn or "▀" in drawn
    assert "ai-do" in made("enrol", "ai-do", fails=True)


def test_all_that_is_wrong_with_a_person_is_said(made):
    said = made("user", "add", "Lân", "--name", "L", "--unit", "so-hy", "--role", "king", "--no-password", fails=True)
    assert "login:" in said
    assert "roles:" in said


def test_a_scheme_is_read_by_its_shipped_name_or_refused_with_all_that_is_wrong(made, tmp_path):
    assert made("scheme", "import", "khoi-100", "--json") == {"scheme": "scheme:khoi-100:1"}
    assert "cum-1000" in made("scheme", "import", "no-such", fails=True)
    (tmp_path / "s.json").write_text(json.dumps({"scheme": "x", "version": 1, "type": "scheme", "v": 1}))
    assert "sections" in made("scheme", "import", str(tmp_path / "s.json"), fails=True)


def test_a_scheme_that_was_changed_stays_when_init_is_repeated(made, tmp_path):
    changed = shipped("cum-1000")
    changed["names"]["vi"] = "Bảng điểm của tỉnh"
    (tmp_path / "s.json").write_text(json.dumps(changed), encoding="utf-8")
    made("scheme", "import", str(tmp_path / "s.json"))
    made("init")
    made("scheme", "export", "scheme:cum-1000:1", str(tmp_path / "s.xlsx"))
    cells = load_workbook(tmp_path / "s.xlsx")["Bảng điểm"].iter_rows(values_only=True)
    assert ("Tên tiếng Việt", "Bảng điểm của tỉnh") in [row[:2] for row in cells]


def test_the_commands_numbers_are_the_pages_and_the_apis(world, run):
    put(world, "u-so-hy-2024", submission_of(world.accounts["lan"], "d1", HY, full_marks(90)))
    cross(world)
    world.act("huong", "accept", ON_BN)
    printed = run("standings", GROUP, str(YEAR), "--json", "--as-of", "2024-10-08")
    page = world.service.board.standings(world.accounts["lan"], GROUP, YEAR)
    assert printed == page.document
    app = create_app(world.service.config, service=world.service)
    app.login_manager.session_protection = None
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(session_of(world.accounts["lan"]))
    assert client.get(f"/api/v1/groups/{GROUP}/{YEAR}/standings").json == printed
    leading = page.rows[0]
    assert (leading.unit.unit, leading.place, leading.total) == (HY, 1, 900)
    told = run("standings", GROUP, str(YEAR))
    assert "900,00" in told
    assert "Chưa tính được điểm của:" in told
    assert "so-bn" not in told


def test_the_log_is_printed_as_it_is_stored(world, run):
    decision = world.act("huong", "approve-na", ON_BN, "Không có chức năng này")
    assert run("decisions", GROUP, str(YEAR), "--json")["decisions"] == [decision]
    assert "Không có chức năng này" in run("decisions", GROUP, str(YEAR))
    assert "cum-9" not in run("standings", "cum-9", "2024", fails=True)


def test_the_log_is_told_oldest_first_in_words_and_in_the_time_of_viet_nam(world, run):
    world.act("huong", "approve-na", ON_BN, "Không có chức năng này")
    world.act("huong", "refuse-na", ON_BN, "Có chức năng này")

    vietnamese, english = (run("decisions", GROUP, str(YEAR), "--locale", each) for each in ("vi", "en"))

    assert vietnamese.index("Duyệt không áp dụng") < vietnamese.index("Không duyệt không áp dụng")
    assert "12:00 08/10/2024" in vietnamese
    assert "I.1" in vietnamese
    for raw in ("approve-na", "na:so-bn", "so-bn", "T05:00"):
        assert raw not in vietnamese
    assert "Duyệt" not in english
    assert ("cuối nhật ký: " in vietnamese, "heads: " in english) == (True, True)


def test_the_doctor_finds_a_secret_open_to_others_and_a_damaged_database(world, run, tmp_path):
    findings = run("doctor", "--json")
    assert all(it["ok"] for it in findings)
    world.service.close()
    (tmp_path / "data" / "secret.key").chmod(0o644)
    assert "chmod 600" in run("doctor", fails=True)


def test_what_the_doctor_finds_is_read_in_the_language_asked_for_and_told_programs_in_one(world, run, tmp_path):
    (tmp_path / "data" / "secret.key").chmod(0o644)
    vietnamese, english = (run("doctor", "--locale", each, fails=True) for each in ("vi", "en"))
    assert "hãy chạy chmod 600" in vietnamese
    assert "đang chờ: không có gì phải chờ" in vietnamese
    assert "sound" not in vietnamese
    assert "waiting: nothing waits" in english
    (tmp_path / "data" / "secret.key").chmod(0o600)
    told = [{**each, "said": ""} if each["check"] == "space" else each for each in run("doctor", "--json")]
    again = run("doctor", "--json", "--locale", "en")
    assert told == [{**each, "said": ""} if each["check"] == "space" else each for each in again]
    assert told[-1]["said"] == "nothing waits"


def test_a_command_does_not_load_the_web_server_to_say_what_it_is():
    code = (
        "import sys, server.cli as c; c.main(['units', '--help'], standalone_mode=False); print('flask' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip().endswith("False")


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("what", "text", "told"),
    [
        ("group", {"group": 1, "year": 2024}, "group"),
        ("group", {"group": "Cụm 1", "year": 2024}, "group"),
        ("group", {"group": "cum-1", "year": "2024"}, "year"),
        ("group", {"group": "cum-1", "year": 1}, "year"),
        ("group", {"group": "cum-1", "year": 2000}, "so-bn"),  # the first that ids can carry: none came before
        ("group", DEEP, "JSON"),
        ("scheme", {"scheme": 1, "version": 1}, "scheme"),
        ("scheme", {"scheme": "cum", "version": []}, "version"),
        ("scheme", {"scheme": "cum", "version": 0}, "version"),
        ("scheme", DEEP, "JSON"),
    ],
)
def test_a_file_whose_name_or_number_is_none_is_refused_by_its_field(made, tmp_path, what, text, told):
    file = tmp_path / "odd.json"
    if what == "group" and text != DEEP:
        text = {"groupyear": group_year() | text}
    file.write_text(text if isinstance(text, str) else json.dumps(text))
    refused = made(what, "import", str(file), fails=True)
    assert re.search(rf"\b{told}\b", refused.replace(str(file), "")), refused


@pytest.mark.parametrize(
    "words",
    [("scheme", "export", "cum-1000"), ("checklist", "template", GROUP, str(YEAR), BN), ("bundle", GROUP, str(YEAR))],
)
def test_a_file_that_cannot_be_written_is_named_with_what_hinders(world, run, tmp_path, words):
    if words[0] == "bundle":
        published(world)
    out = str(tmp_path / "none" / "out")
    for locale, told in (("vi", "Không đọc hay ghi được"), ("en", "cannot be read or written")):
        refused = run(*words, out, "--locale", locale, fails=True)
        assert (told in refused, str(tmp_path / "none") in refused) == (True, True), refused


def test_a_groups_year_is_opened_from_a_file_and_brought_up_to_date_by_it(made, tmp_path):
    from tests.server.world import group_year

    year = group_year() | {"members": [{"unit": "so-hy", "from": "2024-01-01", "to": None}]}
    year["leaders"] = year["leaders"][1:]
    file = tmp_path / "year.json"
    file.write_text(json.dumps({"groupyear": year | {"color": "red"}}))
    assert "color" in made("group", "import", str(file), fails=True)
    file.write_text(json.dumps({"groupyear": year, "pact": {"signatures": [], "targets": []}}))
    assert made("group", "import", str(file), "--json")["members"] == ["so-hy"]
    assert made("standings", GROUP, str(YEAR), "--json")["units"][0]["reasons"][0]["code"] == "pact-unsigned"
    signed = {"signatures": [{"unit": "so-hy", "date": "2024-04-25"}], "targets": []}
    file.write_text(json.dumps({"groupyear": year, "pact": signed}))
    made("group", "import", str(file))
    assert made("standings", GROUP, str(YEAR), "--json")["units"][0]["reasons"][0]["code"] == "no-number"
    award = {
        "award": "bang-khen", "form": "merit-certificate", "level": "province", "number": None, "date": None,
        "counts": {"collective": 104, "individual": 252}, "authority": None, "source": "published",
    }  # fmt: skip
    file.write_text(json.dumps({"groupyear": year, "awards": [award | {"level": "ward"}]}))
    assert "level" in made("group", "import", str(file), fails=True)
    later = year | {"theme": {"vi": "Chủ đề khác", "en": "Another theme"}}
    stranger = {"signatures": [{"unit": "so-la", "date": "2024-04-25"}], "targets": []}
    movement = {"movement": "van-hoa", "names": {"vi": "Đời sống văn hóa"}}
    several = {"groupyear": later, "awards": [award | {"level": "ward"}], "movements": [movement], "pact": stranger}
    file.write_text(json.dumps(several))
    refused = made("group", "import", str(file), fails=True)
    assert "awards.0.level" in refused
    assert "movements.0.issuer" in refused
    file.write_text(json.dumps(several | {"awards": [], "movements": []}))
    assert "pact.signatures.0.unit" in made("group", "import", str(file), fails=True)
    with Service.open(config_at(tmp_path / "data")) as service:
        # What was wrong beside the group year left the group year as it was.
        assert service.backend.open("g-cum-1-2024").get(f"groupyear:{GROUP}:{YEAR}")["theme"] == year["theme"]
    file.write_text(json.dumps({"groupyear": year, "awards": [award]}))
    made("group", "import", str(file))
    with Service.open(config_at(tmp_path / "data")) as service:
        assert {"g-cum-1-2024", "m-cum-1-2024", "u-so-hy-2024"} <= set(service.backend.names())
        assert service.board.standings(None, GROUP, YEAR).awards_given[0].collectives == 104


def test_a_number_is_explained_down_to_who_answered_and_when(world, run):
    submission = cross(world, points="50")
    world.act("huong", "accept", ON_BN)
    told = run("explain", GROUP, str(YEAR), "so-bn", "i-1", "--json")
    assert told["lines"][0]["value"] == "50"
    assert told["lines"][1]["sentence"]["vi"] == "Kiểm tra chéo: 50"
    assert told["lines"][1]["documents"] == [submission["_id"]]
    assert told["trace"]["row"]["value"] == "50"
    assert told["trace"]["answers"][0]["submission"] == submission["_id"]
    printed = run("explain", GROUP, str(YEAR), "so-bn", "i-1")
    for word in ("Nguyễn Văn Minh", "11:00 08/10/2024", "Chấp nhận điểm"):
        assert word in printed
    whole = run("explain", GROUP, str(YEAR), "so-bn")
    assert "Nội dung I" in whole
    assert "[Quy tắc 5.8" in whole
    run("explain", GROUP, str(YEAR), "so-bn", "ix-1", fails=True)


def test_what_is_printed_of_invented_scores_says_so_wherever_it_is_printed(world, run, tmp_path):
    published(world)
    run("bundle", GROUP, str(YEAR), str(tmp_path / "year.zip"))
    verified = CliRunner().invoke(main, ["verify", str(tmp_path / "year.zip"), "--locale", "vi"]).output
    for printed in (run("standings", GROUP, str(YEAR)), run("explain", GROUP, str(YEAR), "so-bn"), verified):
        assert "Số liệu mẫu" in printed


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("vi", ("tài liệu", "mã kết quả:", "dấu vân tay khóa:", "hãy đặt tên tệp khác")),
        ("en", ("documents", "hash:", "key:", "name another file")),
    ],
)
def test_a_bundle_is_told_of_in_the_language_asked_for(world, run, tmp_path, locale, words):
    published(world)
    asked = ("bundle", GROUP, str(YEAR), str(tmp_path / "year.zip"), "--locale", locale)
    printed = run(*asked) + CliRunner().invoke(main, ["verify", str(tmp_path / "year.zip"), "--locale", locale]).output
    assert all(word in printed for word in words[:-1])
    assert printed.count(words[1]) == 2, "the command and its check"
    assert words[-1] in run(*asked, fails=True)


@pytest.mark.parametrize(("locale", "word"), [("vi", "dữ liệu đầu vào"), ("en", "inputs")])
def test_a_frozen_ranking_is_told_of_in_the_language_asked_for(world, run, locale, word):
    scored(world)
    world.act("huong", "lock-scores", {"locked": True})
    assert word in run("freeze", GROUP, str(YEAR), "--by", "huong", "--locale", locale)


def test_accounts_are_told_of_in_the_language_asked_for(made, monkeypatch):
    add = ("user", "add", "lan", "--name", "Lan", "--unit", "so-hy", "--role", "specialist", "--locale", "en")
    asked = made(*add, stdin="mật khẩu mới\nmật khẩu mới\n")
    assert "Nhập lại mật khẩu" in asked, "the language of the person added is not that of the one who adds"
    assert "đăng nhập bằng tên lan" in asked
    password = ("user", "password", "lan", "--password", "mật khẩu khác", "--locale")
    assert "đăng nhập bằng mật khẩu mới" in made(*password, "vi")
    assert "signs in with the new password" in made(*password, "en")
    roles = ("user", "roles", "lan", "--role", "head", "--locale")
    assert "nay có các vai trò: Lãnh đạo đơn vị." in made(*roles, "vi")
    assert "is now: Unit head." in made(*roles, "en")
    assert "no active account" in made("user", "close", "lann", "--locale", "en", fails=True)
    assert "ba mươi ngày" in made("user", "close", "lan", "--locale", "vi")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "vi",
            ("đã sẵn sàng", "Đã nạp 2 đơn vị", "thư viện", "Đã ghi scheme:", "dùng một lần", "không chứa năm thi đua"),
        ),
        ("en", ("is ready", "2 units read", "library", "is written to", "once", "holds no group year")),
    ],
)
def test_an_installation_is_filled_in_the_language_asked_for(made, tmp_path, locale, words):
    made("user", "add", "lan", "--name", "Lan", "--unit", "so-hy", "--role", "specialist", "--no-password")
    (tmp_path / "none.json").write_text("[]", encoding="utf-8")
    printed = [
        made(*asked, "--locale", locale)
        for asked in (
            ("init",),
            ("units", "import", str(tmp_path / "units.csv")),
            ("scheme", "import", "cum-1000"),
            ("scheme", "export", "cum-1000", str(tmp_path / "scheme.xlsx")),
            ("enrol", "lan"),
        )
    ]
    printed.append(made("group", "import", str(tmp_path / "none.json"), "--locale", locale, fails=True))
    for text, word in zip(printed, words, strict=True):
        assert word in text


def test_the_printed_log_calls_an_item_by_its_name(world, run):
    world.act("huong", "count-claim", CLAIM, "Ba huyện áp dụng.")
    printed = run("decisions", GROUP, str(YEAR))
    assert "Mô hình, cách làm hay được nơi khác áp dụng" in printed
    assert "BONUS" not in printed


def test_whatever_is_wrong_in_a_row_is_named_beside_its_unusable_id(made, tmp_path):
    rows = UNITS.splitlines()[0] + "\nSo B,Sở B,B,B,B,ministry,,culture,2008-13-01,\n"
    (tmp_path / "b.csv").write_text(rows, encoding="utf-8")
    said = made("units", "import", str(tmp_path / "b.csv"), fails=True)
    for column in ("unit", "kind", "valid_from"):
        assert f"Dòng 2, {column}: " in said
    assert "Mã chỉ gồm chữ thường không dấu" in said


@pytest.fixture
def with_lan(made):
    made("user", "add", "lan", "--name", "Lan", "--unit", "so-hy", "--role", "specialist", "--no-password")
    return made


def test_a_forgotten_password_is_set_anew(with_lan, tmp_path):
    assert "8" in with_lan("user", "password", "lan", "--password", "ngắn", fails=True)
    assert "lann" in with_lan("user", "password", "lann", fails=True)
    assert with_lan("user", "password", "lan", "--json", "--password", "mật khẩu mới")["login"] == "lan"
    with Service.open(config_at(tmp_path / "data")) as service:
        assert service.accounts.sign_in("lan", "mật khẩu mới").login == "lan"


def test_an_accounts_roles_are_changed_here_and_in_its_group_years(world, run):
    assert "inspector" in run("user", "roles", "lan", "--role", "king", fails=True)
    told = run("user", "roles", "lan", "--role", "inspector", "--role", "head", "--json")
    assert told["roles"] == ["head", "inspector"]
    assert world.service.accounts.find("lan").roles == ("head", "inspector")
    assert world.group_database().get("member:lan")["roles"] == ["head", "inspector"]


def test_a_closed_account_signs_in_nowhere_and_is_closed_once(with_lan, tmp_path):
    with_lan("user", "password", "lan", "--password", "mật khẩu mới")
    told = with_lan("user", "close", "lan", "--json")
    assert (told["active"], bool(told["closed_at"])) == (False, True)
    assert with_lan("user", "list", "--json")[0]["closed_at"] == told["closed_at"]
    assert "(đã đóng)" in with_lan("user", "list")
    assert "(closed)" in with_lan("user", "list", "--locale", "en")
    with Service.open(config_at(tmp_path / "data")) as service, pytest.raises(NotSignedIn):
        service.accounts.sign_in("lan", "mật khẩu mới")
    for again in (
        ("close", "lan"),
        ("password", "lan", "--password", "mật khẩu mới"),
        ("roles", "lan", "--role", "head"),
    ):
        assert "lan" in with_lan("user", *again, fails=True).lower()


def test_what_a_meeting_voted_is_written_down_by_command_and_refused_with_the_rule(world, run):
    scored(world)
    year = (GROUP, str(YEAR))
    room = ["--held", "2024-10-08", "--voters", "3", "--present", "3", "--minutes", "Biên bản"]
    assert "huong" in run("ballot", "honour", *year, "flag", *room, "--votes", "so-bn=2", fails=True)
    by = ["--by", "huong"]
    honoured = run("ballot", "honour", *year, "flag", *room, "--votes", "so-bn=2", *by, "--json")
    assert (honoured["act"], honoured["votes"]) == ("award-ballot", {"so-bn": 2})
    run("lock-scores", fails=True)  # locking is done on the page
    world.act("huong", "lock-scores", {"locked": True})
    assert "Cần ghi lý do theo biên bản" in run("freeze", *year, *by, fails=True)
    differs = run(
        "ballot", "depart", *year, "flag", "--unit", "so-bn", "--over", "so-hy", "--minutes", "x", *by, fails=True
    )
    assert "phải nêu đúng" in differs
    over = ["--unit", "so-bn", "--over", "so-hd", "--over", "so-hy", "--minutes", "Dẫn đầu phong trào"]
    assert "Hội đồng" in run("ballot", "depart", *year, "flag", *over, *by, fails=True)
    run("ballot", "depart", *year, "flag", *over, "--by", "hoi-dong")
    assert "khác thứ tự điểm" in run("freeze", *year, *by)
    run("ballot", "elect", *year, "deputy", *room, "--votes", "so-bn=3", *by)
    assert "Bắc Ninh" in run("ballot", "elect", *year, "deputy", *room, "--votes", "so-hy=3", *by, fails=True)
    assert "UNIT=VOTES" in run("ballot", "elect", *year, "leader", *room, "--votes", "so-hy", *by, fails=True)
    log = run("decisions", *year)
    assert "so-bn" not in log
    assert "Bắc Ninh Cụm phó" in log
    assert "Bắc Ninh Cờ thi đua" in log


def test_who_was_elected_leads_the_next_year_that_a_file_opens_without_leaders(world, run, tmp_path):
    scored(world)
    year, by = (GROUP, str(YEAR)), ["--by", "huong"]
    room = ["--held", "2024-10-08", "--voters", "3", "--present", "3", "--minutes", "Biên bản"]
    run("ballot", "elect", *year, "leader", *room, "--votes", "so-bn=3", *by)
    run("ballot", "elect", *year, "deputy", *room, "--votes", "so-hd=3", "--by", "lan")
    members = [{"unit": unit, "from": "2025-01-01", "to": None} for unit in MEMBERS]
    following = {**group_year(), "year": 2025, "members": members, "deadlines": {"self": None, "cross": None}}
    del following["leaders"]
    file = tmp_path / "year.json"
    file.write_text(json.dumps({"groupyear": following}))
    told = run("group", "import", str(file))
    assert "Cụm trưởng năm 2025: Bắc Ninh, theo kết quả bầu của hội nghị." in told
    assert "Cụm phó năm 2025: Hải Dương, theo kết quả bầu của hội nghị." in told

    def led():
        leaders = world.service.backend.open(f"g-{GROUP}-2025").get(f"groupyear:{GROUP}:2025")["leaders"]
        return {it["role"]: it["unit"] for it in leaders}

    assert led() == {"leader": BN, "deputy": HD}
    other = [{"unit": HY, "role": "leader", "from": "2025-01-01", "to": None}]
    file.write_text(json.dumps({"groupyear": {**following, "leaders": other}}))
    told = run("group", "import", str(file))
    assert "bầu Bắc Ninh làm Cụm trưởng năm 2025, nhưng năm 2025 đang ghi Hưng Yên." in told
    assert led() == {"leader": HY, "deputy": HD}
    # A file that names nobody takes nothing back from those who stand.
    file.write_text(json.dumps({"groupyear": {**following, "theme": {"vi": "Khác", "en": "Other"}}}))
    assert run("group", "import", str(file), "--json")["elected"][0] == {"role": "leader", "elected": BN, "holder": HY}
    assert led() == {"leader": HY, "deputy": HD}
    # Nothing was elected the year before the first: its file must name who leads.
    file.write_text(json.dumps({"groupyear": {**following, "group": "cum-9"}}))
    assert "leaders" in run("group", "import", str(file), fails=True)


def test_ballots_that_two_servers_recorded_are_settled_or_struck_by_command(world, run):
    scored(world)
    year, by = (GROUP, str(YEAR)), ["--by", "huong"]
    room = ["--held", "2024-10-08", "--voters", "3", "--present", "3", "--minutes", "Biên bản"]
    run("ballot", "elect", *year, "deputy", *room, "--votes", "so-bn=3", *by)
    elsewhere(world, "elect", {**ELECTED, "role": "deputy"})
    nothing = run("ballot", "strike", *year, "honour:flag", "--minutes", "x", *by, fails=True)
    assert "Đang chờ hòa giải: elected:deputy" in nothing
    assert "huong" in run("ballot", "strike", *year, "elected:deputy", "--minutes", "x", fails=True)
    struck = run("ballot", "strike", *year, "elected:deputy", "--minutes", "Kiểm phiếu sai", *by, "--json")
    assert (struck["act"], struck["units"]) == ("strike", ["so-bn", "so-hy"])
    run("ballot", "elect", *year, "deputy", *room, "--votes", "so-hy=3", *by)
    assert "Được bầu làm Cụm phó năm 2025" in run("explain", *year, "so-hy")
    run("ballot", "honour", *year, "flag", *room, "--votes", "so-bn=2", *by)
    elsewhere(world, "award-ballot", {**ELECTED, "award": "flag"})
    run("ballot", "honour", *year, "flag", *room, "--votes", "so-bn=2", "--settles", *by)
    assert world.service.board.view(None, GROUP, YEAR).folded.contested == {}


ELECTED = {"units": ["so-hy"], "held": "2024-10-08", "voters": 3, "present": 3, "invalid": 0, "votes": {"so-hy": 2}}


@pytest.mark.parametrize(("locale", "sentence"), [("vi", "Cần nêu ai quyết định"), ("en", "Say in whose name")])
def test_who_could_decide_is_named_in_the_language_asked_for(world, run, locale, sentence):
    told = run("freeze", GROUP, str(YEAR), "--locale", locale, fails=True)
    assert sentence in told
    assert "huong (Nguyễn Thị Hương)" in told


def test_the_app_without_kivy_says_what_to_install(monkeypatch):
    monkeypatch.setattr("server.commands.mobile.find_spec", lambda _name: None)
    outcome = CliRunner().invoke(main, ["mobile"])
    assert (outcome.exit_code, "pip install" in outcome.output) == (1, True)
