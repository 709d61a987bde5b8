"""Pages in a real browser: nothing is cut off or asked from elsewhere, and the keyboard reaches what the hand does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.test_web import BASE, CITED, application
from tests.support.browser import DESK, PATIENCE_MS, PHONE, browser, page_of, served
from tests.support.sample_board import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

PATHS = (
    "/",
    BASE,
    f"{BASE}/units/ha-noi",
    f"{BASE}/units/ha-noi/i-1",
    f"{BASE}/appraisal",
    f"{BASE}/visits",
    f"{BASE}/evidence",
    f"{BASE}/evidence/{CITED}",
    f"{BASE}/decisions",
    "/devices",
)

CUT_OFF = """() => document.fonts.ready.then(() => [...document.querySelectorAll('main *, .head *')].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width > 1 && box.right > innerWidth + 1 && !each.closest('.scroll') && !each.closest('.sr');
}).map(each => each.outerHTML.slice(0, 80)))"""


@pytest.fixture(scope="module")
def pages() -> Iterator[tuple[Any, str]]:
    with served(application()) as url, browser() as opened:
        yield opened, url


def enter(page: Any, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("#login", "lan")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"{url}/")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_page_is_wider_than_its_screen_or_breaks_its_own_policy(pages: Any, size: dict[str, int]) -> None:
    opened, url = pages
    with page_of(opened, size=size) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(url) else None)
        enter(page, url)
        for path in PATHS:
            page.goto(f"{url}{path}")
            assert page.evaluate(CUT_OFF) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        assert complaints == []


STRANGE_ICONS = """() => [...document.querySelectorAll('.button > svg.icon, .chip > svg.icon')]
    .filter(each => getComputedStyle(each).color !== getComputedStyle(each.parentElement).color)
    .map(each => each.parentElement.outerHTML.slice(0, 80))"""


def test_an_icon_in_a_button_or_a_chip_has_the_colour_of_its_words(pages: Any) -> None:
    opened, url = pages
    for dark in (False, True):
        with page_of(opened, dark=dark) as page:
            enter(page, url)
            for path in PATHS:
                page.goto(f"{url}{path}")
                assert page.evaluate(STRANGE_ICONS) == [], path


def test_a_phones_targets_are_large_enough_for_a_thumb(pages: Any) -> None:
    opened, url = pages
    with page_of(opened, size=PHONE) as page:
        enter(page, url)
        page.goto(f"{url}{BASE}/units/ha-noi/i-1")
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, summary, select, input:not([type=hidden]), .head nav a')]
                .filter(each => each.checkVisibility()).filter(each => each.getBoundingClientRect().height < 44)
                .map(each => each.outerHTML.slice(0, 80))"""
        )
        assert small == []


def test_the_keyboard_reaches_the_content_first_and_shows_where_it_is(pages: Any) -> None:
    opened, url = pages
    with page_of(opened) as page:
        enter(page, url)
        page.goto(f"{url}{BASE}")
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const it = document.activeElement; return [it.className, it.getBoundingClientRect().top >= 0, "
            "getComputedStyle(it).outlineStyle]; }"
        )
        assert focused == ["skip", True, "solid"]


def test_a_table_sorts_by_a_press_and_says_so(pages: Any) -> None:
    opened, url = pages
    with page_of(opened) as page:
        enter(page, url)
        page.goto(f"{url}{BASE}")
        head = page.locator("thead th").nth(2)
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        totals = page.locator("tbody tr td.total-cell").evaluate_all("cells => cells.map(cell => cell.dataset.value)")
        numbers = [float(each) for each in totals if each]
        assert numbers == sorted(numbers)
        assert totals[-1] == "", "what has no number stays last"


def test_everything_is_there_without_scripts(pages: Any) -> None:
    opened, url = pages
    context = opened.new_context(java_script_enabled=False, locale="vi-VN")
    context.set_default_timeout(PATIENCE_MS)
    try:
        page = context.new_page()
        enter(page, url)
        page.goto(f"{url}{BASE}/units/ha-noi/i-1")
        page.locator("summary", has_text="Điều chỉnh").click()
        page.fill("#adjust-value", "120,5")
        page.fill("#adjust-reason", "Theo biên bản.")
        page.locator("form:has(#adjust-value) button").click()
        assert page.locator(".banner.good").inner_text().startswith("Đã ghi quyết định")
    finally:
        context.close()


def test_upright_paper_keeps_its_tables_though_it_is_as_narrow_as_a_phone(pages: Any) -> None:
    opened, url = pages
    with page_of(opened, size={"width": 612, "height": 900}) as page:
        enter(page, url)
        page.goto(f"{url}{BASE}/units/ha-noi")
        shown = "getComputedStyle(document.querySelector('table.cards tr')).display"
        assert page.evaluate(shown) == "grid"
        page.emulate_media(media="print")
        assert page.evaluate(shown) == "table-row"


def test_a_code_read_by_a_phones_camera_is_shown_to_be_typed_into_the_app(pages: Any) -> None:
    opened, url = pages
    with page_of(opened, size=PHONE) as page:
        page.goto(f"{url}/enrol#P97Z-VJYE")
        assert page.locator(".code").inner_text() == "P97Z-VJYE"
        page.goto(f"{url}/sign-in")
        page.goto(f"{url}/enrol#call%20this%20number")
        assert not page.locator(".code").is_visible()
