"""The demonstration as a newcomer meets it: one command, a page, the same figures in a terminal, a second start."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

from schemas.figures import format_points
from server.demo.data import GROUP_YEARS
from tests.support.backends import placed
from tests.support.browser import browser, page_of
from tests.support.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


@contextmanager
def demo(folder, *more):
    """`thidua demo` in `folder`, served; yields what it said."""
    command = [sys.executable, "-m", "server.cli", "demo", "--port", str(free_port()), "--no-browser", "--json", *more]
    errors = folder / "errors.log"
    with (
        errors.open("w") as log,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        said = process.stdout.readline()
        assert said, errors.read_text()[-3000:]
        try:
            yield json.loads(said)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def thidua(folder, *words):
    command = [sys.executable, "-m", "server.cli", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def in_the_terminal(folder, group, year=2024):
    return json.loads(thidua(folder, "standings", group, str(year), "--json"))


def row_of(page, short_name):
    row = page.locator("table").first.locator("tbody tr").filter(has_text=short_name)
    return " ".join(row.first.inner_text().split())


def words_of(page):
    return " ".join(page.locator("main").inner_text().split())


def sign_in(page, said, login):
    page.goto(f"{said['url']}/sign-in")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", said["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{said['url']}/")


def as_an_inspector(said):
    """A phone's token, for the API."""
    answer = requests.post(f"{said['url']}/api/v1/enrol", json={"code": said["code"], "label": "x"}, timeout=120)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_one_command_shows_ranked_groups_and_a_second_start_keeps_everything(tmp_path):
    with demo(tmp_path) as said, browser() as chromium, page_of(chromium) as page:
        sign_in(page, said, "thuong-truc")
        for cluster in GROUP_YEARS:
            ranking = in_the_terminal(tmp_path, *cluster.key)
            assert {unit.unit for unit in cluster.units} <= {unit["unit"] for unit in ranking["units"]}
            page.goto(f"{said['url']}/{cluster.group}/{cluster.year}")
            rows = page.locator("table").first.locator("tbody tr")
            assert rows.count() == len(ranking["units"])
            for index, unit in enumerate(ranking["units"]):
                text = " ".join(rows.nth(index).inner_text().split())
                assert unit["short_names"]["vi"] in text
                figures = [unit["total"], *(section["points"] for section in unit["sections"])]
                for figure in figures:
                    if figure is not None:
                        assert format_points(figure, "vi", places=2) in text, (unit["unit"], figure, text)
            assert "Số liệu mẫu" in page.locator("main").inner_text()
        a_published_year(tmp_path, page, said["url"])
        a_year_of_mergers(tmp_path, page, said["url"])
        a_block_with_every_case(tmp_path, page, said["url"])
        before = in_the_terminal(tmp_path, "cum-4", 2025)
        phone = as_an_inspector(said)
        path = "/api/v1/groups/cum-4/2025/standings"
        over_http = requests.get(f"{said['url']}{path}", headers=phone, timeout=120).json()
        assert over_http["units"] == before["units"]

    with demo(tmp_path) as again:
        assert again["password"] == said["password"]
        assert in_the_terminal(tmp_path, "cum-4", 2025) == before
        # The phone enrolled before is still known.
        assert requests.get(f"{again['url']}{path}", headers=phone, timeout=120).json()["units"] == before["units"]


def a_published_year(folder, page, url):
    """Cluster 1 of 2024: the worked case first, awards as they were made public, a bundle that verifies."""
    worked = next(unit for unit in in_the_terminal(folder, "cum-1")["units"] if unit["unit"] == "so-vhtt-ha-noi")
    assert (worked["base"], worked["total"], worked["place"]) == ("948.00", "968.00", 1)
    page.goto(f"{url}/cum-1/2024")
    text = words_of(page)
    assert "Đã công bố" in text
    assert "Bằng khen cấp tỉnh 104 tập thể 252 cá nhân" in text
    assert "Khen thưởng cấp sở 36 tập thể 57 cá nhân" in text
    assert "25/04/2024 · Hải Dương" in text
    assert "02/08/2024 · Hưng Yên" in text
    data = ["--data", "var/demo/server"]
    made = json.loads(thidua(folder, "bundle", "cum-1", "2024", "cum-1.zip", "--json", *data))
    page.goto(f"{url}/cum-1/2024/result")
    assert made["hash"] in "".join(page.locator(".proof .mono").first.inner_text().split())
    thidua(folder, "verify", "cum-1.zip", "--expect", made["hash"], "--key", made["key"])
    page.goto(f"{url}/")
    card = " ".join(page.locator("a.group[href='/cum-1/2025']").inner_text().split())
    assert "cụm trưởng: Sở VHTTDL Hưng Yên" in card


def a_year_of_mergers(folder, page, url):
    """Cluster 4: Hà Giang is listed without a place in 2025, what carried over is told, 2024 is as it was."""
    now = {unit["unit"]: unit for unit in in_the_terminal(folder, "cum-4", 2025)["units"]}
    then = {unit["unit"]: unit for unit in in_the_terminal(folder, "cum-4", 2024)["units"]}
    assert now["so-vhttdl-ha-giang"]["place"] is None
    assert now["so-vhttdl-ha-giang"]["total"] is not None
    assert now["so-vhttdl-thai-nguyen"]["place"] is None
    assert then["so-vhttdl-ha-giang"]["place"] == 3
    assert "so-vhttdl-thai-nguyen" not in then
    page.goto(f"{url}/cum-4/2025")
    assert "Sáp nhập vào “Sở VHTTDL Tuyên Quang” từ 01/07/2025" in row_of(page, "Sở VHTTDL Hà Giang")
    page.goto(f"{url}/cum-4/2025/units/so-vhttdl-tuyen-quang/iii-4")
    assert "Sáu tháng khen thưởng của Hà Giang" in words_of(page)
    page.goto(f"{url}/cum-4/2024")
    assert "Sáp nhập" not in words_of(page)


def a_block_with_every_case(folder, page, url):
    """Contested, returned, not applicable, flagged: each is said beside the place and on the unit's page."""
    units = {unit["unit"]: unit for unit in in_the_terminal(folder, "khoi-tham-muu", 2025)["units"]}
    flagged, returned = units["don-vi-tong-hop"], units["don-vi-tai-chinh"]
    assert flagged["place"] == 1
    assert [[why["code"] for why in award["failed"]] for award in flagged["awards"]] == [["open-flag"]] * 2
    assert (returned["place"], returned["total"]) == (None, None)
    sheets = f"{url}/khoi-tham-muu/2025/units"
    page.goto(f"{url}/khoi-tham-muu/2025")
    assert "Tạm giữ khen thưởng Đang có cảnh báo chưa kết thúc: khiếu nại, tố cáo" in row_of(page, "Tổng hợp")
    assert "Phiếu có mâu thuẫn" in row_of(page, "Đào tạo")
    assert "Tiêu chí II.1 đã trả lại, chờ nộp bản mới (hạn 24/10/2025)" in row_of(page, "Kế hoạch, tài chính")
    page.goto(f"{sheets}/don-vi-dao-tao")
    assert "Chưa bản nào được tính" in words_of(page)
    page.goto(f"{sheets}/don-vi-tong-hop")
    assert "chưa đề nghị cờ thi đua, bằng khen cho tới khi có kết luận" in words_of(page)
    page.goto(f"{sheets}/don-vi-tai-chinh/ii-1")
    assert "Số hồ sơ đúng hạn chưa khớp" in words_of(page)
    page.goto(f"{sheets}/don-vi-phap-che/iii-2")
    text = words_of(page)
    assert "Không áp dụng" in text
    assert "công đoàn còn sinh hoạt ghép" in text


def nameless(units):
    """Without what is drawn by lot: a decision's id is of all that it says, its server's name included."""
    return re.sub(r"(decision:\d+):[0-9a-f]{16}", r"\1", json.dumps(units))


@pytest.mark.couchdb
@pytest.mark.timeout(1800)
def test_the_demonstration_in_a_couchdb_ends_with_the_same_figures(tmp_path, monkeypatch):
    with placed("couchdb") as where:
        for name, value in where.environment.items():
            monkeypatch.setenv(name, value)
        with demo(tmp_path):
            in_couchdb = {cluster.key: in_the_terminal(tmp_path, *cluster.key) for cluster in GROUP_YEARS}
            assert list((tmp_path / "var/demo/server/databases").iterdir()) == []
        monkeypatch.delenv("THIDUA_COUCHDB_URL")
        here = tmp_path / "here"
        here.mkdir()
        command = [sys.executable, "-m", "server.cli", "demo", "--no-browser"]
        elsewhere = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "kept in the CouchDB at" in elsewhere.stderr
        monkeypatch.setenv("THIDUA_COUCHDB_URL", where.environment["THIDUA_COUCHDB_URL"])
        taken = subprocess.run(
            [*command, "--data", "second"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "keeps an installation already" in taken.stderr
        monkeypatch.delenv("THIDUA_COUCHDB_URL")
        with demo(here):
            for key, found in in_couchdb.items():
                assert nameless(found["units"]) == nameless(in_the_terminal(here, *key)["units"])


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.txt").write_text("x")
    command = [sys.executable, "-m", "server.cli", "demo", "--play-only", "--data", str(tmp_path / "photos")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "choose another" in ended.stderr
    assert (tmp_path / "photos" / "mine.txt").read_text() == "x"
