"""Pages that need a real service behind them, in a real browser: nothing is cut off, on a desk or on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from server.app import create_app
from tests.server.test_approvals import prepared  # noqa: F401 - a fixture
from tests.server.test_follower import put
from tests.server.test_freezing import frozen
from tests.server.test_minutes import minutes_of, visited  # noqa: F401 - a fixture
from tests.server.test_web_browser import CUT_OFF, STRANGE_ICONS
from tests.server.world import BN, GROUP, YEAR
from tests.support.browser import DESK, PHONE, browser, page_of, served

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

BASE = f"/{GROUP}/{YEAR}"
PASSWORD = "mật-khẩu-dài-1"


def look(world: Any, login: str, paths: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each page on both screens, and what is cut off there."""
    world.service.accounts.set_password(login, PASSWORD)
    app = create_app(world.service.config, service=world.service)
    with served(app) as url, browser() as opened:
        for size in (DESK, PHONE):
            with page_of(opened, size=size) as page:
                page.goto(f"{url}/sign-in")
                page.fill("#login", login)
                page.fill("#password", PASSWORD)
                page.press("#password", "Enter")
                page.wait_for_url(f"{url}/")
                for path in paths:
                    page.goto(f"{url}{path}")
                    assert page.locator("main h1").count() == 1, path
                    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
                    assert page.evaluate(STRANGE_ICONS) == [], path
                    yield path, page.evaluate(CUT_OFF)


def test_the_frozen_result_fits_its_screen(world: Any) -> None:
    frozen(world)
    assert [cut for _, cut in look(world, "huong", [f"{BASE}/result"])] == [[], []]


def test_the_minutes_of_a_visit_and_the_form_for_paper_fit_their_screen(world: Any, visited: Any) -> None:  # noqa: F811
    body, parts = minutes_of(visited)
    put(world, f"v-{visited['visit']}", *parts, body)
    world.settle()
    paths = [f"{BASE}/visits/{visited['visit']}", f"{BASE}/units/{BN}/entry", f"{BASE}/visits"]
    assert [cut for _, cut in look(world, "bac", paths)] == [[]] * 6


def test_what_waits_for_the_head_fits_the_screen_and_its_button_can_be_read(world: Any, prepared: Any) -> None:  # noqa: F811
    assert prepared["_id"]
    assert [cut for _, cut in look(world, "bac", [f"{BASE}/units/{BN}"])] == [[], []]
